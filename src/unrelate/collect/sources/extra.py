"""Libraries that only `unrelate collect` needs: imported when used, and named when they are not there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from unrelate.errors import UserError

INSTALL = "pip install 'unrelate[collect]'"


def imported(module: str, source: str) -> Any:
    """``module``, which ``source`` needs.

    Raises:
        UserError: it is not installed, or cannot be imported here.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.replace("google.genai", "google-genai").partition(".")[0]
        raise UserError(
            f"{source} without the library '{package}' ({error})",
            "sources whose libraries are installed",
            INSTALL,
        ) from error
