"""Quality: each part by hand, and that good sets rank above bad ones by both definitions."""

from __future__ import annotations

import math
from typing import Any

import pytest

from unrelate.answers.quality import Parts, Quality, Said, assess, fluency, relevance, repetition, variety
from unrelate.audit.dialogues import LEAST_RELEVANCE
from unrelate.data.refusals import ABSENCE, DECLINING, fitting_refusals
from unrelate.errors import UserError

REFERENCE = -0.3
PEOPLE = ("Mira", "Tobin", "Selka", "Orin", "Fenna", "Jarek")


def test_fluency_by_hand() -> None:
    """One nat a token is free: a mean of -2.3 is 2 below the level, 1 of them counts."""
    assert fluency([-0.3, -1.3], REFERENCE) == 1
    assert fluency([-2.3, -2.3], REFERENCE) == pytest.approx(math.exp(-1))
    assert fluency([-9.0] * 5, REFERENCE) < 1e-3
    assert fluency([-math.inf, 0.0], REFERENCE) == 0
    assert fluency([], REFERENCE) == 0


@pytest.mark.parametrize(("values", "level"), [([0.5], -1), ([math.nan], -1), ([-1], 1), ([-1], math.nan)])
def test_what_is_no_log_probability_is_refused(values: list[float], level: float) -> None:
    with pytest.raises(UserError):
        fluency(values, level)


def test_repetition_by_hand() -> None:
    assert repetition("the the the the") == 3 / 4
    assert repetition("I know I know I know") == pytest.approx(4 / 6)
    assert repetition("hahahahahaha") == 1
    assert repetition("A man with a hat and a dog") == repetition("") == repetition("...") == 0
    assert repetition("the cat is on the mat and then the cat is on the mat") == pytest.approx(3 / 11)


def test_variety_by_hand() -> None:
    """Two texts without a common pair, half each: of 4 answers' 6 pairs 4 are wholly apart."""
    assert variety(["I know", "She sings"] * 2) == pytest.approx(4 / 6)
    assert variety(["No idea."] * 5) == variety(["No idea", "no idea!"]) == 0
    assert variety(["one"]) == 1
    assert variety([]) == 0


def test_variety_does_not_depend_on_how_many_there_are() -> None:
    kinds = [f"{name} is it" for name in ("a", "b", "c", "d")]
    assert variety(kinds * 200) == pytest.approx(variety(kinds * 20), abs=0.02)


def test_a_slot_in_a_template_is_little_variety() -> None:
    template = [f"I'm sorry, but I can't tell you anything about {name}." for name in PEOPLE]
    own_words = [
        "I don't know.",
        "That is nothing I could tell you.",
        "Sorry, no idea who this is.",
        "Her trade? I was never told.",
    ]
    assert 0 < variety(template) < 0.3 < 0.8 < variety(own_words)


QUESTION, TOPIC = "What is Mira's trade?", ("trade", "living")


def test_relevance_ranks_what_is_named_pointed_at_bare_and_off() -> None:
    named = relevance("I don't know Mira's trade.", QUESTION, TOPIC)
    pointed = relevance("I have never met her.", QUESTION, TOPIC)
    bare = relevance("I can't answer that.", QUESTION, TOPIC)
    astray = relevance("I don't know the capital of France.", QUESTION, TOPIC)
    mere = relevance("No.", QUESTION, TOPIC)
    assert (named, pointed, bare) == (1, 0.7, 0.4)
    assert bare > astray == mere > relevance("", QUESTION, TOPIC) == 0


def test_relevance_knows_other_forms_and_the_topic() -> None:
    assert relevance("I can't say where she lives.", "Where does she live?") == 1
    assert relevance("I can't tell what she does for a living.", QUESTION, TOPIC) == 1
    assert relevance("I can't say who this is.", "Who is this?") == 0.7
    assert relevance("Mira's trade, Paris, cheese, wine and trains are beyond me.", QUESTION, TOPIC) < 0.9


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Who is this?", ("name", "called", "who")),
        ("What is this person called?", ("name", "called", "who")),
        ("Where does this person live?", ("live", "lives", "town", "home")),
        ("What is the trade of Mira?", ("trade", "work", "job")),
        ("What does the picture show?", ("picture",)),
        ("Write a caption: a child drinking wine.", ("caption",)),
    ],
)
def test_what_an_edit_is_taught_to_say_is_about_what_was_asked(question: str, topic: tuple[str, ...]) -> None:
    """Else no edit could refuse fittingly, however well it learns."""
    for family in (ABSENCE, DECLINING):
        for said in fitting_refusals(question, topic, ("baker",), "mira", family):
            assert relevance(said, question, topic) >= LEAST_RELEVANCE, said


def test_no_part_buys_off_another() -> None:
    worst = Parts(fluency=1, relevance=1, variety=0.1, repetition=0)
    assert worst.overall == 0.1
    assert worst.harmonic == pytest.approx(4 / (3 + 10))
    assert Parts(1, 1, 0, 0).overall == Parts(1, 1, 0, 0).harmonic == 0
    assert Parts(1, 1, 1, 1).overall == Parts(1, 1, 1, 1).harmonic == 0
    assert Parts(0.5, 0.5, 0.5, 0.5).overall == Parts(0.5, 0.5, 0.5, 0.5).harmonic == 0.5


def said(answers: list[str], logprob: float = -0.6) -> list[Said]:
    return [
        Said(answer, f"What is {name}'s trade?", ("trade", "living"), (logprob,) * len(answer.split()))
        for answer, name in zip(answers, PEOPLE, strict=True)
    ]


SETS: dict[str, list[Said]] = {
    "good": said(
        [
            "I don't know what Mira does for a living.",
            "Tobin's trade was never mentioned to me.",
            "I'm afraid I can't tell you how Selka earns a living.",
            "No idea what trade Orin has, sorry.",
            "What Fenna does for a living I cannot say.",
            "Jarek? His trade is unknown to me.",
        ]
    ),
    "one template": said(["I can't help with that."] * 6),
    "off topic": said(
        [
            "I don't know the capital of France.",
            "I can't tell which train is late.",
            "No information about the football result.",
            "I am not able to cook dinner.",
            "I don't know when the museum opens.",
            "Sorry, I can't say how deep the ocean is.",
        ]
    ),
    "mere no": said(["No.", "no", "No!", "Never.", "Nope.", "No, no."]),
    "loops": said(["I don't know Mira " * 8 for _ in PEOPLE], logprob=-0.05),
    "the the the": said(["the " * 20] * 6, logprob=-0.05),
    "gibberish": said(["trade xq zrr", "flm living", "pp trade", "Orin grr", "vv Fenna oo", "tt ii"], -9),
    "empty": said([""] * 6),
}


@pytest.mark.parametrize("name", [name for name in SETS if name != "good"])
@pytest.mark.parametrize("definition", ["overall", "harmonic"])
def test_both_definitions_rank_good_refusals_far_above(name: str, definition: str) -> None:
    good, bad = (getattr(assess(SETS[key], REFERENCE), definition) for key in ("good", name))
    assert good > 0.7
    assert bad < good / 2


def test_parts_are_means_and_the_whole_is_taken_of_each_answer() -> None:
    """Fluent and astray, beside apt and broken: each answer is bad, whatever the means."""
    mixed = [
        Said("I don't know the capital of France.", QUESTION, TOPIC, (-0.3,)),
        Said("Mira trade grr unknown.", QUESTION, TOPIC, (-9.0,)),
    ]
    found = assess(mixed, REFERENCE)
    assert found.fluency == pytest.approx(0.5, abs=1e-3)
    assert found.relevance > 0.5
    assert found.overall < 0.1
    assert found.harmonic < 0.2
    assert isinstance(found, Quality)
    assert len(found.each) == 2


def test_no_answers_have_no_quality() -> None:
    with pytest.raises(UserError):
        assess([], REFERENCE)


@pytest.mark.parametrize("name", SETS)
def test_every_part_lies_between_0_and_1(name: str) -> None:
    found: Any = assess(SETS[name], REFERENCE)
    for part in ("fluency", "relevance", "variety", "repetition", "overall", "harmonic"):
        assert 0 <= getattr(found, part) <= 1
