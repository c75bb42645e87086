"""Mixtures of texts: which are made, what the model makes of them, and that edits learn from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from unrelate.edit import prepare
from unrelate.edit.between import Mixture, mixed, mixtures, never_shown
from unrelate.edit.loop import Training, _split, steps_of, train
from unrelate.edit.prepare import Prepared, Step
from unrelate.edit.recipes import RECIPES, Recipe, adjusted
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, build_graph
from unrelate.models import DualEncoder
from unrelate.models.prefix import Prefix
from unrelate.policy import load_policy

Ready = Callable[[Recipe], tuple[DualEncoder, Prepared]]
TEXTS, ENDS = (3, 5, 7, 9, 11), (4, 4, 6, 6, 8)
FORBIDDEN = (False, True, False, False, True)
UNSHOWN = (False,) * 5


@pytest.fixture
def between(calibrated: Recipe) -> Recipe:
    return replace(calibrated, between=12)


@pytest.fixture(params=["as it is", "last layer", "one projection"])
def anywhere(request: pytest.FixtureRequest, between: Recipe) -> Recipe:
    """Adapters whose towers are frozen up to different stages."""
    changes = {
        "as it is": {},
        "last layer": {"last_layers": 1},
        "one projection": {"layers": ("projection",)},
    }
    return replace(between, adapter=replace(between.adapter, **changes[request.param]))


def test_only_texts_that_end_at_the_same_place_are_mixed() -> None:
    end = dict(zip(TEXTS, ENDS, strict=True))
    made = mixtures(TEXTS, ENDS, FORBIDDEN, UNSHOWN, 200)
    assert len(made) == 200
    assert all(end[m.one] == end[m.other] for m in made)
    assert {m.one for m in made} == {3, 7, 9}, "each of those that stay, and no other"


def test_a_mixture_has_at_most_half_of_the_forbidden() -> None:
    made = mixtures(TEXTS, ENDS, FORBIDDEN, UNSHOWN, 400)
    bad = [m.share for m in made if m.other == 5]
    good = [m.share for m in made if m.other == 9]
    assert min(bad) >= 0
    assert 0.45 < max(bad) <= 0.5
    assert 0.9 < max(good) < 1


def test_half_of_them_lie_at_the_border() -> None:
    """Of those that can: the text 3 ends where the forbidden 5 does, 7 and 9 where nothing forbidden does.
    Of the other half, drawn from all that end alike, one in two is forbidden as well."""
    made = [m for m in mixtures(TEXTS, ENDS, FORBIDDEN, UNSHOWN, 3000) if m.one == 3]
    assert sum(m.other == 5 for m in made) / len(made) == pytest.approx(0.75, abs=0.05)


def test_what_was_never_shown_is_not_mixed_with_the_forbidden() -> None:
    made = mixtures(TEXTS, ENDS, FORBIDDEN, (True, False, False, False, False), 200)
    assert {m.other for m in made if m.one == 3} == {3}
    assert {m.other for m in made if m.one == 7} == {7, 9}


def test_beer_and_toddlers_are_never_shown(graph: RelationGraph) -> None:
    assert never_shown(graph) == {"beer", "toddler"}
    assert not never_shown(build_graph(load_policy("man-drinking-beer-in-classroom")))


def test_the_same_texts_are_mixed_alike_and_others_otherwise() -> None:
    assert mixtures(TEXTS, ENDS, FORBIDDEN, UNSHOWN, 9) == mixtures(TEXTS, ENDS, FORBIDDEN, UNSHOWN, 9)
    assert mixtures(TEXTS[::-1], ENDS[::-1], FORBIDDEN[::-1], UNSHOWN, 9) != mixtures(
        TEXTS, ENDS, FORBIDDEN, UNSHOWN, 9
    )


def test_where_nothing_stays_nothing_is_mixed() -> None:
    assert mixtures((1, 2), (4, 4), (True, True), (False, False), 5) == ()
    assert mixtures(TEXTS, ENDS, FORBIDDEN, UNSHOWN, 0) == ()


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 4)])
def test_states_are_mixed_by_their_shares(shape: Sequence[int]) -> None:
    ends = torch.tensor([2, 2])
    made = mixed(
        Prefix(torch.zeros(*shape), ends), Prefix(torch.ones(*shape), ends), torch.tensor([0.25, 1.0])
    )
    assert made.ends is ends
    assert made.state.flatten(1).mean(1).tolist() == [0.25, 1.0]
    assert made.state.shape == shape


def test_an_untrained_adapter_moves_no_mixture(ready: Ready, anywhere: Recipe) -> None:
    _, prepared = ready(anywhere)
    step = steps_of(prepared, anywhere, 0)[0]
    live, (reference, _) = prepared.live(step), prepared.batch(step)
    assert live.between is not None
    assert reference.between is not None
    assert live.between.shape == (12, 16)
    assert live.between.requires_grad
    assert not reference.between.requires_grad
    torch.testing.assert_close(live.between, reference.between)


def test_a_mixture_with_none_of_the_other_is_the_text_itself(
    ready: Ready, anywhere: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, prepared = ready(anywhere)
    step = steps_of(prepared, anywhere, 0)[0]
    alone = tuple(Mixture(text, text, 0.0) for text in step.texts)
    monkeypatch.setattr(prepare, "mixtures", lambda *_: alone)
    live = prepared.live(step)
    torch.testing.assert_close(live.between, live.text)


def test_a_text_tower_without_adapter_moves_nothing(ready: Ready, calibrated: Recipe) -> None:
    recipe = replace(calibrated, adapter=replace(calibrated.adapter, towers="image"))
    _, prepared = ready(recipe)
    step = replace(steps_of(prepared, recipe, 0)[0], between=12)
    assert prepared.live(step).between is None
    assert prepared.batch(step)[0].between is None


def test_micro_batches_share_the_mixtures_out() -> None:
    step = Step((10, 11), (0, 1), (), between=5)
    assert [part.between for part in _split(step, 2)] == [3, 2]


@pytest.mark.slow
def test_held_mixtures_move_less(ready: Ready, between: Recipe, tmp_path: Path) -> None:
    """Against the same edit without them; measured on mixtures of a step that neither trains on."""
    found = {}
    for count in (0, 48):
        recipe = replace(between, between=count, steps=30)
        encoder, prepared = ready(recipe)
        folder = tmp_path / str(count)
        folder.mkdir()
        train(encoder, prepared, recipe, Training(), folder)
        step = replace(steps_of(prepared, recipe, seed=1)[0], between=200)
        with torch.no_grad():
            live, (reference, _) = prepared.live(step), prepared.batch(step)
        assert live.between is not None
        assert reference.between is not None
        found[count] = (live.between - reference.between).square().sum(-1).mean().item()
    assert found[48] < 0.8 * found[0]


@pytest.mark.parametrize("name", RECIPES)
def test_no_recipe_mixes_unasked(name: str) -> None:
    assert RECIPES[name].between == 0


@pytest.mark.parametrize(
    ("name", "adapter"), [("paper", {}), ("push-only", {}), ("calibrated", {"towers": "image"})]
)
def test_mixtures_that_nothing_would_hold_are_refused(name: str, adapter: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="--between 0"):
        adjusted(name, adapter=adapter, settings={"between": 64})


def test_a_recipe_says_that_it_mixes() -> None:
    recipe = adjusted("hardened", adapter={}, settings={"between": 64})
    assert (recipe.name, recipe.between) == ("hardened (between=64)", 64)
    assert adjusted("hardened", adapter={}, settings={"between": 0}).between == 0
