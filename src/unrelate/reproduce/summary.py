"""Means and intervals over the seeds of a reproduction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unrelate.audit.record import AuditRecord

Records = Mapping[tuple[str, str, int], AuditRecord]

# Two-sided 95 % points of Student's t for 1, 2, 3... degrees of freedom.
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


@dataclass(frozen=True)
class Mean:
    """A mean over seeds and half the width of its 95 % Student interval (nan for one seed)."""

    value: float
    half: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        count = len(values)
        if not count:
            return cls(math.nan, math.nan)
        mean = sum(values) / count
        if count == 1:
            return cls(mean, math.nan)
        spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (count - 1))
        return cls(mean, _T95[min(count - 2, len(_T95) - 1)] * spread / math.sqrt(count))

    def text(self, digits: int = 3, percent: bool = False) -> str:
        """``0.123 ± 0.045``, or in percent."""
        scale = 100 if percent else 1
        value = f"{scale * self.value:.{digits}f}"
        return value if math.isnan(self.half) else f"{value} ± {scale * self.half:.{digits}f}"


def recipes_and_policies(records: Records) -> tuple[list[str], list[str]]:
    """What was run, each in the order it was."""
    recipes = dict.fromkeys(recipe for recipe, _, _ in records)
    policies = dict.fromkeys(policy for _, policy, _ in records)
    return list(recipes), list(policies)


def over_seeds(records: Records, recipe: str, policy: str, part: str, name: str, figure: str) -> Mean:
    """One figure of the record, over the seeds of one recipe and policy; nothing where it is absent."""
    found = []
    for (its_recipe, its_policy, _), record in records.items():
        if (its_recipe, its_policy) == (recipe, policy):
            section = getattr(record, part)
            holder = section.get(name) if isinstance(section, Mapping) else section
            if holder is not None:
                found.append(float(getattr(holder, figure)))
    return Mean.of(found)
