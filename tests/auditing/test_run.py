"""The processes that an audit's jobs are given to."""

from __future__ import annotations

from loky import process_executor

from unrelate.auditing.run import processes


def test_models_that_a_process_keeps_are_not_taken_for_a_leak() -> None:
    """Else loky warns of one, and starts every process of a full audit anew."""
    pool = processes(1)
    try:
        assert pool.submit(lambda: process_executor._MAX_MEMORY_LEAK_SIZE).result() >= 2e9
    finally:
        pool.shutdown()
