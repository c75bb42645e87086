"""What the commands share: options, and how they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

PolicyArgument = Annotated[str, typer.Argument(help="A policy file, or the name of a shipped policy.")]
RunArgument = Annotated[Path, typer.Argument(help="A run directory that `unrelate edit` made.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Seed = Annotated[int, typer.Option(help="Of data, batches and adapter.")]
Device = Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, ...")]

console = Console()


def print_json(content: Any) -> None:
    """Print what a machine reads."""
    print(json.dumps(content, indent=1))
