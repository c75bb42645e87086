"""What else states the forbidden, and what nearly does but must stay: the text side of the graph.

Pictures are dear and words are not. From the vocabulary alone come the hypernyms of the forbidden
(to push), the hypernyms of what is safe (to hold), and anchors: captions of the forbidden with one
slot changed, most of which nobody would photograph.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import say, training_wordings


def wider_and_forbidden(words: Vocabulary, triple: Triple, scope: Iterable[Triple]) -> Iterator[Triple]:
    """The tuple and those above it that mean nothing outside the forbidden ``scope``.

    *A minor drinking alcohol* for child-drinking-wine; never *a person drinking wine*.
    """
    yield triple
    for stated in scope:
        if set(stated.context) <= set(triple.context):
            ways = [
                _between(words, kind, low, high)
                for kind, low, high in zip(KINDS, triple.slots(), stated.slots(), strict=True)
            ]
            for actor, relation, object_ in product(*ways):
                yield Triple(actor, relation, object_, triple.context)


def wider_and_safe(words: Vocabulary, triple: Triple, graph: RelationGraph) -> list[Triple]:
    """The tuples above a safe one (*an adult*, *a soft drink*) of which no case is forbidden.

    The forbidden is learnt with its hypernyms, so what is safe must be too: else nothing tells a
    soft drink that was never shown from an alcoholic one.
    """
    actors = (triple.actor, *words.ancestors("actors", triple.actor))
    objects = (triple.object, *words.ancestors("objects", triple.object))
    above = [Triple(a, triple.relation, o, triple.context) for a, o in product(actors, objects)]
    return [t for t in above if t != triple and not may_be_forbidden(words, t, graph)]


def may_be_forbidden(words: Vocabulary, stated: Triple, graph: RelationGraph) -> bool:
    """Whether some case of ``stated`` is forbidden, in whatever context."""
    actors = words.concrete_under("actors", stated.actor)
    objects = words.concrete_under("objects", stated.object)
    return any(
        edge.triple.relation == stated.relation
        and edge.triple.actor in actors
        and edge.triple.object in objects
        for edge in graph.of(Role.UNSAFE)
    )


def anchors(words: Vocabulary, graph: RelationGraph, seed: int) -> dict[str, Triple]:
    """Captions of the forbidden with one slot changed: *a child drinking a hammer*.

    They cost no picture, and none of them is held out, so they give no test away; yet each tells the
    text tower that the forbidden is this conjunction and no other. In an order that the seed chooses.
    """
    held_out = {edge.triple.bare() for edge in graph.edges if edge.split is Split.HELD_OUT}
    changed: dict[Triple, None] = {}
    for edge in graph.of(Role.UNSAFE, Split.TRAIN):
        for kind, slot in zip(KINDS, ("actor", "relation", "object"), strict=True):
            names = words.concepts(kind)
            changed |= dict.fromkeys(replace(edge.triple, **{slot: name}) for name in names)
    kept = [t for t in changed if t.bare() not in held_out and not may_be_forbidden(words, t, graph)]
    places = [{}, *({"place": place} for place in words.contexts.get("place", {}))]
    said = {
        say(words, triple.within(**(place | dict(triple.context))), wording): triple
        for triple in kept
        for place in places
        for wording in training_wordings(words)
    }
    said |= _absurd(words, graph)
    return {text: said[text] for text in random.Random(f"anchors/{seed}").sample(sorted(said), len(said))}


def _absurd(words: Vocabulary, graph: RelationGraph) -> dict[str, Triple]:
    """Things in the place of actors, and actors of things: *a hammer drinking wine*.

    All who are shown drinking may be adults; then *no adult* would do as a mark of the forbidden, and
    a dog would go with the child. A hammer is no adult either, and it stays.
    """
    said: dict[str, Triple] = {}
    swaps = (("actors", "actor", "objects"), ("objects", "object", "actors"))
    for edge in graph.of(Role.UNSAFE, Split.TRAIN):
        for kind, slot, others in swaps:
            known = words.phrases(kind, getattr(edge.triple, slot))
            for wording in training_wordings(words):
                text = say(words, edge.triple, wording)
                phrase = known[wording.choice % len(known)]
                for name in words.concepts(others):
                    said[text.replace(phrase, words.phrases(others, name)[0], 1)] = replace(
                        edge.triple, **{slot: ""}
                    )
    return said


def _between(words: Vocabulary, kind: str, low: str, high: str) -> list[str]:
    """A concept, and all above it that mean nothing outside ``high``; nothing if it is not below."""
    if not (low and high) or not words.is_under(kind, low, high):
        return []
    inside = set(words.concrete_under(kind, high))
    above = (low, *words.ancestors(kind, low))
    return [name for name in above if set(words.concrete_under(kind, name)) <= inside]
