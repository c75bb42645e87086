"""What is frozen is computed once: the state that enters the first adapted stage of a tower.

With adapters on the projections alone, the state is the pooled output; with adapters on the last
blocks, the hidden states that enter the first of them; with no adapter in the tower, the embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from unrelate.models.towers import Tower


@dataclass(frozen=True)
class Prefix:
    """States entering a stage: ``state`` [B, T, W] or [B, W]; ``ends`` [B] as `Tower.ends` gives."""

    state: Tensor
    ends: Tensor

    def __len__(self) -> int:
        return len(self.state)

    def to(self, device: torch.device) -> Prefix:
        return Prefix(self.state.to(device), self.ends.to(device))

    def rows(self) -> list[Prefix]:
        """One prefix a row, to keep. Tokens after the pooled one are dropped: nothing reads them."""
        kept = []
        for state, end in zip(self.state, self.ends.tolist(), strict=True):
            if state.ndim == 2 and end >= 0:
                state = state[: end + 1]
            kept.append(Prefix(state[None].clone(), torch.tensor([end])))
        return kept

    @staticmethod
    def stack(rows: Sequence[Prefix]) -> Prefix:
        """One batch of kept rows, padded with zeros to the longest (causal towers alone need it)."""
        ends = torch.cat([row.ends for row in rows])
        states = [row.state for row in rows]
        if states[0].ndim == 3:
            longest = max(state.shape[1] for state in states)
            states = [functional.pad(state, (0, 0, 0, longest - state.shape[1])) for state in states]
        return Prefix(torch.cat(states), ends)


def first_adapted(model: PreTrainedModel, tower: Tower, projections: Sequence[str]) -> int:
    """The first stage with an adapter: a block's index; n for the projection; n + 1 for none.

    ``n`` is the number of blocks.
    """
    for index, block in enumerate(tower.blocks):
        if any(isinstance(module, BaseTunerLayer) for module in block.modules()):
            return index
    named = (model.get_submodule(name) for name in projections)
    return len(tower.blocks) + (0 if any(isinstance(m, BaseTunerLayer) for m in named) else 1)


def run_to(tower: Tower, inputs: Tensor, stage: int) -> Prefix:
    """Run a tower up to, not including, ``stage`` (see `first_adapted`)."""
    hidden, ends = tower.embed(inputs), tower.ends(inputs)
    return _run(tower, Prefix(hidden, ends), 0, stage)


def run_from(tower: Tower, prefix: Prefix, stage: int) -> Tensor:
    """Run a tower from ``stage`` on, to embeddings [B, D] of unit length."""
    return _run(tower, prefix, stage, len(tower.blocks) + 1).state


def states(tower: Tower, inputs: Tensor) -> list[Tensor]:
    """What a tower holds after each of its stages, one vector a row: [B, W] after `Tower.embed`, after
    every block but the last (see `Tower.glance`), after `Tower.pool`; and the embedding [B, D]."""
    prefix, depth, seen = run_to(tower, inputs, 0), len(tower.blocks), []
    for stage in range(depth):
        seen.append(tower.glance(prefix.state, prefix.ends))
        prefix = _run(tower, prefix, stage, stage + 1)
    return [*seen, prefix.state, _run(tower, prefix, depth, depth + 1).state]


def _run(tower: Tower, prefix: Prefix, start: int, stop: int) -> Prefix:
    state, depth = prefix.state, len(tower.blocks)
    for index in range(start, min(stop, depth - 1)):
        state = tower.block(index, state)
    if start < depth <= stop:
        state = tower.pool(state, prefix.ends)
    if start <= depth < stop:
        state = functional.normalize(tower.project(state).float(), dim=-1)
    return Prefix(state, prefix.ends)
