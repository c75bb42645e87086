"""What a caption's tokens could be instead: the gradient that a search over tokens follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


def token_gradients(
    model: PreTrainedModel,
    tower: str,
    features: Callable[[Tensor], Tensor],
    ids: Tensor,
    score: Callable[[Tensor], Tensor],
) -> Tensor:
    """How ``score(features(ids))`` would change, to first order, were each token another, [B, T, V].

    First order in the token's embedding: HotFlip (Ebrahimi et al. 2018, section 3), GCG (Zou et al.
    2023, section 2.2). On the CPU; needs B x T x V floats.

    Args:
        model: whose embedding table of V rows is read.
        tower: the name of its text tower.
        features: ids [B, T] -> [B, D].
        ids: the tokens.
        score: [B, D] -> [B].
    """
    table = cast(nn.Embedding, model.get_submodule(f"{tower}.embeddings.token_embedding"))
    entered: list[Tensor] = []

    def from_here(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        entered.append(output.detach().requires_grad_())
        return entered[0]

    hook = table.register_forward_hook(from_here)
    try:
        with torch.enable_grad():
            total = score(features(ids)).sum()
        (gradient,) = torch.autograd.grad(total, entered)
    finally:
        hook.remove()
    with torch.no_grad():
        now = (gradient * entered[0]).sum(-1, keepdim=True)
        return (gradient.to(table.weight.dtype) @ table.weight.T - now).float().cpu()
