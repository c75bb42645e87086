"""Means and intervals over the seeds of a reproduction."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - self.half

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


def of_seeds(records: Records, recipe: str, policy: str) -> list[AuditRecord]:
    """The records of one recipe and policy, seed by seed."""
    return [held for (name, whose, _), held in records.items() if (name, whose) == (recipe, policy)]


def over_seeds(records: Records, recipe: str, policy: str, part: str, name: str, figure: str) -> Mean:
    """One figure of the record, over the seeds of one recipe and policy; nothing where it is absent."""
    found = []
    for record in of_seeds(records, recipe, policy):
        section = getattr(record, part)
        holder = section.get(name) if isinstance(section, Mapping) else section
        if holder is not None:
            found.append(float(getattr(holder, figure)))
    return Mean.of(found)


def table_rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table: the first column to the left, figures to the right."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]


def records_json(records: Records) -> dict[str, dict[str, dict[str, Any]]]:
    """recipe -> policy -> seed -> record, every figure; items, graph, breaches and conversations stay in the
    runs."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for (name, policy, seed), record in records.items():
        attacks = {key: attack.model_copy(update={"breaches": []}) for key, attack in record.attacks.items()}
        said = record.generation and record.generation.model_copy(update={"conversations": []})
        slim = record.model_copy(update={"items": [], "graph": [], "attacks": attacks, "generation": said})
        found.setdefault(name, {}).setdefault(policy, {})[str(seed)] = json.loads(slim.to_json())
    return found
