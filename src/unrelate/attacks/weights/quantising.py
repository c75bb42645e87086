"""Attacks by rounding: the merged weights in 8 or 4 bits.

What an adapter adds is small beside the weights it is added to; rounded away, the forbidden is back.
4-bit rounding has brought back most of what published methods had "forgotten" (Zhang et al., "Catastrophic
failure of LLM unlearning via quantization", ICLR 2025).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from unrelate.attacks.base import WeightAttack
from unrelate.attacks.types import Budget, Scenario
from unrelate.models import DualEncoder
from unrelate.models.quantise import BLOCK, ROUNDINGS

_WORDS = {
    "int8": "INT8, symmetric, a step for each output",
    "int4": f"INT4, symmetric, in blocks of {BLOCK}",
    "nf4": f"NF4, in blocks of {BLOCK}",
}


@dataclass(frozen=True)
class Quantising(WeightAttack):
    """Every linear weight of the merged model rounded to nearest; activations as they are.

    Embedding tables, the patch convolution, norms and biases stay, as in what is deployed so.

    Args:
        to: the grid.
    """

    to: Literal["int8", "int4", "nf4"]

    @property
    def budget(self) -> Budget:
        return Budget(f"merged, every linear weight rounded to nearest: {_WORDS[self.to]}")

    @torch.no_grad()
    def _round(self, model: DualEncoder) -> None:
        for module, name in model.linear_weights():
            weight = module.get_parameter(name)
            weight.copy_(ROUNDINGS[self.to](weight))

    def altered(self, model: DualEncoder, scenario: Scenario) -> Iterator[tuple[float | None, DualEncoder]]:
        copy = model.standalone()
        self._round(copy)
        yield None, copy
