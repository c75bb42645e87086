"""Names that users type, turned into the parts they stand for."""

from __future__ import annotations

from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from unrelate.attacks.styles import STYLES
from unrelate.data.folder import FolderSource
from unrelate.data.types import Source
from unrelate.errors import UserError, nearest
from unrelate.microworld.checkpoints import EMBEDDED, embedded_path
from unrelate.microworld.source import MicroworldSource
from unrelate.models import DualEncoder
from unrelate.policy.schema import Policy

MICROWORLD = "microworld"
_EMBEDDED = "embedded:"


def load_model(name: str, device: str, adapter: Path | None = None) -> DualEncoder:
    """``embedded:clip``, a hub id, or a folder in the transformers layout.

    Raises:
        UserError: there is no such model, or it is no dual encoder.
    """
    if name.startswith(_EMBEDDED):
        kind = name.removeprefix(_EMBEDDED)
        if kind not in EMBEDDED:
            allowed = ", ".join(_EMBEDDED + known for known in EMBEDDED)
            raise UserError(f"model '{name}'", allowed, nearest(kind, EMBEDDED) or "use one of these")
        return DualEncoder.load(embedded_path(kind), device=resolve_device(device), adapter=adapter)
    return DualEncoder.load(name, device=resolve_device(device), adapter=adapter)


def resolve_device(device: str) -> str:
    """``auto`` is the first GPU if there is one, else the CPU."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"device '{device}'", "auto, cpu, or an accelerator torch finds", "try --device cpu"
        ) from error
    return device


def open_source(data: str, policy: Policy) -> Source:
    """``microworld``, or a folder of images with a manifest.

    Raises:
        UserError: the folder is not there, or the policy does not speak of the embedded world.
    """
    if data == MICROWORLD:
        return MicroworldSource.for_policy(policy)
    return FolderSource(Path(data), policy, stylise=STYLES)


def bars(quiet: bool) -> Progress:
    """The progress bars of every command; they go to standard error, away from ``--json``."""
    from rich.console import Console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=Console(stderr=True), disable=quiet)
