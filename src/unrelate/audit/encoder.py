"""The questions of the audit, put to a contrastive encoder: what was forgotten, what was kept."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from unrelate.attacks.types import Outcome
from unrelate.audit.embedded import Embedded
from unrelate.audit.measure import ask
from unrelate.audit.rows import Row, Subject
from unrelate.data.types import Corpus, Example
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple

FORGETTING = ("direct", "paraphrase", "contextual", "ood_image", "subordinate")
PRESERVATION = ("node", "safe_edge", "safe_node", "neutral")


def group_of(part: str) -> str:
    """Where a part of the corpus stands in the record."""
    return f"forgetting.{part}" if part in FORGETTING else f"preservation.{part}"


def audited(corpus: Corpus) -> list[Example]:
    """The examples that an audit asks about, part by part."""
    return [example for part in (*FORGETTING, *PRESERVATION) for example in corpus.part(part)]


def part_rows(
    model: DualEncoder,
    corpus: Corpus,
    examples: Sequence[Example],
    forbidden: Collection[Triple],
    subject: Subject,
    known: Embedded | None = None,
) -> list[Row]:
    """Put every example to the model as it is, and write down what it made of it; ``known`` as in `ask`."""
    answers = ask(model, corpus, examples, forbidden, known)
    return [
        Row(
            group=group_of(example.part),
            subject=subject,
            key=example.key,
            triple=str(example.triple),
            text=example.caption,
            won=bool(answers.right[number]),
            score=float(answers.cos[number]),
            best=str(answers.best[number]),
            unrelated=float(answers.unrelated[number]),
            margin=float(answers.margin[number]),
        )
        for number, example in enumerate(examples)
    ]


def attack_rows(name: str, outcomes: Sequence[Outcome], subject: Subject) -> list[Row]:
    """What an attack reached against one model; the points of a curve are groups of their own. First
    every attempt, then what was not tried."""
    won = [
        Row(
            group=f"attacks.{attack_name(name, outcome.at)}",
            subject=subject,
            key=attempt.key,
            triple=attempt.triple,
            text=attempt.text,
            won=attempt.won,
            score=attempt.margin,
            at=outcome.at,
        )
        for outcome in outcomes
        for attempt in outcome.attempts
    ]
    untried = [
        Row(
            group=f"attacks.{attack_name(name, outcome.at)}",
            subject=subject,
            key=item.key,
            triple=item.triple,
            text="",
            won=False,
            score=math.nan,
            at=outcome.at,
            tried=False,
        )
        for outcome in outcomes
        for item in outcome.untried
    ]
    return won + untried


def attack_name(name: str, at: float | None) -> str:
    """An attack's name in the record: ``relearn_neighbours_200`` for a point of a curve."""
    return name if at is None else f"{name}_{at:g}"
