"""Recipes by name, and with some of their settings changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from unrelate.edit.recipes import RECIPES, adjusted, leave_out, recipe_named
from unrelate.errors import UserError
from unrelate.objectives import OBJECTIVES, Weights
from unrelate.objectives.types import WEIGHT_OF


def test_the_table_is_sound() -> None:
    assert {"paper", "push-only", "calibrated"} <= set(RECIPES)
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe.objective in OBJECTIVES


def test_the_paper_s_own_settings() -> None:
    """RASU section 4.4: AdamW at 1e-3, batches of 32, 3 epochs; push-only is L3 alone."""
    paper = RECIPES["paper"]
    assert (paper.learning_rate, paper.batch, paper.epochs, paper.steps) == (1e-3, 32, 3, None)
    assert dict(paper.weights.by_term()) == dict.fromkeys(WEIGHT_OF, 1.0)
    push = RECIPES["push-only"].weights.by_term()
    assert {term for term, weight in push.items() if weight} == {"L3"}


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match=r"recipe 'calibratd'[\s\S]*did you mean 'calibrated'"):
        recipe_named("calibratd")


def test_adjusted_changes_what_is_said_and_says_so() -> None:
    changed = adjusted(
        "paper", adapter={"rank": 4, "method": None}, settings={"steps": 7, "batch": None}, without=("Lc",)
    )
    before = RECIPES["paper"]
    assert (changed.steps, changed.batch, changed.adapter.rank) == (7, before.batch, 4)
    assert changed.adapter.layers == before.adapter.layers
    assert changed.weights == Weights(g=0)
    for said in ("paper", "rank=4", "steps=7", "without Lc"):
        assert said in changed.name


def test_adjusted_by_nothing_is_the_recipe_itself() -> None:
    assert adjusted("paper", adapter={"rank": None}, settings={"steps": None}) is RECIPES["paper"]


@pytest.mark.parametrize(
    ("adapter", "settings", "without", "received"),
    [
        ({}, {"steps": 0}, (), "steps = 0"),
        ({}, {"learning_rate": -0.1}, (), "learning_rate = -0.1"),
        ({}, {"strength": 1.1}, (), "strength = 1.1"),
        ({}, {"adversarial_rounds": -1}, (), "adversarial_rounds = -1"),
        ({"rank": 0}, {}, (), "rank = 0"),
        ({"layers": ("attenton",)}, {}, (), "'attenton'"),
        ({"towers": "both of them"}, {}, (), "both of them"),
        ({}, {}, ("Lx",), "term 'Lx'"),
        ({}, {}, tuple(WEIGHT_OF), "weights"),
    ],
)
def test_what_cannot_be_is_refused(
    adapter: dict[str, object], settings: dict[str, object], without: tuple[str, ...], received: str
) -> None:
    with pytest.raises(UserError) as caught:
        adjusted("paper", adapter=adapter, settings=settings, without=without)
    assert received in caught.value.received
    assert caught.value.allowed


@pytest.mark.parametrize("change", [{"variants": 0}, {"weights": Weights(l_adv=0)}])
def test_rounds_that_could_teach_nothing_are_refused_at_once(change: dict[str, Any]) -> None:
    rounds = replace(RECIPES["calibrated"], adversarial_rounds=1)
    with pytest.raises(UserError, match=r"learns nothing from text variants[\s\S]*--adversarial-rounds 0"):
        replace(rounds, **change)
    assert replace(rounds, adversarial_rounds=0, **change).adversarial_rounds == 0


def test_rounds_may_be_left_out() -> None:
    rounds = adjusted("calibrated", adapter={}, settings={"adversarial_rounds": 2})
    assert rounds.adversarial_rounds == 2
    none = adjusted("calibrated", adapter={}, settings={"adversarial_rounds": 0}, without=("Ladv",))
    assert (none.adversarial_rounds, none.weights.l_adv) == (0, 0)


@pytest.mark.parametrize("term", WEIGHT_OF)
def test_leaving_out_a_term_leaves_the_others(term: str) -> None:
    weights = leave_out(Weights(a=2, b=3, d=4, g=5, l_adv=6, push=7), term).by_term()
    full = Weights(a=2, b=3, d=4, g=5, l_adv=6, push=7).by_term()
    assert weights == {**full, term: 0.0}
