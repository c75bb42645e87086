"""The relation graph, coloured by outcome: actors left, objects right, one pill an edge between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unrelate.audit.record import GraphEdgeRecord
from unrelate.report.outcome import LOOKS, ORDER, UNSAFE, Outcome, failed, of_edge
from unrelate.report.svg import fit, path, rect, svg, text
from unrelate.report.words import decimal, plain

MOST_EDGES = 30
WIDTH = 432.0
NODE_WIDTH, NODE_HEIGHT = 72.0, 22.0
PILL_LEFT, PILL_WIDTH, PILL_HEIGHT = 98.0, 236.0, 20.0
STEP, HEAD = 25.0, 30.0
NODE_GAP = 30.0
UNTANGLE = 8

Drawn = tuple[GraphEdgeRecord, Outcome]


@dataclass(frozen=True)
class Chosen:
    """The edges to draw, worst first, and how many of each outcome are left out."""

    drawn: tuple[Drawn, ...]
    left_out: tuple[tuple[Outcome, int], ...]


def choose(graph: Sequence[GraphEdgeRecord], most: int = MOST_EDGES) -> Chosen:
    """At most ``most`` edges: what went wrong first, then forbidden and kept ones in equal parts.

    Nodes alone are no edges; they are shown by the outline of their box.
    """
    edges = [(e, of_edge(e)) for e in graph if e.relation]
    bad = [d for d in edges if failed(d[1])]
    fine = [d for d in edges if not failed(d[1])]
    bad = sorted(bad, key=_severity)[:most]
    room = most - len(bad)
    unsafe = _in_turn(d for d in fine if d[0].role == UNSAFE)
    kept = _in_turn(d for d in fine if d[0].role != UNSAFE)
    half = max(room - len(kept), min(len(unsafe), room // 2))
    picked = bad + unsafe[:half] + kept[: room - len(unsafe[:half])]
    ids = {id(edge) for edge, _ in picked}
    left = [outcome for edge, outcome in edges if id(edge) not in ids]
    counts = tuple((o, left.count(o)) for o in ORDER if o in left)
    return Chosen(tuple(sorted(picked, key=_severity)), counts)


def _in_turn(drawn: Iterable[Drawn]) -> list[Drawn]:
    """Close neighbours first; among them the worst of every kind, then the next of every kind."""
    turns: Counter[str] = Counter()
    ranked = []
    for one in sorted(drawn, key=_severity):
        ranked.append((one[0].role == "neutral", turns[one[0].kind], one))
        turns[one[0].kind] += 1
    return [one for _, _, one in sorted(ranked, key=lambda r: (*r[:2], _severity(r[2])))]


def _severity(drawn: Drawn) -> tuple[int, float, str, str, str, str]:
    edge, outcome = drawn
    harm = edge.edited_rate or 0.0
    if edge.role != UNSAFE:
        harm = (edge.base_rate or 0.0) - harm
    return (
        ORDER.index(outcome),
        -harm,
        edge.relation,
        edge.actor,
        edge.object,
        str(sorted(edge.context.items())),
    )


def edge_name(edge: GraphEdgeRecord) -> str:
    """``child drinking wine (place classroom)``."""
    words = " ".join(plain(w) for w in (edge.actor, edge.relation, edge.object) if w)
    return f"{words} ({_context(edge)})" if edge.context else words


def _context(edge: GraphEdgeRecord) -> str:
    return ", ".join(f"{plain(k)} {plain(v)}" for k, v in sorted(edge.context.items()))


def rates(edge: GraphEdgeRecord) -> str:
    """``96 → 0``, in per cent, or nothing if the edge was not measured."""
    if edge.base_rate is None or edge.edited_rate is None:
        return ""
    return f"{decimal(100 * edge.base_rate, 0)} → {decimal(100 * edge.edited_rate, 0)}"


def graph_figure(graph: Sequence[GraphEdgeRecord]) -> str:
    """Draw the chosen edges in bands by outcome, so that place, line, colour and word agree."""
    drawn, lefts, rights = _untangled(choose(graph).drawn)
    rows, heads, height = _rows([outcome for _, outcome in drawn])
    nodes = {e.actor or e.object: of_edge(e) for e in graph if not e.relation and not e.context}
    curves, pills = [], []
    for (edge, outcome), y in reversed(list(zip(drawn, rows, strict=True))):
        css = LOOKS[outcome].css
        curves.append(path(_curve(NODE_WIDTH, lefts[edge.actor], PILL_LEFT, y), f"edge {css}"))
        curves.append(
            path(_curve(PILL_LEFT + PILL_WIDTH, y, WIDTH - NODE_WIDTH, rights[edge.object]), f"edge {css}")
        )
        pills.append(_pill(edge, css, y))
    for outcome, y in heads:
        look = LOOKS[outcome]
        words = f"{look.symbol} {outcome} ({sum(o is outcome for _, o in drawn)})"
        pills.append(text(WIDTH / 2, y, words, f"strong {look.css}", "middle"))
    boxes = [_node(name, 0.5, y, nodes.get(name)) for name, y in lefts.items()]
    boxes += [_node(name, WIDTH - NODE_WIDTH - 0.5, y, nodes.get(name)) for name, y in rights.items()]
    label = f"Relation graph of {len(drawn)} edges by what became of them; the same as a list below"
    tall = max([height, *lefts.values(), *rights.values()]) + NODE_HEIGHT
    return svg(WIDTH, tall, "".join(curves + pills + boxes), label)


def _rows(outcomes: Sequence[Outcome]) -> tuple[list[float], list[tuple[Outcome, float]], float]:
    """The height of each pill's middle, of each band's heading, and of the whole."""
    rows, heads, y = [], [], 0.0
    for i, outcome in enumerate(outcomes):
        if i == 0 or outcome is not outcomes[i - 1]:
            heads.append((outcome, y + 19))
            y += HEAD
        rows.append(y + STEP / 2)
        y += STEP
    return rows, heads, y


def _untangled(drawn: Sequence[Drawn]) -> tuple[list[Drawn], dict[str, float], dict[str, float]]:
    """Nodes level with their edges, and edges within a band level with their nodes, in a few turns."""
    order = list(drawn)
    rows, _, height = _rows([outcome for _, outcome in order])
    for turn in range(UNTANGLE + 1):
        ends = list(zip(order, rows, strict=True))
        lefts = _places(((e.actor, y) for (e, _), y in ends), height)
        rights = _places(((e.object, y) for (e, _), y in ends), height)
        if turn < UNTANGLE:
            mean = {id(e): lefts[e.actor] + rights[e.object] for e, _ in order}
            order.sort(key=lambda d: (ORDER.index(d[1]), mean[id(d[0])], _severity(d)))
    return order, lefts, rights


def _places(ends: Iterable[tuple[str, float]], height: float) -> dict[str, float]:
    """Where each node's box goes: as near its edges' mean height as its neighbours' boxes allow."""
    heights: dict[str, list[float]] = {}
    for name, y in ends:
        heights.setdefault(name, []).append(y)
    wish = sorted((sum(ys) / len(ys), name) for name, ys in heights.items())
    places, below = {}, NODE_HEIGHT / 2
    for y, name in wish:
        places[name] = max(y, below)
        below = places[name] + NODE_GAP
    above = max(height - NODE_HEIGHT / 2, (len(wish) - 0.5) * NODE_GAP)
    for _, name in reversed(wish):
        places[name] = min(places[name], above)
        above = places[name] - NODE_GAP
    return places


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = (x1 + x2) / 2
    return f"M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _pill(edge: GraphEdgeRecord, css: str, y: float) -> str:
    rate = rates(edge)
    bare = " ".join(plain(w) for w in (edge.actor, edge.relation, edge.object) if w)
    words = bare + "".join(f" · {plain(v)}" for _, v in sorted(edge.context.items()))
    room = PILL_WIDTH - 18 - 5.6 * len(rate)
    return (
        rect(PILL_LEFT, y - PILL_HEIGHT / 2, PILL_WIDTH, PILL_HEIGHT, f"pill {css}", PILL_HEIGHT / 2)
        + text(PILL_LEFT + 10, y + 4, fit(words, room, 11), "pill-words")
        + text(PILL_LEFT + PILL_WIDTH - 10, y + 4, rate, f"small {css}", "end")
    )


def _node(name: str, x: float, y: float, outcome: Outcome | None) -> str:
    css = f"node {LOOKS[outcome].css}" if outcome else "node"
    words = f"{LOOKS[outcome].symbol} {plain(name)}" if outcome and failed(outcome) else plain(name)
    return rect(x, y - NODE_HEIGHT / 2, NODE_WIDTH, NODE_HEIGHT, css, 4) + text(
        x + NODE_WIDTH / 2, y + 4, fit(words, NODE_WIDTH - 2, 11), "strong node-words", "middle"
    )
