"""The relation graph as a picture: roles told apart by colour *and* line style."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path as Curve
from matplotlib.typing import LineStyleType

from unrelate.errors import UserError
from unrelate.graph.layout import WIDTH, Layout, Point, lay_out
from unrelate.graph.select import Node, chosen, ends
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.policy.triple import Triple

FORMATS = (".svg", ".png", ".pdf")
INCHES = 0.86  # for one data unit
LETTER, SMALL_LETTER = 0.103, 0.076  # mean width of a letter in a node and in a label, in data units
INK, PAPER, FAINT = "#22272e", "#ffffff", "#5f6773"


@dataclass(frozen=True)
class Look:
    colour: str
    dashes: LineStyleType
    width: float
    label: str


# Okabe and Ito's colours (two of them darker, for text on white), which all readers can tell apart;
# the line styles do so in grey too.
LOOKS: dict[Role, Look] = {
    Role.UNSAFE: Look("#D55E00", "solid", 2.8, "forgotten"),
    Role.SAFE_EDGE: Look("#0072B2", (0, (5, 2)), 1.6, "kept: safe edge"),
    Role.NODE: Look("#CC79A7", "solid", 2.4, "kept: each end alone"),
    Role.SAFE_NODE: Look("#00785A", (0, (6, 2, 1.2, 2)), 1.6, "kept: relation on new nodes"),
    Role.NEUTRAL: Look("#6E6E6E", (0, (1.2, 1.6)), 1.6, "kept: unrelated"),
}


def draw_graph(graph: RelationGraph, path: str | Path) -> Path:
    """Draw a legible part of the graph: the forbidden edges and, of each kind, a few neighbours;
    the legend counts them all. The same graph gives the same file.

    Args:
        path: ends in ``.svg``, ``.png`` or ``.pdf``; folders are made as needed.

    Raises:
        UserError: another ending, or the file cannot be written.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in FORMATS:
        raise UserError(f"cannot draw to '{file.name}'", f"a name that ends in {', '.join(FORMATS)}")
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(kind)
    with mpl.rc_context({"font.family": "DejaVu Sans", "svg.hashsalt": "unrelate"}):
        figure = _figure(graph)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(file, dpi=150, facecolor=PAPER, metadata=metadata)
        except OSError as error:
            raise UserError(f"cannot write the picture: {error.strerror}", where=str(file)) from None
    return file


def _figure(graph: RelationGraph) -> Figure:
    edges = chosen(graph)
    layout = lay_out(edges)
    heights = [y for _, y in layout.nodes.values()]
    low, high = min(layout.low, *heights), max(0.0, *heights)
    margin = max(1.5, *(_half(node) + 0.3 for node in layout.nodes))
    left, right, bottom, top = -margin, WIDTH + margin, low - 2.2, high + 1.1
    figure = Figure(figsize=((right - left) * INCHES, (top - bottom) * INCHES))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.axis("off")
    title = _title(graph)
    size = min(14.0, 14 * 62 / len(title))  # 62 letters of that size fill the width
    _text(axes, (WIDTH / 2, high + 0.7), title, fontsize=size, fontweight="bold")
    for kind, height in layout.headings:
        _text(axes, (WIDTH / 2, height), kind, fontsize=8.5, fontstyle="italic", color=FAINT)
    _edges(axes, edges, layout)
    alone = {node for edge in graph.of(Role.NODE) for node in ends(edge)}
    for node, point in layout.nodes.items():
        _node(axes, node, point, node in alone)
    _legend(axes, graph, len(edges), low)
    return figure


def _title(graph: RelationGraph) -> str:
    stated = [_words(triple) for triple in graph.scope]
    more = f" and {len(stated) - 2} more" if len(stated) > 2 else ""
    return "Forget: " + "; ".join(stated[:2]) + more


def _words(triple: Triple) -> str:
    held = ", ".join(value for _, value in triple.context)
    return (" ".join(triple.slots()) + (f" ({held})" if held else "")).replace("_", " ")


def _text(axes: Axes, point: Point, text: str, **style: Any) -> None:
    """Centred text; ``style`` goes to matplotlib as it is."""
    centred: dict[str, Any] = {"ha": "center", "va": "center", "color": INK}
    axes.text(*point, text, **(centred | style))


def _node(axes: Axes, node: Node, point: Point, alone: bool) -> None:
    look = LOOKS[Role.NODE]
    box = {
        "boxstyle": "round,pad=0.42,rounding_size=0.5",
        "facecolor": "#FBEAF3" if alone else "#F3F4F6",
        "edgecolor": look.colour if alone else "#9CA3AF",
        "linewidth": look.width if alone else 1.0,
    }
    _text(axes, point, node[1].replace("_", " "), fontsize=11.5, bbox=box, zorder=6)


def _edges(axes: Axes, edges: tuple[GraphEdge, ...], layout: Layout) -> None:
    for edge, height in zip(edges, layout.rows, strict=True):
        look, label = LOOKS[edge.role], _label(edge.triple)
        source, target = ends(edge)
        half = len(label) * SMALL_LETTER / 2 + 0.14
        start = (layout.nodes[source][0] + _half(source), layout.nodes[source][1])
        end = (layout.nodes[target][0] - _half(target) - 0.07, layout.nodes[target][1])
        _curve(axes, look, start, (WIDTH / 2 - half, height))
        _curve(axes, look, (WIDTH / 2 + half, height), end)
        _head(axes, look, end)
        box = {
            "boxstyle": "round,pad=0.3,rounding_size=0.25",
            "facecolor": PAPER,
            "edgecolor": look.colour if edge.split is Split.HELD_OUT else "none",
            "linewidth": 1.0,
        }
        weight = "bold" if edge.role is Role.UNSAFE else "normal"
        _text(
            axes,
            (WIDTH / 2, height),
            label,
            fontsize=9,
            color=look.colour,
            fontweight=weight,
            bbox=box,
            zorder=5,
        )


def _label(triple: Triple) -> str:
    held = ", ".join(value for _, value in triple.context)
    return (triple.relation + (f" · {held}" if held else "")).replace("_", " ")


def _half(node: Node) -> float:
    """Half the width of a node's box."""
    return len(node[1]) * LETTER / 2 + 0.16


def _curve(axes: Axes, look: Look, start: Point, end: Point) -> None:
    """A line that leaves and arrives level."""
    middle = (start[0] + end[0]) / 2
    points = [start, (middle, start[1]), (middle, end[1]), end]
    curve = Curve(points, [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4])
    axes.add_patch(
        PathPatch(
            curve, edgecolor=look.colour, fill=False, linewidth=look.width, linestyle=look.dashes,
            capstyle="butt", zorder=4 if look is LOOKS[Role.UNSAFE] else 3,
        )
    )  # fmt: skip


def _head(axes: Axes, look: Look, tip: Point) -> None:
    """An arrow head apart from its line, so that it is whole whatever the dashes."""
    x, y = tip
    corners = [(x + 0.05, y), (x - 0.14, y + 0.075), (x - 0.14, y - 0.075)]
    axes.add_patch(
        Polygon(corners, facecolor=look.colour, edgecolor="none", zorder=4 + (look is LOOKS[Role.UNSAFE]))
    )


def _legend(axes: Axes, graph: RelationGraph, drawn: int, low: float) -> None:
    lines, labels = [], []
    for role, look in LOOKS.items():
        trained, new = len(graph.of(role, Split.TRAIN)), len(graph.of(role, Split.HELD_OUT))
        if not trained + new:
            continue
        line = Line2D([], [], color=look.colour, linestyle=look.dashes, linewidth=look.width)
        if role is Role.NODE:
            line = Line2D(
                [], [], linestyle="none", marker="s", markersize=11, markerfacecolor="#FBEAF3",
                markeredgecolor=look.colour, markeredgewidth=look.width,
            )  # fmt: skip
        lines.append(line)
        labels.append(f"{look.label}  ({trained} trained on, {new} held out)")
    axes.legend(
        lines, labels, loc="upper center", bbox_to_anchor=(WIDTH / 2, low - 0.4),
        bbox_transform=axes.transData, ncols=2, frameon=False, fontsize=9.5, handlelength=3.4,
        labelcolor=INK, columnspacing=2.2, labelspacing=0.7,
    )  # fmt: skip
    total = sum(edge.role is not Role.NODE for edge in graph.edges)
    note = (
        f"A framed label is held out of training: only the audit asks for it. {drawn} of {total} edges drawn."
    )
    _text(axes, (WIDTH / 2, low - 1.85), note, fontsize=9, color=FAINT)
