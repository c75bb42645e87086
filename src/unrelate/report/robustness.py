"""What the robustness page is made of, and its figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from markupsafe import Markup

from unrelate.audit.record import Attack, AuditRecord
from unrelate.report import charts, redteam
from unrelate.report.curves import curve_figure, curve_panel
from unrelate.report.dots import dot_plot
from unrelate.report.limits import limits
from unrelate.report.pictures import breach_cards
from unrelate.report.redteam import FAMILIES, THREATS, Curve

PROBES = "representation"


@dataclass(frozen=True)
class CurveSet:
    """Curves that are read in the same way. ``name`` is that of the figure's file."""

    name: str
    title: str
    detail: str
    absent: str
    curves: tuple[Curve, ...]

    @property
    def panels(self) -> list[Markup]:
        return [Markup(curve_panel(curve)) for curve in self.curves]


@dataclass(frozen=True)
class Group:
    """Rows of the table that share a name and a budget: one attack, or the points of one."""

    name: str
    about: Attack
    points: tuple[tuple[str, Attack], ...]


def curve_sets(record: AuditRecord) -> list[CurveSet]:
    """Every curve in exactly one set; a set may be empty."""
    held = redteam.curves(record.attacks)
    probes = tuple(c for c in held if c.first.family == PROBES)
    lessons = tuple(c for c in held if c.along == "examples" and c not in probes)
    return [
        CurveSet(
            "relearning",
            "Relearning: how soon does it come back?",
            "The model is trained on with so many examples. What was only hidden comes back sooner than what "
            "was never there: what counts is how far the edited model lies above the null.",
            "No relearning curve in this audit.",
            lessons,
        ),
        CurveSet(
            "probes",
            "Probes: what can still be read inside?",
            "Accuracy of a linear probe for the forbidden on each layer. A probe that knows nothing is right "
            "half of the time (the broken line); the aim is the null, not chance. The vertical axis starts "
            "below chance, not at 0. Layer 0 is the input as it is embedded, the last the final embedding.",
            "No probe by layer in this audit.",
            probes,
        ),
        CurveSet(
            "dials",
            "Other dials: weights and pictures changed by degrees",
            "Success by how far an attack goes, each curve on the dial of its own attack.",
            "No other attack of this audit was run by degrees.",
            tuple(c for c in held if c not in probes and c not in lessons),
        ),
    ]


def robustness_figures(record: AuditRecord) -> dict[str, str]:
    """Every figure that there are data for, by file name."""
    figures = {}
    for family, attacks in redteam.by_family(record).items():
        if shown := redteam.dots(attacks):
            figures[f"attacks-{family}"] = dot_plot(family, shown)
    for held in curve_sets(record):
        if held.curves:
            figures[held.name] = curve_figure(held.curves, f"{held.title} One panel for each attack")
    for expect in ("kept", "forgotten"):
        if any(s.expect == expect for s in record.benchmark.values()):
            figures[f"benchmark-{expect}"] = charts.benchmark_rates(record, expect)
    if record.utility:
        figures["utility"] = charts.utility_rates(record)
    return figures


def robustness_parts(record: AuditRecord, figures: dict[str, Markup], pictures: Path) -> dict[str, object]:
    """What the template needs besides what every page has."""
    sets = curve_sets(record)
    attacks = record.attacks.values()
    shown = breach_cards(record, pictures)
    return {
        "dot_plots": {f: figures[f"attacks-{f}"] for f in FAMILIES if f"attacks-{f}" in figures},
        "hidden_points": len(record.attacks) - len(redteam.dots(record.attacks)),
        "threats": [threat for threat in THREATS if threat in {a.threat for a in attacks}],
        "table": {family: _groups(held) for family, held in redteam.by_family(record).items()},
        "curve_sets": [held for held in sets if held.curves],
        "absent_curves": [held.absent for held in sets if not held.curves],
        "has_null": any(isfinite(attack.null_rate) for attack in attacks),
        "breaches": shown,
        "breach_count": sum(len(attack.breaches) for attack in attacks),
        "won": any(attack.success_rate > 0 and attack.family != PROBES for attack in attacks),
        "limits": limits(record),
    }


def _groups(attacks: dict[str, Attack]) -> list[Group]:
    """The attacks of a family in their order; the points of a curve stand together, rising."""
    order: dict[str, list[tuple[str, Attack]]] = {}
    for name, attack in attacks.items():
        order.setdefault(attack.group if attack.at is not None and attack.group else name, []).append(
            (name, attack)
        )
    return [Group(name, points[0][1], tuple(_rising(points))) for name, points in order.items()]


def _rising(points: Iterable[tuple[str, Attack]]) -> list[tuple[str, Attack]]:
    return sorted(points, key=lambda p: p[1].at or 0.0)
