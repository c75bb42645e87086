"""Trainings in rounds: the learning rate rises and falls once in each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, Generic, Protocol, Self, TypeVar, cast


class AnyRound(Protocol):
    """So many steps; the learning rate rises to its peak and falls along a cosine to ``end`` of it."""

    @property
    def steps(self) -> int: ...

    @property
    def learning_rate(self) -> float: ...

    @property
    def end(self) -> float: ...


R = TypeVar("R", bound=AnyRound)


class InRounds(Generic[R]):
    """What recipes in rounds have in common; a frozen dataclass adds the two fields, and its own."""

    rounds: tuple[R, ...]
    warmup: int

    @property
    def steps(self) -> int:
        return sum(part.steps for part in self.rounds)

    def shortened(self, steps: int) -> Self:
        """The same rounds in the same proportion, ``steps`` in all."""
        lengths = _in_proportion([part.steps for part in self.rounds], steps)
        rounds = [
            replace(cast(Any, part), steps=n) for part, n in zip(self.rounds, lengths, strict=True) if n
        ]
        return replace(cast(Any, self), rounds=tuple(rounds))

    def round_of(self, step: int) -> tuple[R, int]:
        """The round in which a step falls, and the step's number within it."""
        for part in self.rounds:
            if step < part.steps:
                return part, step
            step -= part.steps
        raise IndexError("a step after the last round")

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        part, step = self.round_of(step)
        if step < self.warmup:
            return part.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, part.steps - self.warmup)
        return part.learning_rate * (part.end + (1 - part.end) * 0.5 * (1 + math.cos(math.pi * done)))


def _in_proportion(lengths: Sequence[int], steps: int) -> list[int]:
    done = list(accumulate(lengths))
    ends = [end * steps // done[-1] for end in done]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
