"""Means and intervals, by hand where a hand can do it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from unrelate.audit.statistics import interval, mean


def test_the_mean_leaves_out_what_was_not_measured() -> None:
    assert mean(np.array([1.0, math.nan, 2.0])) == 1.5
    assert mean(np.array([True, False, False, False])) == 0.25
    assert math.isnan(mean(np.array([])))
    assert math.isnan(mean(np.array([math.nan])))


@pytest.mark.parametrize(("count", "reach"), [(1, 0.95), (10, 0.2589), (59, 0.0495), (240, 0.0124)])
def test_never_and_always_get_the_bound_of_the_binomial(count: int, reach: float) -> None:
    """Not once in n trials: with 95 % confidence the rate is below 1 - 0.05 ** (1 / n); for 59 trials
    that is the textbook 5 %."""
    assert interval(np.zeros(count)) == (0.0, pytest.approx(reach, abs=5e-5))
    assert interval(np.ones(count, dtype=bool)) == (pytest.approx(1 - reach, abs=5e-5), 1.0)


def test_the_same_cosine_throughout_has_no_spread() -> None:
    assert interval(np.full(7, 0.3)) == (0.3, 0.3)


def test_a_coin_by_hand() -> None:
    """Four values, 0 0 1 1: of the 2⁴ equally likely counts of ones, P(0) = P(4) = 1/16 = 6.25 % is
    more than 2.5 %, so the interval is all there is."""
    assert interval(np.array([0.0, 0.0, 1.0, 1.0])) == (0.0, 1.0)


def test_many_values_come_near_the_normal_interval() -> None:
    """400 values, half 0 and half 1: 0.5 -+ 1.96 * 0.5 / 20 = 0.451 to 0.549."""
    low, high = interval(np.tile([0, 1], 200))
    assert low == pytest.approx(0.451, abs=0.006)
    assert high == pytest.approx(0.549, abs=0.006)


def test_an_interval_is_the_same_each_time_and_leaves_nan_out() -> None:
    values = np.random.default_rng(1).normal(size=50)
    assert interval(values) == interval(values) != interval(values, seed=1)
    assert interval(np.append(values, math.nan)) == interval(values)
    assert all(math.isnan(end) for end in interval(np.array([])))
