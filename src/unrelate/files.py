"""Files that a kill at any moment leaves whole: the old content stands until the new one is all written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Somewhere beside ``path`` to write a file or a folder to, which takes the place of ``path`` at the end.

    If the writing fails, ``path`` stays as it was. What a kill left behind is removed the next time. A
    folder can only come where none is.
    """
    fresh = path.with_name(path.name + ".new")
    if fresh.is_dir():
        shutil.rmtree(fresh)
    fresh.unlink(missing_ok=True)
    yield fresh
    fresh.replace(path)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file and see it on the disk; text as UTF-8, with the same line ends everywhere."""
    with whole(path) as fresh, fresh.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: Any, indent: int | None = None) -> None:
    """Write a value as JSON, as `write_whole` does."""
    write_whole(path, json.dumps(value, indent=indent))


def read_json(path: Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))
