"""ASRU on the embedded vision-language model: the method, its stages alone, and every baseline.

ASRU's own measure on its own kind of task: 5, 10 and 15 % of the people are to be forgotten. What is
compared is how well the forgotten is refused, what is left of the rest, and how the answers read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unrelate import api
from unrelate.attacks.dialogue.table import DIALOGUE_ATTACKS
from unrelate.edit.methods.table import METHODS
from unrelate.files import write_json
from unrelate.reproduce.asru_figure import draw_trade_off
from unrelate.reproduce.asru_tables import (
    attack_table,
    headline,
    headline_text,
    method_table,
    part_table,
)
from unrelate.reproduce.summary import Records, records_json
from unrelate.reproduce.work import edited_and_audited

ARMS = tuple(METHODS)
POLICIES = ("forget-people-5", "forget-people-10", "forget-people-15")
MODEL = "embedded:vlm"
# What ASRU and its relatives are attacked with here: what needs no weights. docs/attacks.md has the rest.
ATTACKS = tuple(name for name, attack in DIALOGUE_ATTACKS.items() if attack.threat == "black box")


def reproduce_asru(
    out: Path,
    *,
    arms: Sequence[str] = ARMS,
    policies: Sequence[str] = POLICIES,
    seeds: int = 3,
    device: str = "auto",
    quiet: bool = False,
) -> dict[str, Any]:
    """Run every method on every policy with every seed; write ``results.json``, ``README.md`` and figures
    into ``out``.

    A killed reproduction goes on where it was.

    Returns:
        ``{"runs", "seeds", "policies", "methods", "headline"}``: how much was run, and what came out.
    """
    records = edited_and_audited(_run, out, arms, policies, seeds=seeds, device=device, quiet=quiet)
    found = {policy: headline(records, policy) for policy in policies}
    write_json(out / "results.json", {"headline": found, "records": records_json(records)}, indent=1)
    draw_trade_off(out / "trade-off.svg", records)
    (out / "README.md").write_text("\n".join(_page(records, seeds, policies, found)), encoding="utf-8")
    return {
        "runs": len(records),
        "seeds": seeds,
        "policies": list(policies),
        "methods": list(arms),
        "headline": found,
    }


def _run(method: str, policy: str, seed: int, folder: Path, device: str) -> None:
    api.edit(policy, folder, model=MODEL, method=method, seed=seed, device=device, quiet=True)
    api.audit(folder, attacks=ATTACKS, device=device, workers=1, quiet=True)


def _page(
    records: Records, seeds: int, policies: Sequence[str], found: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    over = (
        "mean ± half the 95 % interval over seeds (Student's t)"
        if seeds > 1
        else "with one seed there is no interval"
    )
    lines = [
        "# ASRU on the embedded vision-language model",
        "",
        f"`unrelate reproduce asru`: {len(records)} edits, {seeds} seed{'s' * (seeds > 1)}; {over}. The "
        "paper's own figures are of another model (Qwen3-VL) and other people.",
        "",
        "![Forgetting, retention and quality by method](trade-off.svg)",
        "",
    ]
    for policy in policies:
        lines += [f"## {policy}", "", headline_text(found[policy]), "", *method_table(records, policy), ""]
        lines += ["### Where it leaks", "", *part_table(records, policy), ""]
        lines += ["### Under attack", "", *attack_table(records, policy), ""]
    return lines
