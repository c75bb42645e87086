"""Weight-only quantisation by rounding to nearest, done in floating point.

Each function gives back the weights that a quantised model computes with: rounded to the grid, then
multiplied out again. That is all that a kernel for INT8 or 4-bit weights changes in the outputs, and it
runs anywhere; the kernels themselves (bitsandbytes) are made for GPUs. Activations stay as they are.

NF4 and the block of 64: Dettmers et al., "QLoRA" (2023), section 3 and appendix E.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 64
# QLoRA's 16 levels: quantiles of a normal distribution, brought to [-1, 1], with 0 among them.
NF4_LEVELS = (
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
)


def int8(weight: Tensor) -> Tensor:
    """Symmetric INT8 with a step for each output: ``round(w / s) * s``, ``s = max |w| of the row / 127``.

    Args:
        weight: ``[outputs, inputs]``.
    """
    return _to_steps(weight, weight.abs().amax(1, keepdim=True) / 127)


def int4(weight: Tensor) -> Tensor:
    """Symmetric INT4 in blocks of 64 weights, -7 to 7: ``s = max |w| of the block / 7``.

    Blocks follow each other in memory, row after row; the last may be shorter.
    """
    return _by_block(weight, lambda blocks, peaks: _to_steps(blocks, peaks / 7))


def nf4(weight: Tensor) -> Tensor:
    """NormalFloat4 in blocks of 64 weights: the nearest of 16 levels times the block's largest ``|w|``."""

    def nearest(blocks: Tensor, peaks: Tensor) -> Tensor:
        levels = torch.tensor(NF4_LEVELS, dtype=torch.float32, device=blocks.device)
        borders = (levels[1:] + levels[:-1]) / 2
        return levels[torch.bucketize((blocks / peaks.clamp(min=1e-38)).contiguous(), borders)] * peaks

    return _by_block(weight, nearest)


# name -> rounding of one weight matrix, to a matrix of the same shape and dtype.
ROUNDINGS: Mapping[str, Callable[[Tensor], Tensor]] = {"int8": int8, "int4": int4, "nf4": nf4}


def _to_steps(weight: Tensor, step: Tensor) -> Tensor:
    """The nearest multiples of ``step``; where that is 0, so are all the weights."""
    return torch.where(step > 0, (weight / step.clamp(min=1e-38)).round() * step, weight)


def _by_block(weight: Tensor, rounded: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    flat = weight.float().reshape(-1)
    blocks = functional.pad(flat, (0, -len(flat) % BLOCK)).view(-1, BLOCK)
    done = rounded(blocks, blocks.abs().amax(1, keepdim=True))
    return done.view(-1)[: len(flat)].view(weight.shape).to(weight.dtype)
