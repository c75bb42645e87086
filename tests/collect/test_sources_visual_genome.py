"""Visual Genome's relations as tuples, in the fields of every version."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unrelate.collect.sources.visual_genome import VisualGenome
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError
from unrelate.policy.triple import Triple

OLD = {
    "id": 1,
    "relationships": [
        {"id": 10, "predicate": "ON", "subject": {"name": "shade"}, "object": {"name": "street"}},
        {"id": 11, "predicate": "", "subject": {"name": "man"}, "object": {"name": "car"}},
    ],
}
NEW = {
    "image_id": 2,
    "relationships": [
        {
            "relationship_id": 20,
            "predicate": "drinking  from",
            "subject": {"object_id": 5, "names": ["young man", "person"], "synsets": []},
            "object": {"object_id": 6, "names": ["glass"]},
        },
        {"relationship_id": 21, "predicate": "has", "subject": {"names": []}, "object": {"name": "hat"}},
    ],
}
Write = Callable[[object], VisualGenome]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(document: object) -> VisualGenome:
        (tmp_path / "images" / "VG_100K_2").mkdir(parents=True, exist_ok=True)
        path = tmp_path / "relationships.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return VisualGenome(path, tmp_path / "images")

    return make


def picture(record: Record) -> bytes:
    assert record.picture is not None
    return record.picture()


def test_relations_are_tuples_in_the_words_of_the_annotation(write: Write) -> None:
    source = write([OLD, NEW])
    shade, glass = source.records()
    assert (shade.key, shade.caption) == ("1/10", "shade ON street")
    assert shade.triples == (Triple("shade", "ON", "street"),)
    assert (glass.key, glass.triples) == ("2/20", (Triple("young man", "drinking from", "glass"),))
    assert [record.key for record in source.records()] == ["1/10", "2/20"]
    assert source.name == "visual-genome:relationships.json"


def test_pictures_lie_in_one_folder_or_in_those_of_the_archives(write: Write) -> None:
    source = write([OLD, NEW])
    shade, glass = source.records()
    with pytest.raises(SourceFailed, match=r"'1.jpg' is missing"):
        picture(shade)
    (source.images / "1.jpg").write_bytes(b"one")
    (source.images / "VG_100K_2" / "2.jpg").write_bytes(b"two")
    assert (picture(shade), picture(glass)) == (b"one", b"two")


def test_a_link_that_leaves_is_not_followed(write: Write) -> None:
    source = write([OLD])
    (source.images / "1.jpg").symlink_to(source.path)
    with pytest.raises(SourceFailed, match="leaves"):
        picture(next(source.records()))


@pytest.mark.parametrize(
    ("entry", "where", "why"),
    [
        (7, "[1]", "JSON object but int"),
        ({"relationships": []}, "[1]", "no number under 'image_id'"),
        ({"image_id": "../1", "relationships": []}, "[1]", "no number under 'image_id'"),
        ({"image_id": 3}, "[1]", "no list under 'relationships'"),
        ({"image_id": 3, "relationships": ["x"]}, "[1].relationships[0]", "JSON object but str"),
        ({"image_id": 3, "relationships": [{"subject": "x"}]}, "[1].relationships[0]", "under 'subject'"),
        (
            {"image_id": 3, "relationships": [{"subject": {"names": "x"}, "object": {"name": 3}}]},
            "[1].relationships[0].object",
            "int under 'name'",
        ),
    ],
)
def test_another_format_is_refused_with_the_entry(write: Write, entry: object, where: str, why: str) -> None:
    source = write([NEW, entry])
    with pytest.raises(UserError, match=why) as caught:
        list(source.records())
    assert caught.value.where == f"{source.path}: {where}"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"image_id": 1}, "has no images"),
        ([], "has no images"),
        ("", "cut short"),
        ('[{"image_id"', "cut short"),
    ],
)
def test_a_file_of_another_kind_is_refused(write: Write, document: object, why: str) -> None:
    with pytest.raises(UserError, match=why):
        list(write(document).records())


def test_what_comes_before_a_cut_is_given(write: Write) -> None:
    found = write(json.dumps([OLD, NEW])[:-30]).records()
    assert next(found).key == "1/10"
    with pytest.raises(UserError, match=r"cut short after \[0\]"):
        next(found)
