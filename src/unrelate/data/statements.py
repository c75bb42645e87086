"""What else states the forbidden, and what nearly does but must stay: the text side of the graph.

Pictures are dear and words are not. From the vocabulary alone come the forbidden in other words and
longer sentences (to push), and the hypernyms of what is safe (to hold; see also `anchors`).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import product

from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import USUAL, say, training_wordings

# How many `forbidden_sentences` an unsafe picture comes with.
SENTENCES = 24
# Contexts that sentences may add. Others (the time of day) are left to the contextual attack.
_ADDED = ("place", "colour")
# How often a sentence says a place or a colour that it need not, and how often a thing beside it.
_PLACE_SHARE, _COLOUR_SHARE, _BYSTANDER_SHARE = 0.5, 0.3, 0.08


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


def dressed(words: Vocabulary, triple: Triple, keys: Collection[str], rng: random.Random) -> Triple:
    """The tuple with a place or a colour that a sentence may add; ``keys`` (those that the policy
    has conditions on) it always states, as every caption of such a world does."""
    known, added = dict(triple.context), {}
    for key, share in zip(_ADDED, (_PLACE_SHARE, _COLOUR_SHARE), strict=True):
        sayable = key in words.contexts and (triple.actor or words.describes.get(key) != "actor")
        if sayable and key not in known and (key in keys or rng.random() < share):
            added[key] = rng.choice(sorted(words.contexts[key]))
    return triple.within(**added)


def side_by_side(words: Vocabulary, one: Triple, two: Triple, rng: random.Random) -> str:
    """*A child holding a ball and a man drinking wine*, in either order, where ``one`` is."""
    said = [say(words, replace(triple, context=()), USUAL) for triple in (one, two)]
    places = [words.context_phrase(*pair) for pair in one.context]
    return " ".join([" and ".join(rng.sample(said, 2)), *places])


def forbidden_sentences(
    words: Vocabulary, triple: Triple, graph: RelationGraph, count: int, rng: random.Random
) -> list[str]:
    """At most ``count`` sentences that state the forbidden: with its hypernyms, usual words, a place, a
    colour, and now and then a thing beside it.

    They widen what is forgotten to what the words cover (beer, where pictures show wine). A tuple
    that is forbidden under a condition alone gets none: there, width costs the tuple its other places.
    """
    if triple.context:
        return []
    stated = list(dict.fromkeys(wider_and_forbidden(words, triple, graph.scope)))
    wordings, sentences = training_wordings(words), []
    things = bystanders(words, graph)
    for _ in range(count):
        chosen = rng.choice(stated)
        if things and rng.random() < _BYSTANDER_SHARE:
            sentences.append(side_by_side(words, chosen, rng.choice(things), rng))
        else:
            sentences.append(say(words, dressed(words, chosen, (), rng), rng.choice(wordings)))
    return list(dict.fromkeys(sentences))


def bystanders(words: Vocabulary, graph: RelationGraph) -> list[Triple]:
    """Objects that a sentence may add to anything: no end of the forbidden, and nothing that is held
    out right beside it, which would become a mark of the forbidden."""
    taken = {name for edge in graph.of(Role.UNSAFE) for name in edge.triple.slots()}
    taken |= _held_out_partners(graph)
    return [Triple(object=name) for name in words.concrete("objects") if name not in taken]


def _held_out_partners(graph: RelationGraph) -> set[str]:
    """What stands in the one slot by which a held-out safe edge differs from the forbidden beside it."""
    partners: set[str] = set()
    for edge in graph.of(Role.SAFE_EDGE, Split.HELD_OUT):
        if edge.near:
            other = [a for a, b in zip(edge.triple.slots(), edge.near.slots(), strict=True) if a != b]
            partners |= set(other) if len(other) == 1 else set()
    return partners


def _between(words: Vocabulary, kind: str, low: str, high: str) -> list[str]:
    """A concept, and all above it that mean nothing outside ``high``; nothing if it is not below."""
    if not (low and high) or not words.is_under(kind, low, high):
        return []
    inside = set(words.concrete_under(kind, high))
    above = (low, *words.ancestors(kind, low))
    return [name for name in above if set(words.concrete_under(kind, name)) <= inside]
