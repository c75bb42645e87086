"""Shards of samples: read in place, and nothing in a pattern or a tar is run, opened or unpickled."""

from __future__ import annotations

import io
import json
import pickle
import sys
import tarfile
from pathlib import Path

import pytest

from unrelate.collect.sources.reading import LIMITS
from unrelate.collect.sources.shards import Member
from unrelate.collect.sources.webdataset import WebDatasetShards
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError

ALL = {
    "a/001.jpg": b"picture 1",
    "a/001.txt": b"a child\n",
    "a/001.json": b'{"caption": "not this one", "licence": "CC0-1.0"}',
    "a/002.PNG": b"picture 2",
    "a/002.json": json.dumps({"caption": "a man drinking wine", "width": 3}).encode(),
    "a/003.jpg": b"nothing is said of it",
    "a/004.txt": b"words alone",
    "__meta__/005.txt": b"hidden",
}


def shard(path: Path, files: dict[str, bytes], mode: str = "w:") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(str(path), mode) as tar:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def read(pattern: object) -> list[Record]:
    return list(WebDatasetShards(str(pattern)).records())


def picture(record: Record) -> bytes:
    assert record.picture is not None
    return record.picture()


def test_samples_with_a_caption(tmp_path: Path) -> None:
    child, man, words = read(shard(tmp_path / "data-0.tar", ALL))
    assert (child.key, child.caption, child.licence) == ("data-0.tar/a/001", "a child", "CC0-1.0")
    assert (man.key, man.caption) == ("data-0.tar/a/002", "a man drinking wine")
    assert (words.caption, words.picture) == ("words alone", None)
    assert (picture(child), picture(man)) == (b"picture 1", b"picture 2")


def test_ranges_and_globs_mean_shards_in_order(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        shard(tmp_path / f"in{number % 2}" / f"data-{number}.tar", {"1.txt": b"caption %d" % number})
    every = tmp_path / "in{0,1}" / "*.tar"
    captions = [record.caption for record in read(every)]
    assert captions == ["caption 0", "caption 2", "caption 1"]
    keys = [record.key for record in read(every)]
    assert keys == ["in0/data-0.tar/1", "in0/data-2.tar/1", "in1/data-1.tar/1"]
    assert WebDatasetShards(str(every)).name == "webdataset:*.tar"
    shard(tmp_path / "data-008.tar", {"1.txt": b"x"})
    shard(tmp_path / "data-009.tar", {"1.txt": b"y"})
    assert [record.caption for record in read(tmp_path / "data-{008..009}.tar")] == ["x", "y"]


def test_pictures_are_read_in_place_when_asked(tmp_path: Path) -> None:
    path = shard(tmp_path / "data.tar", ALL)
    child, man, _ = read(path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"picture 1", b"other one"))
    assert picture(child) == b"other one"
    path.write_bytes(data[: data.index(b"picture 2") + 3])
    with pytest.raises(SourceFailed, match="is cut short"):
        picture(man)
    path.unlink()
    with pytest.raises(SourceFailed, match="No such file"):
        picture(man)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (Path(tmp_path / "ran"),)  # type: ignore[return-value]

    bomb = pickle.dumps(Bomb())
    files = {f"1.{end}": bomb for end in ("pyd", "pickle", "pth", "npy", "jpg")}
    (record,) = read(shard(tmp_path / "data.tar", {**files, "1.txt": b"a child"}))
    assert picture(record) == bomb
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "pattern",
    [
        "pipe:touch {ran}",
        "  pipe:touch {ran}",
        "{{x,pipe:touch {ran}}}",
        "https://example.org/data.tar",
        "file:{ran}",
        "hdfs://x/y.tar",
        "s3:x",
        "a.tar::pipe:touch {ran}",
        "-",
    ],
)
def test_a_pattern_starts_no_program_and_opens_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.setenv("WDS_REWRITE", f"x=pipe:touch {tmp_path}/ran")
    with pytest.raises(UserError, match=r"is an address or a command|there is no file"):
        read(pattern.format(ran=tmp_path / "ran"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("none.tar", "there is no file"),
        ("none-*.tar", "there is no file"),
        ("data-{0..999999999999}.tar", "more than 100000"),
        ("{0..999}{0..999}{0..999}.tar", "more than 100000"),
        ("data-{0..3.tar", "do not match"),
        (".", "there is no file"),
    ],
)
def test_a_pattern_has_to_mean_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=why):
        read(pattern)


def test_links_and_other_things_in_a_tar_are_passed_over(tmp_path: Path) -> None:
    path = shard(tmp_path / "data.tar", {"../../1.txt": b"a name is only a name"})
    with tarfile.open(path, "a:") as tar:
        for name, kind in (
            ("2.txt", tarfile.SYMTYPE),
            ("3.txt", tarfile.LNKTYPE),
            ("4.txt", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/hostname"
            tar.addfile(info)
    assert [record.caption for record in read(path)] == ["a name is only a name"]


@pytest.mark.parametrize("kept", [0, 100, 700, 1600, 2700])
def test_a_shard_that_is_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = shard(tmp_path / "data.tar", {f"{n}.txt": b"x" * 600 for n in range(3)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"cut short|no sample") as caught:
        read(path)
    assert caught.value.where.startswith(str(path))


def test_a_broken_header_in_the_middle_is_not_taken_for_the_end(tmp_path: Path) -> None:
    path = shard(tmp_path / "data.tar", {"1.txt": b"one", "2.txt": b"two", "3.txt": b"three"})
    data = bytearray(path.read_bytes())
    data[1024 + 148 : 1024 + 156] = b"\xff" * 8  # the second header's checksum
    path.write_bytes(data)
    found = WebDatasetShards(str(path)).records()
    with pytest.raises(UserError, match="no header at byte 1024"):
        list(found)


def test_a_compressed_shard_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gunzip"):
        read(shard(tmp_path / "data.tar.gz", ALL, "w:gz"))


@pytest.mark.parametrize(
    ("files", "where", "why"),
    [
        ({"1.txt": b"K\xe4se"}, ": 1.txt", "is not UTF-8"),
        ({"1.json": b'{"caption": 3}'}, ": 1.json", "int under 'caption'"),
        ({"1.json": b'{"capt'}, ": 1.json", "is not JSON"),
        ({"1.json": b"[1]"}, ": 1.json", "JSON object but list"),
        ({"1.txt": b"x" * 1_000_001}, ": 1.txt", "at most 1000000"),
        ({"1.txt": b"x", "1.TXT": b"y"}, "", "duplicate file name"),
        ({"1.__key__": b"x"}, "", "duplicate file name"),
    ],
)
def test_a_text_that_cannot_be_read_is_named(
    tmp_path: Path, files: dict[str, bytes], where: str, why: str
) -> None:
    path = shard(tmp_path / "data.tar", files)
    with pytest.raises(UserError, match=why) as caught:
        read(path)
    assert caught.value.where == f"{path}{where}"


def test_shards_without_captions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no sample"):
        read(shard(tmp_path / "data.tar", {"1.jpg": b"x"}))


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at most 200000000"):
        Member(tmp_path / "none", 0, LIMITS.max_bytes + 1).read(LIMITS.max_bytes)


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shard(tmp_path / "data.tar", ALL)
    for module in ("webdataset.tariterators", "braceexpand"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, module, None)
            with pytest.raises(UserError, match=r"pip install 'unrelate\[collect\]'"):
                read(path)
