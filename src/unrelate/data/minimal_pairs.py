"""What nearly states what a picture shows, and is false of it: the foils of the benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

from unrelate.graph.types import RelationGraph, Role
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple

SLOTS = ("actor", "relation", "object")
CONDITION = "condition"


@dataclass(frozen=True, order=True)
class Beside:
    """A safe tuple of the graph and a forbidden one that it differs from in a single slot."""

    safe: Triple
    near: Triple


def beside_the_forbidden(graph: RelationGraph) -> dict[str, list[Beside]]:
    """The safe edges right beside the forbidden, by what differs: a slot, or `CONDITION`."""
    forbidden = [edge.triple for edge in graph.of(Role.UNSAFE)]
    found: dict[str, list[Beside]] = {name: [] for name in (*SLOTS, CONDITION)}
    for edge in graph.of(Role.SAFE_EDGE):
        for near in forbidden:
            if (what := difference(edge.triple, near)) is not None:
                found[what].append(Beside(edge.triple, near))
    return found


def difference(one: Triple, two: Triple) -> str | None:
    """The only thing in which two tuples differ; None if they are equal or differ in more."""
    slots = [n for n, a, b in zip(SLOTS, one.slots(), two.slots(), strict=True) if a != b]
    here, there = dict(one.context), dict(two.context)
    if here.keys() != there.keys():
        return None
    elsewhere = [CONDITION for key in here if here[key] != there[key]]
    differing = [*slots, *elsewhere]
    return differing[0] if len(differing) == 1 else None


@dataclass(frozen=True)
class Foils:
    """Foils under one policy.

    Args:
        policy: whose vocabulary they are made of.
        implied: relation -> the relations that a picture of it shows as well: who drinks from a glass
            also holds it, so *holding* is no foil to *drinking*.
    """

    policy: Policy
    implied: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, shown: Triple, slots: Sequence[str] = SLOTS) -> list[Triple]:
        """Every concrete tuple that differs from what is shown in one of these slots, and is false."""
        return [other for other in self._one_slot_away(shown, slots) if not self.true(other, shown)]

    def elsewhere(self, shown: Triple) -> list[Triple]:
        """The same tuple with another value of one of its contexts."""
        contexts = self.policy.vocabulary.contexts
        return [
            shown.within(**{key: other})
            for key, value in shown.context
            for other in contexts[key]
            if other != value
        ]

    def safe(self, *triples: Triple) -> bool:
        """Whether a picture of these tuples can show nothing that the policy forbids."""
        return not any(self.policy.may_forbid(triple) for triple in triples)

    def true(self, said: Triple, shown: Triple) -> bool:
        """Whether what is said is true of what is shown, or may be: each slot the same or a hypernym
        (*a child* of a toddler), a relation that is implied, contexts that are stated; and anything
        below a concept that no picture shows as such (*wine* of alcohol)."""
        slots = zip(KINDS, said.slots(), shown.slots(), strict=True)
        held = all(
            self._may_be(kind, low, high) or (kind == "relations" and high in self.implied.get(low, ()))
            for kind, high, low in slots
        )
        return held and set(said.context) <= set(shown.context)

    def all_true(self, said: Sequence[Triple], shown: Sequence[Triple]) -> bool:
        """Whether a caption of several figures is true of as many, whichever is named first."""
        return any(
            all(self.true(a, b) for a, b in zip(said, order, strict=True)) for order in permutations(shown)
        )

    def _may_be(self, kind: str, shown: str, said: str) -> bool:
        words = self.policy.vocabulary
        open_ = not words.concepts(kind)[shown].concrete
        return words.is_under(kind, shown, said) or (open_ and words.is_under(kind, said, shown))

    def _one_slot_away(self, triple: Triple, slots: Sequence[str]) -> Iterator[Triple]:
        words = self.policy.vocabulary
        for kind, slot in zip(KINDS, SLOTS, strict=True):
            for name in words.concrete(kind) if slot in slots else ():
                other = replace(triple, **{slot: name})
                if other != triple and words.takes(other.relation, other.object):
                    yield other
