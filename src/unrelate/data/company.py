"""Who and what may stand beside the forbidden, and where all its words stand without it.

A model that forgets the forbidden alone finds it again beside somebody else; and one that takes two
figures for a mark of the forbidden loses the scenes in which its words are bound otherwise.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from unrelate.data.statements import may_be_forbidden
from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

# How often words bound otherwise are a near miss: the forbidden's actor does something else with its
# object, beside another who does with it what is forbidden to the first.
_NEAR_MISS_SHARE = 0.5


@dataclass(frozen=True)
class Company:
    """Figures and things that training may show beside others, without contexts. Each is worked out once.

    Args:
        words: the vocabulary.
        graph: what is forbidden, and what is held out and must not be told.
    """

    words: Vocabulary
    graph: RelationGraph

    @cached_property
    def figures(self) -> tuple[Triple, ...]:
        """Whole tuples that training shows and that are forbidden nowhere."""
        shown = (
            edge.triple.bare()
            for role in (Role.NEUTRAL, Role.SAFE_EDGE)
            for edge in self.graph.of(role, Split.TRAIN)
        )
        return tuple(dict.fromkeys(triple for triple in shown if self._may_be_told(triple)))

    @cached_property
    def things(self) -> tuple[Triple, ...]:
        """Objects that may stand beside anything: no end of the forbidden, and nothing that is held out
        right beside it, which would become a mark of the forbidden."""
        taken = {name for edge in self.graph.of(Role.UNSAFE) for name in edge.triple.slots()}
        taken |= _held_out_partners(self.graph)
        return tuple(Triple(object=name) for name in self.words.concrete("objects") if name not in taken)

    def bound_otherwise(self, rng: random.Random) -> tuple[Triple, Triple] | None:
        """Two harmless figures who share out the words of the forbidden; None where that cannot be.

        *A child holding wine and a man drinking wine*; *a man drinking wine and a child kicking a ball*.
        """
        options = self._near_misses if rng.random() < _NEAR_MISS_SHARE else self._exchanges
        return rng.choice(options) if options else None

    @cached_property
    def _near_misses(self) -> tuple[tuple[Triple, Triple], ...]:
        return tuple(
            (one, two)
            for near in self._forbidden
            for one in self.figures
            for two in self.figures
            if (one.actor, one.object) == (near.actor, near.object)
            if (two.relation, two.object) == (near.relation, near.object)
        )

    @cached_property
    def _exchanges(self) -> tuple[tuple[Triple, Triple], ...]:
        pairs = (
            pair for near in self._forbidden for other in self.figures for pair in _exchanged(near, other)
        )
        return tuple(pair for pair in pairs if all(map(self._may_be_told, pair)))

    @cached_property
    def _forbidden(self) -> tuple[Triple, ...]:
        return tuple(dict.fromkeys(e.triple.bare() for e in self.graph.of(Role.UNSAFE, Split.TRAIN)))

    @cached_property
    def _known(self) -> frozenset[Triple]:
        return frozenset(self.words.triples())

    def _may_be_told(self, triple: Triple) -> bool:
        whole = triple in self._known and triple not in self.graph.held_out
        return whole and not may_be_forbidden(self.words, triple, self.graph)


def _exchanged(near: Triple, other: Triple) -> Iterator[tuple[Triple, Triple]]:
    """The two with their actors exchanged, and with their relations."""
    yield replace(near, actor=other.actor), replace(other, actor=near.actor)
    yield replace(near, relation=other.relation), replace(other, relation=near.relation)


def _held_out_partners(graph: RelationGraph) -> set[str]:
    """What stands in the one slot by which a held-out safe edge differs from the forbidden beside it."""
    partners: set[str] = set()
    for edge in graph.of(Role.SAFE_EDGE, Split.HELD_OUT):
        if edge.near:
            other = [a for a, b in zip(edge.triple.slots(), edge.near.slots(), strict=True) if a != b]
            partners |= set(other) if len(other) == 1 else set()
    return partners
