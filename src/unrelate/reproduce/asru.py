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
from unrelate.errors import Unattainable
from unrelate.files import read_json, write_json
from unrelate.reproduce.asru_figure import draw_trade_off
from unrelate.reproduce.asru_tables import (
    attack_table,
    headline,
    headline_text,
    method_table,
    part_table,
)
from unrelate.reproduce.summary import Records, records_json
from unrelate.reproduce.work import edited_and_audited, run_folders

ARMS = tuple(METHODS)
POLICIES = ("forget-people-5", "forget-people-10", "forget-people-15")
MODEL = "embedded:vlm"
_IMPOSSIBLE = "impossible.json"
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
        ``{"runs", "seeds", "policies", "methods", "headline", "impossible"}``: how much was run, what came
        out, and which edits a method could not make.
    """
    records = edited_and_audited(_run, out, arms, policies, seeds=seeds, device=device, quiet=quiet)
    found = {policy: headline(records, policy) for policy in policies}
    write_json(out / "results.json", {"headline": found, "records": records_json(records)}, indent=1)
    draw_trade_off(out / "trade-off.svg", records)
    cannot = [
        f"`{method}`, {policy}, seed {seed}: {read_json(folder / _IMPOSSIBLE)['why']}"
        for (method, policy, seed), folder in run_folders(out, arms, policies, seeds).items()
        if (folder / _IMPOSSIBLE).exists()
    ]
    page = _page(records, seeds, policies, found, cannot)
    (out / "README.md").write_text("\n".join(page), encoding="utf-8")
    return {
        "runs": len(records),
        "seeds": seeds,
        "policies": list(policies),
        "methods": list(arms),
        "headline": found,
        "impossible": cannot,
    }


def _run(method: str, policy: str, seed: int, folder: Path, device: str) -> None:
    if (folder / _IMPOSSIBLE).exists():
        return
    try:
        api.edit(policy, folder, model=MODEL, method=method, seed=seed, device=device, quiet=True)
    except Unattainable as error:  # which is a result as well
        write_json(folder / _IMPOSSIBLE, {"why": error.received})
        return
    api.audit(folder, attacks=ATTACKS, device=device, workers=1, quiet=True)


def _page(
    records: Records,
    seeds: int,
    policies: Sequence[str],
    found: Mapping[str, Mapping[str, Any]],
    cannot: Sequence[str],
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
    if cannot:
        lines += ["Could not be made:", "", *(f"- {one}" for one in cannot), ""]
    for policy in policies:
        lines += [f"## {policy}", "", headline_text(found[policy]), "", *method_table(records, policy), ""]
        lines += ["### Where it leaks", "", *part_table(records, policy), ""]
        lines += ["### Under attack", "", *attack_table(records, policy), ""]
    return lines
