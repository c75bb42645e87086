"""The jobs of a plan, side by side where cores allow; those whose rows are there are not done again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import torch

from unrelate.attacks.base import Attack
from unrelate.attacks.table import ATTACKS, scored
from unrelate.audit.encoder import attack_name
from unrelate.audit.figures import AboutAttack
from unrelate.audit.rows import Row, read_rows
from unrelate.audit.summary import About
from unrelate.auditing.doing import AnyPlan, do
from unrelate.auditing.plan import Job
from unrelate.auditing.processes import processes
from unrelate.data.benchmark import SLICES
from unrelate.data.tasks import UtilityTask

# (attack, point of its curve, all its points) -> whether the score counts that point.
Counted = Callable[[str, float | None, Sequence[float]], bool]
Report = Callable[[int, int, Sequence[Job]], None]
_ROOM = "attacks."


def run(plan: AnyPlan, workers: int, report: Report = lambda done, of, now: None) -> list[Row]:
    """Do every job that is not done yet, and give the rows of all, job by job.

    ``report`` is told the work done, the work in all, and the jobs that are running.
    """
    jobs = plan.jobs()
    _keep_only_rows_of(plan)
    waiting = [job for job in jobs if not (plan.rows / job.file).exists()]
    total, done = sum(job.cost for job in jobs), sum(job.cost for job in jobs if job not in waiting)
    report(done, total, waiting[:workers])
    finished = _one_by_one(plan, waiting) if workers == 1 else _side_by_side(plan, waiting, workers)
    for job, running in finished:
        done += job.cost
        report(done, total, running)
    return [row for job in jobs for row in read_rows(plan.rows / job.file)]


def _keep_only_rows_of(plan: AnyPlan) -> None:
    """Rows of another plan (other weights, a quick audit) are of no use to this one."""
    mark = plan.rows / "plan.txt"
    if not mark.exists() or mark.read_text(encoding="utf-8") != plan.key():
        shutil.rmtree(plan.rows, ignore_errors=True)
        plan.rows.mkdir(parents=True)
        mark.write_text(plan.key(), encoding="utf-8")


def _one_by_one(plan: AnyPlan, jobs: Sequence[Job]) -> Iterator[tuple[Job, Sequence[Job]]]:
    for number, job in enumerate(jobs):
        do(plan, job)
        yield job, jobs[number + 1 : number + 2]


def _side_by_side(plan: AnyPlan, jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Sequence[Job]]]:
    """Jobs as they end, each with those that run then.

    This process is one of the workers: the others take the longest job that is left, and it takes the
    shortest. It has imported the libraries already, which another would have to do once more.
    """
    before, threads = torch.get_num_threads(), max(1, (os.cpu_count() or 1) // workers)
    pool = processes(workers - 1)
    # A thread for each process, which hands it a job when it is done with the one before: what loky itself
    # holds ready for a process cannot be taken back.
    hands = ThreadPoolExecutor(workers - 1)
    waiting: dict[Future[None], Job] = {}

    def elsewhere(job: Job) -> None:
        pool.submit(do, plan, job, threads).result()

    try:
        waiting |= {hands.submit(elsewhere, job): job for job in jobs}
        while waiting:
            own = next((future for future in reversed(waiting) if future.cancel()), None)
            if own is None:
                wait(waiting, return_when=FIRST_COMPLETED)
            else:
                job = waiting.pop(own)
                do(plan, job, threads)
                yield job, _running(waiting, workers)
            for future in [future for future in waiting if future.done()]:
                job = waiting.pop(future)
                future.result()
                yield job, _running(waiting, workers)
    finally:
        torch.set_num_threads(before)
        hands.shutdown(wait=False, cancel_futures=True)
        pool.shutdown(wait=True, kill_workers=bool(waiting))  # after a failure the others need not end


def _running(waiting: Mapping[Future[None], Job], workers: int) -> list[Job]:
    """The first, which the other processes are at, and the last, which is this one's next."""
    left = list(waiting.values())
    return left if len(left) <= workers else [*left[: workers - 1], left[-1]]


def about(
    rows: Sequence[Row],
    tasks: Sequence[UtilityTask] = (),
    attacks: Mapping[str, Attack] = ATTACKS,
    counted: Counted = scored,
) -> About:
    """What the record says of attacks (``attacks``: by name; ``counted``: whether the score counts a point),
    slices and tasks besides their figures."""
    found = {row.group.removeprefix(_ROOM): row.at for row in rows if row.group.startswith(_ROOM)}
    points: dict[str, list[float]] = {}
    for group, at in found.items():
        if at is not None:
            points.setdefault(_without_point(group, at), []).append(at)
    return About(
        attacks={group: _about(group, at, points, attacks, counted) for group, at in found.items()},
        slices={name: kind.expect for name, kind in SLICES.items()},
        tasks={task.name: task.kind for task in tasks},
    )


def _about(
    group: str,
    at: float | None,
    points: dict[str, list[float]],
    attacks: Mapping[str, Attack],
    counted: Counted,
) -> AboutAttack:
    name = _without_point(group, at)
    attack = attacks[name]
    return AboutAttack(
        family=attack.family,
        threat=attack.threat,
        budget=attack.budget.words,
        group=name,
        curve=attack.curve,
        at=at,
        scored=counted(name, at, points.get(name, ())),
    )


def _without_point(group: str, at: float | None) -> str:
    return group.removesuffix(attack_name("", at))
