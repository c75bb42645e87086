"""What stays is held where it is: every state of every token, of strangers too.

An answer that stays tells little of how it was reached. Held by their answers alone, those who stay set the
border of the forgotten half way between both, and somebody whom training never showed may fall on either
side of it. Held states draw the border close round the forgotten: nothing else may move at all. And what is
held need not be known: of a stranger there is no answer to keep, but there are states, and any number of
strangers.

Source: ASRU holds the state of one layer at the last prompt token (stage 1, the retain target); here every
layer, what enters the first (so the image tower too), and every token.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from unrelate.data.dialogues import Dialogue
from unrelate.edit.earlier import Earlier
from unrelate.edit.slips import Slips
from unrelate.errors import UserError
from unrelate.graph.types import Role, Split
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator

# As small as a state's length gets before it is taken for 0.
_TINY = 1e-12


class Held(Protocol):
    """What holding needs of a corpus (`unrelate.data.dialogues.DialogueCorpus`)."""

    def part(self, name: str) -> tuple[Dialogue, ...]: ...

    def unanswered(self, split: Split) -> tuple[Dialogue, ...]: ...


@dataclass(frozen=True)
class Hold:
    """How firmly, and how much at a time.

    Args:
        weight: of the mean squared move of a state, in units of its squared length; 0 holds nothing.
        stay: dialogues a step of those that stay.
        unknown: dialogues a step of those that the base does not answer (strangers, letters).
        after: share of the steps in which these are asked after earlier turns (`Earlier`), in [0, 1].
        slips: share of these that have a slip of the pen (`Slips`), in [0, 1].

    Raises:
        UserError: a value outside its range.
    """

    weight: float = 0.0
    stay: int = 8
    unknown: int = 8
    after: float = 0.0
    slips: float = 0.0

    def __post_init__(self) -> None:
        whole = self.stay >= 0 and self.unknown >= 0 and self.stay + self.unknown
        shares = 0 <= self.after <= 1 and 0 <= self.slips <= 1
        if not (self.weight >= 0 and whole and shares):
            raise UserError(
                f"hold = {self}",
                "weight, stay and unknown 0 or more, one dialogue at least, after and slips shares in [0, 1]",
                "change it",
            )


# As ASRU's stages hold here. Now and then after earlier turns: these are no reason to refuse.
FIRMLY = Hold(weight=400.0, after=0.25)


class Holding:
    """Measures how far an adapter moves what stays, a few dialogues at a time.

    Args:
        corpus: its dialogues of part ``train`` that stay, and those that are naturally unanswered, of the
            split that an edit may see.
        seed: chooses the dialogues of every step; the same ones for the same seed and step.
    """

    def __init__(self, generator: Generator, corpus: Held, hold: Hold, seed: int) -> None:
        self.weight = hold.weight
        self._generator, self._hold, self._seed = generator, hold, seed
        train = corpus.part("train")
        self._stay = [d for d in train if d.role is not Role.UNSAFE]
        self._unknown = corpus.unanswered(Split.TRAIN)
        self._earlier, self._slips = Earlier(train, hold.after, seed), Slips(hold.slips, seed)

    def loss(self, step: int) -> Tensor:
        """The weighted loss of one step, with a gradient: a scalar, 0 or more, 0 at the base. It leaves the
        generator in training mode."""
        dialogues = self._chosen(step)
        turns, written = self._earlier.at(step), self._slips.at(step)
        asked = [(dialogue, *dialogue.ask()) for dialogue in dialogues]
        asks = [Ask(written(text), picture, history=turns(dialogue)) for dialogue, text, picture in asked]
        batch = self._generator.batch(asks, [dialogue.answer for dialogue in dialogues])
        self._generator.train(False)
        try:
            with torch.no_grad(), self._generator.base():
                before = self._generator.states(batch)
        finally:
            self._generator.train(True)
        return self.weight * moved(self._generator.states(batch), before)

    def keys(self, step: int) -> list[str]:
        """Of the dialogues of a step."""
        return [dialogue.key for dialogue in self._chosen(step)]

    def _chosen(self, step: int) -> list[Dialogue]:
        chance = random.Random(f"hold/{self._seed}/{step}")
        return [
            *_some(self._stay, self._hold.stay, chance),
            *_some(self._unknown, self._hold.unknown, chance),
        ]


def moved(states: Tensor, before: Tensor) -> Tensor:
    """The mean squared distance of states ``[..., width]``, each in units of its squared length before."""
    far = (states - before).square().sum(-1) / before.square().sum(-1).clamp(min=_TINY)
    return far.mean()


def _some(dialogues: Sequence[Dialogue], count: int, chance: random.Random) -> list[Dialogue]:
    return chance.sample(list(dialogues), min(count, len(dialogues)))
