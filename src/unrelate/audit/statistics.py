"""Means with bootstrap intervals."""

from __future__ import annotations

import numpy as np

_RESAMPLES = 2000


def interval(values: np.ndarray, *, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over items (Efron 1979), 2,000 resamples.

    Where all values agree, resampling shows no spread at all; what was always 0 or always 1 then gets
    the exact one-sided bound of the binomial (``1 - 0.05 ** (1 / n)`` away). What is nan was not
    measured and does not count; of nothing the interval is nan.
    """
    values = _measured(values)
    if not len(values):
        return float("nan"), float("nan")
    if np.all(values == values[0]):
        value, reach = float(values[0]), 1 - 0.05 ** (1 / len(values))
        if value not in (0.0, 1.0):
            return value, value
        return (0.0, reach) if value == 0 else (1 - reach, 1.0)
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (_RESAMPLES, len(values)))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def mean(values: np.ndarray) -> float:
    """The mean of what is not nan, or nan of nothing."""
    values = _measured(values)
    return float(values.mean()) if len(values) else float("nan")


def _measured(values: np.ndarray) -> np.ndarray:
    values = values.astype(float)
    return values[~np.isnan(values)]
