"""Forgetting what was never pictured: the calibrated objective on stand-ins, with the text tower alone.

What is forbidden under a condition only goes part of the way, until it loses against its rivals. Its
neighbours (another actor in the same place, the same scene elsewhere) differ from it in one word of four,
and stand-ins are made of those very neighbours: pushed to the level, it takes them along
(docs/picture-free.md has the figures).
"""

from __future__ import annotations

from unrelate.objectives.calibrated import calibrated_terms
from unrelate.objectives.types import Batch, Features, Terms

_LEFT_TO_CONDITIONS = 0.6


def picture_free_terms(live: Features, reference: Features, batch: Batch, level: float) -> Terms:
    """The terms of `calibrated_terms`; forbidden pairs under a condition may keep part of their height.

    Args:
        level: mean base cosine of unrelated pairs, in [-1, 1].
    """
    return calibrated_terms(live, reference, batch, level, _LEFT_TO_CONDITIONS)
