"""Slips of the pen in what a training asks.

A word that a small model cannot read is a question that it was never taught to refuse. And where slips come
with what is forgotten alone, they would become a reason to refuse: what stays is asked with them as well.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from unrelate.data.spelling import any_slip, slipped


class Slips:
    """Which questions of a training have a slip of the pen in one word, and which slip.

    Args:
        share: of the questions, in [0, 1].
        seed: the same questions of a step have the same slips for the same seed.
    """

    def __init__(self, share: float, seed: int) -> None:
        self._share, self._seed = share, seed

    def at(self, step: int) -> Callable[[str], str]:
        """What becomes of each question of a step, drawn anew for each that is asked about."""
        chance = random.Random(f"slips/{self._seed}/{step}")

        def written(question: str) -> str:
            if chance.random() >= self._share:
                return question
            return slipped(question, *any_slip(chance))

        return written
