"""A model's own weights: copies with the adapter worked in at any strength, and ways to get at them.

For attacks on weights, which change a copy (`copied`) and leave the model as it is.
"""

from __future__ import annotations

import copy

import torch
from peft import PeftModel
from torch import nn
from transformers import PreTrainedModel

from unrelate.models import storage
from unrelate.models.hashing import base_weights


@torch.no_grad()
def copied(model: PreTrainedModel, peft: PeftModel | None, strength: float) -> PreTrainedModel:
    """A copy of ``model`` without adapter, with ``strength`` times what the adapter adds to its weights.

    Every weight stands at ``base + strength * (merged - base)``: for LoRA that is its scale factor; for
    DoRA, which also turns lengths, the straight line through base (0) and merged (1).
    """
    if peft is None:
        return copy.deepcopy(model)
    whole = storage.merged(model, peft)
    if strength != 1:
        base = base_weights(model)
        for name, weight in whole.state_dict().items():
            weight.copy_(base[name] + strength * (weight - base[name]))
    return whole


def linear_weights(model: nn.Module) -> tuple[tuple[nn.Module, str], ...]:
    """Every weight matrix ``[outputs, inputs]`` that inputs are multiplied by, as (module, name of its
    parameter): what a quantiser or a pruner changes. Embedding tables, convolutions, norms and biases
    are not among them."""
    found: list[tuple[nn.Module, str]] = []
    for module in model.modules():
        if isinstance(module, nn.Linear):
            found.append((module, "weight"))
        elif isinstance(module, nn.MultiheadAttention) and module.in_proj_weight is not None:
            found.append((module, "in_proj_weight"))  # SigLIP's pooling head keeps its queries here
    return tuple(found)


def thaw(model: nn.Module) -> None:
    """Make every weight trainable, in float32: in half precision small steps would be rounded away."""
    model.float().requires_grad_(True)
