"""What an edit trains on: pictures of the graph's training edges, alone or beside somebody else."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from unrelate.data.company import Company
from unrelate.data.sentences import SENTENCES, forbidden_sentences, side_by_side
from unrelate.data.statements import wider_and_forbidden, wider_and_safe
from unrelate.data.types import Example
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.microworld.examples import Amounts, example_of, placed, single, spread_by_kind
from unrelate.microworld.scene import Scene
from unrelate.microworld.world import USUAL_STYLES, vocabulary
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL, say, training_wordings

# How many of the safe captions speak in hypernyms, and how many of all captions say where.
_WIDER_SHARE, _PLACE_SHARE = 0.4, 0.5
# How many pictures of a role show somebody else too; and of the safe ones among them, how many share out
# the words of the forbidden between the two.
_PAIR_SHARE: Mapping[Role, float] = MappingProxyType(
    {Role.UNSAFE: 0.3, Role.SAFE_EDGE: 0.2, Role.NEUTRAL: 0.2}
)
_SHARED_OUT = 0.5
# How many statements of the forbidden alone a picture of two keeps beside those of both.
_OF_THE_FORBIDDEN_ALONE = 6


def training(graph: RelationGraph, amounts: Amounts, seed: int) -> Iterator[Example]:
    """Every example that an edit of ``graph`` trains on."""
    drawer = _Training(graph, random.Random(f"train/{seed}"))
    for role, amount in (
        (Role.UNSAFE, amounts.unsafe),
        (Role.SAFE_EDGE, amounts.safe_edge),
        (Role.NODE, amounts.node),
        (Role.NEUTRAL, amounts.neutral),
    ):
        for edge in spread_by_kind(graph.of(role, Split.TRAIN), amount, drawer.rng):
            yield drawer.example(edge)


@dataclass(frozen=True)
class _Training:
    graph: RelationGraph
    rng: random.Random

    @cached_property
    def keys(self) -> list[str]:
        return sorted(self.graph.conditions)

    @cached_property
    def company(self) -> Company:
        return Company(vocabulary(), self.graph)

    def example(self, edge: GraphEdge) -> Example:
        edge = placed(edge, self.keys, self.rng)
        two = self._two(edge)
        return self._beside(edge, *two) if two else self._alone(edge)

    def _alone(self, edge: GraphEdge) -> Example:
        rng = self.rng
        wording = rng.choice(training_wordings(vocabulary())) if rng.random() < 0.5 else USUAL
        scene = single(rng, edge.triple, rng.choice(USUAL_STYLES))
        # Half of the captions say where; settings at night are left to the contextual attack.
        stated = edge.triple if edge.role is Role.UNSAFE else self._at_times_wider(edge.triple)
        said = stated.within(place=scene.place) if rng.random() < _PLACE_SHARE else stated
        caption = say(vocabulary(), edge.triple if edge.triple.is_node else said, wording)
        variants = self._variants(edge.triple, scene) if edge.role is Role.UNSAFE else ()
        return example_of(scene, caption, edge, "train", "train", variants)

    def _two(self, edge: GraphEdge) -> tuple[Triple, Triple] | None:
        """What the two figures of a picture do, the first of them where the edge is; None for one figure."""
        triple = edge.triple
        whole = triple.actor and triple.object
        describes = any(vocabulary().describes.get(key) == "actor" for key, _ in triple.context)
        if not whole or describes or self.rng.random() >= _PAIR_SHARE.get(edge.role, 0):
            return None
        if edge.role is not Role.UNSAFE and self.rng.random() < _SHARED_OUT:
            shared = self.company.bound_otherwise(self.rng)
            return (shared[0].within(**dict(triple.context)), shared[1]) if shared else None
        figures = self.company.figures
        return (triple, self.rng.choice(figures)) if figures else None

    def _beside(self, edge: GraphEdge, one: Triple, two: Triple) -> Example:
        rng, words = self.rng, vocabulary()
        scene = single(rng, one, rng.choice(USUAL_STYLES))
        figures = [*scene.figures, *single(rng, two, scene.style).figures]
        scene = replace(scene, figures=tuple(rng.sample(figures, 2)))
        said = one.within(place=scene.place) if self.keys or rng.random() < _PLACE_SHARE else one
        caption = side_by_side(words, said, two, rng)
        variants: tuple[str, ...] = ()
        if edge.role is Role.UNSAFE:
            if one.context:
                variants = self._variants(one, scene)
            else:
                alone = self._short_variants(one, scene)[:_OF_THE_FORBIDDEN_ALONE]
                variants = (*self._said_beside(one, two, scene), *alone)
        return example_of(scene, caption, replace(edge, triple=one), "train", "train", variants)

    def _said_beside(self, one: Triple, two: Triple, scene: Scene) -> list[str]:
        """The forbidden in other words, beside what the second figure does."""
        words = vocabulary()
        aside = random.Random(f"beside/{scene.seed}")
        ways = wider_and_forbidden(words, one, self.graph.scope)
        plain = [wording for wording in training_wordings(words) if wording.frame == USUAL.frame]
        said = []
        for _ in range(SENTENCES):
            way = aside.choice(ways)
            here = way.within(place=scene.place) if aside.random() < _PLACE_SHARE else way
            said.append(side_by_side(words, here, two, aside, aside.choice(plain)))
        return list(dict.fromkeys(said))

    def _variants(self, triple: Triple, scene: Scene) -> tuple[str, ...]:
        """Other ways to state the forbidden: short ones, and longer sentences."""
        aside = random.Random(f"sentences/{scene.seed}")
        longer = forbidden_sentences(self.company, triple, SENTENCES, aside)
        return tuple(dict.fromkeys((*self._short_variants(triple, scene), *longer)))

    def _short_variants(self, triple: Triple, scene: Scene) -> tuple[str, ...]:
        """Usual synonyms and phrasings, the place, the words above it."""
        words = vocabulary()
        stated = wider_and_forbidden(words, triple, self.graph.scope)
        here = tuple(way.within(place=scene.place) for way in stated)
        said = (say(words, way, w) for way in (*stated, *here) for w in training_wordings(words))
        return tuple(dict.fromkeys(said))

    def _at_times_wider(self, triple: Triple) -> Triple:
        """A safe tuple, or at times one above it that is safe too."""
        if triple.is_node or self.rng.random() > _WIDER_SHARE:
            return triple
        options = wider_and_safe(vocabulary(), triple, self.graph)
        return self.rng.choice(options) if options else triple
