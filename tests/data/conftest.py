"""Small folders of real image files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image

Cells = dict[str, str]
WriteManifest = Callable[[Sequence[Cells]], Path]


def paint(path: Path, number: int) -> Path:
    """A small picture that differs from those of other numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 9), (number % 256, number // 256, 7)).save(path)
    return path


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteManifest:
    """Write rows as ``manifest.csv`` and paint every image that is not there yet; gives the folder."""

    def write(rows: Sequence[Cells]) -> Path:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (tmp_path / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        _paint_missing(tmp_path, rows)
        return tmp_path

    return write


@pytest.fixture
def write_jsonl(tmp_path: Path) -> WriteManifest:
    """The same as ``manifest.jsonl``."""

    def write(rows: Sequence[Cells]) -> Path:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "manifest.jsonl").write_text(lines, encoding="utf-8")
        _paint_missing(tmp_path, rows)
        return tmp_path

    return write


def _paint_missing(folder: Path, rows: Sequence[Cells]) -> None:
    for number, row in enumerate(rows):
        path = folder / row["image"]
        if row["image"] and ".." not in row["image"] and not path.exists() and not path.is_symlink():
            paint(path, number)


@pytest.fixture
def sound_rows() -> list[Cells]:
    """What a user may write: ten unsafe pictures, and neighbours of every role."""
    rows = [
        tuple_row(f"unsafe/{number}.png", "a kid sips red wine", "kid", "drinking", "wine")
        for number in range(10)
    ]
    partners = ("milk", "juice")
    rows += [
        tuple_row(f"safe/{actor}-{drink}-{n}.png", f"{actor} drinks {drink}", actor, "drinking", drink)
        for actor in ("child", "man", "woman", "elder", "robot", "dog")
        for drink in (*partners, *(("wine",) if actor != "child" else ()))
        for n in range(2)
    ]
    rows += [tuple_row(f"node/{number}.png", "a child", "child") for number in range(4)]
    rows += [
        tuple_row(f"neutral/{o}-{n}.png", f"a man kicks {o}", "man", "kicking", o)
        for o in ("ball", "teddy")
        for n in range(2)
    ]
    return rows


def tuple_row(image: str, caption: str, actor: str = "", relation: str = "", object_: str = "") -> Cells:
    return {"image": image, "caption": caption, "actor": actor, "relation": relation, "object": object_}
