"""The processes beside an audit's own. Nothing here imports torch: they begin before the audit's own has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from loky import ProcessPoolExecutor, get_reusable_executor

from unrelate.auditing.quiet import quiet_libraries

_IDLE_SECONDS = 60
# A process grows by the models and embeddings that it keeps on purpose. loky takes 300 MB for a leak, says
# so, and starts the process anew, which then has all of that to load and to draw again.
_KEEPS_ITS_MODELS = {"LOKY_MAX_MEMORY_LEAK_SIZE": str(2 * 10**9)}


def at_once(device: str) -> int:
    """How many processes an audit has if nobody says: a GPU is shared badly by processes; cores are not."""
    return max(1, os.cpu_count() or 1) if device == "cpu" else 1


def processes(workers: int) -> ProcessPoolExecutor:
    """Processes that keep what they load from one job to the next; those that are there already, if any.

    loky's, unlike the standard library's, do not run the caller's script again.
    """
    return get_reusable_executor(
        max_workers=workers, timeout=_IDLE_SECONDS, initializer=quiet_libraries, env=_KEEPS_ITS_MODELS
    )


@contextmanager
def begun_early(workers: int | None, device: str) -> Iterator[None]:
    """The other processes of an audit import its libraries while this one does the same, which spares a quick
    audit a tenth of its time. They end with the block, of use or not: ``auto`` may turn out to be a GPU, a
    word of the command to be wrong."""
    others = (workers or at_once("cpu" if device == "auto" else device)) - 1
    if others < 1:
        yield
        return
    pool = processes(others)
    for _ in range(others):
        pool.submit(import_module, "unrelate.auditing.doing")
    try:
        yield
    finally:
        pool.shutdown(kill_workers=True)
