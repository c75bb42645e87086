"""The framework holds what an attack found to its budget: pixels, tries, and the points of a curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.pictures import PixelPicture, clipped
from unrelate.attacks.types import Budget, Family, Judge, Query, Scenario, Threat
from unrelate.data.types import Corpus
from unrelate.graph import RelationGraph
from unrelate.models import DualEncoder
from unrelate.policy import Policy


@dataclass(frozen=True)
class Paint:
    """A picture of one colour, of any size."""

    shade: int
    size: tuple[int, int] = (50, 70)

    def load(self) -> Image.Image:
        return Image.new("RGB", self.size, (self.shade, 255 - self.shade, 0))


@dataclass(frozen=True)
class Overpaint(QueryAttack[DualEncoder]):
    """Shows something else altogether, whatever it was allowed."""

    epsilon: int | None
    curve_at: tuple[int, ...] = ()

    family: ClassVar[Family] = "image"
    threat: ClassVar[Threat] = "black box"

    @property
    def budget(self) -> Budget:
        return Budget("none that it keeps to", queries=2, epsilon=self.epsilon)

    def points(self) -> Sequence[tuple[float | None, Overpaint]]:
        points = tuple((at, replace(self, epsilon=at, curve_at=())) for at in self.curve_at)
        return points or ((None, self),)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        for item, example in enumerate(scenario.targets):
            for shade in (0, 255, 128):  # one more than allowed
                yield scenario.query(item, example, picture=Paint(shade))


class Onlooker:
    """A criterion by which everything is a breach; it keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[Query] = []

    def __call__(self, model: Any) -> Judge:
        def judge(queries: Sequence[Query]) -> np.ndarray:
            self.seen += queries
            return np.ones(len(queries))

        return judge


@pytest.fixture(scope="module")
def scenario(policy: Policy, graph: RelationGraph, corpus: Corpus) -> Scenario:
    return Scenario(corpus, graph, policy.vocabulary, most=4)


@pytest.fixture(scope="module")
def model(tiny: Path) -> DualEncoder:
    return DualEncoder.load(tiny)


def _distances(model: DualEncoder, scenario: Scenario, shown: Sequence[Query]) -> list[int]:
    own = [np.asarray(model.seen_picture(e.picture.load()), dtype=int) for e in scenario.targets]
    return [int(np.abs(np.asarray(q.picture.load(), dtype=int) - own[q.item]).max()) for q in shown]


def test_no_picture_is_further_from_its_own_than_epsilon(model: DualEncoder, scenario: Scenario) -> None:
    criterion = Onlooker()
    (outcome,) = Overpaint(3)(model, scenario, criterion)
    assert _distances(model, scenario, criterion.seen) == [3] * 8
    assert [attempt.key for attempt in outcome.attempts] == [e.key for e in scenario.targets]


def test_without_an_epsilon_pictures_stay_as_found_and_only_tries_are_counted(
    model: DualEncoder, scenario: Scenario
) -> None:
    criterion = Onlooker()
    Overpaint(None)(model, scenario, criterion)
    assert [query.picture for query in criterion.seen] == [Paint(0), Paint(255)] * 4


def test_each_point_of_a_curve_is_held_to_its_own_budget(model: DualEncoder, scenario: Scenario) -> None:
    criterion = Onlooker()
    outcomes = Overpaint(9, curve_at=(1, 5))(model, scenario, criterion)
    assert [outcome.at for outcome in outcomes] == [1, 5]
    assert _distances(model, scenario, criterion.seen) == [1] * 8 + [5] * 8


def test_clipping_by_hand() -> None:
    own = Image.fromarray(np.array([[[0, 100, 255], [7, 8, 9]]], dtype=np.uint8))
    given = Image.fromarray(np.array([[[255, 90, 0], [8, 8, 8]]], dtype=np.uint8))
    kept = np.asarray(clipped(given, own, 4).load())
    assert kept.tolist() == [[[4, 96, 251], [8, 8, 8]]]
    with pytest.raises(ValueError, match="pixels"):
        clipped(given.resize((3, 3)), own, 4)


def test_equal_pixels_are_equal_pictures() -> None:
    levels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    first, second = PixelPicture.of(levels), PixelPicture.of(levels.copy())
    assert first == second
    assert len({first, second}) == 1
    assert first.load().size == (4, 2)
    assert np.array_equal(np.asarray(first.load()), levels)
