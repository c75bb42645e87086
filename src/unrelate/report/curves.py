"""Attacks with a dial: success along it, for the edited model, the base model and the null."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import floor, isfinite, log1p

from unrelate.audit.record import Attack
from unrelate.report.redteam import CHANCE, Curve
from unrelate.report.svg import BOLD, circle, diamond, fit, group, line, num, path, svg, text
from unrelate.report.words import percent, plain

WIDTH, HEIGHT = 284.0, 196.0
LEFT, RIGHT, TOP, BOTTOM = 42.0, 276.0, 38.0, 158.0
LOGARITHMIC_FROM = 20  # greatest over least point above 0
LABEL_ROOM = 30.0

Points = Sequence[tuple[float, float]]


def curve_panel(curve: Curve) -> str:
    """One curve as a figure of its own."""
    return svg(WIDTH, HEIGHT, _panel(curve), _spoken(curve))


def curve_figure(curves: Sequence[Curve], label: str, columns: int = 3) -> str:
    """Several panels in one figure, for the file."""
    cells = [
        group((i % columns) * (WIDTH + 20), (i // columns) * (HEIGHT + 16), _panel(curve))
        for i, curve in enumerate(curves)
    ]
    wide, tall = min(columns, len(cells)), -(-len(cells) // columns)
    return svg(wide * (WIDTH + 20), tall * (HEIGHT + 16), "".join(cells), label)


def logarithmic(curve: Curve) -> bool:
    """Whether the dial spans so much that equal steps would hide its lower end."""
    above = [point.at for point in curve.points if point.at and point.at > 0]
    lowest = min((point.at or 0.0 for point in curve.points), default=0.0)
    return len(above) > 2 and lowest >= 0 and max(above) / min(above) >= LOGARITHMIC_FROM


def _panel(curve: Curve) -> str:
    x, y = _across(curve), _up(curve)
    low = _lowest(curve)
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0) if low == 0 else (low, CHANCE, 0.75, 1.0)
    body = [
        text(0, 13, fit(plain(curve.group), WIDTH, BOLD), "strong"),
        text(0, 27, curve.first.threat, "muted small"),
    ]
    for tick in ticks:
        body.append(line(LEFT, y(tick), RIGHT, y(tick), "track" if tick == low else "grid"))
        body.append(text(LEFT - 6, y(tick) + 4, percent(tick, 0), "muted small", "end"))
    if curve.first.family == "representation":
        body.append(line(LEFT, y(CHANCE), RIGHT, y(CHANCE), "level"))
        body.append(text(RIGHT, y(CHANCE) + 13, "chance", "muted small", "end"))
    body += _lines(curve, x, y)
    for place, words, anchor in _labels(curve, x):
        body.append(text(place, BOTTOM + 16, words, "muted small", anchor))
    scale = " (logarithmic)" if logarithmic(curve) else ""
    body.append(text((LEFT + RIGHT) / 2, BOTTOM + 31, plain(curve.along) + scale, "small", "middle"))
    return "".join(body)


def _lines(curve: Curve, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    """Base under null under edited: dashed with hollow dots, dotted with diamonds, solid with dots."""
    base = _measured((p.at, p.control_rate) for p in curve.points)
    null = _measured((p.at, p.null_rate) for p in curve.points)
    edited = _measured((p.at, p.success_rate) for p in curve.points)
    band = [(p.at or 0.0, *p.ci95) for p in curve.points if isfinite(sum(p.ci95))]
    parts = []
    if len(band) > 1:
        above = [f"{num(x(at))} {num(y(high))}" for at, _, high in band]
        below = [f"{num(x(at))} {num(y(low))}" for at, low, _ in reversed(band)]
        parts.append(path("M" + "L".join(above + below) + "Z", "range"))
    for points, css in ((base, "curve-base"), (null, "curve-null"), (edited, "curve")):
        if len(points) > 1:
            parts.append(path("M" + "L".join(f"{num(x(a))} {num(y(v))}" for a, v in points), css))
    parts += [circle(x(a), y(v), 3.5, "base") for a, v in base]
    parts += [circle(x(a), y(v), 3.5, "edited") for a, v in edited]
    parts += [diamond(x(a), y(v), 5.25, "null") for a, v in null]
    return parts


def _measured(points: Iterable[tuple[float | None, float]]) -> Points:
    return [(at or 0.0, value) for at, value in points if isfinite(value)]


def _across(curve: Curve) -> Callable[[float], float]:
    values = [point.at or 0.0 for point in curve.points]
    unit = min((v for v in values if v > 0), default=1.0)
    bend: Callable[[float], float] = (lambda v: log1p(v / unit)) if logarithmic(curve) else (lambda v: v)
    first, last = bend(min(values)), bend(max(values))
    inset = 8.0  # so that no mark sits on the axis
    return lambda v: LEFT + inset + (bend(v) - first) / ((last - first) or 1) * (RIGHT - LEFT - 2 * inset)


def _lowest(curve: Curve) -> float:
    """0, but for probes: those start at chance, so a tenth below the lowest of all their values."""
    if curve.first.family != "representation":
        return 0.0
    values = [v for p in curve.points for v in (p.success_rate, p.control_rate, p.null_rate, p.ci95[0])]
    return max(0.0, floor(10 * min([CHANCE, *(v for v in values if isfinite(v))]) - 1e-9) / 10)


def _up(curve: Curve) -> Callable[[float], float]:
    low = _lowest(curve)
    return lambda v: BOTTOM - (min(max(v, low), 1.0) - low) / (1 - low) * (BOTTOM - TOP)


def _labels(curve: Curve, x: Callable[[float], float]) -> list[tuple[float, str, str]]:
    """The first and the last point, and of those between as many as there is room for."""
    places = [(x(point.at or 0.0), f"{point.at:g}") for point in curve.points]
    kept = [places[0]]
    for place in places[1:-1]:
        if place[0] - kept[-1][0] >= LABEL_ROOM and places[-1][0] - place[0] >= LABEL_ROOM:
            kept.append(place)
    return [(place, words, "middle") for place, words in [*kept, places[-1]]]


def _spoken(curve: Curve) -> str:
    points = "; ".join(f"{point.at:g}: {_rates(point)}" for point in curve.points)
    what = "probe accuracy" if curve.first.family == "representation" else "success"
    return f"{plain(curve.group)}: {what} by {plain(curve.along)}, edited, base, null. {points}"


def _rates(point: Attack) -> str:
    rates = (point.success_rate, point.control_rate, point.null_rate)
    return ", ".join(percent(rate, 0) for rate in rates)
