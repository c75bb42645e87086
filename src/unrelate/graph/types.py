"""What the graph room hands on: edges with a role and a split."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from unrelate.policy.triple import Triple


class Role(StrEnum):
    """What the graph wants done with a tuple (RASU section 3.1; its loss terms beside each)."""

    UNSAFE = "unsafe"  # L3, Ladv: push
    SAFE_EDGE = "safe_edge"  # L1: same relation with another partner, same pair in another relation
    NODE = "node"  # L2: O1 alone, O2 alone
    SAFE_NODE = "safe_node"  # never trained on: the relation between two *new* nodes
    NEUTRAL = "neutral"  # L4: nothing to do with the unsafe edge


class Split(StrEnum):
    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass(frozen=True)
class GraphEdge:
    """A tuple, what is to become of it, and why.

    ``kind`` says how it neighbours the forbidden, in words a person reads: ``forbidden``,
    ``subordinate``, ``other object``, ``other actor``, ``other relation``, ``condition not met``,
    ``actor alone``, ``object alone``, ``relation on new nodes``, ``unrelated``, ``kept by policy``;
    among facts also ``neighbour's other fact`` (neutral, but of a person who shares some other fact
    with the forbidden).
    ``near`` is the concrete unsafe tuple it neighbours (itself, if unsafe; None, if neutral).
    """

    triple: Triple
    role: Role
    kind: str
    split: Split
    near: Triple | None = None


@dataclass(frozen=True)
class RelationGraph:
    """Every tuple that an edit or an audit touches, each exactly once.

    ``scope`` holds the forbidden tuples as the policy states them, hypernyms and all
    (``child-drinking-alcohol``): their wording is trained on too. Of the concrete tuples in ``never`` no
    picture may be drawn or held (``pictures: never``). In a world of facts ``held_out_actors`` are the
    people of whom training shows nothing at all; None elsewhere.
    """

    edges: tuple[GraphEdge, ...]
    scope: tuple[Triple, ...]
    never: frozenset[Triple] = frozenset()
    held_out_actors: frozenset[str] | None = None

    def of(self, role: Role, split: Split | None = None) -> tuple[GraphEdge, ...]:
        """The edges of one role, in the order they were built, of one split if given."""
        edges = self._by_role[role]
        return edges if split is None else tuple(edge for edge in edges if edge.split is split)

    @cached_property
    def _by_role(self) -> dict[Role, tuple[GraphEdge, ...]]:
        return {role: tuple(edge for edge in self.edges if edge.role is role) for role in Role}

    @cached_property
    def forbidden(self) -> frozenset[Triple]:
        """The concrete unsafe tuples, held out or not."""
        return frozenset(edge.triple for edge in self.of(Role.UNSAFE))

    @cached_property
    def held_out(self) -> frozenset[Triple]:
        """The tuples that training is not to tell, in no context."""
        return frozenset(edge.triple.bare() for edge in self.edges if edge.split is Split.HELD_OUT)

    @property
    def conditions(self) -> frozenset[str]:
        """The contexts (``place``) on which the policy has conditions."""
        return frozenset(key for triple in self.scope for key, _ in triple.context)
