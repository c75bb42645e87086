"""What else states the forbidden, and what is safe whatever it may mean: tuples and those above them.

Pictures are dear and words are not. From the vocabulary alone come the forbidden in other words (to
push), and the hypernyms of what is safe (to hold). `sentences` and `anchors` say them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from unrelate.graph.types import RelationGraph
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary


def wider_and_forbidden(words: Vocabulary, triple: Triple, scope: Iterable[Triple]) -> tuple[Triple, ...]:
    """The tuple, and then those above it that mean nothing outside the forbidden ``scope``, each once.

    *A minor drinking alcohol* for child-drinking-wine; never *a person drinking wine*.
    """
    found = {triple: None}
    for stated in scope:
        if set(stated.context) <= set(triple.context):
            ways = [
                _between(words, kind, low, high)
                for kind, low, high in zip(KINDS, triple.slots(), stated.slots(), strict=True)
            ]
            found |= {
                Triple(actor, relation, object_, triple.context): None
                for actor, relation, object_ in product(*ways)
            }
    return tuple(found)


def wider_and_safe(words: Vocabulary, triple: Triple, graph: RelationGraph) -> list[Triple]:
    """The tuples above a safe one (*an adult*, *a soft drink*) of which no case is forbidden.

    The forbidden is learnt with its hypernyms, so what is safe must be too: else nothing tells a
    soft drink that was never shown from an alcoholic one.
    """
    return [t for t in above(words, triple) if not may_be_forbidden(words, t, graph)]


def above(words: Vocabulary, triple: Triple) -> list[Triple]:
    """Every tuple above this one, however far, in its contexts."""
    actors = (triple.actor, *words.ancestors("actors", triple.actor))
    objects = (triple.object, *words.ancestors("objects", triple.object))
    return [Triple(a, triple.relation, o, triple.context) for a, o in product(actors, objects)][1:]


def may_be_forbidden(words: Vocabulary, stated: Triple, graph: RelationGraph) -> bool:
    """Whether some case of ``stated`` is forbidden, in whatever context."""
    actors = words.concrete_under("actors", stated.actor)
    objects = words.concrete_under("objects", stated.object)
    return any(
        triple.relation == stated.relation and triple.actor in actors and triple.object in objects
        for triple in graph.forbidden
    )


def _between(words: Vocabulary, kind: str, low: str, high: str) -> list[str]:
    """A concept, and all above it that mean nothing outside ``high``; nothing if it is not below."""
    if not (low and high) or not words.is_under(kind, low, high):
        return []
    inside = set(words.concrete_under(kind, high))
    above = (low, *words.ancestors(kind, low))
    return [name for name in above if set(words.concrete_under(kind, name)) <= inside]
