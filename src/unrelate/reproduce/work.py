"""Experiments as work: jobs side by side, each done once."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path

from unrelate.assembly import bars
from unrelate.audit.record import AuditRecord
from unrelate.auditing.quiet import quiet_libraries
from unrelate.edit.recipes import Recipe
from unrelate.edit.settings import read_run
from unrelate.errors import UserError
from unrelate.reproduce.summary import Records


def side_by_side(
    jobs: Mapping[str, Callable[[], object]],
    title: str,
    *,
    device: str,
    quiet: bool,
    workers: int | None = None,
) -> None:
    """Do all jobs, one a core, in the order given; on a GPU one after the other.

    Args:
        jobs: name -> what to do: something that can be pickled, leaves its result in a file, and
            does nothing if that is there.
        workers: how many at a time, rather than as many as cores.
    """
    if workers is None:
        workers = max(1, os.cpu_count() or 1) if device in ("cpu", "auto") else 1
    with (
        bars(quiet) as progress,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin) as pool,
    ):
        task = progress.add_task(title, total=len(jobs), note="")
        waiting: dict[Future[object], str] = {pool.submit(job): name for name, job in jobs.items()}
        try:
            for number, done in enumerate(as_completed(waiting), 1):
                done.result()
                progress.update(task, completed=number, note=waiting[done])
        except BaseException:
            for job in waiting:  # what has not begun need not be done
                job.cancel()
            raise


def edited_and_audited(
    run: Callable[[str, str, int, Path, str], None],
    out: Path,
    recipes: Iterable[str],
    policies: Sequence[str],
    *,
    seeds: int,
    device: str,
    quiet: bool,
) -> Records:
    """Every recipe on every policy with every seed, each once: their records.

    Args:
        run: given recipe, policy, seed, the folder and the device; leaves ``audit.json`` in the folder, or
            nothing of that name where it cannot be done. It is not called where that is there.
        out: the runs are in ``runs/RECIPE/POLICY/SEED``.
    """
    folders = run_folders(out, tuple(recipes), policies, seeds)
    side_by_side(
        {
            f"{name}, {policy}, seed {seed}": partial(run, name, policy, seed, folder, device)
            for (name, policy, seed), folder in folders.items()
            if not (folder / "audit.json").exists()
        },
        "edits and audits",
        device=device,
        quiet=quiet,
    )
    done = {place: folder / "audit.json" for place, folder in folders.items()}
    return {place: AuditRecord.load(path) for place, path in done.items() if path.exists()}


def run_folder(out: Path, name: str, policy: str, seed: int) -> Path:
    """Where a reproduction in ``out`` has one of its runs."""
    return out / "runs" / name.replace(" ", "-") / policy / str(seed)


def run_folders(
    out: Path, names: Sequence[str], policies: Sequence[str], seeds: int
) -> Mapping[tuple[str, str, int], Path]:
    """(recipe, policy, seed) -> where that run is; all recipes with one seed before the next seed."""
    return {
        (name, policy, seed): run_folder(out, name, policy, seed)
        for seed in range(seeds)
        for policy in policies
        for name in names
    }


def _begin() -> None:
    import torch

    quiet_libraries()
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed run tells its workers nothing, and a job lasts for half an hour."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def same_recipe(recipes: Sequence[Recipe], folder: Path) -> None:
    """Refuse a run of another recipe than these: its figures would pass for theirs.

    Raises:
        UserError: it is of another recipe.
    """
    held = read_run(folder)["settings"]["recipe"]
    if held not in [json.loads(json.dumps(asdict(recipe))) for recipe in recipes]:
        raise UserError(
            f"{folder} holds a run of another recipe '{held['name']}'",
            f"the recipe '{recipes[0].name}' as it is now",
            "give another --out, or remove that run",
        )
