"""One hash for the weights that an edit starts from."""

from __future__ import annotations

import hashlib

import torch
from torch import nn


def base_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and kept buffers by the names they had before any adapter was put on."""
    return {
        name.replace(".base_layer.", "."): tensor
        for name, tensor in model.state_dict().items()
        if ".lora_" not in name
    }


def weights_hash(model: nn.Module) -> str:
    """SHA-256 over name, dtype, shape and bytes of every base weight, names sorted.

    An adapter leaves it as it is; another dtype does not.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(base_weights(model).items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()
