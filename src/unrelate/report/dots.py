"""Success of every attack of one family: edited model, base model (control) and null on one line."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from textwrap import wrap

from unrelate.audit.record import Attack
from unrelate.report.charts import MARGIN, SHARE, WIDTH
from unrelate.report.redteam import CHANCE, FAMILIES, SAYS_LITTLE, at
from unrelate.report.svg import BOLD, CHAR, circle, diamond, fit, line, svg, text
from unrelate.report.words import percent, plain

ROW, NOTE = 34.0, 13.0


def dot_plot(family: str, attacks: Mapping[str, Attack]) -> str:
    """One row an attack; what was not measured has no mark, and the row says so.

    Marks differ in shape as well as in colour: a filled dot, a hollow dot, a hollow diamond.
    """
    rows = [ROW + NOTE * (len(_name(n, a)) - 1 + a.says_little) for n, a in attacks.items()]
    foot = sum(rows) + 4
    body = [line(SHARE.x(tick), 18, SHARE.x(tick), foot, "grid") for tick in SHARE.ticks]
    if family == "representation":
        body.append(line(SHARE.x(CHANCE), 18, SHARE.x(CHANCE), foot, "level"))
    top = 0.0
    for (name, attack), height in zip(attacks.items(), rows, strict=True):
        body.append(_row(name, attack, top))
        top += height
    for tick in SHARE.ticks:
        anchor = "start" if tick == SHARE.low else "end" if tick == SHARE.high else "middle"
        x = {"start": 0.0, "end": WIDTH}.get(anchor, SHARE.x(tick))
        body.append(text(x, foot + 13, SHARE.write(tick), "muted small", anchor))
    return svg(WIDTH, foot + 18, "".join(body), _spoken(family, attacks))


def _row(name: str, attack: Attack, top: float) -> str:
    weak = attack.says_little
    y = top + 13
    parts = [text(WIDTH, y, _values(attack), "end muted" if weak else "end", "end")]
    for words in _name(name, attack):
        parts.append(text(0, y, words, "muted" if weak else "strong"))
        y += NOTE
    if weak:
        parts.append(text(0, y, SAYS_LITTLE, "muted small"))
        y += NOTE
    y -= 2
    parts.append(line(MARGIN, y, WIDTH - MARGIN, y, "track"))
    marks = []
    if isfinite(attack.success_rate):
        if isfinite(sum(attack.ci95)):
            marks.append(line(SHARE.x(attack.ci95[0]), y, SHARE.x(attack.ci95[1]), y, "spread"))
        marks.append(circle(SHARE.x(attack.success_rate), y, 4.25, "edited"))
    if isfinite(attack.control_rate):
        marks.insert(0, circle(SHARE.x(attack.control_rate), y, 4.25, "base"))
    if isfinite(attack.null_rate):
        marks.append(diamond(SHARE.x(attack.null_rate), y, 6.75, "null"))
    marked = "".join(marks)
    parts.append(f'<g class="weak">{marked}</g>' if weak else marked)
    return "".join(parts)


def _values(attack: Attack) -> str:
    return f"{SHARE.write(attack.control_rate)} → {percent(attack.success_rate)}"


def _name(name: str, attack: Attack) -> list[str]:
    """The attack's name on one line, or on two where it is long."""
    room = WIDTH - 6.4 * len(_values(attack)) - 8
    first, *rest = wrap(plain(name), max(1, int(room / (CHAR * BOLD)))) or [""]
    return [first, fit(" ".join(rest), WIDTH, BOLD)] if rest else [first]


def _spoken(family: str, attacks: Mapping[str, Attack]) -> str:
    rates = {n: a.success_rate for n, a in attacks.items() if isfinite(a.success_rate)}
    title = f"{FAMILIES[family][0]} attacks, {len(attacks)} rows: success against the edited model"
    if not rates:
        return f"{title} was not measured"
    highest = max(rates, key=lambda n: rates[n])
    point = f" ({said})" if (said := at(attacks[highest])) else ""
    return (
        f"{title} from {percent(min(rates.values()))} to {percent(rates[highest])}, highest for "
        f"{plain(highest)}{point}; control, null and intervals are in the table below"
    )
