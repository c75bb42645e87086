"""`unrelate edit --adversarial-rounds N`: attacked, trained on, and on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import unrelate as package
from unrelate.edit.recipes import adjusted

pytestmark = pytest.mark.slow


def test_a_round_attacks_the_edit_and_trains_on(tmp_path: Path) -> None:
    settings = {"steps": 4, "batch": 8, "adversarial_rounds": 1}
    recipe = adjusted("paper", adapter={"rank": 2}, settings=settings)
    run = package.edit("kid-eating-hamburger", tmp_path / "run", recipe=recipe, quiet=True)
    found = json.loads((run / "rounds" / "1" / "found.json").read_text())
    assert any(statement["texts"] for statement in found["statements"])
    lines = [json.loads(line) for line in (run / "losses.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) > 4
    held = json.loads((run / "run.json").read_text())["settings"]["recipe"]
    assert held["adversarial_rounds"] == 1
    assert "adversarial_rounds=1" in held["name"]
