"""What neighbours the forbidden: roles and splits."""

from unrelate.graph.build import build_graph
from unrelate.graph.plan import plan_summary
from unrelate.graph.split import check_no_leak
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split

__all__ = ["GraphEdge", "RelationGraph", "Role", "Split", "build_graph", "check_no_leak", "plan_summary"]
