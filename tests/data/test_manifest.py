"""Reading a manifest: what is there, and every line that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from unrelate.data.manifest import Manifest, read_manifest
from unrelate.errors import UserError


def read(folder: Path, text: str | bytes, name: str = "manifest.csv") -> Manifest:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_manifest(folder, ("place",))


def said(manifest: Manifest) -> list[str]:
    return [f"{problem.line}: {problem.what}" for problem in manifest.problems]


def test_csv_cells_are_trimmed_and_may_span_lines(tmp_path: Path) -> None:
    text = '\ufeffimage, caption ,place,_note\r\na.png," a kid,\n  drinking ",park,x\r\n\r\nb.png,B,,\r\n'
    manifest = read(tmp_path, text)
    assert said(manifest) == []
    assert [dict(row.cells) for row in manifest.rows] == [
        {"image": "a.png", "caption": "a kid, drinking", "place": "park"},
        {"image": "b.png", "caption": "B", "place": ""},
    ]
    assert [row.line for row in manifest.rows] == [2, 5]


@pytest.mark.parametrize("cell", ["x; y ;;x", '"[""x"", "" y""]"'])
def test_variants_are_a_list_either_way(tmp_path: Path, cell: str) -> None:
    assert read(tmp_path, f"image,caption,variants\na.png,A,{cell}\n").rows[0].variants == ("x", "y")


def test_jsonl_variants_may_be_a_list(tmp_path: Path) -> None:
    line = '{"image": "a.png", "caption": "A", "variants": ["x", "y", "x"], "place": null}'
    row = read(tmp_path, line, "manifest.jsonl").rows[0]
    assert (row.variants, row.get("place")) == (("x", "y"), "")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["0: has no rows"]),
        ("image,caption\n", ["0: has no rows"]),
        ("image,text\na,b\n", ["1: has no column 'caption'; its columns are image, text"]),
        (
            "image,caption,caption\na,b,c\n",
            ["1: has two columns 'caption'; its columns are image, caption, caption"],
        ),
        ("image,caption,spilt\na,b,c\na,b,c\n", ["1: has an unknown column 'spilt'; did you mean 'split'?"]),
        ("image,caption,license\na,b,c\n", ["1: has an unknown column 'license'; did you mean 'licence'?"]),
        ("image,caption\na\na,b,c\n", ["2: has 1 cells under 2 columns", "3: has 3 cells under 2 columns"]),
        ("image,caption\n,\n ,b\na, \n", ["3: has no image", "4: has no caption"]),
        ("image,caption,variants\na,b,[1\n", ["2: has variants that are neither text nor a list of texts"]),
    ],
)
def test_every_bad_csv_line_is_named(tmp_path: Path, text: str, problems: list[str]) -> None:
    assert said(read(tmp_path, text)) == problems


def test_an_open_quote_is_named(tmp_path: Path) -> None:
    problems = said(read(tmp_path, 'image,caption\na,b\nc,"d\ne,f\n'))
    assert len(problems) == 1
    assert problems[0].startswith("3: is not CSV (")


def test_every_bad_json_line_is_named(tmp_path: Path) -> None:
    lines = [
        '{"image": "a.png", "caption": "A"}',
        '{"image": "a.png", "caption": ',
        '["a.png", "A"]',
        '{"image": "a.png", "caption": 3}',
        '{"image": "a.png"}',
        '{"image": "a.png", "caption": "A", "colour": "red"}',
        '{"image": "a.png", "caption": "\\ud800"}',
        '{"image": "a.png", "caption": "A", "variants": [1]}',
        "[" * 100_000,
    ]
    manifest = read(tmp_path, "\n".join(lines), "manifest.jsonl")
    assert [int(text.split(":")[0]) for text in said(manifest)] == [2, 3, 4, 5, 6, 7, 8, 9]
    for words in ("is not JSON", "not a JSON object but list", "int under 'caption'", "has no caption"):
        assert words in " ".join(said(manifest))


def test_folders_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        read_manifest(tmp_path / "nowhere", ())
    with pytest.raises(UserError, match="no manifest"):
        read_manifest(tmp_path, ())
    with pytest.raises(UserError, match="not UTF-8 at byte 14"):
        read(tmp_path, b"image,caption\n\xff,b\n")
    (tmp_path / "manifest.jsonl").touch()
    with pytest.raises(UserError, match="two manifests"):
        read_manifest(tmp_path, ())
