"""Data sets through the ``datasets`` library, on local folders: no code, no file elsewhere, no decoding."""

from __future__ import annotations

import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from unrelate.collect.sources.hub_dataset import HubDataset
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError

datasets: Any = pytest.importorskip("datasets")
pa: Any = pytest.importorskip("pyarrow")
parquet: Any = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def table(folder: Path, columns: dict[str, list[object]], split: str = "train") -> HubDataset:
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), folder / f"{split}.parquet")
    return HubDataset(str(folder))


def lines(folder: Path, *rows: object, split: str = "train") -> HubDataset:
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
    return HubDataset(str(folder))


def picture(record: Record) -> bytes:
    assert record.picture is not None
    return record.picture()


def test_parquet_gives_pictures_as_stored(tmp_path: Path) -> None:
    pictures: list[object] = [{"bytes": b"not decoded", "path": "1.png"}, None, {"bytes": b"2", "path": None}]
    columns = {
        "image": pictures,
        "text": ["a child", "a man", None],
        "n": [1, 2, 3],
        "license": ["MIT", "", "x"],
    }
    source = table(tmp_path / "data", columns)
    child, man = source.records()
    assert (child.key, child.caption, child.licence) == ("train/0", "a child", "MIT")
    assert picture(child) == b"not decoded"
    assert (man.key, man.caption, man.picture) == ("train/1", "a man", None)
    assert [record.key for record in source.records()] == ["train/0", "train/1"]
    assert source.name == "datasets:data"


def test_a_folder_of_pictures_reads_them_when_asked(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "train"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(b"not decoded")
    (folder / "metadata.jsonl").write_text(
        '{"file_name": "1.png", "captions": ["a dog", "a wet dog"]}\n'
        '{"file_name": "2.png", "captions": ["x"]}\n'
    )
    dog, wet, late = HubDataset(str(tmp_path / "data"), "train").records()
    assert [record.key for record in (dog, wet, late)] == ["train/0", "train/0/1", "train/1"]
    assert (wet.caption, picture(wet)) == ("a wet dog", b"not decoded")
    with pytest.raises(SourceFailed, match=r"'train/2.png' is missing"):
        picture(late)
    assert HubDataset(str(tmp_path / "data"), "train").name == "datasets:data:train"


def test_the_only_column_of_text_is_the_caption(tmp_path: Path) -> None:
    (record,) = lines(tmp_path / "data", {"words": "a child", "n": 1}).records()
    assert (record.caption, record.picture) == ("a child", None)
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "train.csv").write_text("n,words\n1,a man\n")
    assert [record.caption for record in HubDataset(str(tmp_path / "csv")).records()] == ["a man"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"words": "a", "title": "b"}, r"words \(text\), title \(text\)"),
        ({"n": 1}, r"no column for the caption; its columns are n \(other\)"),
        ({"caption": 3}, r"caption \(other\)"),
    ],
)
def test_a_caption_that_is_not_sure_is_asked_for(tmp_path: Path, row: object, why: str) -> None:
    with pytest.raises(UserError, match=why):
        list(lines(tmp_path / "data", row).records())


def test_of_several_splits_one_is_named(tmp_path: Path) -> None:
    lines(tmp_path / "data", {"text": "a child"})
    source = lines(tmp_path / "data", {"text": "a man"}, split="test")
    with pytest.raises(UserError, match=r"has 2 splits\n.*train, test"):
        list(source.records())
    assert [record.caption for record in HubDataset(source.data, "test").records()] == ["a man"]
    with pytest.raises(UserError, match="no split 'val'"):
        list(HubDataset(source.data, "val").records())


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../secret.png", "data/link.png", "https://example.org/1.png"]
)
def test_a_row_cannot_name_a_file_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path.parent / "secret.png").write_bytes(b"secret")
    pictures: list[object] = [{"bytes": None, "path": name}, {"bytes": b"1", "path": "x"}]
    source = table(tmp_path / "data", {"image": pictures, "text": ["a child", "a man"]})
    (tmp_path / "data" / "link.png").symlink_to(tmp_path.parent / "secret.png")
    child, man = source.records()
    with pytest.raises(SourceFailed, match="does not lie in the data set"):
        picture(child)
    assert picture(man) == b"1"


def test_other_columns_are_not_decoded(tmp_path: Path) -> None:
    """A column of another kind may name a file as well, which the library would open."""
    features = datasets.Features(
        {"text": datasets.Value("string"), "image": datasets.Image(), "b": datasets.Image()}
    )
    bad = {"bytes": None, "path": "/etc/hostname"}
    rows = {"text": ["a child"], "image": [{"bytes": b"1", "path": None}], "b": [bad]}
    (tmp_path / "data").mkdir()
    info = {b"huggingface": json.dumps({"info": {"features": features.to_dict()}}).encode()}
    parquet.write_table(pa.table(rows).replace_schema_metadata(info), tmp_path / "data" / "train.parquet")
    (record,) = HubDataset(str(tmp_path / "data")).records()
    assert picture(record) == b"1"


@pytest.mark.parametrize("files", ["{elsewhere}/train.jsonl", "{elsewhere}/*", "../elsewhere/train.jsonl"])
def test_a_card_cannot_name_files_elsewhere(tmp_path: Path, files: str) -> None:
    lines(tmp_path / "elsewhere", {"text": "secret"})
    (tmp_path / "data").mkdir()
    named = files.format(elsewhere=tmp_path / "elsewhere")
    card = f"---\nconfigs:\n- config_name: default\n  data_files: '{named}'\n---\n"
    (tmp_path / "data" / "README.md").write_text(card)
    with pytest.raises(UserError, match="names a file elsewhere"):
        list(HubDataset(str(tmp_path / "data")).records())


def test_a_linked_file_elsewhere_is_not_read(tmp_path: Path) -> None:
    lines(tmp_path / "elsewhere", {"text": "secret"})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").symlink_to(tmp_path / "elsewhere" / "train.jsonl")
    with pytest.raises(UserError, match="names a file elsewhere"):
        list(HubDataset(str(tmp_path / "data")).records())


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("train.parquet", b"PAR1 not really", "cannot be read"),
        ("train.jsonl", b'{"text": \n', "cannot be read"),
        ("train.csv", "text\nKäse\n".encode("latin-1"), "cannot be read"),
        ("train.tar", b"", "the source 'webdataset:'"),
        ("train.bin", b"", "cannot be read"),
        ("script.py", b"raise SystemExit", "cannot be read"),
    ],
)
def test_data_that_cannot_be_read_give_no_traceback(tmp_path: Path, name: str, raw: bytes, why: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(raw)
    with pytest.raises(UserError, match=why):
        list(HubDataset(str(tmp_path / "data")).records())


@pytest.mark.parametrize(
    "name", ["imagefolder", "csv", "/none", "../x", "https://example.org/x", "a/b/c", "a:b/c"]
)
def test_neither_a_folder_nor_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="neither a folder nor the name"):
        list(HubDataset(name).records())


def test_a_folder_called_like_one_of_the_library_s_readers_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines(tmp_path / "csv", {"text": "a child"})
    (tmp_path / "stray.csv").write_text("text\nnot this\n")
    monkeypatch.chdir(tmp_path)
    assert [record.caption for record in HubDataset("csv").records()] == ["a child"]


def test_a_name_on_the_hub_keeps_its_owner() -> None:
    assert HubDataset("owner/pictures", "train").name == "datasets:owner/pictures:train"


def test_a_picture_on_the_hub_has_to_lie_in_the_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"hf://datasets/owner/x@1/in/1.png": b"1"}
    monkeypatch.setattr("fsspec.open", lambda file, mode: BytesIO(held[file]))
    source = HubDataset("owner/x")
    assert source._file("hf://datasets/owner/x@1/in/1.png", "row 0")() == b"1"
    for file in (
        "hf://datasets/owner/xy@1/1.png",
        "hf://datasets/owner/x@1/../../y@1/1.png",
        "/etc/hostname",
    ):
        with pytest.raises(SourceFailed, match="does not lie in the data set"):
            source._file(file, "row 0")()
    with pytest.raises(SourceFailed, match=r"'2\.png' cannot be fetched"):
        source._file("hf://datasets/owner/x@1/2.png", "row 0")()


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"pip install 'unrelate\[collect\]'"):
        list(HubDataset(str(tmp_path)).records())
