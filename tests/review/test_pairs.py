"""Which rows of a collected folder can be reviewed, and what is said of the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unrelate.errors import UserError
from unrelate.policy.load import EXAMPLES
from unrelate.review.pairs import read_pairs

WriteFolder = Callable[..., Path]
Row = Callable[..., dict[str, Any]]


def test_a_row_is_shown_whole(collected: WriteFolder, row: Row) -> None:
    folder = collected([row(3, variants=["another"], sha256="ab")])
    found = read_pairs(folder)
    (pair,) = found.pairs
    assert (pair.name, pair.image, pair.sha256) == ("pair-0003", "pictures/0003.png", "ab")
    assert pair.slots == ("child", "drinking", "milk")
    assert pair.contexts == {"place": "kitchen"}
    assert pair.checks == ("shows two people", "low contrast")
    assert pair.variants == ("another",)
    assert pair.about["prompt"] == "prompt 3"
    assert found.notes == ()


def test_rows_that_cannot_be_decided_about_are_said(collected: WriteFolder, row: Row) -> None:
    rows = [row(0), row(1, pair=""), row(2, image=""), row(3)]
    found = read_pairs(collected(rows))
    assert [pair.name for pair in found.pairs] == ["pair-0000", "pair-0003"]
    assert found.notes[0].startswith("2 rows without a pair's name")
    assert found.notes[1] == "manifest.jsonl:3 has no image"


def test_the_policy_says_which_columns_are_contexts(collected: WriteFolder, row: Row) -> None:
    folder = collected([row(0, spilt="train")])
    assert read_pairs(folder).pairs[0].contexts == {"place": "kitchen", "spilt": "train"}
    policy = (EXAMPLES / "child-drinking-alcohol.yaml").read_text(encoding="utf-8")
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    found = read_pairs(folder)
    assert found.pairs[0].contexts == {"place": "kitchen"}
    assert "unknown column 'spilt'" in found.notes[0]


def test_without_a_policy_a_csv_may_have_columns_of_its_own(collected: WriteFolder, row: Row) -> None:
    folder = collected([row(0)])
    (folder / "manifest.jsonl").unlink()
    (folder / "manifest.csv").write_text("image,caption,pair,weather\na.png,A,a,rain\n")
    assert read_pairs(folder).pairs[0].contexts == {"weather": "rain"}


def test_a_broken_policy_is_not_passed_over(collected: WriteFolder) -> None:
    folder = collected(1)
    (folder / "policy.yaml").write_text("forget: 3\n")
    with pytest.raises(UserError, match=r"policy\.yaml"):
        read_pairs(folder)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "has no manifest"),
        ("", "has no rows"),
        ("nonsense\n", "is not JSON"),
        (json.dumps({"image": "a.png", "caption": "A"}) + "\n", "no row with a pair's name"),
        (
            2 * (json.dumps({"image": "a.png", "caption": "A", "pair": "a"}) + "\n"),
            "pair 'a' is also in line 1",
        ),
    ],
)
def test_a_folder_without_pairs_is_refused(tmp_path: Path, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / "manifest.jsonl").write_text(text)
    with pytest.raises(UserError, match=why) as error:
        read_pairs(tmp_path)
    assert error.value.remedy


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        read_pairs(tmp_path / "nowhere")
