"""Where a killed training goes on: adapter and optimiser of the last whole checkpoint, and the log cut to it.

Nothing is pickled. A checkpoint is written beside the one before it, and the pointer moved when it is whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from unrelate.edit.optimizer_state import load_optimizer, save_optimizer
from unrelate.files import read_json, write_json


class Adapted(Protocol):
    """A model that wears an adapter: `DualEncoder` or `Generator`."""

    def adapter_state(self) -> dict[str, Tensor]: ...

    def restore_adapter(self, state: dict[str, Tensor]) -> None: ...


def write_checkpoint(model: Adapted, optimizer: torch.optim.Optimizer, folder: Path, step: int) -> None:
    """Write the state after ``step`` steps; a kill at any time leaves one whole."""
    place = folder / "checkpoint" / f"step-{step}"
    place.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in model.adapter_state().items()}, place / "adapter.safetensors")
    save_optimizer(optimizer, place / "optimizer.safetensors")
    write_json(folder / "checkpoint" / "last.json", {"step": step})


def resume(model: Adapted, optimizer: torch.optim.Optimizer, folder: Path) -> int:
    """The step to go on from, 0 at first, with weights, optimiser and losses.jsonl as they were there."""
    pointer, log = folder / "checkpoint" / "last.json", folder / "losses.jsonl"
    step = read_json(pointer)["step"] if pointer.exists() else 0
    if step:
        place = folder / "checkpoint" / f"step-{step}"
        model.restore_adapter(load_file(place / "adapter.safetensors"))
        load_optimizer(optimizer, place / "optimizer.safetensors")
    kept = log.read_text(encoding="utf-8").splitlines()[:step] if log.exists() else []
    log.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return step
