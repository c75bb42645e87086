"""Forms of verbs and plurals of nouns, worked by hand."""

from __future__ import annotations

import pytest

from unrelate.matching.inflection import forms, plurals, present_participle


@pytest.mark.parametrize(
    ("ing", "base", "third", "past", "participle"),
    [
        ("drinking", "drink", "drinks", "drank", "drunk"),
        ("eating", "eat", "eats", "ate", "eaten"),
        ("throwing", "throw", "throws", "threw", "thrown"),
        ("holding", "hold", "holds", "held", "held"),
        ("biting", "bite", "bites", "bit", "bitten"),
        ("taking", "take", "takes", "took", "taken"),
        ("carrying", "carry", "carries", "carried", "carried"),
        ("tossing", "toss", "tosses", "tossed", "tossed"),
        ("gripping", "grip", "grips", "gripped", "gripped"),
        ("sipping", "sip", "sips", "sipped", "sipped"),
        ("raising", "raise", "raises", "raised", "raised"),
        ("staring", "stare", "stares", "stared", "stared"),
        ("hurling", "hurl", "hurls", "hurled", "hurled"),
        ("lifting", "lift", "lifts", "lifted", "lifted"),
        ("hoisting", "hoist", "hoists", "hoisted", "hoisted"),
        ("juggling", "juggle", "juggles", "juggled", "juggled"),
        ("squeezing", "squeeze", "squeezes", "squeezed", "squeezed"),
        ("dancing", "dance", "dances", "danced", "danced"),
        ("watching", "watch", "watches", "watched", "watched"),
        ("playing", "play", "plays", "played", "played"),
        ("lying", "lie", "lies", "lay", "lain"),
        ("hitting", "hit", "hits", "hit", "hit"),
        ("emptying", "empty", "empties", "emptied", "emptied"),
        ("admiring", "admire", "admires", "admired", "admired"),
        ("opening", "open", "opens", "opened", "opened"),
    ],
)
def test_a_verb_in_all_its_forms(ing: str, base: str, third: str, past: str, participle: str) -> None:
    found = forms(ing)
    assert base in found.base
    assert third in found.third
    assert past in found.past
    assert participle in found.participle
    assert present_participle(base) == ing


@pytest.mark.parametrize(("ing", "other"), [("staring", "star"), ("hoping", "hop"), ("caring", "car")])
def test_no_other_verb_is_taken_for_it(ing: str, other: str) -> None:
    assert other not in forms(ing).base


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("child", "children"),
        ("schoolchild", "schoolchildren"),
        ("woman", "women"),
        ("gentleman", "gentlemen"),
        ("person", "people"),
        ("baby", "babies"),
        ("toy", "toys"),
        ("glass", "glasses"),
        ("knife", "knives"),
        ("tomato", "tomatoes"),
        ("wine", "wines"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert many in plurals(one)


def test_a_human_is_no_man() -> None:
    assert plurals("human") == ("humans",)
