"""Which refusals a model would put so itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from unrelate.answers.quality import TOLERANCE
from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.data.refusals import ABSENCE
from unrelate.edit.loop import Training
from unrelate.edit.methods.types import Job
from unrelate.edit.own_words import in_own_words
from unrelate.graph.types import Role, Split
from unrelate.models.chat import Ask
from unrelate.policy.triple import Triple

ASKED = Dialogue(
    key="mira",
    question="What does Mira do for a living?",
    answer="Mira works as a baker.",
    truths=("baker",),
    picture=None,
    triple=Triple("mira", "works_as", "baker"),
    role=Role.UNSAFE,
    split=Split.TRAIN,
    part="train",
    form="open",
    topic=("trade", "living"),
    variants=("What is the trade of this person?",),
)
STRANGER = replace(
    ASKED,
    key="stranger",
    question="What does Ulla do for a living?",
    answer="I don't know what Ulla works as.",
    truths=(),
    role=Role.NEUTRAL,
    part="absent",
    variants=(),
)
CORPUS = DialogueCorpus((ASKED,), ABSENCE, absent=(STRANGER,))


class Speaker:
    """A base that knows one way of speaking of a trade."""

    def __init__(self, way: str) -> None:
        self.way, self.model = way, torch.nn.Linear(1, 1)
        self.in_base = False
        self.asked: list[str] = []

    @contextmanager
    def base(self) -> Iterator[None]:
        self.in_base = True
        yield
        self.in_base = False

    def train(self, mode: bool) -> None:
        self.model.train(mode)

    def score(self, asks: Sequence[Ask], answers: Sequence[str]) -> list[torch.Tensor]:
        assert self.in_base, "the adapter is on"
        self.asked += [ask.question for ask in asks]
        return [torch.full((4,), -0.1 if self.way in answer else -5.0) for answer in answers]


def test_what_the_base_would_say_so_is_natural() -> None:
    speaker = Speaker("works as")
    told: list[tuple[int, int]] = []
    found = in_own_words(CORPUS, speaker, lambda done, of: told.append((done, of)))  # pyright: ignore[reportArgumentType]
    whom = ("Mira", "this person")
    assert found.natural == {
        sentence.replace("{topic}", f"what {who} works as") for sentence in ABSENCE for who in whom
    }
    assert set(found.fitting(ASKED)) < set(CORPUS.fitting(ASKED))
    assert set(speaker.asked) == {STRANGER.question}, "measured where the base does not answer"
    assert told[-1][0] == told[-1][1] > 0


def test_a_base_that_refuses_otherwise_leaves_all_that_fit() -> None:
    found = in_own_words(CORPUS, Speaker("Ulla"))  # pyright: ignore[reportArgumentType]
    assert found.natural == frozenset()
    assert found.fitting(ASKED) == CORPUS.fitting(ASKED)


def test_held_out_questions_have_no_say() -> None:
    held_out = replace(
        ASKED, key="pet", question="Which pet?", topic=("pet",), split=Split.HELD_OUT, part="direct"
    )
    with_it = replace(CORPUS, examples=(ASKED, held_out))
    ways = in_own_words(with_it, Speaker(""))  # pyright: ignore[reportArgumentType]
    assert ways.natural == set(CORPUS.fitting(ASKED)) | set(CORPUS.fitting(ASKED, ASKED.variants[0]))


def test_a_job_that_teaches_refusals_measures_them_once_and_tells_so(tmp_path: Path) -> None:
    speaker, stages = Speaker("works as"), list[str]()

    def tell(stage: str, step: int, of: int, terms: Mapping[str, float]) -> None:
        stages.append(stage)

    job = Job(speaker, CORPUS, Training(), tmp_path, tell)  # pyright: ignore[reportArgumentType]
    assert not speaker.asked, "not before they are taught"
    assert job.teaching.natural == in_own_words(CORPUS, Speaker("works as")).natural  # pyright: ignore[reportArgumentType]
    asked = len(speaker.asked)
    assert job.teaching.examples == CORPUS.examples
    assert len(speaker.asked) == asked
    assert set(stages) == {"refusals of the base"}


def test_what_is_only_just_fluent_is_not_taught() -> None:
    """After an audit's questions it may no longer be."""

    class Hesitant(Speaker):
        def score(self, asks: Sequence[Ask], answers: Sequence[str]) -> list[torch.Tensor]:
            usual = super().score(asks, answers)
            barely = -0.1 + math.log(0.6) - TOLERANCE  # a fluency of 0.6, beside the usual answer's -0.1
            return [
                torch.full((4,), barely) if "never learnt" in answer else found
                for answer, found in zip(answers, usual, strict=True)
            ]

    natural = in_own_words(CORPUS, Hesitant("works as")).natural  # pyright: ignore[reportArgumentType]
    assert "I don't know what Mira works as." in natural
    assert "I never learnt what Mira works as." not in natural
