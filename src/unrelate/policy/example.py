"""The commented policy that ``unrelate init`` writes."""

from __future__ import annotations

from pathlib import Path

STARTER = Path(__file__).parent / "starter.yaml"


def example_text() -> str:
    """YAML that loads as it stands on the embedded world, with every key explained."""
    return STARTER.read_text(encoding="utf-8")
