"""RASU's experiments (section 4) on the embedded model: every recipe and ablation, policies, seeds.

The paper has one model, three scenarios it calls easy, medium and hard, and one run of each. Here each
of three policies is edited with each of three seeds, and judged by behaviour as well as by cosine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from unrelate import api
from unrelate.assembly import bars
from unrelate.audit.record import AuditRecord
from unrelate.edit.recipes import RECIPES, Recipe, leave_out
from unrelate.objectives.types import WEIGHT_OF
from unrelate.reproduce.figures import draw_ablation, draw_utility
from unrelate.reproduce.tables import write_tables

POLICIES = ("kid-eating-hamburger", "child-drinking-alcohol", "man-drinking-beer-in-classroom")


def recipes() -> Mapping[str, Recipe]:
    """``calibrated``, ``paper``, ``push-only``, and ``paper`` without each of its terms in turn."""
    paper = RECIPES["paper"]
    ablations = {
        f"paper without {term}": replace(
            paper, name=f"paper without {term}", weights=leave_out(paper.weights, term)
        )
        for term in WEIGHT_OF
    }
    return dict(RECIPES) | ablations


# The paper's three (section 4.6).
ATTACKS = ("paraphrase", "contextual", "ood_image")


def reproduce_rasu(out: Path, *, seeds: int = 3, device: str = "auto", quiet: bool = False) -> dict[str, Any]:
    """Run everything and write ``results.json``, ``README.md`` and the figures into ``out``.

    A killed reproduction goes on where it was: runs that are finished are not done again. Runs go
    side by side, one a core.

    Returns:
        ``{"runs", "seeds", "policies", "recipes"}``: how much was run.
    """
    jobs = [
        (name, policy, seed, out / "runs" / name.replace(" ", "-") / policy / str(seed))
        for seed in range(seeds)
        for policy in POLICIES
        for name in recipes()
    ]
    workers = max(1, os.cpu_count() or 1) if device in ("cpu", "auto") else 1
    with (
        bars(quiet) as progress,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool,
    ):
        task = progress.add_task("edits and audits", total=len(jobs), note="")
        waiting: dict[Future[None], str] = {
            pool.submit(_run, name, policy, seed, folder, device): f"{name}, {policy}, seed {seed}"
            for name, policy, seed, folder in jobs
        }
        for number, done in enumerate(as_completed(waiting), 1):
            done.result()
            progress.update(task, completed=number, note=waiting[done])
    records = {job[:3]: AuditRecord.load(job[3] / "audit.json") for job in jobs}
    _write_results(out, records)
    write_tables(out, records)
    draw_ablation(out / "ablation.svg", records)
    draw_utility(out / "utility.svg", records)
    return {"runs": len(jobs), "seeds": seeds, "policies": list(POLICIES), "recipes": list(recipes())}


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _run(name: str, policy: str, seed: int, folder: Path, device: str) -> None:
    if (folder / "audit.json").exists():
        return
    api.edit(policy, folder, recipe=recipes()[name], seed=seed, device=device, quiet=True)
    api.audit(folder, attacks=ATTACKS, null="", device=device, workers=1, quiet=True)


def _write_results(out: Path, records: Mapping[tuple[str, str, int], AuditRecord]) -> None:
    """``results.json``: recipe -> policy -> seed -> record; a record's items stay in its run."""
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for (name, policy, seed), record in records.items():
        short = json.loads(record.model_copy(update={"items": [], "graph": []}).to_json())
        results.setdefault(name, {}).setdefault(policy, {})[str(seed)] = short
    (out / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
