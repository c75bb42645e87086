"""What every audit does, whatever it asks: the jobs with their bars, and the record left last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from unrelate.assembly import bars
from unrelate.audit.record import AuditRecord
from unrelate.audit.rows import Row, write_rows
from unrelate.audit.verify import ITEMS
from unrelate.auditing.doing import AnyPlan
from unrelate.auditing.plan import Job, named
from unrelate.auditing.run import run as do_jobs
from unrelate.files import write_whole


def asked(plan: AnyPlan, workers: int | None, quiet: bool) -> list[Row]:
    """The rows of all jobs, which also stand in the plan's folder then."""
    with bars(quiet) as progress:
        task = progress.add_task("attacking", total=None, note="")

        def report(done: int, of: int, running: Sequence[Job]) -> None:
            progress.update(task, completed=done, total=of, note=named(running))

        rows = do_jobs(plan, workers or _at_once(plan.device), report)
    write_rows(Path(plan.folder) / ITEMS, rows)
    return rows


def leave(record: AuditRecord, plan: AnyPlan) -> AuditRecord:
    """The record written, whole or not at all; what the jobs left is not needed any more."""
    folder = Path(plan.folder)
    write_whole(folder / "audit.json", record.to_json())
    shutil.rmtree(plan.rows)
    return record


def _at_once(device: str) -> int:
    """A GPU is shared badly by processes; cores are not."""
    return max(1, os.cpu_count() or 1) if device == "cpu" else 1
