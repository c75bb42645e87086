"""How attacks are run: the author of an attack writes the search, the rest is final.

After a search everything it found is clipped to the budget, put to the model again, and judged by the
criterion that the audit handed in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar, final

import numpy as np

from unrelate.attacks.pictures import clipped
from unrelate.attacks.types import (
    Attempt,
    Budget,
    Criterion,
    Family,
    Judge,
    NeedsPixels,
    Outcome,
    Query,
    Scenario,
    Threat,
    Untried,
)
from unrelate.models import DualEncoder

M = TypeVar("M")


class Attack(ABC):
    """A search for a breach within a stated budget.

    ``heavy``: not part of a quick audit. ``needs_pixels``: of the pictures that are ``asked`` about, or
    of those ``trained`` on; it cannot be made where these have stand-ins.
    """

    family: ClassVar[Family]
    threat: ClassVar[Threat]
    heavy: ClassVar[bool] = False
    needs_pixels: ClassVar[NeedsPixels] = "none"
    curve: ClassVar[str] = ""  # what the points of its curve are, e.g. "examples"; "" if it has none

    @property
    @abstractmethod
    def budget(self) -> Budget:
        """What it may do."""

    @abstractmethod
    def __call__(self, model: Any, scenario: Scenario, criterion: Criterion) -> tuple[Outcome, ...]:
        """Attack the model: one outcome, or one for each point of the attack's curve."""


class Meter:
    """A judge that counts: the only way in which a search may ask the model."""

    def __init__(self, judge: Judge, most: int) -> None:
        self._judge, self._most = judge, most
        self._asked: Counter[int] = Counter()

    def left(self, item: int) -> int:
        """How many questions about an item may still be asked."""
        return self._most - self._asked[item]

    def __call__(self, queries: Sequence[Query]) -> np.ndarray:
        """Margins ``[len(queries)]``.

        Raises:
            RuntimeError: the search asks more than its budget allows: a fault of the attack.
        """
        self._asked.update(query.item for query in queries)
        if any(self.left(query.item) < 0 for query in queries):
            raise RuntimeError(f"more than {self._most} questions about one item")
        return self._judge(queries)


class QueryAttack(Attack, Generic[M]):
    """Asks the forbidden in another way, or of another picture. The model stays as it is."""

    @abstractmethod
    def search(self, model: M, scenario: Scenario, meter: Meter) -> Iterable[Query]:
        """Tries at the scenario's targets, at most ``budget.queries`` for each."""

    def points(self) -> Sequence[tuple[float | None, QueryAttack[M]]]:
        """The points of its curve, each with the attack that stands there; by default this one alone."""
        return ((None, self),)

    @final
    def __call__(self, model: M, scenario: Scenario, criterion: Criterion[M]) -> tuple[Outcome, ...]:
        judge = criterion(model)
        return tuple(attack._at(point, model, scenario, judge) for point, attack in self.points())

    def _at(self, point: float | None, model: M, scenario: Scenario, judge: Judge) -> Outcome:
        found = self.search(model, scenario, Meter(judge, self.budget.queries))
        queries = self._within_budget(tuple(found), model, scenario)
        margins = judge(queries)
        best: dict[int, int] = {}
        for number, query in enumerate(queries):
            if query.item not in best or margins[number] > margins[best[query.item]]:
                best[query.item] = number
        targets = self.targets(scenario)
        attempts = tuple(
            Attempt(
                key=targets[item].key,
                triple=str(targets[item].triple),
                text=_shown(queries[number]),
                margin=float(margins[number]),
                won=bool(margins[number] > 0),
                picture=queries[number].picture,
            )
            for item, number in sorted(best.items())
        )
        untried = tuple(
            Untried(target.key, str(target.triple)) for item, target in enumerate(targets) if item not in best
        )
        return Outcome(attempts, point, untried)

    def targets(self, scenario: Scenario) -> Sequence[Any]:
        """What the items of its queries are numbers of; an attack may bring targets of its own."""
        return scenario.targets

    def _within_budget(self, found: tuple[Query, ...], model: Any, scenario: Scenario) -> tuple[Query, ...]:
        """No more tries at an item than allowed; and where there is an epsilon, no picture further than
        that from the target's own as ``model.seen_picture`` gives it, in 8 bits a channel."""
        tries: Counter[int] = Counter()
        kept = []
        for query in found:
            tries[query.item] += 1
            if tries[query.item] <= self.budget.queries:
                kept.append(query)
        if self.budget.epsilon is None:
            return tuple(kept)
        targets = self.targets(scenario)
        own = {item: model.seen_picture(targets[item].picture.load()) for item in tries}
        return tuple(
            replace(
                query,
                picture=clipped(
                    model.seen_picture(query.picture.load()), own[query.item], self.budget.epsilon
                ),
            )
            for query in kept
        )


class WeightAttack(Attack):
    """Changes a copy of the model; the questions stay the usual ones."""

    family: ClassVar[Family] = "weights"
    threat: ClassVar[Threat] = "weights"
    heavy: ClassVar[bool] = True

    @abstractmethod
    def altered(self, model: DualEncoder, scenario: Scenario) -> Iterator[tuple[float | None, DualEncoder]]:
        """The changed model, with its point on the curve if there is one. A model that was handed
        out may be changed further once the next is asked for; ``model`` itself must stay."""

    @final
    def __call__(
        self, model: DualEncoder, scenario: Scenario, criterion: Criterion[DualEncoder]
    ) -> tuple[Outcome, ...]:
        queries = scenario.direct()
        return tuple(
            Outcome(_judged(scenario, queries, criterion(changed)(queries)), at)
            for at, changed in self.altered(model, scenario)
        )


def _judged(scenario: Scenario, queries: Sequence[Query], margins: np.ndarray) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(
            key=scenario.targets[query.item].key,
            triple=str(scenario.targets[query.item].triple),
            text=scenario.targets[query.item].caption,
            margin=float(margin),
            won=bool(margin > 0),
        )
        for query, margin in zip(queries, margins, strict=True)
    )


def _shown(query: Query) -> str:
    """What a person should read of a query: its only text, or the first of several."""
    return query.texts[0]
