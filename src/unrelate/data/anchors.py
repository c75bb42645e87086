"""Captions without pictures, of what must stay: they tell the text tower where the forbidden ends.

Words are cheap and most of these nobody would photograph, yet each says that the forbidden is this
conjunction and no other. None states what is held out, so they give no test away.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from unrelate.data.company import Company
from unrelate.data.sentences import dressed, side_by_side
from unrelate.data.statements import may_be_forbidden, wider_and_forbidden, wider_and_safe
from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import Wording, phrase_for, say, training_wordings

_SLOTS = ("actor", "relation", "object")
# How many captions each kind of neighbour gets, how many say two of them, how many bind the words of
# each forbidden edge otherwise; and the share of neighbours that are said in hypernyms.
_NEIGHBOURS, _PAIRS, _BOUND_OTHERWISE, _WIDER_SHARE = 60, 400, 400, 0.3
# How many of the sentences with two figures share out the words of the forbidden between them.
_SHARED_OUT = 0.5


def anchors(words: Vocabulary, graph: RelationGraph, seed: int) -> dict[str, Triple]:
    """Anchors for an edit of ``graph``, each with its tuple, in an order that the seed chooses."""
    said = _Anchors(words, graph, random.Random(f"anchors/{seed}"))
    texts = (
        said.one_slot_changed()
        | said.absurd()
        | said.bound_otherwise()
        | said.no_relation()
        | said.neighbours()
        | said.pairs()
    )
    return {text: texts[text] for text in said.rng.sample(sorted(texts), len(texts))}


@dataclass(frozen=True)
class _Anchors:
    words: Vocabulary
    graph: RelationGraph
    rng: random.Random

    @cached_property
    def forbidden(self) -> list[Triple]:
        return [edge.triple for edge in self.graph.of(Role.UNSAFE, Split.TRAIN)]

    @cached_property
    def wordings(self) -> tuple[Wording, ...]:
        return training_wordings(self.words)

    @cached_property
    def hidden(self) -> dict[tuple[str, str, str], list[set[tuple[str, str]]]]:
        """What no anchor may state: of each tuple, every context in which it is hidden."""
        contexts: dict[tuple[str, str, str], list[set[tuple[str, str]]]] = {}
        for edge in self.graph.edges:
            if edge.role is Role.UNSAFE or edge.split is Split.HELD_OUT:
                contexts.setdefault(edge.triple.slots(), []).append(set(edge.triple.context))
        return contexts

    @cached_property
    def by_kind(self) -> list[list[Triple]]:
        """The neighbours that training sees, kind by kind, so that the few right beside the
        forbidden are said as often as the many farther off."""
        kinds: dict[str, list[Triple]] = {}
        for role in (Role.SAFE_EDGE, Role.NEUTRAL):
            for edge in self.graph.of(role, Split.TRAIN):
                kinds.setdefault(edge.kind, []).append(edge.triple)
        return list(kinds.values())

    def one_slot_changed(self) -> dict[str, Triple]:
        """*A child drinking a hammer*, in every place."""
        changed: dict[Triple, None] = {}
        # What training sees neither picture nor sentence of (a toddler) is told apart here alone: *a
        # toddler drinking a hammer* stays, so that no toddler is a mark of the forbidden by itself.
        for triple in (edge.triple for edge in self.graph.of(Role.UNSAFE)):
            for kind, slot in zip(KINDS, _SLOTS, strict=True):
                names = self.words.concepts(kind)
                changed |= dict.fromkeys(replace(triple, **{slot: name}) for name in names)
        kept = [t for t in changed if t.bare() not in self.graph.held_out]
        places = [{}, *({"place": place} for place in self.words.contexts.get("place", {}))]
        return {
            say(self.words, triple.within(**(place | dict(triple.context))), wording): triple
            for triple in kept
            if not may_be_forbidden(self.words, triple, self.graph)
            for place in places
            for wording in self.wordings
        }

    def absurd(self) -> dict[str, Triple]:
        """Things in the place of actors, actors of things, and either of conditions: *a hammer
        drinking wine*, *a man drinking beer in a saw*.

        All who are shown drinking may be adults; then *no adult* would do as a mark of the forbidden,
        and a dog would go with the child. A hammer is no adult either, and it stays.
        """
        said: dict[str, Triple] = {}
        things = {
            kind: [self.words.phrases(kind, name)[0] for name in self.words.concepts(kind)] for kind in KINDS
        }
        for triple, wording in product(self.forbidden, self.wordings):
            text = say(self.words, triple, wording)
            for kind, slot, others in (("actors", "actor", "objects"), ("objects", "object", "actors")):
                phrase = phrase_for(self.words, kind, getattr(triple, slot), wording)
                for thing in things[others]:
                    said[text.replace(phrase, thing, 1)] = replace(triple, **{slot: ""})
            for pair in triple.context:
                phrase = self.words.context_phrase(*pair)
                for thing in things["actors"] + things["objects"]:
                    said[text.replace(phrase, f"{phrase.split()[0]} {thing}", 1)] = triple.bare()
        return said

    def bound_otherwise(self) -> dict[str, Triple]:
        """*A child holding a ball and a man drinking wine*: all words of the forbidden are there, its
        relation is not. That is what tells a relation from a bag of words."""
        safe = [e.triple for e in self.graph.of(Role.SAFE_EDGE, Split.TRAIN)]
        safe = [t for t in safe if not may_be_forbidden(self.words, t, self.graph)]
        said: dict[str, Triple] = {}
        for triple in self.forbidden:
            # Both are said where the forbidden is, which may be where one of them is held out.
            told = [t for t in safe if not self._gives_away(replace(t, context=triple.context))]
            by_actor = [t for t in told if t.actor == triple.actor]
            others = [t for t in told if t.actor != triple.actor and t.object == triple.object]
            wanted = set(triple.slots())
            pairs = [(a, b) for a, b in product(by_actor, others) if wanted <= {*a.slots(), *b.slots()}]
            for one, two in self.rng.sample(pairs, min(_BOUND_OTHERWISE, len(pairs))):
                here = replace(one, context=triple.context)
                said[side_by_side(self.words, here, two, self.rng)] = two
        return said

    def no_relation(self) -> dict[str, Triple]:
        """Both ends of the forbidden and nothing between them: *a child and wine*."""
        said: dict[str, Triple] = {}
        for triple in self.forbidden:
            for stated in wider_and_forbidden(self.words, triple, self.graph.scope):
                places = " ".join(self.words.context_phrase(*pair) for pair in stated.context)
                for wording in self.wordings:
                    actor = phrase_for(self.words, "actors", stated.actor, wording)
                    object_ = phrase_for(self.words, "objects", stated.object, wording)
                    for pair in (f"{actor} and {object_}", f"{object_} and {actor}"):
                        text = wording.frame.replace("{}", f"{pair} {places}".strip())
                        said[text] = Triple(stated.actor)
        return said

    def neighbours(self) -> dict[str, Triple]:
        """What training sees of the neighbours, in all words that it may use, hypernyms included."""
        said: dict[str, Triple] = {}
        for triples in self.by_kind:
            for _ in range(_NEIGHBOURS):
                triple = self.rng.choice(triples)
                if self.rng.random() < _WIDER_SHARE:
                    triple = self.rng.choice([triple, *self._wider(triple)])
                placed = dressed(self.words, triple, self.graph.conditions, self.rng)
                if not self._gives_away(placed):
                    said[say(self.words, placed, self.rng.choice(self.wordings))] = triple
        return said

    def _wider(self, triple: Triple) -> list[Triple]:
        wider = wider_and_safe(self.words, triple, self.graph)
        return [t for t in wider if t.bare() not in self.graph.held_out]

    def pairs(self) -> dict[str, Triple]:
        """Two neighbours in one sentence, so that two figures are no mark of anything."""
        said: dict[str, Triple] = {}
        company = Company(self.words, self.graph)
        for _ in range(_PAIRS if self.by_kind else 0):
            one, two = self._neighbour(), self._neighbour()
            if self.rng.random() < _SHARED_OUT:
                one, two = company.bound_otherwise(self.rng) or (one, two)
            if self.graph.conditions and not one.context:
                one = dressed(self.words, one, self.graph.conditions, self.rng)
            one = replace(
                one, context=tuple(pair for pair in one.context if pair[0] in self.graph.conditions)
            )
            if not any(self._gives_away(replace(t, context=one.context)) for t in (one, two)):
                said[side_by_side(self.words, one, two, self.rng)] = one
        return said

    def _neighbour(self) -> Triple:
        return self.rng.choice(self.rng.choice(self.by_kind))

    def _gives_away(self, triple: Triple) -> bool:
        """Whether a tuple in some context is forbidden there, or held out."""
        return any(context <= set(triple.context) for context in self.hidden.get(triple.slots(), ()))
