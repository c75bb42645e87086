"""One perturbation for every picture (Moosavi-Dezfooli et al. 2017), learnt by projected gradient ascent."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.image.aims import Aims, as_pictures, levels, rounded
from unrelate.attacks.types import Budget, Family, NeedsPixels, Query, Scenario, Threat, evenly
from unrelate.data.types import Example
from unrelate.errors import UserError
from unrelate.graph.types import Role
from unrelate.models import DualEncoder


@dataclass(frozen=True)
class UniversalPGD(QueryAttack[DualEncoder]):
    """Learns one change of pixels on training pictures of the forbidden, and puts it on the targets.

    It cannot fit itself to a picture, so what it brings back is nearer to memory than what `PGD` does;
    it still has to be read against the same attack on a model that never learnt the forbidden.

    Args:
        epsilons: how far any channel may move, in steps of 1/255: the points of the curve.
        steps: gradient steps, each of ``epsilon / 8`` on one batch.
        batch: training pictures a step.
        most: the most training pictures it learns from, as many of each forbidden tuple.
    """

    epsilons: tuple[int, ...] = (4,)
    steps: int = 40
    batch: int = 32
    most: int = 192

    family: ClassVar[Family] = "image"
    threat: ClassVar[Threat] = "gradients"
    heavy: ClassVar[bool] = True
    needs_pixels: ClassVar[NeedsPixels] = "trained"
    curve: ClassVar[str] = "epsilon"

    @property
    def budget(self) -> Budget:
        reach = ", ".join(map(str, self.epsilons))
        words = (
            f"one change for all pictures, of up to {reach} of 255, "
            f"learnt in {self.steps} steps on {self.most} others"
        )
        return Budget(words, epsilon=max(self.epsilons))

    def points(self) -> Sequence[tuple[float | None, UniversalPGD]]:
        return tuple((epsilon, replace(self, epsilons=(epsilon,))) for epsilon in self.epsilons)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        asked = scenario.direct()
        shift = self._learn(model, scenario, asked)
        for start in range(0, len(asked), self.batch):
            some = asked[start : start + self.batch]
            own = levels(model, [query.picture for query in some])
            for query, picture in zip(some, as_pictures(own + shift), strict=True):
                yield replace(query, picture=picture)

    def _learn(self, model: DualEncoder, scenario: Scenario, asked: Sequence[Query]) -> Tensor:
        """The change [3, H, W], in levels."""
        lessons = self._lessons(scenario)
        # A training picture stands for the questions that will be asked of the targets.
        aims = Aims.of(model, [asked[number % len(asked)] for number in range(len(lessons))])
        own = levels(model, [example.picture for example in lessons])
        reach, order = max(self.epsilons), random.Random(f"universal/{scenario.seed}")
        shift = torch.zeros_like(own[0])
        for _ in range(self.steps):
            rows = torch.tensor(order.sample(range(len(own)), min(self.batch, len(own))))
            shift.requires_grad_(True)
            features = model.pixel_features(rounded(own[rows] + shift) / 255)
            _, smooth = aims.rows(rows).margins(features)
            (slope,) = torch.autograd.grad(smooth.mean(), shift)
            shift = (shift.detach() + reach / 8 * slope.sign()).clamp(-reach, reach)
        return shift

    def _lessons(self, scenario: Scenario) -> tuple[Example, ...]:
        known = [example for example in scenario.corpus.part("train") if example.role is Role.UNSAFE]
        if not known:
            raise UserError(
                "no training pictures of what is forbidden",
                "at least one, to learn a universal perturbation from",
                "add unsafe rows of split `train` to the manifest",
            )
        return evenly(known, self.most)
