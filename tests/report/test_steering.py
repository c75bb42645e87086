"""The figure of stage 0, from a record alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unrelate.errors import UserError
from unrelate.report.steering import draw_directions

RECORD: dict[str, Any] = {
    "scores": [
        {"layer": layer, "position": position, "auc": auc, "fisher": fisher, "length": 1.0}
        for layer, auc, fisher in ((0, 0.7, 0.4), (1, 0.95, 3.0), (2, 1.0, 40.0), (3, 1.0, 22.0))
        for position in (0, 1)
    ],
    "layer": 2,
    "position": 0,
    "counts": {"positive_asked": 9, "positive_kept": 8, "negative_asked": 12, "negative_kept": 12},
    "projections": {
        "positive": [0.8, 0.9, 0.95, 1.0, 1.0, 1.1, 1.15, 1.2],
        "negative": [-0.3, -0.2, -0.1, -0.1, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.2, 0.3],
    },
}


def write(folder: Path, record: dict[str, Any]) -> Path:
    (folder / "directions.json").write_text(json.dumps(record))
    return folder


@pytest.mark.slow
def test_counts_and_the_chosen_layer_are_on_it_and_it_is_the_same_each_time(tmp_path: Path) -> None:
    first = draw_directions(write(tmp_path, RECORD), tmp_path / "new" / "a.svg").read_text()
    assert "declined: 8 of 9 asked" in first
    assert "answered: 12 of 12 asked" in first
    assert "chosen: 2" in first
    assert draw_directions(tmp_path, tmp_path / "b.svg").read_text() == first
    assert draw_directions(tmp_path, tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("absent", ["scores", "projections", "layer"])
def test_a_record_without_what_is_drawn_is_an_error(tmp_path: Path, absent: str) -> None:
    left = {name: value for name, value in RECORD.items() if name != absent}
    with pytest.raises(UserError, match="nothing can be drawn"):
        draw_directions(write(tmp_path, left), tmp_path / "a.svg")


def test_no_record_and_other_endings_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing can be drawn"):
        draw_directions(tmp_path, tmp_path / "a.svg")
    with pytest.raises(UserError, match=r"cannot draw to 'a\.gif'"):
        draw_directions(write(tmp_path, RECORD), tmp_path / "a.gif")
