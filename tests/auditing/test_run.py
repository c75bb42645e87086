"""The processes that an audit's jobs are given to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cloudpickle
import pytest
from loky import process_executor

from unrelate.auditing import processes as beginning
from unrelate.auditing import run as running
from unrelate.auditing.plan import Job, Plan
from unrelate.auditing.processes import begun_early, processes
from unrelate.auditing.run import run

# The other process does not know this module.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
SLOW = Job("attack slow", "edited", cost=9)
QUICK = [Job(f"attack quick_{number}", "edited") for number in range(6)]


@dataclass(frozen=True)
class Waiting:
    """A plan whose jobs do nothing: the first for a while."""

    rows: Path

    def key(self) -> str:
        return "waiting"

    def jobs(self) -> list[Job]:
        return [SLOW, *QUICK]


def write_who_did_it(plan: Waiting, job: Job, threads: int) -> None:
    if job.cost > 1:
        time.sleep(2)
    (plan.rows / f"{job.file}.pid").write_text(str(os.getpid()))
    (plan.rows / job.file).touch()


def fail(plan: Waiting, job: Job, threads: int) -> None:
    if job.cost > 1:
        raise ValueError("no such thing")
    time.sleep(0.1)


@pytest.mark.slow
def test_processes_that_begin_early_have_imported_what_jobs_need() -> None:
    with begun_early(2, "auto"):
        assert processes(1).submit(lambda: "unrelate.auditing.work" in sys.modules).result()


def test_processes_that_begin_early_do_not_outlast_the_block() -> None:
    begun = time.monotonic()
    with begun_early(2, "cpu"):
        waiting = processes(1).submit(time.sleep, 60)
    assert waiting.exception() is not None
    assert time.monotonic() - begun < 30


def test_an_audit_by_one_process_begins_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_wanted(workers: int) -> None:
        pytest.fail(f"{workers} begun")

    monkeypatch.setattr(beginning, "processes", none_wanted)
    for workers, device in ((1, "cpu"), (None, "cuda")):
        with begun_early(workers, device):
            pass


def test_what_begins_early_waits_for_no_library() -> None:
    code = "import sys, unrelate.cli, unrelate.auditing.processes; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_models_that_a_process_keeps_are_not_taken_for_a_leak() -> None:
    """Else loky warns of one, and starts every process of a full audit anew."""
    pool = processes(1)
    try:
        assert pool.submit(lambda: process_executor._MAX_MEMORY_LEAK_SIZE).result() >= 2e9
    finally:
        pool.shutdown()


def test_no_job_waits_for_a_process_that_is_at_a_long_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """loky holds jobs ready for a process, which nobody else can take."""
    monkeypatch.setattr(running, "do", write_who_did_it)
    plan = Waiting(tmp_path / "jobs")
    run(cast(Plan, plan), workers=2)
    who = {path.name: int(path.read_text()) for path in plan.rows.glob("*.pid")}
    assert who.pop(f"{SLOW.file}.pid") != os.getpid()
    assert set(who.values()) == {os.getpid()}
    assert len(who) == len(QUICK)


def test_what_fails_elsewhere_ends_the_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "do", fail)
    with pytest.raises(ValueError, match="no such thing"):
        run(cast(Plan, Waiting(tmp_path / "jobs")), workers=2)
