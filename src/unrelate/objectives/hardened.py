"""The calibrated objective of adversarial rounds: pictures forget further.

What a round finds are sentences that the text tower does not see through. There will always be others, so
a round does not count on the text tower learning them: against such a sentence the picture itself must
have forgotten, and `calibrated` leaves so much to it that the base's own captions find up to two in five.
"""

from __future__ import annotations

from unrelate.objectives.calibrated import calibrated_terms
from unrelate.objectives.types import Batch, Features, Terms

_LEFT_TO_PICTURES = 0.2


def hardened_terms(live: Features, reference: Features, batch: Batch, level: float) -> Terms:
    """The terms of `calibrated_terms`, with less left to the image tower.

    Args:
        level: mean base cosine of unrelated pairs, in [-1, 1].
    """
    return calibrated_terms(live, reference, batch, level, left_to_pictures=_LEFT_TO_PICTURES)
