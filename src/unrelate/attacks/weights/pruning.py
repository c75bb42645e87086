"""An attack by pruning: the smallest weights of the merged model set to 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch.nn.utils import prune

from unrelate.attacks.base import WeightAttack
from unrelate.attacks.types import Budget, Scenario
from unrelate.models import DualEncoder


@dataclass(frozen=True)
class Pruning(WeightAttack):
    """The smallest linear weights of both towers together set to 0, without retraining.

    Args:
        percents: the points of its curve: how many of the weights, each in (0, 100).
    """

    percents: tuple[int, ...] = (10, 30, 50)
    curve: ClassVar[str] = "percent of weights"

    @property
    def budget(self) -> Budget:
        shares = ", ".join(str(percent) for percent in self.percents)
        return Budget(f"merged, the smallest {shares} % of all linear weights set to 0")

    def altered(self, model: DualEncoder, scenario: Scenario) -> Iterator[tuple[float | None, DualEncoder]]:
        for percent in self.percents:
            copy = model.standalone()
            weights = copy.linear_weights()
            prune.global_unstructured(weights, prune.L1Unstructured, amount=percent / 100)
            for module, name in weights:
                prune.remove(module, name)
            yield percent, copy
