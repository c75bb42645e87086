"""What objectives over answers are given: log-probabilities token by token, and whose tokens they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import torch
from torch import Tensor

from unrelate.objectives.types import Terms


class Kind(StrEnum):
    """Why an answer stands in a batch. The first four are about what is to be forgotten."""

    FORGET = "forget"  # the question as it is asked, with the true answer
    REFUSAL = "refusal"  # the same question, with a refusal that fits it
    VARIANT = "variant"  # the question in other words, with the true answer
    VARIANT_REFUSAL = "variant_refusal"  # those other words, with the refusal
    BOUNDARY = "boundary"  # a safe edge, with its own answer
    NODE = "node"
    NEUTRAL = "neutral"


REFUSED = frozenset({Kind.REFUSAL, Kind.VARIANT_REFUSAL})
RETAINED = frozenset({Kind.BOUNDARY, Kind.NODE, Kind.NEUTRAL})


@dataclass(frozen=True)
class Outputs:
    """What a model makes of N answers of M tokens in all, packed: token after token, answer after answer.

    ``logprobs`` is ``[M]``: the log-probability of each answer token, given all before it.
    ``logits`` is ``[M, V]``: the scores of every token of the vocabulary in its place; None where the
    objective does not ask for distributions.
    ``hidden`` is ``[M, D]``: the state after the objective's layer, in the place that predicts the token;
    None where it asks for none.

    In a reference, rows of answers that the objective does not compare are NaN: to use one shows.
    """

    logprobs: Tensor
    logits: Tensor | None = None
    hidden: Tensor | None = None


@dataclass(frozen=True)
class Answers:
    """Which tokens are whose.

    Args:
        kinds: of the N answers; the k-th `FORGET` and the k-th `REFUSAL` answer the same question.
        row: ``[M]``, the answer, in [0, N), that a token belongs to; every answer has one at least.
        ends: ``[M]`` bool, the tokens that end an answer's turn and say nothing.
        level: ``[M]``, the log-probability that the base gives an answer token where it follows an
            unrelated question; NaN where the objective asks for none.
    """

    kinds: tuple[Kind, ...]
    row: Tensor
    ends: Tensor
    level: Tensor

    def answers(self, kinds: Iterable[Kind]) -> Tensor:
        """``[N]`` bool: the answers of these kinds."""
        wanted = frozenset(kinds)
        return torch.tensor([kind in wanted for kind in self.kinds], device=self.row.device)

    def tokens(self, kinds: Iterable[Kind]) -> Tensor:
        """``[M]`` bool: the tokens of answers of these kinds."""
        return self.answers(kinds)[self.row]

    def lengths(self) -> Tensor:
        """``[N]``: how many tokens each answer has, the one that ends it included."""
        return torch.bincount(self.row, minlength=len(self.kinds))


@dataclass(frozen=True)
class Needs:
    """What an objective looks at.

    Args:
        kinds: the answers; others need not be in a batch.
        compared: those of them whose reference it looks at too.
        distributions: whether it takes `Outputs.logits`.
        depth: where it takes `Outputs.hidden` from, as a share of the decoder's layers up to and with that
            one, in (0, 1]; None if nowhere.
        levels: whether it takes `Answers.level`.
    """

    kinds: frozenset[Kind]
    compared: frozenset[Kind] = frozenset()
    distributions: bool = False
    depth: float | None = None
    levels: bool = False


class AnswerObjective(Protocol):
    """A way to forget answers: pure; the fields of its constructor are its settings."""

    @property
    def name(self) -> str:
        """Its key in the table."""
        ...

    @property
    def needs(self) -> Needs:
        """What it looks at."""
        ...

    @property
    def weights(self) -> Mapping[str, float]:
        """The names of its terms, each with its usual weight."""
        ...

    def terms(self, live: Outputs, reference: Outputs, batch: Answers) -> Terms:
        """Named, unweighted scalars."""
        ...
