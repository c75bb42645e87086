"""``losses.jsonl`` read back, and its curves as small multiples.

One JSON object a line: ``{"step": int, "total": float, "lr": float, "terms": {"L3": float, ...}}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from unrelate.report.svg import fit, group, line, path, svg, text
from unrelate.report.words import decimal

# Term -> what it does; the order of the panels. RASU section 3.2. Others follow by name.
TERMS = {
    "total": "all terms, weighted",
    "L3": "push the unsafe edge",
    "Ladv": "push reworded unsafe text",
    "L1": "pull safe edges",
    "L2": "pull the nodes",
    "L4": "pull neutral pairs",
    "Lc": "stay near the base",
}
MOST_POINTS = 160  # a panel is about as many pixels wide
WIDTH, HEIGHT = 176.0, 112.0
LEFT, RIGHT, TOP, BOTTOM = 4.0, 172.0, 40.0, 94.0

Series = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class LossLog:
    """Finite values by term, in order of steps, and how many lines could not be read."""

    series: Mapping[str, Series]
    unread: int


def read_losses(path: Path) -> LossLog:
    """Read the log; after a resume the later of two lines of one step counts.

    A line cut off by a kill is counted in ``unread``, not fatal. A missing file is an empty log.
    """
    if not path.is_file():
        return LossLog({}, 0)
    values: dict[str, dict[int, float]] = {}
    unread = 0
    for raw in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not raw.strip():
            continue
        try:
            row = json.loads(raw)
            step = int(row["step"])
            named = {"total": float(row["total"]), **{k: float(v) for k, v in row["terms"].items()}}
        except (ValueError, TypeError, KeyError, AttributeError):
            unread += 1
            continue
        for name, value in named.items():
            if isfinite(value):
                values.setdefault(name, {})[step] = value
    order = sorted(values, key=lambda n: (list(TERMS).index(n) if n in TERMS else len(TERMS), n))
    return LossLog({name: tuple(sorted(values[name].items())) for name in order}, unread)


def loss_panels(log: LossLog) -> list[str]:
    """One small figure for each term, each on its own linear scale."""
    return [svg(WIDTH, HEIGHT, _panel(n, s), _spoken(n, s)) for n, s in log.series.items()]


def loss_figure(log: LossLog, columns: int = 4) -> str:
    """All panels in one figure, for the file."""
    cells = [
        group((i % columns) * (WIDTH + 16), (i // columns) * (HEIGHT + 16), _panel(n, s))
        for i, (n, s) in enumerate(log.series.items())
    ]
    rows = -(-len(cells) // columns)
    width = min(columns, len(cells)) * (WIDTH + 16)
    return svg(width, rows * (HEIGHT + 16), "".join(cells), "Loss curves, one panel for each term")


def _spoken(name: str, series: Series) -> str:
    return f"{name} from {series[0][1]:.3g} to {series[-1][1]:.3g} over {series[-1][0]} steps"


def _bins(series: Series) -> Iterator[tuple[float, float, float, float]]:
    """(step, mean, least, greatest) of at most ``MOST_POINTS`` runs of neighbouring steps."""
    size = max(1, -(-len(series) // MOST_POINTS))
    for start in range(0, len(series), size):
        steps, values = zip(*series[start : start + size], strict=True)
        yield sum(steps) / len(steps), sum(values) / len(values), min(values), max(values)


def _panel(name: str, series: Series) -> str:
    steps, values = [s for s, _ in series], [v for _, v in series]
    low, high = min(min(values), 0.0), max(max(values), 0.0)
    span = (high - low) or 1.0
    first, last = steps[0], max(steps[-1], steps[0] + 1)

    def x(step: float) -> float:
        return LEFT + (step - first) / (last - first) * (RIGHT - LEFT)

    def y(value: float) -> float:
        return BOTTOM - (value - low) / span * (BOTTOM - TOP)

    bins = list(_bins(series))
    mean = "M" + "L".join(f"{x(s):.1f} {y(m):.1f}" for s, m, _, _ in bins)
    above = [f"{x(s):.1f} {y(h):.1f}" for s, _, _, h in bins]
    below = [f"{x(s):.1f} {y(b):.1f}" for s, _, b, _ in reversed(bins)]
    return "".join(
        (
            text(LEFT, 12, fit(name, 90, 12), "strong"),
            text(LEFT, 26, TERMS.get(name, ""), "muted small"),
            text(RIGHT, 12, f"{decimal(values[0], 3)} → {decimal(values[-1], 3)}", "small", "end"),
            line(LEFT, y(0), RIGHT, y(0), "track"),
            path("M" + "L".join(above + below) + "Z", "range"),
            path(mean, "curve"),
            text(LEFT, 107, f"step {first}", "muted small"),
            text(RIGHT, 107, f"{steps[-1]}", "muted small", "end"),
        )
    )
