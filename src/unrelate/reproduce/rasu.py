"""RASU's experiments (section 4) on the embedded model: every recipe and ablation, policies, seeds.

The paper has one model, three scenarios it calls easy, medium and hard, and one run of each. Here each
of three policies is edited with each of three seeds, and judged by behaviour as well as by cosine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unrelate import api
from unrelate.edit.recipes import RECIPES, Recipe, leave_out
from unrelate.files import write_json
from unrelate.objectives.types import WEIGHT_OF
from unrelate.reproduce.figures import draw_ablation, draw_utility
from unrelate.reproduce.summary import records_json
from unrelate.reproduce.tables import write_tables
from unrelate.reproduce.work import edited_and_audited

_MAIN = ("calibrated", "paper", "push-only")
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
    return {name: RECIPES[name] for name in _MAIN} | ablations


ARMS = tuple(recipes())
# The paper's three (section 4.6).
ATTACKS = ("paraphrase", "contextual", "ood_image")


def reproduce_rasu(
    out: Path,
    *,
    arms: Sequence[str] = ARMS,
    policies: Sequence[str] = POLICIES,
    seeds: int = 3,
    device: str = "auto",
    quiet: bool = False,
) -> dict[str, Any]:
    """Run everything and write ``results.json``, ``README.md`` and the figures into ``out``.

    A killed reproduction goes on where it was: runs that are finished are not done again. Runs go
    side by side, one a core.

    Returns:
        ``{"runs", "seeds", "policies", "recipes"}``: how much was run.
    """
    records = edited_and_audited(_run, out, arms, policies, seeds=seeds, device=device, quiet=quiet)
    write_json(out / "results.json", records_json(records), indent=1)
    write_tables(out, records)
    draw_ablation(out / "ablation.svg", records)
    draw_utility(out / "utility.svg", records)
    return {"runs": len(records), "seeds": seeds, "policies": list(policies), "recipes": list(arms)}


def _run(name: str, policy: str, seed: int, folder: Path, device: str) -> None:
    api.edit(policy, folder, recipe=recipes()[name], seed=seed, device=device, quiet=True)
    api.audit(folder, attacks=ATTACKS, null="", device=device, workers=1, quiet=True)
