"""The trade-off of forgetting, retention and quality, one panel a policy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

from unrelate.reproduce.asru_tables import OURS, PARTS, effectiveness, read, utility
from unrelate.reproduce.summary import Records, recipes_and_policies

matplotlib.use("Agg")
from matplotlib import pyplot as plt

_OURS, _PARTS, _OTHERS = ("#D55E00", "o"), ("#0072B2", "s"), ("#777777", "^")
# Names stand in columns, since many methods forget nearly all: one at the left for those that forget less
# than this, one at the right for the others; the least distance of two names, and the lowest place of one.
_LITTLE, _LEFT, _RIGHT, _APART, _LOWEST = 0.7, 0.0, 1.1, 0.066, -0.03


def draw_trade_off(path: Path, records: Records) -> Path:
    """Forgotten against kept, the area of a mark by the quality of the answers; the best is at the upper
    right and large."""
    methods, policies = recipes_and_policies(records)
    style: dict[Any, Any] = {"svg.hashsalt": "unrelate", "svg.fonttype": "none", "font.size": 9}
    with plt.rc_context(style):
        figure, panels = plt.subplots(
            1, len(policies), figsize=(5.8 * len(policies), 4.2), sharey=True, squeeze=False
        )
        for axes, policy in zip(panels[0], policies, strict=True):
            forgotten = {name: read(records, name, policy, effectiveness) for name in methods}
            kept = {name: read(records, name, policy, utility) for name in methods}
            little = {name: kept[name].value for name in methods if forgotten[name].value < _LITTLE}
            much = {name: kept[name].value for name in methods if name not in little}
            places = spread(little) | spread(much)
            for name in methods:
                x, y = forgotten[name], kept[name]
                size = read(records, name, policy, lambda held: held.quality.edited)
                column, end = (_LEFT, "right") if name in little else (_RIGHT, "left")
                colour, marker = _OURS if name == OURS else _PARTS if name in PARTS else _OTHERS
                axes.errorbar(x.value, y.value, x.half, y.half, color=colour, elinewidth=0.6, alpha=0.5)
                axes.scatter(
                    x.value, y.value, 20 + 220 * max(0.0, size.value), color=colour, marker=marker, alpha=0.75
                )
                axes.plot(
                    (x.value, column + (0.02 if name in little else -0.02)),
                    (y.value, places[name]),
                    color="#bbbbbb",
                    linewidth=0.5,
                    zorder=0,
                    clip_on=False,
                )
                axes.text(column, places[name], name, color=colour, fontsize=7.5, va="center", ha=end)
            axes.set_title(policy)
            axes.set_xlabel("forgotten: 1 - leak rate")
            axes.set_xlim(-0.45, 1.07)
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
            axes.set_ylim(-0.05, 1.12)
            axes.grid(alpha=0.2)
        panels[0][0].set_ylabel("right answers kept, of the base's")
        figure.tight_layout()
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
    return path


def spread(heights: Mapping[str, float]) -> dict[str, float]:
    """Where names stand whose marks are so high, `_APART` from one another: in the order of the marks, the
    highest first, each as near its own mark as those above it leave room for, and none too low."""
    order = sorted(heights, key=lambda name: -heights[name])
    places: dict[str, float] = {}
    above = math.inf
    for name in order:
        above = places[name] = min(heights[name], above - _APART)
    below = _LOWEST - _APART
    for name in reversed(order):
        below = places[name] = max(places[name], below + _APART)
    return places
