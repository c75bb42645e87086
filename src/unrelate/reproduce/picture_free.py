"""Forgetting what was never pictured, beside the default recipe, which was shown it.

The same policies once as shipped and once with ``pictures: never`` on all that they forbid. Both are asked
with pictures of it, which the embedded world draws for the audit alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unrelate import api
from unrelate.files import write_json
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy
from unrelate.reproduce.rasu import ATTACKS, POLICIES
from unrelate.reproduce.summary import Records, records_json
from unrelate.reproduce.tables import forgetting_table, preservation_table
from unrelate.reproduce.work import edited_and_audited

ARMS = ("picture-free", "calibrated")


def reproduce_picture_free(
    out: Path,
    *,
    arms: Sequence[str] = ARMS,
    policies: Sequence[str] = POLICIES,
    seeds: int = 3,
    device: str = "auto",
    quiet: bool = False,
) -> dict[str, Any]:
    """Run the arms and write ``results.json`` and ``README.md`` into ``out``.

    A killed reproduction goes on where it was.

    Returns:
        ``{"runs", "seeds", "policies", "recipes"}``: how much was run.
    """
    records = edited_and_audited(_run, out, arms, policies, seeds=seeds, device=device, quiet=quiet)
    write_json(out / "results.json", records_json(records), indent=1)
    (out / "README.md").write_text("\n".join(_page(records, seeds, arms, policies)), encoding="utf-8")
    return {"runs": len(records), "seeds": seeds, "policies": list(policies), "recipes": list(arms)}


def without_pictures(policy: Policy) -> Policy:
    """The policy with ``pictures: never`` on all that it forbids."""
    forget = tuple(entry.model_copy(update={"pictures": "never"}) for entry in policy.forget)
    return policy.model_copy(update={"forget": forget})


def _run(arm: str, name: str, seed: int, folder: Path, device: str) -> None:
    policy = load_policy(name)
    if arm == "picture-free":
        policy = without_pictures(policy)
    api.edit(policy, folder, recipe=arm, seed=seed, device=device, quiet=True)
    api.audit(folder, attacks=ATTACKS, null="", device=device, workers=1, quiet=True)


def _page(records: Records, seeds: int, arms: Sequence[str], policies: Sequence[str]) -> list[str]:
    lines = [
        "# Forgetting without pictures",
        "",
        f"`unrelate reproduce picture-free`: {len(records)} edits, {seeds} seeds; mean ± half the 95 % "
        "interval over seeds (Student's t). `picture-free` was shown no picture of what it "
        "forgets, `calibrated` was. "
        "The paper's own figures are of another model (CLIP) and other pictures.",
        "",
    ]
    for policy in policies:
        lines += [f"## {policy}", "", "### Forgetting", "", *forgetting_table(records, arms, policy), ""]
        lines += ["### Preservation", "", *preservation_table(records, arms, policy), ""]
    return lines
