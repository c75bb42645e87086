"""The two towers of a dual encoder, taken apart into stages that can be run from any stage on.

    embed -> block 0 -> ... -> block n-2 -> pool (block n-1 and what follows it) -> project

Every stage calls submodules of the transformers model in the order in which the model itself calls
them, so that what is frozen below the first adapted stage can be computed once and kept. Where one
token of the last block is read, only that token is taken through its query, output and MLP.

Attention masks: CLIP's text tower is causal and pools at the end token, so what stands after it can
change nothing; no padding mask is needed and captions may be trimmed. SigLIP was trained on captions
padded to full length and without a mask, so it is given exactly that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel


class Tower(Protocol):
    """One tower. ``B`` rows, ``T`` tokens, ``W`` width of the tower, ``D`` embedding dimension."""

    blocks: nn.ModuleList

    def embed(self, inputs: Tensor) -> Tensor:
        """Pixels [B, 3, H, W] or token ids [B, T] -> hidden states [B, T, W]."""
        ...

    def ends(self, inputs: Tensor) -> Tensor:
        """The token [B] at which each row is pooled; -1 where nothing may be cut after it."""
        ...

    def block(self, index: int, hidden: Tensor) -> Tensor:
        """[B, T, W] -> [B, T, W], for every block but the last."""
        ...

    def glance(self, hidden: Tensor, ends: Tensor) -> Tensor:
        """What stands below the last block in one vector a row, [B, T, W] -> [B, W]: at the token that
        will be pooled, or the mean over tokens where none alone is. For probes."""
        ...

    def pool(self, hidden: Tensor, ends: Tensor) -> Tensor:
        """What enters the last block, [B, T, W] -> what enters the projection, [B, W]."""
        ...

    def project(self, pooled: Tensor) -> Tensor:
        """[B, W] -> [B, D], not yet of unit length."""
        ...


class ClipImage:
    """CLIP's vision transformer: pooled at its first token."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._tower = model.get_submodule("vision_model")
        self._model = model
        self.blocks: nn.ModuleList = self._tower.encoder.layers  # pyright: ignore

    def embed(self, inputs: Tensor) -> Tensor:
        return self._tower.pre_layrnorm(self._tower.embeddings(inputs))  # pyright: ignore

    def ends(self, inputs: Tensor) -> Tensor:
        return torch.full((len(inputs),), -1, dtype=torch.long, device=inputs.device)

    def block(self, index: int, hidden: Tensor) -> Tensor:
        return self.blocks[index](hidden, None)

    def glance(self, hidden: Tensor, ends: Tensor) -> Tensor:
        return hidden[:, 0]

    def pool(self, hidden: Tensor, ends: Tensor) -> Tensor:
        first = torch.zeros(len(hidden), dtype=torch.long, device=hidden.device)
        return self._tower.post_layernorm(_last_block(self.blocks[-1], hidden, first))  # pyright: ignore

    def project(self, pooled: Tensor) -> Tensor:
        return self._model.visual_projection(pooled)  # pyright: ignore


class ClipText:
    """CLIP's causal text transformer: pooled at the end token."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._tower = model.get_submodule("text_model")
        self._model = model
        self._end_id = int(self._tower.config.eos_token_id)  # pyright: ignore
        self.blocks: nn.ModuleList = self._tower.encoder.layers  # pyright: ignore

    def embed(self, inputs: Tensor) -> Tensor:
        return self._tower.embeddings(input_ids=inputs)  # pyright: ignore

    def ends(self, inputs: Tensor) -> Tensor:
        # transformers keeps 2 as the mark of old checkpoints, whose end token is the highest id.
        if self._end_id == 2:
            return inputs.argmax(dim=-1)
        return (inputs == self._end_id).int().argmax(dim=-1)

    def block(self, index: int, hidden: Tensor) -> Tensor:
        return self.blocks[index](hidden, None, is_causal=True)

    def glance(self, hidden: Tensor, ends: Tensor) -> Tensor:
        return hidden[torch.arange(len(hidden), device=hidden.device), ends]

    def pool(self, hidden: Tensor, ends: Tensor) -> Tensor:
        seen = torch.arange(hidden.shape[1], device=hidden.device) <= ends[:, None]
        return self._tower.final_layer_norm(_last_block(self.blocks[-1], hidden, ends, seen))  # pyright: ignore

    def project(self, pooled: Tensor) -> Tensor:
        return self._model.text_projection(pooled)  # pyright: ignore


class SiglipImage:
    """SigLIP's vision transformer: pooled by one attention step, then an MLP with a shortcut.

    The MLP is what counts as the projection: it is the last thing before the embedding.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._tower = model.get_submodule("vision_model")
        self._head = self._tower.get_submodule("head")
        self.blocks: nn.ModuleList = self._tower.encoder.layers  # pyright: ignore

    def embed(self, inputs: Tensor) -> Tensor:
        return self._tower.embeddings(inputs)  # pyright: ignore

    def ends(self, inputs: Tensor) -> Tensor:
        return torch.full((len(inputs),), -1, dtype=torch.long, device=inputs.device)

    def block(self, index: int, hidden: Tensor) -> Tensor:
        return self.blocks[index](hidden, None)

    def glance(self, hidden: Tensor, ends: Tensor) -> Tensor:
        return hidden.mean(1)

    def pool(self, hidden: Tensor, ends: Tensor) -> Tensor:
        hidden = self._tower.post_layernorm(self.block(len(self.blocks) - 1, hidden))  # pyright: ignore
        probe = self._head.probe.expand(len(hidden), -1, -1)  # pyright: ignore
        return self._head.attention(probe, hidden, hidden, need_weights=False)[0][:, 0]  # pyright: ignore

    def project(self, pooled: Tensor) -> Tensor:
        return pooled + self._head.mlp(self._head.layernorm(pooled))  # pyright: ignore


class SiglipText:
    """SigLIP's text transformer: every token sees every other, pooled at the last, padding or not."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._tower = model.get_submodule("text_model")
        self.blocks: nn.ModuleList = self._tower.encoder.layers  # pyright: ignore

    def embed(self, inputs: Tensor) -> Tensor:
        return self._tower.embeddings(input_ids=inputs)  # pyright: ignore

    def ends(self, inputs: Tensor) -> Tensor:
        return torch.full((len(inputs),), -1, dtype=torch.long, device=inputs.device)

    def block(self, index: int, hidden: Tensor) -> Tensor:
        return self.blocks[index](hidden, None)

    def glance(self, hidden: Tensor, ends: Tensor) -> Tensor:
        # Not the last token alone, where it is pooled: below, that is padding as a rule.
        return hidden.mean(1)

    def pool(self, hidden: Tensor, ends: Tensor) -> Tensor:
        last = torch.full((len(hidden),), hidden.shape[1] - 1, device=hidden.device)
        return self._tower.final_layer_norm(_last_block(self.blocks[-1], hidden, last))  # pyright: ignore

    def project(self, pooled: Tensor) -> Tensor:
        return self._tower.head(pooled)  # pyright: ignore


def _last_block(block: nn.Module, hidden: Tensor, at: Tensor, seen: Tensor | None = None) -> Tensor:
    """One transformer block, at one token a row: [B, T, W] -> [B, W].

    ``at`` [B] is that token; ``seen`` [B, T] says which tokens it may look at (None: all). Ten
    twelfths of a block's work is done a token, and the others' is never read.
    """
    rows, (count, length, width) = torch.arange(len(hidden), device=hidden.device), hidden.shape
    attention = block.get_submodule("self_attn")
    heads = int(attention.num_heads)  # pyright: ignore
    normed, here = block.layer_norm1(hidden), hidden[rows, at]  # pyright: ignore
    query = attention.q_proj(normed[rows, at]).view(count, 1, heads, -1).transpose(1, 2)  # pyright: ignore
    key = attention.k_proj(normed).view(count, length, heads, -1).transpose(1, 2)  # pyright: ignore
    value = attention.v_proj(normed).view(count, length, heads, -1).transpose(1, 2)  # pyright: ignore
    mixed = functional.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=None if seen is None else seen[:, None, None],
        dropout_p=float(attention.dropout) if attention.training else 0.0,  # pyright: ignore
    )
    here = here + attention.out_proj(mixed.reshape(count, width))  # pyright: ignore
    return here + block.mlp(block.layer_norm2(here))  # pyright: ignore


@dataclass(frozen=True)
class Family:
    """An architecture: how its towers are taken apart, and what of them counts as projection.

    ``causal``: the text tower looks only backwards, so captions are trimmed to the longest in a
    batch; otherwise they are padded to the model's own length.
    """

    towers: Mapping[str, Callable[[PreTrainedModel], Tower]]
    prefixes: Mapping[str, str]
    projections: Mapping[str, tuple[str, ...]]
    causal: bool


_PREFIXES = {"text": "text_model", "image": "vision_model"}

# model_type of config.json -> its family. A family's towers must give what the transformers model
# itself gives, to rounding. The fixed-resolution SigLIP 2 checkpoints are of type "siglip".
FAMILIES: dict[str, Family] = {
    "clip": Family(
        towers={"text": ClipText, "image": ClipImage},
        prefixes=_PREFIXES,
        projections={"text": ("text_projection",), "image": ("visual_projection",)},
        causal=True,
    ),
    "siglip": Family(
        towers={"text": SiglipText, "image": SiglipImage},
        prefixes=_PREFIXES,
        projections={
            "text": ("text_model.head",),
            "image": ("vision_model.head.mlp.fc1", "vision_model.head.mlp.fc2"),
        },
        causal=False,
    ),
}
