"""What an edit will forget and keep, ready for JSON: ``unrelate plan POLICY --json``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple


def plan_summary(policy: Policy, graph: RelationGraph) -> dict[str, Any]:
    """``forgotten`` and ``kept``: role -> tuples with kind and split; ``counts``: role -> split ->
    number; ``kinds``: role -> kind -> number; the scope as the policy states it; the criteria."""
    return {
        "policy": policy.name,
        "description": policy.description,
        "scope": [_tuple(triple) for triple in graph.scope],
        "forgotten": {Role.UNSAFE.value: [_edge(edge) for edge in graph.of(Role.UNSAFE)]},
        "kept": {
            role.value: [_edge(edge) for edge in graph.of(role)] for role in Role if role is not Role.UNSAFE
        },
        "counts": {role.value: {split.value: len(graph.of(role, split)) for split in Split} for role in Role},
        "kinds": {role.value: dict(Counter(edge.kind for edge in graph.of(role))) for role in Role},
        "criteria": [
            {"figure": c.figure, "comparison": c.comparison, "threshold": c.threshold}
            for c in policy.criteria
        ],
    }


def _tuple(triple: Triple) -> dict[str, Any]:
    return {
        "tuple": str(triple),
        "actor": triple.actor,
        "relation": triple.relation,
        "object": triple.object,
        "context": dict(triple.context),
    }


def _edge(edge: GraphEdge) -> dict[str, Any]:
    return {
        **_tuple(edge.triple),
        "kind": edge.kind,
        "split": edge.split.value,
        "near": str(edge.near) if edge.near else None,
    }
