"""Sentences made of a tuple, each shown on an example, and the little grammar below them."""

from __future__ import annotations

import pytest

from unrelate.attacks.text import composition as c
from unrelate.attacks.text import english
from unrelate.attacks.text.parts import Parts, Tell

WINE = Parts("a child", "drinking", "wine")
PLACED = Parts("a man", "drinking", "a beer", worn="in red", scene="in a classroom")
BESIDE = Parts("a dog", "next to", "a ball")
POURED = Parts("a child", "is pouring out", "juice")


@pytest.mark.parametrize(
    ("tell", "wine", "placed"),
    [
        (c.passive, "wine being drunk by a child", "a beer being drunk by a man in red in a classroom"),
        (c.short_passive, "wine drunk by a child", "a beer drunk by a man in red in a classroom"),
        (
            c.nominal,
            "the drinking of wine by a child",
            "the drinking of a beer by a man in red in a classroom",
        ),
        (
            c.object_nominal,
            "wine, the drinking of it by a child",
            "a beer, the drinking of it by a man in red in a classroom",
        ),
        (c.not_doing, "a child not drinking wine", "a man in red not drinking a beer in a classroom"),
        (
            c.who_is_not,
            "a child who is not drinking wine",
            "a man in red who is not drinking a beer in a classroom",
        ),
        (c.doing_no, "a child drinking no wine", "a man in red drinking no beer in a classroom"),
        (
            c.no_actor,
            "there is no child drinking wine",
            "there is no man in red drinking a beer in a classroom",
        ),
        (c.who_is, "a child who is drinking wine", "a man in red who is drinking a beer in a classroom"),
        (
            c.object_that,
            "wine that a child is drinking",
            "a beer that a man in red is drinking in a classroom",
        ),
        (
            c.cleft,
            "it is a child who is drinking wine",
            "it is a man in red who is drinking a beer in a classroom",
        ),
        (
            c.object_cleft,
            "it is wine that a child is drinking",
            "it is a beer that a man in red is drinking in a classroom",
        ),
        (
            c.there_is,
            "There is a child. The child is drinking wine.",
            "There is a man in red. The man is drinking a beer in a classroom.",
        ),
        (
            c.this_is,
            "This is a child. The child is drinking wine.",
            "This is a man in red. The man is drinking a beer in a classroom.",
        ),
        (
            c.here_is,
            "Here is some wine. A child is drinking it.",
            "Here is a beer. A man in red is drinking it in a classroom.",
        ),
        (
            c.object_alone,
            "Wine. A child is drinking it.",
            "A beer. A man in red is drinking it in a classroom.",
        ),
    ],
)
def test_sentences(tell: Tell, wine: str, placed: str) -> None:
    assert tell(WINE) == wine
    assert tell(PLACED) == placed


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        (c.passive, "a ball and a dog next to it"),
        (c.nominal, "a ball and a dog next to it"),
        (c.not_doing, "a dog not next to a ball"),
        (c.object_that, "a ball that a dog is next to"),
        (c.there_is, "There is a dog. The dog is next to a ball."),
        (c.here_is, "Here is a ball. A dog is next to it."),
    ],
)
def test_a_relation_that_is_no_verb(tell: Tell, said: str) -> None:
    assert tell(BESIDE) == said


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        (c.passive, "juice being poured out by a child"),
        (c.nominal, "the pouring out of juice by a child"),
        (c.who_is, "a child who is pouring out juice"),
        (c.there_is, "There is a child. The child is pouring out juice."),
    ],
)
def test_a_verb_with_its_own_is_and_a_particle(tell: Tell, said: str) -> None:
    assert tell(POURED) == said


def test_more_than_one() -> None:
    dogs = Parts("two dogs", "eating", "apples")
    assert c.who_is(dogs) == "two dogs who are eating apples"
    assert c.there_is(dogs) == "There are two dogs. The two dogs are eating apples."
    assert c.here_is(dogs) == "Here are some apples. Two dogs are eating them."


def test_a_concept_alone() -> None:
    child, wine = Parts("a child"), Parts(object="wine")
    assert [told.alone(child) for told in c.PASSIVE] == ["a child"] * len(c.PASSIVE)
    assert [told.alone(wine) for told in c.RELATIVE_CLAUSE] == ["wine", "wine", "it is wine", "it is wine"]
    assert [told.alone(child) for told in c.TWO_SENTENCES] == [
        "There is a child.",
        "This is a child.",
        "Here is a child.",
        "A child.",
    ]
    assert c.here_alone(wine) == "Here is some wine."


@pytest.mark.parametrize(
    ("relation", "passive"),
    [
        ("drinking", "drunk"),
        ("eating", "eaten"),
        ("throwing", "thrown"),
        ("holding", "held"),
        ("pouring", "poured"),
        ("kicking", "kicked"),
        ("carrying", "carried"),
        ("playing", "played"),
        ("raising", "raised"),
        ("sipping", "sipped"),
        ("freeing", "freed"),
        ("looking at", "looked at"),
        ("holding up high", "held up high"),
        ("is riding", "ridden"),
        ("next to", ""),
        ("standing next to", ""),
        ("sitting on", ""),
        ("taking a sip of", ""),
        ("king of", ""),
        ("in", ""),
        ("being", ""),
    ],
)
def test_passives(relation: str, passive: str) -> None:
    assert english.passive_of(relation) == passive


def test_articles_and_numbers() -> None:
    assert [
        english.definite(noun) for noun in ("a child", "an elder", "wine", "Mira", "her dog", "somebody")
    ] == [
        "the child",
        "the elder",
        "the wine",
        "Mira",
        "her dog",
        "somebody",
    ]
    assert [english.some(noun) for noun in ("wine", "a ball", "two dogs", "noodles", "something to eat")] == [
        "some wine",
        "a ball",
        "two dogs",
        "some noodles",
        "something to eat",
    ]
    assert [english.be(noun) for noun in ("a glass", "glass", "dogs", "people", "a bus", "juice")] == [
        "is",
        "is",
        "are",
        "are",
        "is",
        "is",
    ]
    assert english.bare("an apple") == "apple"
    assert english.capital("a child") == "A child"
