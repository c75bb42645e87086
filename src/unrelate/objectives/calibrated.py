"""Forgetting to a level: nothing pushes an unsafe pair below where the base model puts unrelated pairs.

Departures from RASU, and why. The paper pushes the unsafe cosine down without a floor and pulls what
stays up to 1, so both leave the range the base model knows, and neighbours that were not shown follow
(its after-cosines lie at -0.24 to -0.43, far below any unrelated pair). Here:

- L3 and Ladv bring every pair (unsafe picture, text that states a forbidden tuple) down to ``level``. One
  that lies below is left there: to bring it up moves its neighbours' captions for nothing;
- where both towers learn, *each forgets on its own*, against the other as it was. Else one of them does
  all the work, and whoever goes round it goes round the edit: a sentence that the text tower has not
  learnt to see through meets a picture that has forgotten nothing. The text tower goes all the way: of
  captions there are many, those of neighbours that nobody photographed too, so it learns where the
  forbidden ends. The image tower goes part of the way, as far as it takes to lose against its rivals;
- L1, L2 and L4 hold what stays at its *own* base cosine;
- Lc holds the embeddings of what stays, and every cross-similarity that is not forbidden: an unsafe
  picture keeps its likeness to safe captions, an unsafe caption its likeness to safe pictures. That
  is most of what makes the edit local, and costs nothing: the batch's features are there already.
  The few captions and pictures that moved most count once more. They stand right beside the forbidden,
  and in a mean over all that stays they would vanish; this is what holds neighbours that were never
  shown. Where a recipe mixes texts (`unrelate.edit.between`), their mixtures are held likewise.
"""

from __future__ import annotations

import torch
from torch import Tensor

from unrelate.objectives.paper import mean_where
from unrelate.objectives.types import Batch, Features, Terms

# Squared differences of cosines are small beside the paper's terms: brought to a like scale.
_SCALE = 10.0
# The few right beside the forbidden move most, and vanish in a mean over all that stays.
_WORST_SHARE, _WORST_WEIGHT = 0.05, 1.0
# In a mean over all forbidden pairs each of several tuples gets but a share of the push. It grows with
# their number, so that each is pushed as hard as it would be alone; up to what was tried.
_MOST_TUPLES = 4
# What the image tower, on its own, may leave of a forbidden pair's height above the level: as much as
# still loses against its rivals, where the caption is one that the text tower sees through.
_LEFT_TO_PICTURES = 0.4
# Pictures of neighbours are few beside their captions, so each is held more firmly.
_PICTURES_HELD = 2.0


def calibrated_terms(
    live: Features,
    reference: Features,
    batch: Batch,
    level: float,
    left_to_conditions: float = 0.0,
    left_to_pictures: float = _LEFT_TO_PICTURES,
) -> Terms:
    """The terms of the calibrated recipe, each 0 or more, and 0 when its aim is met.

    Args:
        level: mean base cosine of unrelated pairs, in [-1, 1].
        left_to_conditions: where one tower alone learns, the share, in [0, 1), of its height above the level
            that a pair may keep which is forbidden under a condition only.
        left_to_pictures: where both learn, what the image tower, on its own, may leave of that height, in
            [0, 1).
    """
    rows = len(live.image)
    before = reference.image @ reference.text.T
    height = (before - level).clamp(min=0)
    if _both_learn(live):
        left = left_to_pictures * height
    else:
        left = left_to_conditions * batch.conditional[:, None] * height
    excess, change = _excess_and_change(live, reference, before, level, left)
    own = change[:, :rows].diagonal()
    drift = (live.image - reference.image).square().sum(-1)
    drift_text = (live.text - reference.text).square().sum(-1)
    kept_pairs = ~batch.forbidden
    forbidden_own, forbidden_variant = batch.forbidden[:, :rows], batch.forbidden[:, rows:]
    tuples = min(batch.tuples, _MOST_TUPLES)
    terms = {
        "L3": tuples * mean_where(excess[:, :rows], forbidden_own),
        "L2": mean_where(own, batch.node),
        "L1": mean_where(own, batch.safe_edge),
        "L4": mean_where(own, batch.neutral),
        "Lc": mean_where(change, kept_pairs)
        + _held(drift, ~batch.unsafe, _PICTURES_HELD)
        + _held(drift_text, ~batch.unsafe_text)
        + _between_held(live, reference),
        "Ladv": tuples * mean_where(excess[:, rows:], forbidden_variant),
    }
    return {name: _SCALE * value for name, value in terms.items()}


def _excess_and_change(
    live: Features, reference: Features, before: Tensor, level: float, left: Tensor
) -> tuple[Tensor, Tensor]:
    """Squared distances of every pair's cosine, ``[B, T]`` each: above where a forbidden one belongs, and
    from where it was. ``left``: what one tower alone, or the image tower of two, may leave of a pair's
    height, ``[B, T]``."""
    together = live.image @ live.text.T
    changes = (together - before).square()
    if not _both_learn(live):
        return _above(together, level + left), changes
    by_text, by_image = reference.image @ live.text.T, live.image @ reference.text.T
    excess = _above(together, level) + _above(by_text, level)
    excess = excess + _above(by_image, level + left)
    # Every picture and every text stands in two of the three.
    changes = changes + (by_text - before).square() + (by_image - before).square()
    return excess, changes / 2


def _above(cosines: Tensor, aim: Tensor | float) -> Tensor:
    """Squared heights above the aim; 0 below it."""
    return (cosines - aim).clamp(min=0).square()


def _both_learn(live: Features) -> bool:
    """A tower that does not learn has features without a gradient."""
    return live.image.requires_grad and live.text.requires_grad


def _between_held(live: Features, reference: Features) -> Tensor:
    """How far mixtures of texts moved, as `_held`; 0 where there are none."""
    if live.between is None or reference.between is None:
        return live.text.new_zeros(())
    drift = (live.between - reference.between).square().sum(-1)
    return _held(drift, torch.ones_like(drift, dtype=torch.bool))


def _held(drift: Tensor, stays: Tensor, weight: float = 1.0) -> Tensor:
    """Mean of what stays, and once more that of what moved most, `_WORST_SHARE` of it and at least one."""
    mean, staying = mean_where(drift, stays), drift[stays]
    if not len(staying):
        return mean
    worst = staying.topk(max(1, int(_WORST_SHARE * len(staying)))).values.mean()
    return weight * mean + _WORST_WEIGHT * worst
