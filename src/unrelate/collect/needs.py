"""What an edit under a policy wants: so many pairs of each tuple, in each split."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from unrelate.collect.types import Need
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.policy.triple import Triple

# Held-out pairs to one that is trained on.
HELD_OUT_SHARE = 0.4
# Roles whose tuples are trained on and asked for in different pictures (`unrelate.data.splits`).
_IN_BOTH = (Role.UNSAFE, Role.NODE)


def needs(graph: RelationGraph, pairs: int, *, seed: int = 0) -> tuple[Need, ...]:
    """Every tuple that is wanted at all, with how many pairs.

    Args:
        pairs: how many to train on of each role, spread over its tuples kind by kind; for the audit
            `HELD_OUT_SHARE` of that, and at least one.
        seed: which tuples are wanted where there are more than pairs.
    """
    rng = random.Random(f"needs/{seed}")
    found = []
    for role in Role:
        for split in Split:
            amount = pairs if split is Split.TRAIN else max(1, round(pairs * HELD_OUT_SHARE))
            for edge, wanted in _spread(_edges(graph, role, split), amount, rng).items():
                found.append(Need(edge.triple, role, split, wanted, drawn=edge.triple not in graph.never))
    return tuple(found)


def counted(wanted: tuple[Need, ...], have: Mapping[tuple[Triple, Split], int]) -> tuple[Need, ...]:
    """The same needs, with what is there of each."""
    return tuple(replace(need, have=have.get((need.triple, need.split), 0)) for need in wanted)


def _edges(graph: RelationGraph, role: Role, split: Split) -> tuple[GraphEdge, ...]:
    own = graph.of(role, split)
    if role in _IN_BOTH and split is Split.HELD_OUT:
        return (*graph.of(role, Split.TRAIN), *own)
    return own


def _spread(edges: tuple[GraphEdge, ...], amount: int, rng: random.Random) -> Counter[GraphEdge]:
    """``amount`` pairs over the edges, every kind as often as any other, and in it every edge: the few
    right beside the forbidden are wanted as often as the many farther off."""
    kinds = list(dict.fromkeys(edge.kind for edge in edges))
    wanted: Counter[GraphEdge] = Counter()
    for number, kind in enumerate(kinds):
        share = amount // len(kinds) + (number < amount % len(kinds))
        queue: list[GraphEdge] = []
        for _ in range(share):
            if not queue:
                these = [edge for edge in edges if edge.kind == kind]
                queue = rng.sample(these, len(these))
            wanted[queue.pop()] += 1
    return wanted
