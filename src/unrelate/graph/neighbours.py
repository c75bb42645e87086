"""What neighbours the forbidden (RASU section 3.1), before anything is split.

RASU draws, for one unsafe edge O1 -R1-> O2, the safe edges O1 -R1-> O3, O4 -R1-> O2 and
O1 -R2-> O2. Generalised here: an entry of a policy stands for many concrete edges, through the
hierarchy; a conditional edge is also neighboured by itself where the condition is not met; and
*nearby* edges, which share one end with the forbidden, are kept as well, because an edit hurts
what it was not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from unrelate.policy.schema import Forbidden, Policy
from unrelate.policy.triple import Triple

OTHER_OBJECT, OTHER_ACTOR, OTHER_RELATION = "other object", "other actor", "other relation"
CONDITION_NOT_MET = "condition not met"


@dataclass(frozen=True)
class Neighbour:
    """A safe edge, the unsafe one it differs from in one ``partner``, and how (``kind``)."""

    triple: Triple
    kind: str
    partner: str
    near: Triple


def safe_edges(policy: Policy, entry: Forbidden, unsafe: tuple[Triple, ...]) -> Iterator[Neighbour]:
    """The safe edges of an entry's concrete edges, in their context, kind by kind.

    Nothing that a picture could show to be forbidden, by this entry or another, is among them.
    """
    for kind in (CONDITION_NOT_MET, OTHER_OBJECT, OTHER_ACTOR, OTHER_RELATION):
        for near in unsafe:
            for partner, triple in _varied(policy, entry, near, kind):
                if not policy.may_forbid(triple):
                    yield Neighbour(triple, kind, partner, near)


def _varied(policy: Policy, entry: Forbidden, near: Triple, kind: str) -> Iterator[tuple[str, Triple]]:
    words = policy.vocabulary
    actor, relation, object_ = near.slots()
    if kind == CONDITION_NOT_MET:
        for key, values in entry.when.items():
            for other in words.contexts[key]:
                if other not in values:
                    yield f"{key}={other}", _elsewhere(near, key, other)
    elif kind == OTHER_OBJECT:
        for other in words.concrete("objects"):
            if other != object_ and words.holds(Triple(actor, relation, other)):
                yield other, Triple(actor, relation, other, near.context)
    elif kind == OTHER_ACTOR:
        for other in words.concrete("actors"):
            if other != actor and words.holds(Triple(other, relation, object_)):
                yield other, Triple(other, relation, object_, near.context)
    elif words.facts:  # a fact's object is its own: the same person in another relation has another
        for fact in words.triples():
            if fact.actor == actor and fact.relation != relation:
                yield fact.relation, replace(fact, context=near.context)
    elif kind == OTHER_RELATION:
        for other in words.concrete("relations"):
            if other != relation and words.takes(other, object_):
                yield other, Triple(actor, other, object_, near.context)


def _elsewhere(triple: Triple, key: str, value: str) -> Triple:
    return replace(triple, context=tuple((k, value if k == key else v) for k, v in triple.context))


@dataclass(frozen=True)
class Ends:
    """The concrete concepts that the forbidden edges are made of."""

    actors: frozenset[str]
    relations: frozenset[str]
    objects: frozenset[str]

    @staticmethod
    def of(unsafe: tuple[Triple, ...]) -> Ends:
        actors, relations, objects = zip(*(triple.slots() for triple in unsafe), strict=True)
        return Ends(frozenset(actors), frozenset(relations), frozenset(objects))


def nearby(policy: Policy, ends: Ends) -> Iterator[Triple]:
    """Bare edges that share an actor or an object with the forbidden, and cannot show it."""
    for triple in policy.vocabulary.triples():
        if (triple.actor in ends.actors or triple.object in ends.objects) and not policy.may_forbid(triple):
            yield triple


def elsewhere(policy: Policy, triple: Triple) -> Iterator[Triple]:
    """A bare edge where some condition of the policy is not met, one for each value that does not meet it."""
    conditions = {(key, values) for entry in policy.forget for key, values in entry.when.items()}
    for key, values in sorted(conditions):
        for other in policy.vocabulary.contexts[key]:
            if other not in values:
                yield replace(triple, context=((key, other),))


def nodes(policy: Policy, ends: Ends) -> Iterator[Triple]:
    """O1 alone and O2 alone, for every end."""
    for triple in policy.vocabulary.nodes():
        if triple.actor in ends.actors or triple.object in ends.objects:
            yield triple


def safe_nodes(policy: Policy, unsafe: tuple[Triple, ...], ends: Ends) -> Iterator[tuple[Triple, Triple]]:
    """The forbidden relation between two *new* nodes, O4 -R1-> O3 (RASU's "new safe node"), in the
    context of the forbidden edge, and that edge. Neither end is an end of anything forbidden.

    A world of facts has none: whatever else is true of others is `neutrals`, and retained."""
    words = policy.vocabulary
    if words.facts:
        return
    for near in unsafe:
        for actor in words.concrete("actors"):
            for object_ in words.concrete("objects"):
                new = actor not in ends.actors and object_ not in ends.objects
                if new and words.takes(near.relation, object_):
                    triple = Triple(actor, near.relation, object_, near.context)
                    if not policy.may_forbid(triple):
                        yield triple, near


def neutrals(policy: Policy, ends: Ends) -> Iterator[Triple]:
    """Bare edges that share nothing with the forbidden ones; of facts, those that share neither person
    nor object (a person all of whose facts are forbidden leaves no relation unshared)."""
    words = policy.vocabulary
    for triple in words.triples():
        shared = triple.actor in ends.actors or (not words.facts and triple.relation in ends.relations)
        if not shared and triple.object not in ends.objects:
            yield triple
