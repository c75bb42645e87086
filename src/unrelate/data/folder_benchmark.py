"""The compositional benchmark from a user's own pictures: from what a corpus holds out, as far as it goes.

A row of a manifest says one tuple, so no picture is known to show two actors: the slices that need
that are absent, and said to be absent. So are those of which nobody has a picture.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from unrelate.data.benchmark import SLICES, USUAL_COUNT, VERSION, Benchmark, BenchmarkItem
from unrelate.data.minimal_pairs import CONDITION, SLOTS, Foils, difference
from unrelate.data.types import Corpus, Example
from unrelate.errors import UserError
from unrelate.graph.types import RelationGraph, Role
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple

_UNSAFE_PARTS = ("direct", "subordinate")
_SAFE_PARTS = (Role.SAFE_EDGE.value,)
_TWO_ACTORS = "a row of a manifest says one tuple: no picture is known to show two actors"


def folder_benchmark(
    policy: Policy, graph: RelationGraph, corpus: Corpus, *, seed: int = 0, count: int = USUAL_COUNT
) -> Benchmark:
    """The benchmark of a policy from the held-out examples of a `FolderSource`.

    Caption and foils are said alike, in the plain words of the vocabulary, rather than in the caption
    of the row: nothing but the tuple may tell them apart. What the graph holds out depends on its
    seed, so a benchmark for an edit is made with the seed of the edit.

    Args:
        policy: what is forbidden.
        graph: built from it, with the same seed.
        corpus: the folder's, for that graph.
        seed: which pictures of many.
        count: the most items a slice, as many of each tuple as of any other.

    Raises:
        UserError: no held-out row gives a tuple that is, or is right beside, something forbidden.
    """
    asked = _Asked(policy, graph, corpus)
    makers = asked.makers()
    items: list[BenchmarkItem] = []
    absent: dict[str, str] = {}
    for name in SLICES:
        make = makers.get(name)
        rng = random.Random(f"benchmark/{name}/{seed}")
        found = _evenly(rng, list(make(rng)), count) if make else []
        items += [
            _item(name, number, example, corpus, foils, near)
            for number, (example, foils, near) in enumerate(found)
        ]
        if not found:
            absent[name] = asked.why_absent(name) if make else _TWO_ACTORS
    if not items:
        raise UserError(
            "no held-out picture shows what is forbidden, or its neighbour in one slot, by its tuple",
            "rows with actor, relation and object",
            "add such columns to the manifest (docs/data.md)",
        )
    return Benchmark(VERSION, policy.name, policy.to_yaml(), seed, tuple(items), absent)


_Question = tuple[Example, list[Triple], Triple]


@dataclass(frozen=True)
class _Asked:
    policy: Policy
    graph: RelationGraph
    corpus: Corpus

    def makers(self) -> dict[str, Callable[[random.Random], Iterable[_Question]]]:
        """Slice -> the questions it could have; slices that no folder has are left out."""
        return {
            "minimal_actor": lambda rng: self._safe(rng, "actor", self._foils_of),
            "minimal_relation": lambda rng: self._safe(rng, "relation", self._foils_of),
            "minimal_object": lambda rng: self._safe(rng, "object", self._foils_of),
            "same_pair": lambda rng: self._safe(rng, "relation", self._other_relations),
            "condition_not_met": lambda rng: self._safe(rng, CONDITION, self._elsewhere),
            "forbidden": lambda rng: self._unsafe(self._foils_of),
            "condition_met": lambda rng: self._unsafe(self._elsewhere),
        }

    def why_absent(self, name: str) -> str:
        if name.startswith("condition") and not self.graph.conditions:
            return "no condition"
        return "no held-out picture whose row gives such a tuple"

    @cached_property
    def _foils(self) -> Foils:
        return Foils(self.policy)

    @cached_property
    def _also_shown(self) -> dict[str, set[Triple]]:
        """What other rows say of the same picture is no foil either."""
        shown: dict[str, set[Triple]] = defaultdict(set)
        for example in self.corpus.examples:
            if not example.triple.is_node:
                shown[example.sha256].add(example.triple)
        return shown

    def _of(self, parts: Sequence[str]) -> list[Example]:
        found = [example for part in parts for example in self.corpus.part(part)]
        return [example for example in found if not example.triple.is_node]

    def _safe(
        self, rng: random.Random, what: str, foils_of: Callable[[Example], list[Triple]]
    ) -> Iterable[_Question]:
        for example in self._of(_SAFE_PARTS):
            foils = foils_of(example)
            near = [t for t in sorted(self.graph.forbidden) if difference(example.triple, t) == what]
            asked = [triple for triple in near if triple in foils]
            if asked:
                yield example, foils, rng.choice(asked)

    def _unsafe(self, foils_of: Callable[[Example], list[Triple]]) -> Iterable[_Question]:
        for example in self._of(_UNSAFE_PARTS):
            foils = [foil for foil in foils_of(example) if self._foils.safe(foil)]
            if foils:
                yield example, foils, example.triple

    def _foils_of(self, example: Example, slots: Sequence[str] = SLOTS) -> list[Triple]:
        return self._false(example, self._foils.of(example.triple, slots))

    def _other_relations(self, example: Example) -> list[Triple]:
        return self._foils_of(example, ("relation",))

    def _elsewhere(self, example: Example) -> list[Triple]:
        return self._false(example, self._foils.elsewhere(example.triple))

    def _false(self, example: Example, foils: Iterable[Triple]) -> list[Triple]:
        """Those that the example's bank can say, and that no row of its picture says."""
        bank, also = self.corpus.banks[example.wording], self._also_shown[example.sha256]
        return [foil for foil in foils if foil in bank and not any(self._foils.true(foil, t) for t in also)]


def _evenly(rng: random.Random, questions: Sequence[_Question], count: int) -> list[_Question]:
    """At most ``count`` of them, as many of each tuple as of any other, as far as there are pictures."""
    turn: dict[Triple, int] = defaultdict(int)
    ranked: list[tuple[int, int, _Question]] = []
    for place, question in enumerate(rng.sample(questions, len(questions))):
        triple = question[0].triple
        ranked.append((turn[triple], place, question))
        turn[triple] += 1
    return [question for _, _, question in sorted(ranked, key=lambda entry: entry[:2])[:count]]


def _item(
    name: str, number: int, example: Example, corpus: Corpus, foils: Sequence[Triple], near: Triple
) -> BenchmarkItem:
    bank = corpus.banks[example.wording]
    caption = bank[example.triple]
    said = dict.fromkeys(bank[foil] for foil in foils if bank[foil] != caption)
    return BenchmarkItem(
        key=f"{name}-{number:03d}",
        slice=name,
        expect=SLICES[name].expect,
        picture=example.picture,
        caption=caption,
        foils=tuple(said),
        triples=(example.triple,),
        near=near,
        source=example.source,
        licence=example.licence,
    )
