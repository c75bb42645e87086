"""Pure functions (live features, reference features, batch) -> named terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from unrelate.objectives.calibrated import calibrated_terms
from unrelate.objectives.hardened import hardened_terms
from unrelate.objectives.paper import paper_terms
from unrelate.objectives.picture_free import picture_free_terms
from unrelate.objectives.types import Batch, Features, Terms, Weights, total


def _paper(live: Features, reference: Features, batch: Batch, level: float) -> Terms:
    return paper_terms(live, reference, batch)


# name -> (live, reference, batch, unrelated level) -> the six named terms.
OBJECTIVES: Mapping[str, Callable[[Features, Features, Batch, float], Terms]] = {
    "calibrated": calibrated_terms,
    "hardened": hardened_terms,
    "paper": _paper,
    "picture-free": picture_free_terms,
}

__all__ = ["OBJECTIVES", "Batch", "Features", "Terms", "Weights", "total"]
