"""What a caption states, and what the policy wants done with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from unrelate.data.roles import Roles
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.matching.reading import Reader, Statement
from unrelate.policy.hierarchy import KINDS, plain
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple

MAY_BE = "may be forbidden: it does not say exactly enough who does what, to what, or where"


@dataclass(frozen=True)
class Matched:
    """A stated tuple under a policy.

    ``role`` and ``split`` are those of the relation graph; both None if the graph does not name the
    tuple, or if only some of its pictures would be forbidden (*a person drinking wine*).
    """

    statement: Statement
    role: Role | None
    split: Split | None
    why: str

    @property
    def may_be_forbidden(self) -> bool:
        """Whether some pictures of it would be forbidden and others not."""
        return self.role is None and self.why.endswith(MAY_BE)

    @property
    def triple(self) -> Triple:
        return self.statement.triple


@dataclass(frozen=True)
class Match:
    """All that one caption states; ``statements`` is empty if that is nothing."""

    caption: str
    statements: tuple[Matched, ...]


class Matcher:
    """Captions, read and judged under one policy and its relation graph."""

    def __init__(self, policy: Policy, graph: RelationGraph) -> None:
        self.reader = Reader(policy.vocabulary)
        self._vocabulary = policy.vocabulary
        self._roles = Roles(graph, policy.vocabulary)
        self._judged = lru_cache(maxsize=65536)(self._judge)

    def match(self, caption: str) -> Match:
        """What ``caption`` states, in its order."""
        return Match(caption, tuple(self._matched(said) for said in self.reader.read(caption)))

    def _matched(self, statement: Statement) -> Matched:
        role, split, reason = self._judged(statement.triple)
        said = [
            f"'{words}' says {name}"
            for kind, words, name in zip(KINDS, statement.said, statement.triple.slots(), strict=True)
            if plain(words) != plain(name)
        ]
        return Matched(statement, role, split, "; ".join((*said, reason)))

    def _judge(self, triple: Triple) -> tuple[Role | None, Split | None, str]:
        relevant = self._roles.relevant(triple)
        edge = self._roles.find(relevant)
        covering = self._roles.covering(relevant)
        if covering:
            kinds = self._kinds(relevant, covering[0])
            split = edge.split if edge else None
            return Role.UNSAFE, split, "; ".join((*kinds, f"forbidden by {covering[0]}"))
        if edge is not None:
            return edge.role, edge.split, _near(edge)
        if self._roles.may_be_forbidden(relevant):
            return None, None, MAY_BE
        return None, None, "not in the relation graph"

    def _kinds(self, triple: Triple, stated: Triple) -> list[str]:
        """*toddler is a child*, for each slot that the forbidden tuple names more widely."""
        slots = zip(KINDS, triple.slots(), stated.slots(), strict=True)
        return [
            f"{low} is {self._vocabulary.phrases(kind, high)[0]}" for kind, low, high in slots if low != high
        ]


def _near(edge: GraphEdge) -> str:
    """Why an edge that is not forbidden by name has its role."""
    where = f" of {edge.near}" if edge.near and edge.near != edge.triple else ""
    return f"{edge.role.value.replace('_', ' ')}: {edge.kind}{where}"
