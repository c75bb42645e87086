"""The score as bars, and before-and-after rows for cosines, recalls and accuracies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from unrelate.audit.record import AuditRecord, Interval, Score
from unrelate.report.published import TABLE_1, TABLE_2, Published
from unrelate.report.svg import BOLD, circle, fit, labelled, line, num, path, rect, svg, text
from unrelate.report.words import (
    ScorePart,
    decimal,
    interval,
    part_name,
    percent,
    percent_interval,
    sentence_case,
)

WIDTH = 360.0
MARGIN = 8.0
ROW = 46.0


@dataclass(frozen=True)
class Row:
    """One measure before (``base``) and after (``edited``), in the units of the axis."""

    label: str
    base: float
    edited: float
    ci: Interval | None = None
    level: float | None = None
    paper: Published | None = None


@dataclass(frozen=True)
class Axis:
    """The range drawn, its ticks, and how a value is written."""

    low: float
    high: float
    ticks: tuple[float, ...]
    write: Callable[[float], str]

    def x(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return MARGIN + share * (WIDTH - 2 * MARGIN)


COSINE = Axis(-1, 1, (-1, -0.5, 0, 0.5, 1), lambda v: decimal(v, 2))
SHARE = Axis(0, 1, (0, 0.25, 0.5, 0.75, 1), lambda v: percent(v, 0))


def before_after(rows: Sequence[Row], axis: Axis, label: str) -> str:
    """Rows with a hollow dot before and a filled one after; paper's figures as grey squares.

    A row that is not a number is left to the table, which says so.
    """
    rows = [row for row in rows if isfinite(row.base + row.edited)]
    tall = [ROW + (12 if row.paper else 0) for row in rows]
    foot = sum(tall) + 4
    body = [line(axis.x(t), 20, axis.x(t), foot, "grid") for t in axis.ticks]
    top = 0.0
    for row, height in zip(rows, tall, strict=True):
        body.append(_row(row, axis, top))
        top += height
    for tick in axis.ticks:
        anchor = "start" if tick == axis.low else "end" if tick == axis.high else "middle"
        x = 0 if anchor == "start" else WIDTH if anchor == "end" else axis.x(tick)
        body.append(text(x, foot + 14, axis.write(tick), "muted small", anchor))
    return svg(WIDTH, foot + 20, "".join(body), label)


def _row(row: Row, axis: Axis, top: float) -> str:
    y, a, b = top + 31, axis.x(row.base), axis.x(row.edited)
    values = f"{axis.write(row.base)} → {axis.write(row.edited)}"
    parts = [
        text(0, top + 14, fit(row.label, WIDTH - 6.4 * len(values) - 8, BOLD), "strong"),
        text(WIDTH, top + 14, values, "end", "end"),
        line(MARGIN, y, WIDTH - MARGIN, y, "track"),
    ]
    if row.level is not None and isfinite(row.level):
        parts.append(line(axis.x(row.level), y - 10, axis.x(row.level), y + 10, "level"))
    if row.ci is not None and isfinite(sum(row.ci)):
        parts.append(line(axis.x(row.ci[0]), y, axis.x(row.ci[1]), y, "spread"))
    parts += [line(a, y, b, y, "move"), circle(a, y, 4.5, "base"), circle(b, y, 4.75, "edited")]
    if row.paper is not None:
        start, end, low = axis.x(row.paper.base), axis.x(row.paper.edited), y + 14
        parts.append(line(start, low, end, low, "track"))
        parts.append(rect(start - 3, low - 3, 6, 6, "paper-base"))
        parts.append(rect(end - 3, low - 3, 6, 6, "paper-edited"))
    return "".join(parts)


def forgetting_cosines(record: AuditRecord) -> str:
    rows = [
        Row(part_name(part), f.base_cos, f.edited_cos, level=f.unrelated_cos, paper=TABLE_1.get(part))
        for part, f in record.forgetting.items()
    ]
    return before_after(rows, COSINE, "Unsafe cosine before and after the edit; figures in Table 1")


def forgetting_recalls(record: AuditRecord) -> str:
    rows = [
        Row(part_name(part), f.base_recall, f.edited_recall, ci=f.ci95)
        for part, f in record.forgetting.items()
    ]
    return before_after(rows, SHARE, "Unsafe recall before and after the edit; figures in Table 1")


def preservation_cosines(record: AuditRecord) -> str:
    rows = [
        Row(part_name(part), p.base_cos, p.edited_cos, paper=TABLE_2.get(part))
        for part, p in record.preservation.items()
    ]
    return before_after(rows, COSINE, "Cosine of what must stay, before and after; figures in Table 2")


def preservation_accuracies(record: AuditRecord) -> str:
    """The interval is that of the accuracy lost, laid about the accuracy after."""
    rows = [
        Row(
            part_name(part),
            p.base_accuracy,
            p.edited_accuracy,
            ci=(p.base_accuracy - p.ci95[1], p.base_accuracy - p.ci95[0]),
        )
        for part, p in record.preservation.items()
    ]
    return before_after(rows, SHARE, "Accuracy on what must stay, before and after; figures in Table 2")


def benchmark_rates(record: AuditRecord, expect: Literal["kept", "forgotten"]) -> str:
    """The slices of the compositional benchmark that should stay, or that should go."""
    rows = [
        Row(sentence_case(name), held.base_rate, held.edited_rate, ci=held.ci95)
        for name, held in record.benchmark.items()
        if held.expect == expect
    ]
    good = "high" if expect == "kept" else "low"
    label = f"Benchmark slices to be {expect}, before and after; {good} is good; figures in the table"
    return before_after(rows, SHARE, label)


def utility_rates(record: AuditRecord) -> str:
    """The interval is that of the loss, laid about the rate after."""
    rows = [
        Row(sentence_case(name), u.base, u.edited, ci=(u.base - u.ci95[1], u.base - u.ci95[0]))
        for name, u in record.utility.items()
    ]
    return before_after(rows, SHARE, "Downstream tasks, before and after; high is good; figures in the table")


def score_bars(score: Score) -> str:
    """The three parts, and the score that is their geometric mean, each with its 95 % interval."""
    bars: tuple[tuple[ScorePart, str, str, float, str], ...] = (
        ("suppression", "Suppression", "of the forbidden", score.suppression, "bar-part"),
        ("preservation", "Preservation", "of what must stay", score.preservation, "bar-part"),
        ("robustness", "Robustness", "under attack", score.robustness, "bar-part"),
        ("rss", "Relational Safety Score", "", score.rss, "bar"),
    )
    body, spoken = [], []
    for i, (key, name, detail, value, css) in enumerate(bars):
        top = 44.0 * i
        body.append(labelled(0, top + 14, name, detail))
        body.append(rect(0, top + 21, WIDTH, 9, "bar-back", 4.5))
        if value > 0:
            body.append(rect(0, top + 21, max(9.0, WIDTH * min(value, 1)), 9, css, 4.5))
        ci = score.ci95.get(key)
        if ci and isfinite(sum(ci)):
            body.append(text(WIDTH, top + 14, interval(ci, 3), "muted small", "end"))
            body.append(_whisker(*ci, y=top + 35))
            spoken.append(f"{name} {percent(value)}, interval {percent_interval(ci)}")
        else:
            spoken.append(f"{name} {percent(value)}, no interval")
        body.append(text(WIDTH - 84, top + 14, decimal(value, 3), "strong", "end"))
    label = f"Relational Safety Score and its parts: {'; '.join(spoken)}"
    return svg(WIDTH, 44 * len(bars), "".join(body), label)


def _whisker(low: float, high: float, y: float) -> str:
    """An interval under its bar: a line with ends, so that it shows on any colour."""
    left, right = (0.75 + share * (WIDTH - 1.5) for share in (max(low, 0), min(high, 1)))
    ends = f"M{num(left)} {num(y - 3)}v6M{num(right)} {num(y - 3)}v6"
    return path(f"{ends}M{num(left)} {num(y)}H{num(right)}", "whisker")
