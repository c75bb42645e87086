"""Where a run of stage 2 stands, on disk: safetensors and JSON, so that nothing is ever unpickled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from unrelate.files import read_json, whole, write_json

State = Mapping[str, torch.Tensor]


class Checkpoints:
    """The checkpoints of one run, in ``folder``.

    ``start.safetensors`` is the adapter that stage 2 began with, its KL reference; ``last.json`` names
    the last whole checkpoint, ``step-<n>``. A kill at any time leaves one whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> dict[str, torch.Tensor] | None:
        """The adapter at the beginning, or None before there is one."""
        path = self.folder / "start.safetensors"
        return load_file(path) if path.exists() else None

    def begin(self, adapter: State) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with whole(self.folder / "start.safetensors") as fresh:
            save_adapter(adapter, fresh)

    def place(self, step: int) -> Path:
        """The folder of one step's checkpoint, made."""
        place = self.folder / f"step-{step}"
        place.mkdir(parents=True, exist_ok=True)
        return place

    def close(self, step: int) -> None:
        """Say that the checkpoint of ``step`` is whole."""
        write_json(self.folder / "last.json", {"step": step})

    def last(self) -> int:
        """The step of the last whole checkpoint; 0 if there is none."""
        path = self.folder / "last.json"
        return read_json(path)["step"] if path.exists() else 0


def save_adapter(adapter: State, path: Path) -> None:
    save_file({name: value.detach().cpu().contiguous() for name, value in adapter.items()}, path)
