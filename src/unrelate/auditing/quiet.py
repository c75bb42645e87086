"""What libraries remark to developers is not for whoever types a command."""

from __future__ import annotations

import os
import warnings


def quiet_libraries() -> None:
    """Keep those remarks away, in this process."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
