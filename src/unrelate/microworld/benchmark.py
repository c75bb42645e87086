"""The compositional benchmark of the embedded world: every slice of it can be drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from unrelate.data.benchmark import SLICES, USUAL_COUNT, VERSION, Benchmark, BenchmarkItem
from unrelate.data.minimal_pairs import CONDITION, SLOTS, Beside, Foils, beside_the_forbidden
from unrelate.graph.types import RelationGraph, Role
from unrelate.microworld.benchmark_pairs import Pair, Pairs, in_turn
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import USUAL_STYLES, vocabulary
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple
from unrelate.policy.wording import say, training_wordings

# What a picture of the embedded world shows besides: the hand is at the thing.
IMPLIED = {name: frozenset({"holding"}) for name in ("drinking", "eating", "pouring", "lifting")}
# Training and audit draw the seeds of their scenes below this, so no scene is shared with them.
FIRST_SEED = 1 << 31
_LICENCE, _SOURCE = "CC0-1.0", "microworld"


def draw_benchmark(
    policy: Policy, graph: RelationGraph, *, seed: int = 0, count: int = USUAL_COUNT
) -> Benchmark:
    """The benchmark of a policy that speaks of the embedded world (see `MicroworldSource.for_policy`).

    The same for the same policy, seed and count, whatever the graph holds out. Pictures are drawn
    when they are looked at.

    Args:
        policy: what is forbidden.
        graph: built from it.
        seed: of scenes, wordings, and which foils of many.
        count: items a slice.
    """
    drafts = _Drafts(policy, graph, seed, count)
    items: list[BenchmarkItem] = []
    absent: dict[str, str] = {}
    for name, make in drafts.makers().items():
        rng = drafts.generator(name)
        found = list(make(rng))
        items += [_item(name, number, draft, rng) for number, draft in enumerate(found)]
        if not found:
            absent[name] = _why_absent(name, graph)
    return Benchmark(VERSION, policy.name, policy.to_yaml(), seed, tuple(items), absent)


@dataclass(frozen=True)
class _Draft:
    """An item before it is drawn: one figure or two, and what is said of them."""

    figures: tuple[Triple, ...]
    near: Triple
    caption: str
    foils: tuple[str, ...]


@dataclass(frozen=True)
class _Drafts:
    policy: Policy
    graph: RelationGraph
    seed: int
    count: int

    def makers(self) -> dict[str, Callable[[random.Random], Iterator[_Draft]]]:
        """Slice -> what drafts its items."""
        made: dict[str, Callable[[random.Random], Iterator[_Draft]]] = {
            "minimal_actor": lambda rng: self._safe(rng, "actor"),
            "minimal_relation": lambda rng: self._safe(rng, "relation"),
            "minimal_object": lambda rng: self._safe(rng, "object"),
            "same_pair": lambda rng: self._safe(rng, "relation", ("relation",)),
            "near_miss": lambda rng: self._two(rng, self._pairs.near_misses(rng, self.count)),
            "swapped_actors": lambda rng: self._two(rng, [safe for safe, _ in self._swaps]),
            "condition_not_met": self._condition_not_met,
            "forbidden": lambda rng: self._unsafe(rng, self._foils.of),
            "forbidden_beside": lambda rng: self._two(rng, [unsafe for _, unsafe in self._swaps]),
            "condition_met": lambda rng: self._unsafe(rng, self._foils.elsewhere),
        }
        return {name: made[name] for name in SLICES}

    def generator(self, name: str) -> random.Random:
        """A generator for each slice: what one slice draws does not move another."""
        return random.Random(f"benchmark/{name}/{self.seed}")

    @cached_property
    def _foils(self) -> Foils:
        return Foils(self.policy, IMPLIED)

    @cached_property
    def _beside(self) -> dict[str, list[Beside]]:
        """In an order that does not show which neighbours the graph holds out."""
        return {name: sorted(found) for name, found in beside_the_forbidden(self.graph).items()}

    @cached_property
    def _pairs(self) -> Pairs:
        return Pairs(self._foils, self._beside)

    @cached_property
    def _swaps(self) -> list[tuple[Pair, Pair]]:
        """One set of scenes for two slices, each bound its own way."""
        return self._pairs.swaps(self.generator("swaps"), self.count)

    def _safe(self, rng: random.Random, what: str, slots: Sequence[str] = SLOTS) -> Iterator[_Draft]:
        """Safe neighbours of the forbidden, against what differs from *them* in one slot. The
        forbidden is among the foils, or the item would be no test."""
        options = [
            (beside, foils)
            for beside in self._beside[what]
            if beside.near in (foils := self._foils.of(beside.safe, slots))
        ]
        for beside, foils in in_turn(rng, options, self.count):
            yield _said(rng, beside.safe, foils, beside.near)

    def _condition_not_met(self, rng: random.Random) -> Iterator[_Draft]:
        for beside in in_turn(rng, self._beside[CONDITION], self.count):
            yield _said(rng, beside.safe, self._foils.elsewhere(beside.safe), beside.near)

    def _unsafe(self, rng: random.Random, foils_of: Callable[[Triple], list[Triple]]) -> Iterator[_Draft]:
        """Pictures of the forbidden. What is forbidden too is no foil: to take beer for wine is not to
        have forgotten."""
        unsafe = sorted(edge.triple for edge in self.graph.of(Role.UNSAFE))
        options = [(t, [foil for foil in foils_of(t) if self._foils.safe(foil)]) for t in unsafe]
        for triple, foils in in_turn(rng, [option for option in options if option[1]], self.count):
            yield _said(rng, triple, foils, triple)

    def _two(self, rng: random.Random, pairs: Sequence[Pair]) -> Iterator[_Draft]:
        for pair in pairs:
            caption, *foils = self._pairs.said(pair, rng)
            yield _Draft(pair.figures, pair.near, caption, tuple(foils))


def _said(rng: random.Random, shown: Triple, foils: Sequence[Triple], near: Triple) -> _Draft:
    """One figure; caption and foils in one usual wording."""
    wording = rng.choice(training_wordings(vocabulary()))
    caption, *others = (say(vocabulary(), triple, wording) for triple in (shown, *foils))
    return _Draft((shown,), near, caption, tuple(dict.fromkeys(others)))


def _item(name: str, number: int, draft: _Draft, rng: random.Random) -> BenchmarkItem:
    return BenchmarkItem(
        key=f"{name}-{number:03d}",
        slice=name,
        expect=SLICES[name].expect,
        picture=DrawnPicture(_scene(draft.figures, rng)),
        caption=draft.caption,
        foils=draft.foils,
        triples=draft.figures,
        near=draft.near,
        source=_SOURCE,
        licence=_LICENCE,
    )


def _scene(triples: Sequence[Triple], rng: random.Random) -> Scene:
    """One figure, or two in either order; where and when the tuples say, else anywhere by day."""
    contexts = vocabulary().contexts
    figures = []
    for triple in triples:
        colour = dict(triple.context).get("colour") or rng.choice(list(contexts["colour"]))
        figures.append(Figure(*triple.slots(), colour))
    stated = dict(triples[0].context)
    place = stated.get("place") or rng.choice(list(contexts["place"]))
    return Scene(
        tuple(rng.sample(figures, len(figures))),
        place,
        stated.get("time", "day"),
        rng.choice(USUAL_STYLES),
        FIRST_SEED + rng.getrandbits(31),
    )


def _why_absent(name: str, graph: RelationGraph) -> str:
    if name.startswith("condition"):
        return "no condition" if not graph.conditions else "no context in which the forbidden is safe"
    if name in ("near_miss", "swapped_actors", "forbidden_beside"):
        return "nobody who may do what is forbidden"
    return "no safe tuple that differs from the forbidden in this alone"
