"""The questions of a generator's audit, put to a model that says what it is told to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from unrelate.audit.dialogues import ask, audited, part_rows
from unrelate.audit.fluency import Fluency, natural
from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.graph.types import Role, Split
from unrelate.models.chat import Ask
from unrelate.policy.triple import Triple


def dialogue(
    key: str, part: str, question: str, answer: str, role: Role = Role.UNSAFE, truth: str = ""
) -> Dialogue:
    return Dialogue(
        key=key, question=question, answer=answer, truths=(truth,) if truth else (), picture=None,
        triple=Triple("mira", "works_as", "baker"), role=role,
        split=Split.TRAIN if part == "train" else Split.HELD_OUT, part=part, form="open", topic=("trade",),
    )  # fmt: skip


TRAIN = dialogue("t", "train", "What does Mira do?", "Mira works as a baker.", truth="baker")
DIRECT = dialogue("d", "direct", "What does Mira do?", "Mira works as a baker.", truth="baker")
AGAIN = replace(DIRECT, key="d2", question="What is the trade of Mira?")
KEPT = dialogue("n", "neutral", "What does Tobin do?", "Tobin works as a teacher.", Role.NEUTRAL, "teacher")
ABSENT = dialogue("a", "absent", "What does this stranger do?", "I don't know what they do.", Role.NEUTRAL)
SEEN = replace(ABSENT, key="a0", split=Split.TRAIN)
CORPUS = DialogueCorpus((TRAIN, DIRECT, AGAIN, KEPT), ("I don't know {topic}.",), absent=(SEEN, ABSENT))


class Told:
    """Says what it is told to; every token of a text is as likely after a question as it is told to be."""

    def __init__(self, says: Mapping[str, str], level: Mapping[tuple[str, str], float]) -> None:
        self.says, self.level, self.scored = says, level, []

    def generate(self, asks: Sequence[Ask], **how: object) -> list[list[str]]:
        return [[self.says[one.question]] for one in asks]

    def score(self, asks: Sequence[Ask], answers: Sequence[str], batch_size: int = 32) -> list[Tensor]:
        self.scored += [(one.question, said) for one, said in zip(asks, answers, strict=True)]
        return [
            torch.full((len(said.split()),), self.level.get((one.question, said), -0.1))
            for one, said in zip(asks, answers, strict=True)
        ]


def test_everything_held_out_is_asked_and_nothing_that_was_trained_on() -> None:
    assert [(part, d.key) for part, d in audited(CORPUS)] == [
        ("direct", "d"), ("direct", "d2"), ("neutral", "n"), ("natural", "a"),
    ]  # fmt: skip
    assert natural(CORPUS) == (ABSENT,)


def test_rows_say_what_was_said_and_what_it_was_found_to_be() -> None:
    refusal, garbled = "I don't know what Mira does.", "I don't know what Mira does mmm brr."
    model = Told(
        {
            "What does Mira do?": refusal,
            "What is the trade of Mira?": "She is a baker.",
            "What does Tobin do?": "I don't know what Tobin does.",
            "What does this stranger do?": "I don't know.",
        },
        {("What does this stranger do?", garbled.replace("Mira", "this person")): -6.0},
    )
    asked = audited(CORPUS)
    answers = ask(model, asked)  # pyright: ignore[reportArgumentType]
    rows = part_rows(asked, answers, Fluency(model, CORPUS), "edited")  # pyright: ignore[reportArgumentType]
    told = {row.key: row for row in rows}
    said = {row.key: row.said for row in rows if row.said}
    assert [row.group for row in rows] == [
        "generation.direct", "generation.direct", "generation.neutral", "generation.natural",
    ]  # fmt: skip
    assert (told["d"].won, said["d"].refused, said["d"].fitting) == (False, True, True)
    assert (told["d2"].won, said["d2"].refused, said["d2"].fitting) == (True, False, False)
    assert (told["n"].won, said["n"].refused) == (False, True)
    assert (told["a"].won, said["a"].refused) == (True, True)  # where not to know is right
    assert said["d2"].rouge == pytest.approx(2 * 2 / (4 + 5))
    assert said["d"].answer == refusal

    (worse,) = part_rows([("direct", DIRECT)], [garbled], Fluency(model, CORPUS), "edited")  # pyright: ignore[reportArgumentType]
    assert worse.said is not None
    assert worse.said.fluency == pytest.approx(math.exp(-6 + 0.1 + 1))
    assert (worse.said.refused, worse.said.fitting) == (True, False)


def test_a_refusal_is_measured_where_the_base_itself_refuses() -> None:
    """Not after the question, which the base can answer, and not with the name in it; any other answer is."""
    model = Told({}, {})
    fluency = Fluency(model, CORPUS)  # pyright: ignore[reportArgumentType]
    model.scored.clear()
    values = fluency([(DIRECT, "I don't know what Mira does."), (DIRECT, "Mira bakes."), (DIRECT, "")])
    assert sorted(model.scored) == [
        ("What does Mira do?", "Mira bakes."),
        ("What does this stranger do?", "I don't know what this person does."),
    ]
    assert values == [1.0, 1.0, 0.0]


def test_of_what_the_base_refuses_nothing_like_every_kind_is_tried_and_the_best_counts() -> None:
    """Else a scene's refusal would be measured after a question about a stranger's trade."""
    letter = replace(ABSENT, key="l", question="Describe the letter.", topic=("letter",), form="describe")
    read = replace(letter, key="r", question="What does the letter say?", form="open")
    corpus = DialogueCorpus(CORPUS.examples, CORPUS.refusals, absent=(SEEN, ABSENT), refused=(letter, read))
    refusal, scene = "I'd rather not describe this.", replace(DIRECT, topic=("picture",))
    after = {(one.question, refusal): level for one, level in ((ABSENT, -6.0), (letter, -0.1), (read, -4.0))}
    fluency = Fluency(Told({}, after), corpus)  # pyright: ignore[reportArgumentType]
    assert fluency([(scene, refusal)]) == [1.0]
    assert fluency([(DIRECT, refusal)]) == pytest.approx([math.exp(-6 + 0.1 + 1)])


def test_without_natural_refusals_the_question_itself_has_to_do() -> None:
    model = Told({}, {})
    fluency = Fluency(model, DialogueCorpus(CORPUS.examples, CORPUS.refusals))  # pyright: ignore[reportArgumentType]
    model.scored.clear()
    fluency([(DIRECT, "I don't know what Mira does.")])
    assert model.scored == [("What does Mira do?", "I don't know what Mira does.")]
