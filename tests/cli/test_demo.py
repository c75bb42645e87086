"""Which recipe the demo takes: the default one cut short, or whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from unrelate import api, report
from unrelate.edit.recipes import DEFAULT_RECIPE, RECIPES, Recipe

Unrelate = Callable[..., Any]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the demo asks for, none of it done."""
    asked: dict[str, Any] = {}

    def audit(out: Path, *, quick: bool, **_: object) -> SimpleNamespace:
        asked["quick"] = quick
        return SimpleNamespace(to_json=lambda: "{}")

    monkeypatch.setattr(api, "edit", lambda policy, out, *, recipe, **_: asked.update(recipe=recipe))
    monkeypatch.setattr(api, "audit", audit)
    monkeypatch.setattr(report, "write_report", lambda out: out)
    return asked


def test_the_demo_is_the_default_recipe_cut_short(
    unrelate: Unrelate, done: dict[str, Any], tmp_path: Path
) -> None:
    assert unrelate("demo", "--out", str(tmp_path / "run"), "--json").code == 0
    recipe, whole = done["recipe"], RECIPES[DEFAULT_RECIPE]
    assert isinstance(recipe, Recipe)
    assert recipe.name == f"{DEFAULT_RECIPE} (steps=200, adversarial_rounds=1)"  # the record says so
    assert replace(recipe, name=whole.name, steps=whole.steps, adversarial_rounds=3) == whole
    assert done["quick"]


def test_the_full_demo_is_what_edit_and_audit_do(
    unrelate: Unrelate, done: dict[str, Any], tmp_path: Path
) -> None:
    assert unrelate("demo", "--out", str(tmp_path / "run"), "--full", "--json").code == 0
    assert done == {"recipe": RECIPES[DEFAULT_RECIPE], "quick": False}


def test_a_policy_without_pictures_has_its_own_recipe(
    unrelate: Unrelate, done: dict[str, Any], tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "name: never\nvocabulary: microworld\nforget:\n"
        "  - {actor: child, relation: drinking, object: alcohol, pictures: never}\n",
        encoding="utf-8",
    )
    assert unrelate("demo", "--policy", str(policy), "--out", str(tmp_path / "run"), "--json").code == 0
    assert done["recipe"] == RECIPES["picture-free"]
