"""Acceptance: the policy's criteria, held against the figures of the record."""

from __future__ import annotations

import math
from collections.abc import Mapping

from unrelate.audit.record import CriterionResult
from unrelate.policy.schema import Criterion


def judge(criterion: Criterion, figures: Mapping[str, object]) -> CriterionResult:
    """A criterion on a figure that the audit could not measure is not met."""
    room, _, rest = criterion.figure.partition(".")
    name, _, field = rest.rpartition(".")  # an attack's name may have a dot: adapter_scale_0.5
    held = figures.get(room)
    entry = held.get(name) if isinstance(held, Mapping) else held
    value = getattr(entry, field, None)
    number = float(value) if isinstance(value, (int, float)) else math.nan
    return CriterionResult(
        name=criterion.figure,
        value=number,
        comparison=criterion.comparison,
        threshold=criterion.threshold,
        passed=not math.isnan(number) and criterion.met_by(number),
    )
