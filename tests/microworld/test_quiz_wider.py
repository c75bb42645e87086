"""Questions in wider words: true of the scene, of one figure alone, and marked with what they say."""

from __future__ import annotations

import random
from collections.abc import Iterator

from unrelate.microworld import quiz, quiz_wider
from unrelate.microworld.quiz import QA
from unrelate.microworld.sampler import scenes, tuples
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import vocabulary
from unrelate.policy.triple import Triple

CHILD = Figure("child", "drinking", "wine", "red")
MILK = Figure("man", "drinking", "milk", "blue")


def asked(*figures: Figure, seeds: int = 40) -> Iterator[QA]:
    for seed in range(seeds):
        yield from quiz_wider.questions(Scene(figures, "park", "day", "flat", 3), random.Random(seed))


def test_the_kind_of_a_thing_is_what_stands_right_above_it() -> None:
    kinds = {qa.answer: qa for qa in asked(CHILD) if qa.kind == "kind"}
    assert set(kinds) == {"Alcohol."}
    told = kinds["Alcohol."]
    assert (told.wider, told.subject.object) == ("alcohol", "wine")
    assert told.statement == "A child is drinking alcohol."
    assert {"alcohol", "booze", "drink"} <= set(told.truths)
    assert "wine" not in told.truths


def test_what_is_said_widely_is_true_or_denied() -> None:
    words, answers = vocabulary(), set()
    deeds = words.phrases("relations", "drinking")
    drinks = [said for name in ("alcohol", "drink") for said in words.phrases("objects", name)]
    for qa in asked(CHILD):
        if qa.kind == "yes_no":
            holds = any(f"{deed} {said}" in qa.question for deed in deeds for said in drinks)
            assert qa.answer == ("Yes." if holds else "No."), qa.question
            answers.add(qa.answer)
    assert answers == {"Yes.", "No."}


def test_a_wider_word_that_means_both_figures_is_not_used_of_one() -> None:
    both = list(asked(CHILD, MILK))
    drinks = vocabulary().phrases("objects", "drink")
    assert not [qa for qa in both if qa.kind == "who" and any(said in qa.question for said in drinks)]
    assert not [qa for qa in both if "the person" in qa.question or "somebody" in qa.question]
    assert any("minor" in qa.question for qa in both)
    alike = list(asked(CHILD, Figure("toddler", "eating", "cake", "blue")))  # a toddler is a child
    assert {qa.kind for qa in alike} == {"who"}


def test_every_scene_can_be_asked_about_widely() -> None:
    rng = random.Random(5)
    for drawn in scenes(rng, 300):
        for qa in quiz_wider.questions(drawn, rng, reserved=True):
            assert "{" not in qa.question + qa.answer + qa.statement
            assert qa.reserved
            assert qa.question[0].isupper()
            assert qa.answer.endswith(".")


def test_in_words_alone_a_kind_is_asked_for_as_long_as_there_is_one_above() -> None:
    (told,) = quiz_wider.kind_in_words(Triple("child", "drinking", "wine"), random.Random(0))
    assert (told.kind, told.answer, told.wider) == ("read_kind", "Alcohol.", "alcohol")
    assert quiz_wider.kind_in_words(Triple("child", "drinking", "drink"), random.Random(0)) == []
    assert all(quiz_wider.kind_in_words(triple, random.Random(0)) for triple in tuples())


def test_a_widened_tuple_holds_this_one_and_is_another() -> None:
    words, rng = vocabulary(), random.Random(0)
    for triple in tuples():
        wide = quiz_wider.widened(triple, rng)
        assert wide != triple
        assert words.is_under("actors", triple.actor, wide.actor)
        assert words.is_under("objects", triple.object, wide.object)
        assert quiz.text_only(wide, rng)
