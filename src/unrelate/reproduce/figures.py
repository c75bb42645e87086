"""The seed's Figure 3 (ablation, utility preservation), with intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

from unrelate.reproduce.summary import Mean, Records, over_seeds

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

_CASES = {"node": "#0072B2", "safe_edge": "#009E73", "safe_node": "#CC79A7", "neutral": "#999999"}
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "unrelate",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
}


def _names(records: Records) -> tuple[list[str], list[str]]:
    return (
        list(dict.fromkeys(recipe for recipe, _, _ in records)),
        list(dict.fromkeys(policy for _, policy, _ in records)),
    )


def _bars(axes: Axes, means: Sequence[Mean], offset: float, height: float, colour: str, label: str) -> None:
    values = [100 * mean.value for mean in means]
    halves = [0.0 if math.isnan(mean.half) else 100 * mean.half for mean in means]
    places = [number + offset for number in range(len(means))]
    axes.barh(places, values, height, xerr=halves, color=colour, label=label, error_kw={"lw": 0.8})


def draw_ablation(path: Path, records: Records) -> None:
    """Recall of the forbidden after each recipe (less is better), one panel a policy."""
    recipes, policies = _names(records)
    parts = {"direct": "#D55E00", "paraphrase": "#E69F00", "ood_image": "#56B4E9"}
    _panels(
        path,
        recipes,
        policies,
        "recall of the forbidden, % (base: about 100)",
        records,
        "forgetting",
        parts,
        "edited_recall",
    )


def draw_utility(path: Path, records: Records) -> None:
    """Accuracy lost on what must stay (less is better), one panel a policy."""
    recipes, policies = _names(records)
    _panels(
        path, recipes, policies, "accuracy lost, points", records, "preservation", _CASES, "accuracy_lost"
    )


def _panels(
    path: Path,
    recipes: Sequence[str],
    policies: Sequence[str],
    label: str,
    records: Records,
    section: str,
    parts: dict[str, str],
    figure: str,
) -> None:
    with plt.rc_context(_STYLE):
        drawing, panels = plt.subplots(
            1, len(policies), figsize=(11, 0.6 + 0.5 * len(recipes)), sharey=True, squeeze=False
        )
        height = 0.8 / len(parts)
        for panel, policy in zip(panels[0], policies, strict=True):
            for number, (part, colour) in enumerate(parts.items()):
                means = [over_seeds(records, recipe, policy, section, part, figure) for recipe in recipes]
                _bars(
                    panel,
                    means,
                    (number - (len(parts) - 1) / 2) * height,
                    height,
                    colour,
                    part.replace("_", " "),
                )
            panel.set_title(policy, fontsize=9)
            panel.set_xlabel(label)
            panel.set_yticks(range(len(recipes)), recipes)
            panel.set_xlim(min(0, panel.get_xlim()[0]), 104)
            panel.grid(axis="x", lw=0.3)
        panels[0][0].invert_yaxis()
        panels[0][-1].legend(frameon=False, fontsize=8, loc="lower right")
        drawing.tight_layout()
        drawing.savefig(path, metadata={"Date": None})
        plt.close(drawing)
