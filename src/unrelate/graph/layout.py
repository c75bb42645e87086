"""Where things stand in a drawn graph: actors left, objects right, and between them one row for
each edge, so that no two labels can meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from unrelate.graph.select import Node, as_networkx
from unrelate.graph.types import GraphEdge, Role
from unrelate.policy.triple import Triple

Point = tuple[float, float]

WIDTH = 9.0  # between the columns, in data units, as all below
ROW, HEADING = 0.46, 0.40  # height of an edge's row, and of the line above each kind
NODE_GAP = 0.75  # least distance of two nodes in a column


@dataclass(frozen=True)
class Layout:
    """``rows[i]`` is the height of edge ``i``, ``headings`` the height of each kind's heading;
    heights fall from 0 downwards to ``low``."""

    rows: tuple[float, ...]
    headings: tuple[tuple[str, float], ...]
    nodes: Mapping[Node, Point]
    low: float


def lay_out(edges: Sequence[GraphEdge]) -> Layout:
    """Rows in the given order, kind by kind; each node near the middle of its rows."""
    rows: list[float] = []
    headings: list[tuple[str, float]] = []
    height = 0.0
    for number, edge in enumerate(edges):
        if not number or edge.kind != edges[number - 1].kind:
            height -= HEADING / 3 if number else 0.0
            headings.append((edge.kind, height))
            height -= HEADING
        rows.append(height)
        height -= ROW
    low = rows[-1]
    network = as_networkx(tuple(edges))
    row = dict(zip((edge.triple for edge in edges), rows, strict=True))
    nodes: dict[Node, Point] = {}
    for x, side in ((0.0, "actor"), (WIDTH, "object")):
        column = [node for node in network if node[0] == side]
        wished = {n: _middle(network, n, row) for n in column}
        nodes |= {n: (x, y) for n, y in spread(wished).items()}
    return Layout(tuple(rows), tuple(headings), nodes, low)


def spread(wished: Mapping[Node, float]) -> dict[Node, float]:
    """Heights as near to the wished ones as `NODE_GAP` allows, in their order."""
    ordered = sorted(wished, key=lambda node: (-wished[node], node))
    heights = [wished[node] for node in ordered]
    for _ in range(200):
        for i in range(1, len(heights)):
            lacking = NODE_GAP - (heights[i - 1] - heights[i])
            if lacking > 1e-6:
                heights[i - 1] += lacking / 2
                heights[i] -= lacking / 2
    return dict(zip(ordered, heights, strict=True))


def _middle(network: nx.MultiDiGraph, node: Node, row: Mapping[Triple, float]) -> float:
    """The mean height of a node's edges; a forbidden one draws three times as strongly."""
    around = [*network.out_edges(node, data="edge"), *network.in_edges(node, data="edge")]
    drawn = [(row[edge.triple], 3.0 if edge.role is Role.UNSAFE else 1.0) for _, _, edge in around]
    return sum(height * weight for height, weight in drawn) / sum(weight for _, weight in drawn)
