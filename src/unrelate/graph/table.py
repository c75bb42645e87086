"""A plan as a table for people."""

from __future__ import annotations

from collections import Counter

from rich.table import Table
from rich.text import Text

from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.schema import Policy

# Role -> what becomes of it, in words.
FATE = {
    Role.UNSAFE: "forgotten",
    Role.SAFE_EDGE: "kept",
    Role.NODE: "kept",
    Role.SAFE_NODE: "kept",
    Role.NEUTRAL: "kept",
}
_EXAMPLES = 3


def plan_table(policy: Policy, graph: RelationGraph) -> Table:
    """One row for each role and kind: how many train, how many are held out, and a few of them."""
    scope = ", ".join(str(triple) for triple in graph.scope)
    table = Table(title=Text(f"{policy.name}: forget {scope}"), title_justify="left")
    for name in ("role", "what it is", "becomes"):
        table.add_column(name, no_wrap=True)
    table.add_column("trained on", justify="right")
    table.add_column("held out", justify="right")
    table.add_column("for example")
    counts = Counter((edge.role, edge.kind, edge.split) for edge in graph.edges)
    for role, kind in dict.fromkeys((edge.role, edge.kind) for edge in graph.edges):
        some = [edge.triple for edge in graph.edges if (edge.role, edge.kind) == (role, kind)][:_EXAMPLES]
        table.add_row(
            role.value,
            kind,
            Text(FATE[role], style="bold red" if role is Role.UNSAFE else "green"),
            str(counts[role, kind, Split.TRAIN]),
            str(counts[role, kind, Split.HELD_OUT]),
            Text("; ".join(str(triple) for triple in some)),
        )
    return table
