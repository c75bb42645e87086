"""Which edges of a graph to draw: a handful that shows every kind."""

from __future__ import annotations

from collections import Counter

import networkx as nx

from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split

MOST_UNSAFE = 8
PER_KIND_AND_SPLIT = {"nearby": 2}  # for the others one: kinds differ more than their members do

Node = tuple[str, str]  # ("actor" or "object", name): a robot may be both


def chosen(graph: RelationGraph) -> tuple[GraphEdge, ...]:
    """The forbidden edges, then examples of each kind and split, with as few new nodes and as many
    different relations as there are."""
    drawn = _some_unsafe(graph)
    rest = [edge for edge in graph.edges if edge.role not in (Role.UNSAFE, Role.NODE)]
    for kind in dict.fromkeys(edge.kind for edge in rest):
        for split in Split:
            group = [edge for edge in rest if edge.kind == kind and edge.split is split]
            for _ in range(min(len(group), PER_KIND_AND_SPLIT.get(kind, 1))):
                best = min(group, key=lambda edge: _cost(edge, drawn))
                group.remove(best)
                drawn.append(best)
    return tuple(drawn)


def _some_unsafe(graph: RelationGraph) -> list[GraphEdge]:
    """Forbidden edges from training and from what is held out, spread evenly over all there are."""
    trained, held = graph.of(Role.UNSAFE, Split.TRAIN), graph.of(Role.UNSAFE, Split.HELD_OUT)
    room = max(MOST_UNSAFE - len(held), MOST_UNSAFE // 2)
    first = _spread(trained, room)
    return [*first, *_spread(held, MOST_UNSAFE - len(first))]


def _spread(edges: tuple[GraphEdge, ...], room: int) -> list[GraphEdge]:
    count = min(room, len(edges))
    return [edges[i * len(edges) // count] for i in range(count)]


def _cost(edge: GraphEdge, drawn: list[GraphEdge]) -> tuple[int, int, int, int]:
    known = {end for other in drawn for end in ends(other)}
    new = sum(end not in known for end in ends(edge))
    pairs = Counter(ends(other) for other in drawn)
    relations = Counter(other.triple.relation for other in drawn)
    first = drawn[0].triple if drawn else None
    return (
        new > 1,
        pairs[ends(edge)] // 2,  # more than a few edges between the same two cannot be read
        int(edge.near != first) if edge.role is Role.SAFE_EDGE else 0,
        new + min(relations[edge.triple.relation], 4),
    )


def ends(edge: GraphEdge) -> tuple[Node, Node]:
    return ("actor", edge.triple.actor), ("object", edge.triple.object)


def as_networkx(edges: tuple[GraphEdge, ...]) -> nx.MultiDiGraph:
    """Actors and objects as nodes; each edge carries its ``GraphEdge`` as ``edge``."""
    network = nx.MultiDiGraph()
    for edge in edges:
        source, target = ends(edge)
        network.add_edge(source, target, edge=edge)
    return network
