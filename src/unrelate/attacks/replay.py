"""RASU's three attacks (section 4.6): questions that the data room has put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.types import Budget, Family, Query, Scenario, Threat, evenly
from unrelate.data.types import Example
from unrelate.models import DualEncoder


@dataclass(frozen=True)
class Replay(QueryAttack[DualEncoder]):
    """The examples of one part of the corpus, each in its own bank.

    Args:
        part: ``paraphrase``, ``contextual`` or ``ood_image``.
        family: of which family that makes it.
        words: its budget.
    """

    part: str
    family: Family
    words: str
    threat: Threat = "black box"

    @property
    def budget(self) -> Budget:
        return Budget(self.words)

    def targets(self, scenario: Scenario) -> Sequence[Example]:
        return evenly(scenario.corpus.part(self.part), scenario.most)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        for item, example in enumerate(self.targets(scenario)):
            yield scenario.query(item, example)
