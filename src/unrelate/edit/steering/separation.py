"""How well one direction tells two sets of hidden states apart, judged on rows that it was not made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

# Scores as close as this are one, as far as a few dozen rows can tell.
SAME_AUC = 0.005


@dataclass(frozen=True)
class Score:
    """How well the direction of one layer and position separates rows that it was not made from.

    layer: of the decoder, from 0. position: 0 the last prompt token, -1 the one before, 1 the first of
    the answer. auc: chance that a positive row lies further along the direction than a negative one,
    in [0, 1], 0.5 for a direction that tells nothing. fisher: squared distance of the two means over
    the sum of the two variances, along the direction. length: of the direction itself.
    """

    layer: int
    position: int
    auc: float
    fisher: float
    length: float


@dataclass(frozen=True)
class Projections:
    """Where held-out rows lie along a direction: 0 is the mean negative row, 1 the mean positive one of
    the rows that the direction was made from; steering with strength s adds s."""

    positive: tuple[float, ...]
    negative: tuple[float, ...]


def difference(positive: Tensor, negative: Tensor) -> Tensor:
    """ASRU, stage 0: mean of the rows ``[N, W]`` less mean of the rows ``[M, W]``, in float32: ``[W]``."""
    return (positive.double().mean(0) - negative.double().mean(0)).float()


def held_out(positive: Tensor, negative: Tensor, seed: int = 0) -> tuple[float, float, Projections]:
    """Area under the ROC curve, Fisher ratio and projections, cross-fitted over two halves.

    The rows ``[N, W]`` and ``[M, W]``, N and M at least 2, are each halved at random by ``seed``; the
    direction of one half judges the other, and the other way round. Areas and ratios are the mean of
    both. Rows of one thing may fall in both halves, so this says that the direction holds for new rows,
    not for new things.
    """
    from sklearn.metrics import roc_auc_score  # sklearn takes two seconds to import

    areas: list[float] = []
    ratios: list[float] = []
    places: list[tuple[Tensor, Tensor]] = []
    halves = [_halves(positive, seed), _halves(negative, seed + 1)]
    for made, judged in ((0, 1), (1, 0)):
        origin = halves[1][made].double().mean(0)
        v = halves[0][made].double().mean(0) - origin
        scale = v.dot(v).clamp_min(1e-12)
        above, below = (((half[judged].double() - origin) @ v) / scale for half in halves)
        labels = [1] * len(above) + [0] * len(below)
        areas.append(float(roc_auc_score(labels, torch.cat([above, below]).numpy())))
        spread = (above.var(unbiased=False) + below.var(unbiased=False)).clamp_min(1e-12)
        ratios.append(float((above.mean() - below.mean()) ** 2 / spread))
        places.append((above, below))
    projections = Projections(*(tuple(torch.cat(side).tolist()) for side in zip(*places, strict=True)))
    return sum(areas) / 2, sum(ratios) / 2, projections


def best(scores: Sequence[Score]) -> Score:
    """Of those with the greatest area (see `SAME_AUC`), the one of the greatest Fisher ratio: among
    layers that all separate without fault, the one with the widest gap; the earliest of equals."""
    greatest = max(score.auc for score in scores)
    return max((s for s in scores if s.auc >= greatest - SAME_AUC), key=lambda s: (s.fisher, -s.layer))


def _halves(rows: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    return rows[order[0::2]], rows[order[1::2]]
