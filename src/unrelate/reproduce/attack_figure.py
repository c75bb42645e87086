"""Success of every attack on one page: edited, base and null, a panel for each policy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from unrelate.audit.record import Attack
from unrelate.edit.recipes import DEFAULT_RECIPE
from unrelate.reproduce.figures import panels
from unrelate.reproduce.summary import Mean, of_seeds
from unrelate.reproduce.targets import Evidence

# Subject -> (figure of an attack, colour, marker, filled).
_SUBJECTS = {
    "edited": ("success_rate", "#D55E00", "o", True),
    "base (control)": ("control_rate", "#0072B2", "o", False),
    "never learnt it (null)": ("null_rate", "#444444", "D", False),
}


def draw_attacks(path: Path, evidence: Evidence) -> None:
    """One row an attack, of a curve the points that the score counts; intervals over seeds."""
    names = scored_attacks(evidence)
    with panels(path, evidence.policies, names, label="success, %", limits=(-4, 104), row=0.19) as drawn:
        for policy, panel in drawn.items():
            _points(panel, evidence, policy, names)


def scored_attacks(evidence: Evidence) -> list[str]:
    """Attacks and points of curves that count for the score, in the record's order."""
    return list(dict.fromkeys(name for name, attack in every_attack(evidence) if attack.scored))


def every_attack(evidence: Evidence) -> list[tuple[str, Attack]]:
    """Every attack on the default recipe, run by run."""
    return [
        pair
        for (edit, _, _), record in evidence.records.items()
        if edit == DEFAULT_RECIPE
        for pair in record.attacks.items()
    ]


def _points(panel: Axes, evidence: Evidence, policy: str, names: Sequence[str]) -> None:
    records = of_seeds(evidence.records, DEFAULT_RECIPE, policy)
    for subject, (figure, colour, marker, filled) in _SUBJECTS.items():
        means = [
            Mean.of([getattr(r.attacks[name], figure) for r in records if name in r.attacks])
            for name in names
        ]
        panel.errorbar(
            [100 * mean.value for mean in means],
            range(len(names)),
            xerr=[100 * mean.half if filled and not math.isnan(mean.half) else 0.0 for mean in means],
            fmt=marker,
            ms=4,
            lw=0.9,
            color=colour,
            markerfacecolor=colour if filled else "none",
            label=subject,
        )
