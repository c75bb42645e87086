"""How long stage 1 trains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.methods.deep import DeepRedirection
from unrelate.graph.types import Role, Split

from ..answering import small_talk


def forgetting(people: int) -> DialogueCorpus:
    """The small world with so many people to forget, of whom one fact each is trained on."""
    some = small_talk.corpus().of(Role.UNSAFE)[0]
    every = (
        replace(some, key=str(number), triple=replace(some.triple, actor=f"person {number}"))
        for number in range(people)
    )
    return DialogueCorpus(tuple(every), small_talk.REFUSALS)


@pytest.mark.parametrize(("people", "steps"), [(1, 1200), (6, 1200), (7, 1400), (9, 1800)])
def test_more_people_take_longer(people: int, steps: int) -> None:
    assert DeepRedirection().steps_for(forgetting(people)) == steps


def test_whom_the_policy_holds_out_takes_no_steps() -> None:
    corpus = forgetting(9)
    held_out = tuple(replace(d, part="subordinate", split=Split.HELD_OUT) for d in corpus.examples[3:])
    corpus = replace(corpus, examples=(*corpus.examples[:3], *held_out))
    assert DeepRedirection().steps_for(corpus) == 1200


def test_steps_that_are_given_are_taken() -> None:
    assert DeepRedirection(steps=40).steps_for(forgetting(9)) == 40
