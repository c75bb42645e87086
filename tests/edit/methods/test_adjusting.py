"""Methods with settings of one's own: what each takes, and what it is called then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from unrelate.edit.methods.adjusting import adjusted
from unrelate.edit.methods.answering import Answering
from unrelate.edit.methods.deep import DeepRedirection
from unrelate.edit.methods.naming import name_of
from unrelate.edit.methods.redirection import Redirection
from unrelate.edit.methods.reinforcement import Asru
from unrelate.edit.methods.table import METHODS, method_named, methods_for
from unrelate.errors import UserError
from unrelate.policy.load import load_policy


def test_asru_is_changed_in_both_stages() -> None:
    changed = adjusted("asru", adapter={"rank": 4}, settings={"steps": 40, "hold": 7.0})
    assert isinstance(changed, Asru)
    assert isinstance(changed.stage_1, DeepRedirection)
    usual = Asru()
    assert changed.stage_2 == replace(
        usual.stage_2,
        steps=40,
        adapter=replace(usual.stage_2.adapter, rank=4),
        hold=replace(usual.stage_2.hold, weight=7.0),
    )
    assert changed.stage_1.adapter.rank == 4
    assert changed.stage_1.hold.weight == 7
    assert changed.stage_1.steps == DeepRedirection().steps


def test_the_published_stage_1_has_nothing_to_hold_with() -> None:
    changed = adjusted("asru-ridge", adapter={"rank": 4}, settings={"hold": 7.0})
    assert isinstance(changed, Asru)
    assert isinstance(changed.stage_1, Redirection)
    assert changed.stage_1.adapter.rank == 4
    assert changed.stage_2.hold.weight == 7


def test_what_was_solved_for_cannot_be_rehearsed() -> None:
    with pytest.raises(UserError, match="rehearse"):
        Asru(Redirection())
    assert not Asru(Redirection(), rehearse={}).rehearse


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"begun": -1.0}, "begun = -1"), ({"began": 1.0}, "'began'"), ({"say": 0.0}, "say = 0")],
)
def test_what_cannot_be_rehearsed_is_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Asru(rehearse=wrong)


def test_how_much_is_rehearsed_can_be_given() -> None:
    usual = dict(Asru().rehearse)
    others = {term: value for term, value in usual.items() if term != "begun"}
    assert others
    for weight, expected in ((0.5, others | {"begun": 0.5}), (0.0, others), (None, usual)):
        changed = adjusted("asru", adapter={}, settings={"rehearse": weight})
        assert isinstance(changed, Asru)
        assert changed.rehearse == expected
    with pytest.raises(UserError, match="rehearse"):
        adjusted("asru-ridge", adapter={}, settings={"rehearse": 0.5})
    with pytest.raises(UserError, match="rehearse with the method 'npo'"):
        adjusted("npo", adapter={}, settings={"rehearse": 0.5})


@pytest.mark.parametrize(("share", "held"), [(0.0, 0.0), (0.1, 0.1), (0.75, 0.25)])
def test_how_often_earlier_turns_come_can_be_given(share: float, held: float) -> None:
    usual = Asru()
    assert usual.stage_2.hold.after == 0.25
    changed = adjusted("asru", adapter={}, settings={"after": share, "hold": 7.0})
    assert isinstance(changed, Asru)
    assert isinstance(changed.stage_1, DeepRedirection)
    assert changed.stage_1.after == share
    assert changed.stage_1.hold == changed.stage_2.hold == replace(usual.stage_2.hold, after=held, weight=7.0)
    steering = adjusted("steering", adapter={}, settings={"after": share})
    assert isinstance(steering, DeepRedirection)
    assert (steering.after, steering.hold.after) == (share, held)
    with pytest.raises(UserError, match="after with the method 'asru-ridge'"):
        adjusted("asru-ridge", adapter={}, settings={"after": share})
    with pytest.raises(UserError, match="after with the method 'npo'"):
        adjusted("npo", adapter={}, settings={"after": share})


def test_how_many_questions_are_misspelt_can_be_given() -> None:
    changed = adjusted("asru", adapter={}, settings={"slips": 0.25})
    assert isinstance(changed, Asru)
    assert isinstance(changed.stage_1, DeepRedirection)
    assert changed.stage_1.slips == 0.25
    assert changed.stage_1.hold == changed.stage_2.hold == replace(Asru().stage_2.hold, slips=0.25)
    steering = adjusted("steering", adapter={}, settings={"slips": 0.5})
    assert isinstance(steering, DeepRedirection)
    assert (steering.slips, steering.hold.slips) == (0.5, 0.5)
    with pytest.raises(UserError, match="slips with the method 'asru-ridge'"):
        adjusted("asru-ridge", adapter={}, settings={"slips": 0.5})


def test_a_share_outside_its_range_is_refused() -> None:
    with pytest.raises(UserError, match="slips"):
        adjusted("steering", adapter={}, settings={"slips": 1.5})
    with pytest.raises(UserError, match="after"):
        adjusted("asru", adapter={}, settings={"after": 1.5})
    with pytest.raises(UserError, match="after"):
        adjusted("steering", adapter={}, settings={"after": -0.5})


def test_a_baseline_takes_all() -> None:
    settings = {"steps": 3, "batch": 6, "learning_rate": 0.1, "hold": 2.0}
    changed = adjusted("relation-aware", adapter={}, settings=settings, without=["Lc"])
    assert isinstance(changed, Answering)
    recipe = changed.recipe
    assert (recipe.steps, recipe.batch, recipe.learning_rate, recipe.hold.weight) == (3, 6, 0.1, 2.0)
    assert recipe.by_term()["Lc"] == 0


def test_what_is_not_given_is_left_as_it_is() -> None:
    for name, method in METHODS.items():
        assert adjusted(name, adapter={"rank": None}, settings={"steps": None}) == method


@pytest.mark.parametrize(
    ("name", "adapter", "settings", "without", "said"),
    [
        ("prompt", {}, {"steps": 3}, (), "allowed: nothing"),
        ("prompt", {"rank": 3}, {}, (), "rank with the method 'prompt'"),
        ("steering-gated", {}, {"hold": 3.0}, (), "hold with the method"),
        (
            "asru",
            {},
            {"batch": 3},
            (),
            "--after, --hold, --learning-rate, --rehearse, --slips, --steps, and",
        ),
        ("reinforcement", {}, {}, ("Lc",), "without with the method"),
        ("npo", {}, {"hold": -1.0}, (), "0 or more"),
        ("nop", {}, {}, (), "npo"),
    ],
)
def test_what_a_method_does_not_have_is_refused(
    name: str, adapter: dict[str, Any], settings: dict[str, Any], without: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UserError) as found:
        adjusted(name, adapter=adapter, settings=settings, without=without)
    assert said in str(found.value)


def test_a_method_is_called_what_the_table_calls_it_and_a_changed_one_says_so() -> None:
    for name in METHODS:
        assert name_of(method_named(name)) == name
    changed = {
        "asru": {"steps": 40},
        "asru-ridge": {"steps": 40},
        "steering": {"steps": 3},
        "relation-aware": {"steps": 3},
        "npo": {"batch": 8},
    }
    for name, settings in changed.items():
        said = ", ".join(f"{option}={value}" for option, value in settings.items())
        assert name_of(adjusted(name, adapter={}, settings=settings)) == f"{name} ({said})"
    ridge = adjusted("steering-trained", adapter={"rank": 3}, settings={})
    assert name_of(ridge) == "steering-trained (rank=3)"
    held = adjusted("asru", adapter={"rank": 3}, settings={"hold": 50.0, "rehearse": 0.0})
    assert name_of(held) == "asru (hold=50.0, rank=3, rehearse=0)"
    less = adjusted("relation-aware", adapter={}, settings={}, without=("Lc", "hold"))
    assert name_of(less).startswith("relation-aware (without Lc")
    assert "changed" not in name_of(less)


def test_what_no_option_changes_is_called_changed() -> None:
    assert name_of(Asru(rehearse={"begun": 0.05, "say": 0.3})) == "asru (changed)"
    assert name_of(Asru(rehearse={"begun": 0.1, "say": 0.3})) == "asru (rehearse=0.1, changed)"


def test_facts_are_forgotten_with_the_methods_as_they_stand_and_scenes_with_settings_of_their_own() -> None:
    facts, scenes = (
        methods_for(load_policy(name).vocabulary) for name in ("forget-people-5", "child-drinking-alcohol")
    )
    assert facts == METHODS
    assert list(scenes) == list(METHODS)
    assert {name for name in METHODS if scenes[name] != METHODS[name]} == {"asru", "steering"}
    given, whole = {"hold": 50.0, "slips": 0.25}, {"depth": 1.0}
    assert scenes["steering"] == adjusted("steering", adapter=whole, settings=given)
    asru = adjusted("asru", adapter=whole, settings=given)
    assert scenes["asru"] == replace(cast(Asru, asru), rehearse={"begun": 1.0, "say": 0.3})


def test_the_lower_layers_alone_can_be_adapted() -> None:
    changed = adjusted("asru", adapter={"depth": 0.5}, settings={})
    assert isinstance(changed, Asru)
    assert isinstance(changed.stage_1, DeepRedirection)
    assert changed.stage_1.adapter.depth == changed.stage_2.adapter.depth == 0.5
    assert name_of(changed) == "asru (depth=0.5)"
    assert name_of(adjusted("asru", adapter={"depth": 0.75}, settings={})) == "asru"


def test_what_is_usual_in_its_world_is_not_said() -> None:
    scenes = methods_for(load_policy("child-drinking-alcohol").vocabulary)
    given = {"hold": 50.0, "slips": 0.25, "rehearse": 1.0}
    assert name_of(adjusted("asru", adapter={}, settings=given, among=scenes), scenes) == "asru"
    firm = adjusted("asru", adapter={}, settings={"hold": 400.0}, among=scenes)
    assert name_of(firm, scenes) == "asru (hold=400.0)"
    assert (
        name_of(METHODS["asru"], scenes) == "asru (slips=0.0, hold=400.0, depth=0.75, rehearse=0.05, changed)"
    )
