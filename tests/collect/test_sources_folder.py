"""Folders of pictures with captions: the three layouts, and what may not be read of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unrelate.collect.sources.folder import FolderCaptions
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError
from unrelate.policy.triple import Triple

Put = Callable[[str, str | bytes], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(tmp_path: Path, *contexts: str) -> list[Record]:
    return list(FolderCaptions(tmp_path / "data", contexts).records())


def picture(record: Record) -> bytes:
    assert record.picture is not None
    return record.picture()


def test_a_text_beside_each_picture(tmp_path: Path, put: Put) -> None:
    put("b/2.JPG", b"two")
    put("b/2.txt", "a man\n drinking wine\n")
    put("a.png", b"one")
    put("a.txt", "\ufeffa child")
    put("alone.png", b"nothing is said of it")
    put("README.txt", "no picture")
    put(".hidden.png", b"hidden")
    put(".hidden.txt", "hidden")
    put(".thumbs/3.png", b"hidden")
    put(".thumbs/3.txt", "hidden")
    records = read(tmp_path)
    assert [(r.key, r.caption) for r in records] == [("a.png", "a child"), ("b/2.JPG", "a man drinking wine")]
    assert [picture(record) for record in records] == [b"one", b"two"]
    assert [record.key for record in records] == [record.key for record in read(tmp_path)]
    assert FolderCaptions(tmp_path / "data" / "b" / "..").name == "folder:data"


def test_a_manifest_gives_tuples_in_their_context(tmp_path: Path, put: Put) -> None:
    put(
        "manifest.csv",
        "image,caption,actor,relation,object,place,licence\n"
        "1.png,a kid sips wine,kid,drinking,wine,park,CC0-1.0\n"
        "1.png,somebody,,,,,\n",
    )
    put("1.png", b"one")
    put("1.txt", "is not read")
    kid, somebody = read(tmp_path, "place")
    assert kid.triples == (Triple("kid", "drinking", "wine", (("place", "park"),)),)
    assert (kid.licence, picture(kid), somebody.triples) == ("CC0-1.0", b"one", ())
    assert kid.key != somebody.key
    assert [kid.key, somebody.key] == [record.key for record in read(tmp_path, "place")]


def test_all_that_is_wrong_with_a_manifest_is_said(tmp_path: Path, put: Put) -> None:
    put("manifest.jsonl", '{"image": "1.png"}\n{"image": "2.png", "caption": "x", "place": "park"}\n')
    with pytest.raises(UserError, match=r"(?s)manifest.jsonl:1: has no caption.*:2: has an unknown column"):
        read(tmp_path)


def test_what_was_decided_about_a_manifest_holds_here(tmp_path: Path, put: Put) -> None:
    """What a model drew may not come back as if somebody had photographed it."""
    rows = [{"image": f"{n}.png", "caption": f"caption {n}", "pair": f"p{n}", "model": "m"} for n in (1, 2)]
    put("manifest.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UserError, match="have not been reviewed"):
        read(tmp_path)
    said = {"by": "me", "at": "2026-01-01T00:00:00+00:00", "caption": ""}
    decisions = [{"pair": "p1", "verdict": "rejected"}, {"pair": "p2", "verdict": "accepted"}]
    put("decisions.jsonl", "".join(json.dumps(said | one) + "\n" for one in decisions))
    assert [record.key for record in read(tmp_path)] == ["p2"]


def test_a_manifest_that_is_a_link_elsewhere_is_not_read(tmp_path: Path, put: Put) -> None:
    put("1.png", b"one")
    (tmp_path / "data" / "manifest.csv").symlink_to(put("../m.csv", "image,caption\n1.png,secret\n"))
    with pytest.raises(UserError, match="leaves"):
        read(tmp_path)


def test_metadata_speaks_for_all_below_it(tmp_path: Path, put: Put) -> None:
    put("train/metadata.csv", 'file_name,text,label,license\nin/1.png,"a child, alone",3,MIT\nin/2.png,,4,\n')
    put("train/in/1.png", b"one")
    put("train/in/1.txt", "is not read")
    put("test/metadata.jsonl", '{"file_name": "3.png", "captions": ["a dog", "a wet dog"]}\n')
    put("test/3.png", b"three")
    dog, wet, child = read(tmp_path)
    assert [record.caption for record in (dog, wet, child)] == ["a dog", "a wet dog", "a child, alone"]
    assert [record.key.partition("#")[0] for record in (dog, child)] == ["test/3.png", "train/in/1.png"]
    assert (picture(wet), picture(child), child.licence) == (b"three", b"one", "MIT")
    assert len({dog.key, wet.key, child.key}) == 3


def test_metadata_may_give_tuples_alone(tmp_path: Path, put: Put) -> None:
    put(
        "metadata.jsonl", '{"file_name": "1.png", "actor": "kid", "relation": "drinking", "object": "milk"}\n'
    )
    (record,) = read(tmp_path)
    assert (record.caption, record.triples) == ("", (Triple("kid", "drinking", "milk"),))


def test_pictures_are_not_looked_for_until_asked(tmp_path: Path, put: Put) -> None:
    put("metadata.csv", "file_name,caption\nlate.png,a child\n")
    (record,) = read(tmp_path)
    with pytest.raises(SourceFailed, match=r"'late\.png' is missing"):
        picture(record)
    put("late.png", b"here now")
    assert picture(record) == b"here now"


@pytest.mark.parametrize(
    ("name", "why"),
    [("/etc/hostname", "absolute"), ("../secret.png", "'..'"), ("link.png", "leaves"), ("in", "not a file")],
)
@pytest.mark.parametrize("table", ["manifest.csv", "metadata.csv"])
def test_a_picture_elsewhere_is_not_read(tmp_path: Path, put: Put, table: str, name: str, why: str) -> None:
    put(table, f"{'image' if table[1] == 'a' else 'file_name'},caption\n{name},a child\n")
    put("in/1.png", b"one")
    put("../secret.png", b"secret")
    (tmp_path / "data" / "link.png").symlink_to(tmp_path / "secret.png")
    (record,) = read(tmp_path)
    with pytest.raises(SourceFailed, match=why):
        picture(record)


def test_links_that_leave_the_folder_are_not_followed(tmp_path: Path, put: Put) -> None:
    put("../out/1.png", b"secret")
    put("../out/1.txt", "secret")
    put("2.png", b"two")
    put("2.txt", "a child")
    (tmp_path / "data" / "in").symlink_to(tmp_path / "out")
    assert [record.caption for record in read(tmp_path)] == ["a child"]
    (tmp_path / "data" / "2.txt").unlink()
    (tmp_path / "data" / "2.txt").symlink_to(tmp_path / "out" / "1.txt")
    with pytest.raises(UserError, match="leaves"):
        read(tmp_path)
    (tmp_path / "data" / "metadata.csv").symlink_to(put("../out/metadata.csv", "file_name,text\n1.png,x\n"))
    with pytest.raises(UserError, match="leaves"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "where", "why"),
    [
        ("metadata.csv", b"file_name,caption\n1.png\n", ":2", "has 1 cells under 2 columns"),
        ("metadata.csv", b'file_name,caption\n1.png,"cut', ":2", "is not CSV"),
        ("metadata.csv", b"file_name,caption,caption\n", ":1", "two columns 'caption'"),
        ("metadata.csv", b"file_name,label\n1.png,3\n", ":2", "columns are file_name, label"),
        ("metadata.csv", b",caption\n1.png,x\n", ":2", "has no 'file_name'"),
        ("metadata.csv", b"file_name,caption\n1.png,K\xe4se\n", ":2", "is not UTF-8"),
        ("metadata.csv", b"file_name,caption\n1.png," + b"x" * 200_000, ":2", "is not CSV"),
        ("metadata.jsonl", b'{"file_name": "1.png", "caption": 3}\n', ":1", "int under 'caption'"),
        ("metadata.jsonl", b'{"file_name": "1.png", "cap', ":1", "is not JSON"),
        ("metadata.jsonl", b'{"file_name": {}, "caption": "x"}', ":1", "dict under 'file_name'"),
        ("1.txt", b"K\xe4se", "", "is not UTF-8"),
        ("1.txt", b"x" * 1_000_001, "", "at most 1000000"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, put: Put, name: str, content: bytes, where: str, why: str
) -> None:
    put("1.png", b"one")
    path = put(name, content)
    with pytest.raises(UserError, match=why) as caught:
        read(tmp_path)
    assert caught.value.where == f"{path}{where}"


def test_a_folder_without_captions_is_refused(tmp_path: Path, put: Put) -> None:
    put("1.png", b"one")
    with pytest.raises(UserError, match="no picture in"):
        read(tmp_path)
    put("metadata.csv", "file_name,caption\n1.png,x\n")
    put("metadata.jsonl", "")
    with pytest.raises(UserError, match=r"metadata.csv and metadata.jsonl"):
        read(tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        list(FolderCaptions(tmp_path / "none").records())


def test_a_name_that_is_no_text_has_a_key_that_is(tmp_path: Path, put: Put) -> None:
    put("1.png", b"one")
    raw = str(tmp_path / "data").encode() + b"/K\xe4se"
    Path(raw.decode("utf-8", "surrogateescape") + ".png").write_bytes(b"cheese")
    Path(raw.decode("utf-8", "surrogateescape") + ".txt").write_bytes(b"cheese on a board")
    (record,) = read(tmp_path)
    assert record.key.encode("utf-8") == b"K\\udce4se.png"
    assert picture(record) == b"cheese"
