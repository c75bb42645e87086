"""Where the training of an embedded model goes on after a kill. Nothing is pickled."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel

from unrelate.edit.optimizer_state import load_optimizer, save_optimizer
from unrelate.errors import UserError
from unrelate.files import read_json, write_json


def open_state(out: Path, recipe: Any) -> tuple[Path, int]:
    """The folder of the training's state within ``out``, and the step that it goes on from; 0 at first.

    Raises:
        UserError: ``out`` holds a training with other settings.
    """
    folder = out / "training"
    folder.mkdir(parents=True, exist_ok=True)
    pointer = folder / "state.json"
    if not pointer.exists():
        return folder, 0
    state = read_json(pointer)
    if state["recipe"] != _plain(recipe):
        raise UserError(
            f"{out} holds a training with other settings", "the same settings", "give another --out"
        )
    return folder, state["step"]


def learning(
    model: nn.Module, tutor: nn.Module, recipe: Any, folder: Path, step: int
) -> tuple[list[nn.Parameter], torch.optim.Optimizer]:
    """All that is trained, and its optimiser; tutor and optimiser as they were after ``step`` steps."""
    if step:
        tutor.load_state_dict(load_file(folder / f"step-{step}" / "tutor.safetensors"))
    parameters = [*model.parameters(), *tutor.parameters()]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate(step), betas=(0.9, 0.98))
    if step:
        load_optimizer(optimizer, folder / f"step-{step}" / "optimizer.safetensors")
    return parameters, optimizer


def write_state(
    folder: Path,
    model: PreTrainedModel,
    tutor: nn.Module,
    optimizer: torch.optim.Optimizer,
    step: int,
    recipe: Any,
) -> None:
    """Write everything first and the pointer to it last, so that a kill leaves the older one whole."""
    place = folder / f"step-{step}"
    model.save_pretrained(place)
    save_file(tutor.state_dict(), place / "tutor.safetensors")
    save_optimizer(optimizer, place / "optimizer.safetensors")
    write_json(folder / "state.json", {"step": step, "recipe": _plain(recipe)})


def _plain(recipe: Any) -> dict[str, object]:
    """The recipe as it reads after a turn through JSON, where tuples are lists."""
    return json.loads(json.dumps(asdict(recipe)))
