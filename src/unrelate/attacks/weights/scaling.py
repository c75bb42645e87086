"""An attack on the adapter: merged into the weights at less or more than its full strength."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unrelate.attacks.base import WeightAttack
from unrelate.attacks.types import Budget, Scenario
from unrelate.models import DualEncoder


@dataclass(frozen=True)
class Scaling(WeightAttack):
    """What the adapter adds to the weights, scaled and merged.

    An adapter that can be taken off is no defence against whoever holds it: at 0 % everything is back,
    and its rise between 0 and 100 % is a property of the edit, not a flaw. At 100 % this tests that
    merging changes nothing. A model without adapter is left as it is at every point.

    Args:
        percents: the points of its curve: how much of the adapter's strength.
    """

    percents: tuple[int, ...] = (25, 50, 75, 100, 150)
    curve: ClassVar[str] = "percent of the adapter"

    @property
    def budget(self) -> Budget:
        shares = ", ".join(str(percent) for percent in self.percents)
        return Budget(f"the adapter merged at {shares} % of its strength")

    def altered(self, model: DualEncoder, scenario: Scenario) -> Iterator[tuple[float | None, DualEncoder]]:
        for percent in self.percents:
            yield percent, model.standalone(percent / 100)
