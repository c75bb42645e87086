"""Loading without the libraries' progress bars: progress is for whoever asked for the model to show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers.utils import logging


@contextmanager
def without_bars(*others: Any) -> Iterator[None]:
    """No bars of transformers, nor of ``others``: logging modules of libraries made like it."""
    shown = [one for one in (logging, *others) if one.is_progress_bar_enabled()]
    for one in shown:
        one.disable_progress_bar()
    try:
        yield
    finally:
        for one in shown:
            one.enable_progress_bar()
