"""COCO's captions: joined from three lists, as a stream, whatever their order in the file."""

from __future__ import annotations

import json
import sys
import tracemalloc
from pathlib import Path

import pytest

from unrelate.collect.sources.coco import CocoCaptions
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError

LICENCES = [{"id": 1, "name": "Attribution License", "url": "http://example.org/by/2.0/"}]
IMAGES = [
    {"id": 9, "file_name": "000009.jpg", "license": 1, "height": 3},
    {"id": 4, "file_name": "in/000004.jpg", "license": 5},
]
ANNOTATIONS = [
    {"id": 70, "image_id": 4, "caption": "A child\n on a swing."},
    {"id": 71, "image_id": 9, "caption": "A man drinking wine."},
    {"id": 72, "image_id": 4, "caption": "A swing."},
    {"id": 73, "image_id": 4, "caption": "  "},
]
WHOLE = {"info": {}, "images": IMAGES, "licenses": LICENCES, "annotations": ANNOTATIONS}


def source(tmp_path: Path, document: object, *, cut: int | None = None) -> CocoCaptions:
    images = tmp_path / "val2017"
    (images / "in").mkdir(parents=True, exist_ok=True)
    (images / "000009.jpg").write_bytes(b"nine")
    (images / "in" / "000004.jpg").write_bytes(b"four")
    path = tmp_path / "captions_val2017.json"
    path.write_text(json.dumps(document)[:cut], encoding="utf-8")
    return CocoCaptions(path, images)


def picture(record: Record) -> bytes:
    assert record.picture is not None
    return record.picture()


@pytest.mark.parametrize("order", [list(WHOLE), list(reversed(WHOLE))])
def test_every_caption_with_its_picture_and_licence(tmp_path: Path, order: list[str]) -> None:
    coco = source(tmp_path, {key: WHOLE[key] for key in order})
    records = list(coco.records())
    assert [record.key for record in records] == ["4/70", "9/71", "4/72"]
    assert [record.key for record in coco.records()] == ["4/70", "9/71", "4/72"]
    assert [record.caption for record in records][:2] == ["A child on a swing.", "A man drinking wine."]
    assert [picture(record) for record in records] == [b"four", b"nine", b"four"]
    stated = "Attribution License (http://example.org/by/2.0/)"
    assert [record.licence for record in records] == ["", stated, ""]
    assert coco.name == "coco:captions_val2017.json"


def test_a_picture_is_not_looked_for_until_asked(tmp_path: Path) -> None:
    coco = source(tmp_path, WHOLE)
    (coco.images / "000009.jpg").unlink()
    four, nine, _ = coco.records()
    with pytest.raises(SourceFailed, match=r"'000009.jpg' is missing"):
        picture(nine)
    assert picture(four) == b"four"


@pytest.mark.parametrize("name", ["/etc/hostname", "../captions_val2017.json", "link.jpg"])
def test_a_picture_elsewhere_is_not_read(tmp_path: Path, name: str) -> None:
    coco = source(tmp_path, {**WHOLE, "images": [{"id": n, "file_name": name} for n in (4, 9)]})
    (coco.images / "link.jpg").symlink_to(coco.path)
    with pytest.raises(SourceFailed, match=r"absolute|'\.\.'|leaves"):
        picture(next(coco.records()))


@pytest.mark.parametrize(
    ("change", "where", "why"),
    [
        ({"annotations": [{"image_id": 5, "caption": "x"}]}, ": annotations[0]", "image '5'"),
        ({"annotations": [{"image_id": 4, "keypoints": []}]}, ": annotations[0]", "has no 'caption'"),
        ({"annotations": [{"image_id": [4], "caption": "x"}]}, ": annotations[0]", "list under 'image_id'"),
        ({"annotations": [{"image_id": 4, "caption": 3}]}, ": annotations[0]", "int under 'caption'"),
        ({"annotations": [*ANNOTATIONS, "x"]}, ": annotations[4]", "JSON object but str"),
        ({"annotations": {"image_id": 4}}, "", "has no 'annotations'"),
        ({"images": 3}, "", "has no 'images'"),
        ({"images": [{"id": 4}]}, ": images[0]", "no 'file_name'"),
        ({"images": [{"id": 4, "file_name": {}}]}, ": images[0]", "dict under 'file_name'"),
        ({"licenses": [[]]}, ": licenses[0]", "JSON object but list"),
    ],
)
def test_another_format_is_refused_with_the_entry(
    tmp_path: Path, change: dict[str, object], where: str, why: str
) -> None:
    coco = source(tmp_path, {**WHOLE, **change})
    with pytest.raises(UserError, match=why) as caught:
        list(coco.records())
    assert caught.value.where == f"{coco.path}{where}"


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_file_that_is_cut_short_gives_nothing(tmp_path: Path, cut: int) -> None:
    coco = source(tmp_path, WHOLE, cut=cut)
    with pytest.raises(UserError, match="is not JSON, or is cut short"):
        next(coco.records())


@pytest.mark.parametrize(
    "raw",
    [
        b"\x1f\x8b\x08\x00",
        '{"images": [{"id": 1, "file_name": "K\xe4se"}]}'.encode("latin-1"),
        b'{"images": [' + b"[" * 100_000,
        b'{"images": [{"id": ' + b"9" * 10_000 + b', "file_name": "a.jpg"}]}',
        b"{" * 100_000,
    ],
)
def test_no_json_gives_no_traceback(tmp_path: Path, raw: bytes) -> None:
    coco = source(tmp_path, WHOLE)
    coco.path.write_bytes(raw)
    with pytest.raises(UserError):
        list(coco.records())


def test_file_and_folder_have_to_be_there(tmp_path: Path) -> None:
    coco = source(tmp_path, WHOLE)
    with pytest.raises(UserError, match="there is no file"):
        list(CocoCaptions(tmp_path / "none.json", coco.images).records())
    with pytest.raises(UserError, match="there is no folder"):
        list(CocoCaptions(coco.path, tmp_path / "none").records())


@pytest.mark.slow
def test_captions_do_not_stay_in_memory(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        made = [{"id": n, "image_id": 4, "caption": f"caption {n}"} for n in range(count)]
        coco = source(tmp_path, {**WHOLE, "annotations": made})
        tracemalloc.start()
        assert sum(1 for _ in coco.records()) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)  # the library is imported
    # Both are longer than the parser's buffer of 64 kB, whose events it hands on at once.
    assert peak(12_000) < peak(3_000) + 200_000


def test_depth_has_a_limit(tmp_path: Path) -> None:
    coco = source(tmp_path, WHOLE)
    coco.path.write_bytes(b'{"images": [' + b"[" * 100_000)
    with pytest.raises(UserError, match="nested more than 100 deep"):
        list(coco.records())


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ijson", None)
    with pytest.raises(UserError, match=r"pip install 'unrelate\[collect\]'"):
        list(source(tmp_path, WHOLE).records())
