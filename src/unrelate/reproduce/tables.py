"""The seed's tables, with ours beside them, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unrelate.reproduce.summary import Records, over_seeds, recipes_and_policies, table_rows

# RASU Table 1 and Table 2: case -> (base cosine, cosine after, difference).
PAPER_TABLE_1 = {
    "paraphrase": (0.3010, -0.3868, 0.6878),
    "contextual": (0.2522, -0.2359, 0.4881),
    "ood_image": (0.2716, -0.4296, 0.7012),
}
PAPER_TABLE_2 = {
    "node": (0.2820, 0.3428, 0.0608),
    "safe_edge": (0.2158, 0.2607, 0.0450),
    "safe_node": (0.2866, 0.2981, 0.0115),
    "neutral": (0.3224, 0.2754, 0.0470),
}
_FORGETTING = ("direct", "paraphrase", "contextual", "ood_image", "subordinate")
_PRESERVATION = ("node", "safe_edge", "safe_node", "neutral")


def write_tables(out: Path, records: Records) -> None:
    """Write ``README.md`` into ``out``: every table, with mean and 95 % interval over seeds."""
    names, policies = recipes_and_policies(records)
    seeds = len({seed for _, _, seed in records})
    main = [name for name in names if " without " not in name]
    lines = [
        "# RASU on the embedded model",
        "",
        f"`unrelate reproduce rasu`: {len(records)} edits, {seeds} seeds; mean ± half the 95 % interval over "
        "seeds (Student's t). The paper's own figures are of another model (CLIP) and other pictures.",
        "",
        "![Forgetting and collateral damage by recipe](ablation.svg)",
        "",
        "![What each ablation costs](utility.svg)",
        "",
    ]
    for policy in policies:
        lines += [f"## {policy}", "", "### Table 1: forgetting", ""]
        lines += forgetting_table(records, main, policy)
        lines += ["", "### Table 2: preservation", ""]
        lines += preservation_table(records, main, policy)
        lines += ["", "### Ablation", ""]
        lines += _ablation(records, names, policy)
        lines.append("")
    (out / "README.md").write_text("\n".join(lines), encoding="utf-8")


def forgetting_table(records: Records, recipes: Sequence[str], policy: str) -> list[str]:
    """RASU's Table 1 for one policy: what each attack found before and after, by recipe."""
    head = (
        "attack",
        "recipe",
        "base cos",
        "cos after",
        "delta cos",
        "unrelated",
        "base recall %",
        "recall after %",
    )
    rows = []
    for part in _FORGETTING:
        if part in PAPER_TABLE_1:
            base, after, delta = PAPER_TABLE_1[part]
            rows.append((part, "*as published*", f"{base:.4f}", f"{after:.4f}", f"{delta:.4f}", "", "", ""))
        for recipe in recipes:
            cells = [
                over_seeds(records, recipe, policy, "forgetting", part, figure)
                for figure in (
                    "base_cos",
                    "edited_cos",
                    "delta_cos",
                    "unrelated_cos",
                    "base_recall",
                    "edited_recall",
                )
            ]
            if cells[0].value == cells[0].value:
                shares = [cell.text(1, percent=True) for cell in cells[4:]]
                rows.append((part, recipe, *(cell.text() for cell in cells[:4]), *shares))
    return table_rows(head, rows)


def preservation_table(records: Records, recipes: Sequence[str], policy: str) -> list[str]:
    """RASU's Table 2 for one policy: what each case lost, by recipe."""
    head = ("case", "recipe", "base cos", "cos after", "mean drift", "base accuracy %", "points lost")
    rows = []
    for part in _PRESERVATION:
        base, after, drift = PAPER_TABLE_2[part]
        rows.append((part, "*as published*", f"{base:.4f}", f"{after:.4f}", f"{drift:.4f}", "", ""))
        for recipe in recipes:
            cells = [
                over_seeds(records, recipe, policy, "preservation", part, figure)
                for figure in ("base_cos", "edited_cos", "abs_drift", "base_accuracy", "accuracy_lost")
            ]
            if cells[0].value == cells[0].value:
                shares = [cell.text(1, percent=True) for cell in cells[3:]]
                rows.append((part, recipe, *(cell.text(4) for cell in cells[:3]), *shares))
    return table_rows(head, rows)


def _ablation(records: Records, recipes: Sequence[str], policy: str) -> list[str]:
    head = (
        "recipe",
        "recall after %",
        "paraphrase %",
        "points lost: node",
        "safe edge",
        "safe node",
        "neutral",
        "RSS",
    )
    rows = []
    for recipe in recipes:
        recall = [
            over_seeds(records, recipe, policy, "forgetting", p, "edited_recall") for p in _FORGETTING[:2]
        ]
        lost = [
            over_seeds(records, recipe, policy, "preservation", p, "accuracy_lost") for p in _PRESERVATION
        ]
        score = over_seeds(records, recipe, policy, "score", "", "rss")
        rows.append((recipe, *(cell.text(1, percent=True) for cell in (*recall, *lost)), score.text(2)))
    return table_rows(head, rows)
