"""A low-rank change of one matrix as an adapter: written in PEFT's layout, or put into the one there is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from torch import Tensor

from unrelate.errors import UserError
from unrelate.models import storage
from unrelate.models.generator_hooks import down_projection

if TYPE_CHECKING:
    from unrelate.models.generator import Generator

_PEFT = "base_model.model."


def write_low_rank(generator: Generator, layer: int, down: Tensor, up: Tensor, folder: Path) -> None:
    """Write ``W + up @ down`` on a layer's down projection in PEFT's layout: exactly, at its own rank.

    Args:
        down: ``[rank, inner]``. up: ``[width, rank]``.

    Raises:
        UserError: the folder cannot be written to.
    """
    rank = down.shape[0]
    config = LoraConfig(
        r=rank,
        lora_alpha=rank,  # a scale of 1
        lora_dropout=0.0,
        target_modules=[_name(generator, layer)],
        bias="none",
        base_model_name_or_path=generator.name,
        inference_mode=True,
    )
    state = {"lora_A": down, "lora_B": up}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        config.save_pretrained(str(folder))
        save_file(
            {
                f"{_PEFT}{_name(generator, layer)}.{part}.weight": matrix.detach().float().cpu().contiguous()
                for part, matrix in state.items()
            },
            folder / storage.WEIGHTS,
        )
    except OSError as error:
        raise UserError(
            f"folder '{folder}', which cannot be written to ({error.strerror})",
            "a folder with room in it",
            "choose another folder",
        ) from error


def put_low_rank(generator: Generator, layer: int, down: Tensor, up: Tensor) -> float:
    """Put ``up @ down`` into the generator's adapter, on top of what that has there; without an adapter,
    put on one of this matrix alone, trainable.

    Returns:
        The share of the sum's squared length that its adapter's rank has no room for, in [0, 1]; 0 where
        a fresh adapter is of the same rank or more.

    Raises:
        UserError: the adapter leaves this matrix alone, or is no plain LoRA there.
    """
    if not generator.has_adapter:
        with tempfile.TemporaryDirectory() as folder:
            write_low_rank(generator, layer, down, up, Path(folder))
            generator.load_adapter(Path(folder), trainable=True)
        return 0.0
    key = f"{_PEFT}{_name(generator, layer)}."
    state = generator.adapter_state()
    own = {name.removeprefix(key) for name in state if name.startswith(key)}
    if own != {"lora_A.weight", "lora_B.weight"}:
        raise UserError(
            f"an adapter with {', '.join(sorted(own)) or 'nothing'} on mlp.down_proj of layer {layer}",
            "a LoRA that adapts the mlp of that layer",
            "add an adapter of method lora that reaches this layer and includes mlp, or none",
        )
    first, second = state[key + "lora_A.weight"], state[key + "lora_B.weight"]
    scale = _scale(generator, layer)
    new_first, new_second, lost = _within(first.double(), second.double() * scale, down, up)
    state[key + "lora_A.weight"] = new_first.to(first.dtype)
    state[key + "lora_B.weight"] = (new_second / scale).to(second.dtype)
    generator.restore_adapter(state)
    return lost


def _within(first: Tensor, second: Tensor, down: Tensor, up: Tensor) -> tuple[Tensor, Tensor, float]:
    """``second @ first + up @ down`` at the rank of ``first``, float64, and the share lost by it.

    Directions that the sum leaves free keep the adapter's own rows with nothing behind them, so that they
    can still be trained.
    """
    rank = first.shape[0]
    tall, wide = torch.cat([second, up.cpu().double()], 1), torch.cat([first, down.cpu().double()])
    # The SVD of the product, without the product: of the small core between two orthonormal bases.
    q_left, r_left = torch.linalg.qr(tall)
    q_right, r_right = torch.linalg.qr(wide.T)
    left, sizes, right = torch.linalg.svd(r_left @ r_right.T)
    energy = sizes.square()
    used = int((sizes[:rank] > 1e-9 * sizes[0].clamp_min(1e-30)).sum())
    root = sizes[:used].sqrt()
    kept_first, kept_second = first.clone(), torch.zeros_like(second)
    kept_first[:used] = root[:, None] * (q_right @ right[:used].T).T
    kept_second[:, :used] = (q_left @ left[:, :used]) * root
    lost = float(energy[rank:].sum() / energy.sum().clamp_min(1e-30))
    return kept_first, kept_second, lost


def _name(generator: Generator, layer: int) -> str:
    """The full name of a layer's down projection in the model without adapter."""
    down_projection(generator, layer)  # there is one
    return f"{generator.layer_names[layer]}.mlp.down_proj"


def _scale(generator: Generator, layer: int) -> float:
    """What peft multiplies the product by: alpha / rank, or another rule's."""
    (scale,) = cast(LoraLayer, down_projection(generator, layer)).scaling.values()
    return float(scale)
