"""A paper's experiments, run on the embedded model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unrelate.reproduce.rasu import reproduce_rasu

# Paper -> (folder, seeds, device, quiet) -> a summary; results.json, README.md and figures are in the folder.
REPRODUCTIONS: Mapping[str, Callable[..., Mapping[str, Any]]] = {"rasu": reproduce_rasu}
