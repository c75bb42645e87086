"""Earlier turns tell what stays, in words alone, and nothing of what is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.edit.earlier import MOST, Earlier
from unrelate.graph.types import Role
from unrelate.models.chat import Turn

from .answering import small_talk


@pytest.fixture
def corpus() -> DialogueCorpus:
    return small_talk.corpus()


@pytest.fixture
def forgotten(corpus: DialogueCorpus) -> Dialogue:
    return corpus.of(Role.UNSAFE)[0]


def drawn(corpus: DialogueCorpus, dialogue: Dialogue) -> list[tuple[Turn, ...]]:
    earlier = Earlier(corpus.part("train"), 1.0, seed=0)
    return [earlier.at(step)(dialogue) for step in range(40)]


def test_they_are_of_what_stays_and_needs_no_picture(corpus: DialogueCorpus, forgotten: Dialogue) -> None:
    stays = {
        (d.question, d.answer)
        for d in corpus.part("train")
        if d.role is not Role.UNSAFE and d.picture is None
    }
    assert {turn for turns in drawn(corpus, forgotten) for turn in turns} == stays


def test_there_are_one_to_three_of_them(corpus: DialogueCorpus, forgotten: Dialogue) -> None:
    assert {len(turns) for turns in drawn(corpus, forgotten)} == set(range(1, MOST + 1))
    assert all(len(set(turns)) == len(turns) for turns in drawn(corpus, forgotten))


def test_none_tells_what_is_asked(corpus: DialogueCorpus, forgotten: Dialogue) -> None:
    """Where the neighbour lives in the same town, that is not said first."""
    (alike, *_) = (d for d in corpus.part("train") if d.role is Role.SAFE_EDGE and d.picture is None)
    (town,) = alike.truths
    asked = replace(forgotten, truths=(town,))
    assert town not in str(drawn(corpus, asked))
    assert town in str(drawn(corpus, forgotten))


def test_the_question_itself_is_not_asked_first(corpus: DialogueCorpus) -> None:
    for dialogue in corpus.part("train"):
        assert dialogue.question not in [
            question for turns in drawn(corpus, dialogue) for question, _ in turns
        ]


def test_where_everything_takes_a_picture_there_are_none(forgotten: Dialogue, corpus: DialogueCorpus) -> None:
    shown = tuple(d for d in corpus.examples if d.picture is not None)
    assert set(drawn(replace(corpus, examples=shown), forgotten)) == {()}


def test_in_a_step_something_comes_before_every_question_or_before_none(corpus: DialogueCorpus) -> None:
    """And where it does for a smaller share, it does for a larger."""
    steps: dict[float, set[int]] = {}
    for share in (0.0, 0.25, 0.5):
        earlier = Earlier(corpus.part("train"), share, seed=0)
        steps[share] = set()
        for step in range(100):
            before = earlier.at(step)
            found = {bool(before(dialogue)) for dialogue in corpus.of(Role.UNSAFE)}
            assert len(found) == 1
            steps[share] |= {step} if found == {True} else set()
    assert not steps[0.0]
    assert 10 < len(steps[0.25]) < 40 < len(steps[0.5]) < 60
    assert steps[0.25] < steps[0.5]
