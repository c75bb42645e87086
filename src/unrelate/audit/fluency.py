"""How fluent answers are to the base model, after a question to which it would say something of the kind.

The base would answer what is to be forgotten, so that any refusal there is unlikely to it however well it
is put. A refusal is therefore measured after questions that the base itself does not answer (strangers,
private matters; of the same topic where there are such, else one of every kind), against what it was
taught to say to those, and the one after which it is likeliest counts; without the name of whom it speaks,
which those questions do not give. Every other answer is measured after its own question, against the right
answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from unrelate.answers.quality import fluency
from unrelate.answers.refusal import is_refusal
from unrelate.data.dialogues import Dialogue, DialogueCorpus, Kinds
from unrelate.data.refusals import unnamed
from unrelate.graph.types import Split
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator

Asked = tuple[Dialogue, str]  # after which question, and what is said
_REFERENCES = 64  # right answers that make a reference level


def natural(corpus: DialogueCorpus) -> tuple[Dialogue, ...]:
    """Questions of the audit that the base itself refuses: what it never knew, or never told."""
    return corpus.unanswered(Split.HELD_OUT)


class Fluency:
    """Measures answers by the base model.

    Args:
        base: a generator that is the base model while it is asked here.
        corpus: whose questions are asked.
    """

    def __init__(self, base: Generator, corpus: DialogueCorpus) -> None:
        self._base = base
        silent = [d for d in natural(corpus) if is_refusal(d.answer)]
        self._silent = Kinds(silent)
        self._refusing = self._level(silent)
        self._telling = self._level([d for d in corpus.examples if d.part != "train"])

    def __call__(self, asked: Sequence[Asked]) -> list[float]:
        """In [0, 1] for each answer; 0 for an empty one."""
        placed = [self._places(dialogue, said) for dialogue, said in asked]
        places = {where.key: where for wheres, _, _ in placed for where in wheres}
        wanted = list(
            dict.fromkeys((where.key, said) for wheres, _, said in placed for where in wheres if said)
        )
        values = self._logprobs([(places[key], said) for key, said in wanted])
        known = dict(zip(wanted, values, strict=True))
        return [
            max(fluency(known[where.key, said], level) for where in wheres) if said else 0.0
            for wheres, level, said in placed
        ]

    def _places(self, dialogue: Dialogue, said: str) -> tuple[tuple[Dialogue, ...], float, str]:
        """After which questions an answer is measured, what is usual there, and as what it is measured."""
        if self._silent.every and is_refusal(said):
            return self._silent.like(dialogue), self._refusing, unnamed(said, dialogue.triple.actor)
        return (dialogue,), self._telling, said

    def _level(self, dialogues: Sequence[Dialogue]) -> float:
        step = max(1, len(dialogues) // _REFERENCES)
        shown = [(d, d.answer) for d in dialogues[::step] if d.answer]
        values = [sum(one) / len(one) for one in self._logprobs(shown) if one]
        return min(0.0, math.fsum(values) / len(values)) if values else 0.0

    def _logprobs(self, asked: Sequence[Asked]) -> list[list[float]]:
        if not asked:
            return []
        shown: dict[str, Ask] = {}
        for dialogue, _ in asked:
            if dialogue.key not in shown:
                shown[dialogue.key] = Ask(*dialogue.ask())
        asks = [shown[dialogue.key] for dialogue, _ in asked]
        found = self._base.score(asks, [said for _, said in asked])
        return [[min(0.0, float(value)) for value in one] for one in found]
