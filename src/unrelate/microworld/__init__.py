"""The embedded world: drawn scenes with captions, and the models that are trained on it.

``render`` is imported when first asked for, so that a name costs no drawing code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unrelate.microworld.world import render

__all__ = ["render"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'unrelate.microworld' has no attribute '{name}'")
    return getattr(import_module("unrelate.microworld.world"), name)
