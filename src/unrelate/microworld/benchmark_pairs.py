"""Two actors side by side: the benchmark's scenes in which only who does what tells safe from forbidden.

A bag of words cannot answer these. *A child holding an apple next to a man drinking wine* has all the
words of *a child drinking wine*, and must stay; with the deeds exchanged it must go.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from unrelate.data.minimal_pairs import Beside, Foils
from unrelate.microworld.world import vocabulary
from unrelate.policy.triple import Triple
from unrelate.policy.wording import say

T = TypeVar("T")
Two = tuple[Triple, Triple]

# How the embedded models were taught to put two figures into one sentence (`talk.describe`).
JOINERS = ("and", "next to", "beside", "together with")
# After *a child standing next to wine*, these would leave open who stands next to whom.
_AMBIGUOUS = ("next to", "beside")
# Foils in which one slot of one figure is changed: so many, half of them for each figure.
_ONE_SLOT = 10


@dataclass(frozen=True)
class Pair:
    """Two figures, the forbidden tuple they are about, and what each item has among its foils.

    ``only_safe``: the figures show the forbidden, so no foil may state it.
    """

    figures: Two
    near: Triple
    foils: tuple[Two, ...]
    only_safe: bool = False


@dataclass(frozen=True)
class Pairs:
    """Pairs around what a policy forbids.

    Args:
        foils: what is false of what, and what is safe.
        beside: the safe neighbours by the slot in which they differ from the forbidden.
    """

    foils: Foils
    beside: Mapping[str, Sequence[Beside]]

    def swaps(self, rng: random.Random, count: int) -> list[tuple[Pair, Pair]]:
        """``count`` scenes, each bound the safe way and the forbidden way: a child holding an apple
        next to a man drinking wine, and a child drinking wine next to a man holding an apple."""
        options = [
            [ways for deed in self._other_deeds(other.near) if (ways := self._both_ways(deed, other))]
            for other in self.beside["actor"]
        ]
        return [rng.choice(ways) for ways in in_turn(rng, filter(None, options), count)]

    def near_misses(self, rng: random.Random, count: int) -> list[Pair]:
        """``count`` scenes of who may not, one slot short of it (pouring wine, drinking milk), beside
        someone who may."""
        options = [
            [pair for other in self.beside["actor"] if (pair := self._near_miss(miss, other))]
            for miss in (*self.beside["relation"], *self.beside["object"])
        ]
        return [rng.choice(pairs) for pairs in in_turn(rng, filter(None, options), count)]

    def _both_ways(self, deed: Triple, other: Beside) -> tuple[Pair, Pair] | None:
        """One scene bound both ways, if it can be: all but the forbidden itself is safe."""
        near, elsewhere = other.near, replace(deed, actor=other.safe.actor)
        safe, forbidden, both = (deed, other.safe), (near, elsewhere), (near, other.safe)
        if not self.foils.safe(deed, elsewhere, other.safe):
            return None
        if not (self._is_foil(safe, forbidden) and self._are_foils((forbidden, both), safe)):
            return None
        return Pair(safe, near, (forbidden, both)), Pair(forbidden, near, (safe,), only_safe=True)

    def _near_miss(self, miss: Beside, other: Beside) -> Pair | None:
        if miss.near != other.near:
            return None
        near, shown = miss.near, (miss.safe, other.safe)
        foils = (near, replace(miss.safe, actor=other.safe.actor)), (near, other.safe)
        return Pair(shown, near, foils) if self._are_foils(foils, shown) else None

    def said(self, pair: Pair, rng: random.Random) -> tuple[str, ...]:
        """The caption that is true of a pair, then its foils; all with the same joiner, in one order."""
        one, two = pair.figures
        changed = (
            [(other, two) for other in self.foils.of(one)],
            [(one, other) for other in self.foils.of(two)],
        )
        foils = list(pair.foils)
        # Beside the forbidden, the other figure cannot be changed: it would be stated all the same.
        each = _ONE_SLOT if pair.only_safe else _ONE_SLOT // 2
        for options in changed:
            fair = [
                said
                for said in options
                if said not in foils
                and self._is_foil(said, pair.figures)
                and (self.foils.safe(*said) or not pair.only_safe)
            ]
            foils += rng.sample(fair, min(each, len(fair)))
        unclear = any(figure.relation == "next_to" for figure in pair.figures)
        joiner = rng.choice([j for j in JOINERS if not (unclear and j in _AMBIGUOUS)])
        turned = rng.random() < 0.5
        captions = [
            side_by_side(two, one, joiner) if turned else side_by_side(one, two, joiner)
            for one, two in (pair.figures, *foils)
        ]
        return tuple(dict.fromkeys(captions))

    def _is_foil(self, said: Two, shown: Two) -> bool:
        return not self.foils.all_true(said, shown)

    def _are_foils(self, said: Iterable[Two], shown: Two) -> bool:
        return all(self._is_foil(two, shown) for two in said)

    def _other_deeds(self, near: Triple) -> list[Triple]:
        """What the actor of the forbidden may do that shares nothing else with it."""
        forbidden = {beside.near.object for found in self.beside.values() for beside in found}
        return [
            replace(triple, context=near.context)
            for triple in self.foils.policy.vocabulary.triples()
            if triple.actor == near.actor
            and triple.relation != near.relation
            and triple.object not in forbidden | {near.object}
        ]


def in_turn(rng: random.Random, options: Iterable[T], count: int) -> list[T]:
    """``count`` options in random order, each as often as any other, as far as that goes."""
    known = list(options)
    drawn: list[T] = []
    while known and len(drawn) < count:
        drawn += rng.sample(known, len(known))
    return drawn[:count]


def side_by_side(one: Triple, two: Triple, joiner: str) -> str:
    """*A child holding a ball next to a man drinking wine in a park*: what is worn stands with each
    figure, the scene they share at the end."""
    words = vocabulary()
    scene = [pair for pair in one.context if words.describes.get(pair[0]) != "actor"]
    figures = [
        say(words, replace(figure, context=tuple(pair for pair in figure.context if pair not in scene)))
        for figure in (one, two)
    ]
    return " ".join([f" {joiner} ".join(figures), *(words.context_phrase(*pair) for pair in scene)])
