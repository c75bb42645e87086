"""The seed's Figure 3 (ablation, utility preservation), with intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

from unrelate.reproduce.summary import Records, over_seeds, recipes_and_policies

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "unrelate",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True)
class _Chart:
    """One figure of the record, for several parts of it, one panel a policy, one row a recipe.

    Parts are told apart by colour and by marker: ``parts`` gives both.
    """

    section: str
    figure: str
    parts: Mapping[str, tuple[str, str]]
    label: str
    limits: tuple[float, float]
    scale: float = 1.0


_AFTER = _Chart(
    "forgetting",
    "edited_cos",
    {
        "direct": ("#D55E00", "o"),
        "paraphrase": ("#E69F00", "s"),
        "contextual": ("#009E73", "^"),
        "ood_image": ("#0072B2", "D"),
    },
    "cosine of the forbidden after the edit",
    (-1.05, 0.75),
)
_LOST = _Chart(
    "preservation",
    "accuracy_lost",
    {
        "node": ("#0072B2", "o"),
        "safe_edge": ("#D55E00", "s"),
        "safe_node": ("#CC79A7", "^"),
        "neutral": ("#666666", "D"),
    },
    "accuracy lost, points",
    (-5, 102),
    100,
)


def draw_ablation(path: Path, records: Records) -> None:
    """Cosine of the forbidden after each recipe, beside the base model's own and its level for
    unrelated pairs (dashed): what is pushed below the level is not forgotten but made an opposite."""
    with _panels(path, records, _AFTER) as panels:
        first = next(iter(records))[0]
        for policy, panel in panels.items():
            for figure, line, name in (
                ("unrelated_cos", (0, (4, 2)), "unrelated pairs"),
                ("base_cos", (0, (1, 1.5)), "before the edit"),
            ):
                level = over_seeds(records, first, policy, "forgetting", "direct", figure).value
                panel.axvline(level, color="#444444", lw=1, linestyle=line, label=name)


def draw_utility(path: Path, records: Records) -> None:
    """Accuracy lost on what must stay (less is better)."""
    with _panels(path, records, _LOST) as panels:
        for panel in panels.values():
            panel.axvline(0, color="#444444", lw=0.8)


@contextmanager
def _panels(path: Path, records: Records, chart: _Chart) -> Iterator[Mapping[str, Axes]]:
    """Draw a chart's points with their intervals, hand out its panels by policy, and save it."""
    recipes, policies = recipes_and_policies(records)
    with panels(path, policies, recipes, label=chart.label, limits=chart.limits, row=0.45) as axes:
        for policy, panel in axes.items():
            _points(panel, records, recipes, policy, chart)
        yield axes


@contextmanager
def panels(
    path: Path,
    names: Sequence[str],
    rows: Sequence[str],
    *,
    label: str,
    limits: tuple[float, float],
    row: float,
) -> Iterator[Mapping[str, Axes]]:
    """Panels side by side that share their rows (``row`` inches high each), with one legend, saved as
    SVG that is the same for the same figures."""
    with plt.rc_context(_STYLE):
        drawing, axes = plt.subplots(
            1, len(names), figsize=(11, 1.1 + row * len(rows)), sharey=True, squeeze=False
        )
        drawn = dict(zip(names, axes[0], strict=True))
        for name, panel in drawn.items():
            panel.set_title(name, fontsize=9)
            panel.set_xlabel(label)
            panel.set_yticks(range(len(rows)), rows)
            panel.set_xlim(*limits)
            panel.grid(axis="x", lw=0.3)
        yield drawn
        axes[0][0].set_ylim(len(rows) - 0.5, -0.5)
        handles, labels = axes[0][0].get_legend_handles_labels()
        foot = 0.3 / drawing.get_figheight()
        drawing.tight_layout(rect=(0, foot, 1, 1))
        drawing.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False, fontsize=8)
        drawing.savefig(path, metadata={"Date": None})
        plt.close(drawing)


def _points(panel: Axes, records: Records, recipes: Sequence[str], policy: str, chart: _Chart) -> None:
    for number, (part, (colour, marker)) in enumerate(chart.parts.items()):
        means = [over_seeds(records, recipe, policy, chart.section, part, chart.figure) for recipe in recipes]
        offset = (number - (len(chart.parts) - 1) / 2) * 0.8 / len(chart.parts)
        panel.errorbar(
            [chart.scale * mean.value for mean in means],
            [place + offset for place in range(len(recipes))],
            xerr=[0.0 if math.isnan(mean.half) else chart.scale * mean.half for mean in means],
            fmt=marker,
            ms=4,
            lw=0.9,
            color=colour,
            label=part.replace("_", " "),
        )
