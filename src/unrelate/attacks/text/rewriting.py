"""Attacks that rewrite captions: disguised, in other words, in a setting, or as other sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.types import Budget, Family, Query, Rewrite, Scenario, Threat
from unrelate.models import DualEncoder


@dataclass(frozen=True)
class Rewriting(QueryAttack[DualEncoder]):
    """Every target asked for once in each rewriting; the best counts.

    The whole bank is rewritten alike, so that still nothing but the tuple differs: a caption must not
    lose merely for being the only one that is misspelt.

    Args:
        rewrites: what is done to a caption: a try each, and each costs a bank of captions.
        words: the budget for people.
    """

    rewrites: Sequence[Rewrite]
    words: str
    family: Family = "text"
    threat: Threat = "black box"

    @property
    def budget(self) -> Budget:
        tries = len(self.rewrites)
        return Budget(f"{self.words}; {tries} {'try' if tries == 1 else 'tries'} a picture", queries=tries)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        return asked(scenario, self.rewrites)


def asked(scenario: Scenario, rewrites: Sequence[Rewrite]) -> Iterator[Query]:
    """Every target in every rewriting."""
    for item, example in enumerate(scenario.targets):
        for rewrite in rewrites:
            yield scenario.query(item, example, rewrite=rewrite)
