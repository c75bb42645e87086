"""Waiting: how long, how often, and when not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from unrelate.collect.sources.retrying import Passing, Patience
from unrelate.collect.types import SourceFailed
from unrelate.errors import UserError


def failing(*troubles: Passing) -> Callable[[], bytes]:
    """Raises these one after the other, then has a picture."""
    left = list(troubles)

    def ask() -> bytes:
        if left:
            raise left.pop(0)
        return b"picture"

    return ask


def test_waits_double_up_to_the_longest_and_a_random_part_is_left_out() -> None:
    seen: list[list[float]] = []
    for _ in range(20):
        waits: list[float] = []
        patience = Patience(attempts=8, pause=1.0, longest=20.0, sleep=waits.append)
        assert patience.picture(failing(*[Passing("busy")] * 7), "it", lambda: None) == b"picture"
        seen.append(waits)
    for waits in seen:
        for wait, full in zip(waits, (1, 2, 4, 8, 16, 20, 20), strict=True):
            assert full / 2 <= wait <= full
    assert all(a != b for a, b in pairwise(seen))


def test_a_wait_that_the_service_asks_for_is_kept_as_it_is() -> None:
    waits: list[float] = []
    patience = Patience(attempts=3, longest=60.0, sleep=waits.append)
    patience.picture(failing(Passing("busy", wait=7.0), Passing("busy", wait=60.0)), "it", lambda: None)
    assert waits == [7.0, 60.0]
    with pytest.raises(UserError, match="no request for 3600 seconds") as raised:
        patience.picture(failing(Passing("busy", wait=3600.0)), "it", lambda: None)
    assert "stays" in raised.value.remedy
    assert waits == [7.0, 60.0]


def test_one_attempt_that_was_answered_makes_the_failure_paid() -> None:
    patience = Patience(attempts=2, sleep=lambda seconds: None)
    with pytest.raises(SourceFailed, match="no picture in 2 attempts; at last: busy") as raised:
        patience.picture(failing(Passing("odd", paid=True), Passing("busy")), "it", lambda: None)
    assert raised.value.paid
    with pytest.raises(SourceFailed) as raised:
        patience.picture(failing(*[Passing("busy")] * 2), "it", lambda: None)
    assert not raised.value.paid


def test_a_service_that_is_never_reached_ends_it_all() -> None:
    gone = Passing("no connection", unreachable=True)
    patience = Patience(attempts=2, sleep=lambda seconds: None)
    with pytest.raises(UserError, match="no connection to it in 2 attempts"):
        patience.picture(failing(gone, gone), "it", lambda: None)
    with pytest.raises(SourceFailed):
        patience.picture(failing(gone, Passing("status 500")), "it", lambda: None)


@pytest.mark.parametrize(
    "numbers",
    [{"attempts": 0}, {"timeout": 0.0}, {"timeout": float("nan")}, {"pause": -1.0}, {"longest": -1.0}],
)
def test_numbers_out_of_range(numbers: dict[str, float]) -> None:
    with pytest.raises(UserError, match="attempts = "):
        Patience(**numbers)  # pyright: ignore[reportArgumentType]
