"""What every audit does, whatever it asks: the jobs with their bars, and the record left last."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from unrelate.assembly import bars
from unrelate.audit.record import AuditRecord
from unrelate.audit.rows import Row, write_rows
from unrelate.audit.verify import ITEMS
from unrelate.auditing.doing import AnyPlan
from unrelate.auditing.plan import Job, named
from unrelate.auditing.processes import at_once
from unrelate.auditing.run import run as do_jobs
from unrelate.files import write_whole


def asked(plan: AnyPlan, workers: int | None, quiet: bool) -> list[Row]:
    """The rows of all jobs, which also stand in the plan's folder then."""
    with bars(quiet) as progress:
        task = progress.add_task("attacking", total=None, note="")

        def report(done: int, of: int, running: Sequence[Job]) -> None:
            progress.update(task, completed=done, total=of, note=named(running))

        rows = do_jobs(plan, workers or at_once(plan.device), report)
    write_rows(Path(plan.folder) / ITEMS, rows)
    return rows


def leave(record: AuditRecord, plan: AnyPlan) -> AuditRecord:
    """The record written, whole or not at all; what the jobs left is not needed any more."""
    folder = Path(plan.folder)
    write_whole(folder / "audit.json", record.to_json())
    shutil.rmtree(plan.rows)
    return record
