"""Projected gradient ascent on single pictures (Madry et al. 2018, section 2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.image.aims import Aims, as_pictures, levels, rounded
from unrelate.attacks.pictures import PixelPicture
from unrelate.attacks.types import Budget, Family, NeedsPixels, Query, Scenario, Threat, evenly
from unrelate.data.types import Example
from unrelate.models import DualEncoder

# A picture with this margin has won, with something to spare for rounding, and is let be.
_ENOUGH = 0.001


@dataclass(frozen=True)
class PGD(QueryAttack[DualEncoder]):
    """Changes every picture by a little, pixel by pixel, until it looks forbidden to the model.

    Gradients push almost any picture to almost any caption, so its success is no proof of memory. Two
    attacks of the same budget say how to read it. On a model that never learnt the forbidden: what is
    reached there needs no memory, though a model that can put known parts together may reach all. With
    ``of="safe neighbours"``, on the same model: pictures that show nothing forbidden, pushed towards the
    same captions. An edit has left no memory where forbidden pictures yield no more than those.

    Args:
        epsilons: how far any channel may move, in steps of 1/255: the points of the curve.
        steps: gradient steps, each of ``epsilon / 4``; every one costs a forward and a backward pass.
        of: which pictures: the scenario's targets, or held-out pictures of their safe neighbours.
        batch: pictures at a time; fewer need less memory.
    """

    epsilons: tuple[int, ...] = (4,)
    steps: int = 20
    of: Literal["forbidden", "safe neighbours"] = "forbidden"
    batch: int = 32

    family: ClassVar[Family] = "image"
    threat: ClassVar[Threat] = "gradients"
    heavy: ClassVar[bool] = True
    needs_pixels: ClassVar[NeedsPixels] = "asked"
    curve: ClassVar[str] = "epsilon"

    @property
    def budget(self) -> Budget:
        reach = ", ".join(map(str, self.epsilons))
        words = f"pixels moved by up to {reach} of 255, {self.steps} gradient steps a picture"
        if self.of == "safe neighbours":
            words += "; pictures of safe neighbours"
        return Budget(words, queries=self.steps + 1, epsilon=max(self.epsilons))

    def points(self) -> Sequence[tuple[float | None, PGD]]:
        return tuple((epsilon, replace(self, epsilons=(epsilon,))) for epsilon in self.epsilons)

    def targets(self, scenario: Scenario) -> Sequence[Example]:
        if self.of == "forbidden":
            return scenario.targets
        return evenly(scenario.corpus.part("safe_edge"), len(scenario.targets))

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        # The questions are those about the forbidden, whatever the pictures show.
        asked = scenario.direct()
        questions = [
            replace(asked[item % len(asked)], item=item, picture=example.picture)
            for item, example in enumerate(self.targets(scenario))
        ]
        aims = Aims.of(model, questions)
        generator = torch.Generator().manual_seed(scenario.seed)
        for start in range(0, len(questions), self.batch):
            rows = slice(start, start + self.batch)
            own = levels(model, [question.picture for question in questions[rows]])
            found = self._climb(model, own, aims.rows(rows), generator)
            for question, picture in zip(questions[rows], found, strict=True):
                yield replace(question, picture=picture)

    def _climb(
        self, model: DualEncoder, own: Tensor, aims: Aims, generator: torch.Generator
    ) -> list[PixelPicture]:
        """The best picture met on the way up, or the first that won, for each of ``own`` [B, 3, H, W]."""
        reach = max(self.epsilons)
        shift = (reach * (2 * torch.rand(own.shape, generator=generator) - 1)).to(own.device)
        best, record = own.clone(), torch.full((len(own),), -torch.inf, device=own.device)
        rows = torch.arange(len(own), device=own.device)  # those that have not won
        for step in range(self.steps + 1):
            moved = shift[rows].requires_grad_(True)
            changed = rounded(own[rows] + moved)
            exact, smooth = aims.rows(rows).margins(model.pixel_features(changed / 255))
            better = exact > record[rows]
            record[rows[better]], best[rows[better]] = exact[better], changed.detach()[better]
            lost = exact < _ENOUGH
            if step == self.steps or not lost.any():
                break
            (slope,) = torch.autograd.grad(smooth.sum(), moved)
            shift[rows] = (moved.detach() + reach / 4 * slope.sign()).clamp(-reach, reach)
            rows = rows[lost]
        return as_pictures(best)
