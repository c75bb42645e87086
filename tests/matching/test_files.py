"""Captions from JSON lines: a stream, and every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from unrelate.errors import UserError
from unrelate.matching.files import CaptionFile


def written(folder: Path, content: str | bytes) -> CaptionFile:
    path = folder / "captions.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CaptionFile(path)


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    file = written(tmp_path, '\ufeff{"caption": "one", "id": 4}\r\n\n{"caption": "zwei ü"}\n{"caption": ""}')
    assert list(file) == [(1, "one"), (3, "zwei ü"), (4, "")]
    assert file.check() == 3


def test_each_bad_line_is_named_once(tmp_path: Path) -> None:
    lines = [
        '{"caption": "fine"}',
        "nonsense",
        "[1]",
        '{"text": "x"}',
        '{"caption": 5}',
        '{"caption": "\\ud800"}',
    ]
    file = written(tmp_path, "\n".join(lines).encode() + b'\n{"caption": "\xff"}')
    with pytest.raises(UserError) as caught:
        file.check()
    said = str(caught.value)
    assert "6 problems" in said
    for number, what in enumerate(
        [
            "is not JSON",
            "but list",
            "has no caption",
            "has int under 'caption'",
            "half a character",
            "is not JSON",
        ],
        2,
    ):
        assert f"captions.jsonl:{number}: " in said
        assert what in said
    assert [number for number, _ in file] == [1]


def test_many_bad_lines_are_counted_and_not_all_shown(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="100 problems") as caught:
        written(tmp_path, "x\n" * 100).check()
    assert "and 80 more" in str(caught.value)
    assert str(caught.value).count("is not JSON") == 20


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_file_without_captions(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match="has no captions"):
        written(tmp_path, content).check()


@pytest.mark.parametrize("name", ["nowhere.jsonl", "."])
def test_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        CaptionFile(tmp_path / name).check()


def test_it_is_a_stream(tmp_path: Path) -> None:
    """The first caption comes before the bad line behind it has been read."""
    file = written(tmp_path, '{"caption": "one"}\nbad')
    assert next(iter(file)) == (1, "one")
    assert file.bad == 0
