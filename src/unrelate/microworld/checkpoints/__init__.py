"""The embedded models, as they ship: transformers checkpoints beside this file."""

from __future__ import annotations

from pathlib import Path

from unrelate.errors import UserError

# Name -> the command that makes it.
EMBEDDED = {"clip": "unrelate embedded train clip"}


def embedded_path(name: str) -> Path:
    """The folder of an embedded model.

    Raises:
        UserError: this installation does not have it.
    """
    path = Path(__file__).parent / name
    if not (path / "model.safetensors").exists():
        raise UserError(
            f"the embedded model '{name}' is not in this installation",
            "an installation with its package data",
            f"install unrelate anew, or train it: {EMBEDDED[name]}",
        )
    return path
