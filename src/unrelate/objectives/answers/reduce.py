"""From tokens to answers to one number. Every answer counts alike, however long it is."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from unrelate.objectives.answers.types import RETAINED, Answers, Kind, Outputs


def sum_each(tokens: Tensor, batch: Answers) -> Tensor:
    """``[M]`` values of tokens -> ``[N]``, their sum over each answer."""
    return tokens.new_zeros(len(batch.kinds)).index_add(0, batch.row, tokens)


def mean_each(tokens: Tensor, batch: Answers, only: Tensor | None = None) -> Tensor:
    """``[M]`` values of tokens -> ``[N]``, their mean over each answer; of the tokens in ``only``, a bool
    mask, if given. An answer without any such token has mean 0, and values outside may be NaN."""
    kept = torch.ones_like(batch.ends) if only is None else only
    row, zeros = batch.row[kept], tokens.new_zeros(len(batch.kinds))
    counts = zeros.index_add(0, row, torch.ones_like(row, dtype=tokens.dtype))
    return zeros.index_add(0, row, tokens[kept]) / counts.clamp(min=1)


def spread(values: Tensor, chosen: Tensor) -> Tensor:
    """Values of the chosen tokens, in their order -> ``[M]``, 0 for the others. What is not compared is NaN
    in a reference: it has to be left out before it is reckoned with, since 0 times its gradient is NaN."""
    return values.new_zeros(len(chosen)).masked_scatter(chosen, values)


def mean_over(answers: Tensor, batch: Answers, kinds: Iterable[Kind]) -> Tensor:
    """``[N]`` values of answers -> the mean over those of these kinds; 0, with a gradient of 0, of none."""
    return mean_or_0(answers[batch.answers(kinds)])


def mean_or_0(chosen: Tensor) -> Tensor:
    """The mean; of nothing 0, with a gradient of 0."""
    return chosen.mean() if len(chosen) else chosen.sum()


def negative_log_likelihood(live: Outputs, batch: Answers, kinds: Iterable[Kind]) -> Tensor:
    """``L(S, w)`` of TOFU (Maini et al. 2024, section 2.2): the mean over answers of the mean over tokens."""
    return mean_over(mean_each(-live.logprobs, batch), batch, kinds)


def retained_likelihood(live: Outputs, batch: Answers) -> Tensor:
    """The same over all that stays: the retain term of most methods."""
    return negative_log_likelihood(live, batch, RETAINED)


def above_level(live: Outputs, batch: Answers, kinds: Iterable[Kind]) -> Tensor:
    """How far, in nats, the tokens of these answers lie above their level; 0 for one below. Ends say
    nothing and are left out."""
    told = batch.tokens(kinds) & ~batch.ends
    above = (live.logprobs - batch.level).clamp(min=0)
    return mean_over(mean_each(above, batch, told), batch, kinds)


def divergence_each(live: Outputs, reference: Outputs, batch: Answers, kinds: Iterable[Kind]) -> Tensor:
    """``[N]``: KL(base || live) of the next token, in nats, mean over each answer of these kinds; else 0."""
    if live.logits is None or reference.logits is None:
        raise ValueError("the distributions of both models are needed")
    chosen = batch.tokens(kinds)
    before = reference.logits[chosen].log_softmax(-1)
    now = live.logits[chosen].log_softmax(-1)
    # Where the base gives a token no probability at all, it adds nothing: 0 * -inf is not a number.
    each = torch.where(before == -torch.inf, 0.0, before.exp() * (before - now)).sum(-1)
    return mean_each(spread(each, chosen), batch, chosen)
