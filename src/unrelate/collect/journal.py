"""Journals that a kill at any moment leaves readable."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unrelate.errors import UserError


def read_lines(path: Path, needs: str) -> Iterator[dict[str, Any]]:
    """The lines of a journal, none if there is no file. What a kill cut short is cut off: it never counted.

    Args:
        needs: a key that each line has.

    Raises:
        UserError: a whole line that is none of ours.
    """
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
    for number, line in enumerate(data[:whole].split(b"\n"), start=1):
        if not line:
            continue
        try:
            entry = json.loads(line)
            entry[needs]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                "is no line that `unrelate collect` wrote", remedy="take it out", where=f"{path}:{number}"
            ) from error
        yield entry
