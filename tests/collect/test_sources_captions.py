"""Captions, one a line: keys that hold, one line in memory, and every way such a file can be wrong."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from unrelate.collect.sources.captions import Captions
from unrelate.collect.sources.reading import LONGEST
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError


def written(path: Path, *entries: object) -> Path:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return path


def picture(record: Record) -> bytes:
    assert record.picture is not None
    return record.picture()


def test_a_text_gives_a_caption_a_line(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("\ufeffa child\r\n\n  a   man drinking wine \n", encoding="utf-8")
    records = list(Captions(path).records())
    assert [record.caption for record in records] == ["a child", "a man drinking wine"]
    assert all(record.picture is None and not record.triples for record in records)
    assert Captions(path).name == "captions:own.txt"


def test_objects_give_picture_licence_and_key(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "1.png").write_bytes(b"picture 1")
    path = written(
        tmp_path / "own.jsonl",
        {"caption": "a child", "image": "below/1.png", "licence": "CC0-1.0", "id": 7, "width": 3},
        {"caption": "a man", "license": "CC-BY-4.0"},
        {"caption": ["a dog", "a wet dog"], "id": "x"},
    )
    child, man, dog, wet = Captions(path).records()
    assert (child.key, child.licence, picture(child)) == ("7", "CC0-1.0", b"picture 1")
    assert (man.licence, man.picture) == ("CC-BY-4.0", None)
    assert (dog.key, wet.key, wet.caption) == ("x", "x/1", "a wet dog")


def test_keys_are_the_same_in_every_run_and_when_lines_move(tmp_path: Path) -> None:
    entries = [{"caption": f"caption {n}", "image": f"{n % 2}.png"} for n in range(6)]
    path = written(tmp_path / "own.jsonl", *entries)
    first = [record.key for record in Captions(path).records()]
    assert first == [record.key for record in Captions(path).records()]
    assert len(set(first)) == 6
    written(path, {"caption": "new"}, *reversed(entries))
    assert [record.key for record in Captions(path).records()][1:] == first[::-1]


def test_a_picture_is_not_looked_for_until_asked(tmp_path: Path) -> None:
    path = written(tmp_path / "own.jsonl", {"caption": "a child", "image": "late.png"})
    (record,) = Captions(path).records()
    with pytest.raises(SourceFailed, match=r"'late\.png' is missing"):
        picture(record)
    (tmp_path / "late.png").write_bytes(b"here now")
    assert picture(record) == b"here now"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/etc/hostname", "absolute"),
        ("C:\\x.png", "absolute"),
        ("../secret.png", "'..'"),
        ("a/..\\..\\secret.png", "'..'"),
        ("out.png", "leaves"),
        ("loop.png", "cannot be found"),
        ("a\0b.png", "cannot be found"),
        ("x" * 5000, "cannot be found"),
        ("folder", "is not a file"),
        ("pipe", "is not a file"),
    ],
)
def test_a_picture_elsewhere_is_not_read(tmp_path: Path, name: str, why: str) -> None:
    folder = tmp_path / "data"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    os.mkfifo(folder / "pipe")
    path = written(folder / "own.jsonl", {"caption": "a child", "image": name}, {"caption": "next"})
    record, after = Captions(path).records()
    with pytest.raises(SourceFailed, match=why):
        picture(record)
    assert after.caption == "next"


@pytest.mark.parametrize(
    ("raw", "line", "why"),
    [
        (b'{"caption": "ok"}\n{"caption": \n', 2, "is not JSON"),
        (b'{"caption": "ok"}\n\n["caption"]\n', 3, "not a JSON object but list"),
        (b'{"caption": 7}\n', 1, "has int under 'caption'"),
        (b'{"caption": ["ok", {}]}\n', 1, "has dict under 'caption'"),
        (b'{"text": "ok"}\n', 1, "has no 'caption'"),
        (b'{"caption": "ok", "image": ["a"]}\n', 1, "has list under 'image'"),
        (b'{"caption": "ok", "id": true}\n', 1, "has bool under 'id'"),
        (b'{"caption": "half \\ud800"}\n', 1, "half a character"),
        ('{"caption": "ok"}\n{"caption": "Käse"}\n'.encode("latin-1"), 2, "is not UTF-8"),
        ('{"caption": "ok"}\n'.encode("utf-16"), 1, "is not UTF-8"),
        (b"[" * 100_000, 1, "is not JSON"),
        (b'{"caption": "' + b"x" * LONGEST + b'"}', 1, "more than 1000000 bytes"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, raw: bytes, line: int, why: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(raw)
    with pytest.raises(UserError, match=why) as caught:
        list(Captions(path).records())
    assert caught.value.where == f"{path}:{line}"


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("own.csv", b"caption\n", "neither"),
        ("own.txt", b"\n \n", "no captions"),
        ("own.jsonl", b"", "no captions"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, name: str, raw: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(UserError, match=why):
        list(Captions(tmp_path / name).records())


def test_there_has_to_be_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(UserError, match="there is no file"):
            list(Captions(path).records())


@pytest.mark.slow
def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number in range(count):
                file.write(f'{{"caption": "caption number {number}", "image": "{number}.png"}}\n')
        tracemalloc.start()
        assert sum(1 for _ in Captions(path).records()) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(20_000) < peak(200) + 50_000
