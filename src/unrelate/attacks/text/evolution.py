"""Evolution of prompts: a red team that needs no gradients, no language model and no network.

RASU section 5.2 asks for a generator of the most challenging prompts. This one breeds manners of
speaking: synonyms and hypernyms, frames, places and colours, things beside, word order, slips of the pen
and stray words. Those whose statements come nearest to winning training pictures are crossed and varied.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.text.manners import Manner, Repertoire, crossed, varied
from unrelate.attacks.text.statements import Statement, near_misses, only_a_caption
from unrelate.attacks.text.tasks import Task, fitness, tasks
from unrelate.attacks.types import Budget, Family, Query, Scenario, Threat
from unrelate.data.statements import wider_and_forbidden
from unrelate.graph.types import RelationGraph
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

# How many things are changed in a first manner, and in a child at most.
_FIRST_CHANGES, _CHANGES = 3, 2
# How often a child that was asked before is drawn again.
_DRAWS = 20


@dataclass(frozen=True)
class Evolution(QueryAttack[DualEncoder]):
    """The best of so many bred statements of the forbidden, tried on every picture.

    Args:
        queries: statements that may be put to the model for one tuple.
        population: how many there are at a time; the better half has children.
        tries: the best of all, put to every target; any that wins counts.
        pictures: training pictures of a tuple that the search goes by.
        tuples: the most tuples that are attacked.
        reserved: whether the words that are kept out of every edit may be used.
    """

    queries: int = 200
    population: int = 20
    tries: int = 8
    pictures: int = 12
    tuples: int = 8
    reserved: bool = True
    family: ClassVar[Family] = "generated"
    threat: ClassVar[Threat] = "black box"
    heavy: ClassVar[bool] = True

    @property
    def budget(self) -> Budget:
        words = (
            f"bred statements; the {self.tries} best of {self.queries} on {self.pictures} training pictures "
            "of a tuple, tried on each picture"
        )
        return Budget(words, queries=self.queries)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        speech = Speech.of(scenario.vocabulary, scenario.graph, reserved=self.reserved)
        for task in tasks(scenario, pictures=self.pictures, most=self.tuples):
            rng = random.Random(f"evolution/{scenario.seed}/{task.triple}")
            best = self.prompts(speech, task, meter, rng)[: self.tries]
            yield from task.asked(scenario, [statement for statement, _ in best])

    def prompts(
        self, speech: Speech, task: Task, meter: Meter, rng: random.Random
    ) -> list[tuple[Statement, float]]:
        """Every statement that was asked, the best first, each with its highest margin on a picture."""
        ways = speech.ways(task.triple)
        people = [_Member(Manner(), ways[0])]
        known: dict[str, tuple[_Member, Statement, float, float]] = {}
        while len(known) < self.queries:
            room = min(self.population, self.queries - len(known))
            fresh: dict[str, tuple[_Member, Statement]] = {}
            for _ in range(room * _DRAWS):
                if len(fresh) == room:
                    break
                child = people[0] if not known and not fresh else _child(people, ways, speech, rng)
                statement = speech.statement(child.manner, child.stated, task)
                if statement.text not in known:
                    fresh[statement.text] = (child, statement)
            if not fresh:
                break
            margins = task.margins(meter, [statement for _, statement in fresh.values()])
            rows = zip(fresh.items(), fitness(margins), margins.max(1), strict=True)
            known |= {text: (*born, float(fit), float(top)) for (text, born), fit, top in rows}
            ranked = sorted(known.values(), key=lambda member: -member[2])
            people = [member[0] for member in ranked[: max(2, self.population // 2)]]
        ranked = sorted(known.values(), key=lambda member: -member[2])
        return [(statement, top) for _, statement, _, top in ranked]


@dataclass(frozen=True)
class _Member:
    """A manner, and what it is used to state: the tuple, or a hypernym of it that is forbidden too."""

    manner: Manner
    stated: Triple


def _child(people: list[_Member], ways: tuple[Triple, ...], speech: Speech, rng: random.Random) -> _Member:
    if len(people) == 1:  # the first generation: the plain statement, changed in several ways
        manner, changes = people[0].manner, rng.randint(1, _FIRST_CHANGES)
    else:
        one, two = rng.sample(people, 2)
        manner, changes = crossed(one.manner, two.manner, rng), rng.randint(0, _CHANGES)
    for _ in range(changes):
        manner = varied(manner, speech.repertoire, rng)
    stated = rng.choice(ways) if rng.random() < 0.3 else rng.choice(people).stated
    return _Member(manner, stated)


@dataclass(frozen=True)
class Speech:
    """Statements and their twins, from manners."""

    repertoire: Repertoire
    graph: RelationGraph

    @staticmethod
    def of(words: Vocabulary, graph: RelationGraph, *, reserved: bool) -> Speech:
        return Speech(Repertoire.of(words, graph, reserved=reserved), graph)

    def ways(self, triple: Triple) -> tuple[Triple, ...]:
        """The tuple, and those above it that are wholly forbidden too."""
        words = self.repertoire.words
        if only_a_caption(words, triple):
            return (triple,)
        return wider_and_forbidden(words, triple, self.graph.scope)

    def statement(self, manner: Manner, stated: Triple, task: Task) -> Statement:
        """``stated`` in a manner, and in the same manner its near misses."""
        misses = task.misses if stated == task.triple else self._misses(stated)
        twins = {manner.say(miss, self.repertoire): miss for miss in misses}
        return Statement(manner.say(stated, self.repertoire), twins)

    def _misses(self, stated: Triple) -> tuple[Triple, ...]:
        if stated not in self._kept:
            self._kept[stated] = near_misses(self.repertoire.words, stated, self.graph)
        return self._kept[stated]

    @cached_property
    def _kept(self) -> dict[Triple, tuple[Triple, ...]]:
        return {}
