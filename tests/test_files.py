"""Files are left whole, whatever happens while they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from unrelate.files import read_json, whole, write_json, write_whole


@pytest.mark.parametrize("content", ["a\nb – c\n", b"a\nb \xe2\x80\x93 c\n"])
def test_text_and_bytes_are_written_alike(tmp_path: Path, content: str | bytes) -> None:
    write_whole(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == b"a\nb \xe2\x80\x93 c\n"


def test_a_failure_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")

    def interrupted() -> None:
        with whole(path) as fresh:
            fresh.write_text("ne")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        interrupted()
    assert path.read_text() == "old"


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_kill_left_does_not_stand_in_the_way(tmp_path: Path, kind: str) -> None:
    path, left = tmp_path / "place", tmp_path / "place.new"
    if kind == "folder":
        left.mkdir()
        (left / "half").write_text("half")
    else:
        left.write_text("half")
    with whole(path) as fresh:
        fresh.mkdir()
        (fresh / "all").write_text("all")
    assert [one.name for one in path.iterdir()] == ["all"]
    assert not left.exists()


def test_a_file_takes_the_place_of_what_a_kill_left(tmp_path: Path) -> None:
    (tmp_path / "one.json.new").write_text('{"step":')
    write_json(tmp_path / "one.json", {"step": 3})
    assert read_json(tmp_path / "one.json") == {"step": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"]
