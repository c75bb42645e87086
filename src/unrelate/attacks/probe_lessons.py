"""What a probe is fitted on and what it is asked: the forbidden beside its nearest safe neighbours.

It learns from the training part and is asked about the held-out part, where the pictures of the
forbidden are new and the safe tuples are others.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice
from typing import TypeVar

from unrelate.attacks.types import Scenario
from unrelate.data.asking import Speaker, asked_in
from unrelate.data.sentences import dressed
from unrelate.data.types import Example, Picture
from unrelate.graph.neighbours import CONDITION_NOT_MET, OTHER_ACTOR, OTHER_OBJECT, OTHER_RELATION
from unrelate.graph.types import Role
from unrelate.policy.triple import Triple
from unrelate.policy.wording import Wording, training_wordings

# The neighbours that differ from the forbidden in one slot, or in the condition alone.
NEAREST = (OTHER_OBJECT, OTHER_ACTOR, OTHER_RELATION, CONDITION_NOT_MET)
_DRAWS = 20  # how many sentences are drawn for each that is wanted: many have been said before
_T = TypeVar("_T")


@dataclass(frozen=True)
class Reading:
    """One thing that a probe reads, and whether it shows the forbidden. A sentence has no picture."""

    key: str
    triple: Triple
    text: str
    forbidden: bool
    picture: Picture | None = None


@dataclass(frozen=True)
class Lesson:
    """What is learnt and what is asked; in both as many forbidden as safe."""

    train: tuple[Reading, ...]
    test: tuple[Reading, ...]


def picture_lesson(scenario: Scenario, examples: int) -> Lesson:
    """Pictures, at most ``examples`` of either side to learn from."""

    def seen(found: Sequence[Example]) -> list[Reading]:
        return [Reading(e.key, e.triple, e.caption, e.role is Role.UNSAFE, e.picture) for e in found]

    return Lesson(
        _balanced(seen(_unsafe(scenario, "train")), seen(_nearest(scenario, "train")), examples),
        _balanced(seen(_unsafe(scenario, "direct")), seen(_nearest(scenario, "safe_edge")), scenario.most),
    )


def caption_lesson(scenario: Scenario, examples: int) -> Lesson:
    """Sentences in the words of training, then in words and settings that no edit uses.

    Both sides are said in the same wordings, in places and colours drawn alike; no sentence is said
    twice. At most ``examples`` of either side to learn from.
    """
    taught = training_wordings(scenario.vocabulary)
    asked = tuple(chain.from_iterable(asked_in(scenario.vocabulary).values()))
    teller = _Teller(scenario)
    return Lesson(
        _balanced(
            teller.tell(_unsafe(scenario, "train"), taught, examples),
            teller.tell(_nearest(scenario, "train"), taught, examples),
            examples,
        ),
        _balanced(
            teller.tell(_unsafe(scenario, "direct"), asked, scenario.most),
            teller.tell(_nearest(scenario, "safe_edge"), asked, scenario.most),
            scenario.most,
        ),
    )


class _Teller:
    """Says the tuples of examples, no sentence twice."""

    def __init__(self, scenario: Scenario) -> None:
        self._words, self._keys = scenario.vocabulary, scenario.graph.conditions
        # A row of a manifest that gives no tuple stands for its caption (`data.roles.Meaning`).
        self._captions = {
            e.triple: e.caption for e in scenario.corpus.examples if e.triple == Triple(actor=e.caption)
        }
        self._speaker = Speaker(self._words, scenario.graph.scope, self._captions)
        self._rng = random.Random(f"probe/{scenario.seed}")
        self._said: set[str] = set()

    def tell(self, examples: Sequence[Example], wordings: Sequence[Wording], most: int) -> list[Reading]:
        """At most so many new sentences, the tuples of the examples in turn."""
        found: list[Reading] = []
        for example in islice(cycle(examples), _DRAWS * most):
            triple = example.triple
            if triple not in self._captions:
                triple = dressed(self._words, triple, self._keys, self._rng)
            text = self._speaker.say(triple, self._rng.choice(wordings))
            if text not in self._said and len(found) < most:
                self._said.add(text)
                found.append(Reading(text, example.triple, text, example.role is Role.UNSAFE))
        return found


def _unsafe(scenario: Scenario, part: str) -> list[Example]:
    """Examples of the forbidden, its tuples in turn."""
    return _in_turn([e for e in scenario.corpus.part(part) if e.role is Role.UNSAFE], lambda e: e.triple)


def _nearest(scenario: Scenario, part: str) -> list[Example]:
    """Examples of the nearest safe neighbours: their kinds in turn, and of each kind its tuples.

    What the graph has no edge for is safe because its row says so, and counts as near.
    """
    kinds = {edge.triple: edge.kind for edge in scenario.graph.edges}

    def kind(example: Example) -> str:
        # Where a policy has conditions, a bare edge is shown in some context or other.
        return kinds.get(example.triple) or kinds.get(example.triple.bare(), "")

    safe = [e for e in scenario.corpus.part(part) if e.role is Role.SAFE_EDGE]
    near = [e for e in safe if kind(e) in (*NEAREST, "")]
    return _in_turn(_in_turn(near, lambda e: e.triple), kind)


def _in_turn(items: Sequence[_T], key: Callable[[_T], Hashable]) -> list[_T]:
    """The first of every key, then the second of every key, ..."""
    turns: Counter[Hashable] = Counter()
    ranked = []
    for place, item in enumerate(items):
        ranked.append((turns[key(item)], place))
        turns[key(item)] += 1
    return [items[place] for _, place in sorted(ranked)]


def _balanced(forbidden: Sequence[Reading], safe: Sequence[Reading], most: int) -> tuple[Reading, ...]:
    count = min(len(forbidden), len(safe), most)
    return (*forbidden[:count], *safe[:count])
