"""Experiments by name, whole and in parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unrelate.errors import UserError
from unrelate.policy.load import load_policy
from unrelate.reproduce import REPRODUCTIONS, Reproduction
from unrelate.reproduce.robustness import ARMS, Experiment


def _seen(out: Path, **given: Any) -> dict[str, Any]:
    return given


_MADE = Reproduction(_seen, ("one", "two", "three"), ("wine", "beer"))


def test_of_nothing_named_all_is_meant(tmp_path: Path) -> None:
    given = _MADE(tmp_path)
    assert given["arms"] == ("one", "two", "three")
    assert given["policies"] == ("wine", "beer")
    assert given["seeds"] == 3


def test_a_part_keeps_the_usual_order(tmp_path: Path) -> None:
    given = _MADE(tmp_path, arms=["three", "one", "three"], policies=["beer"], seeds=1)
    assert given["arms"] == ("one", "three")
    assert given["policies"] == ("beer",)


@pytest.mark.parametrize(("key", "said"), [("arms", "arm 'thre'"), ("policies", "policy 'thre'")])
def test_what_an_experiment_does_not_have_is_refused_before_anything_is_run(
    tmp_path: Path, key: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        _MADE(tmp_path / "new", **{key: ["thre"]})  # pyright: ignore[reportArgumentType]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_every_experiment_is_of_policies_that_there_are(name: str) -> None:
    experiment = REPRODUCTIONS[name]
    assert experiment.arms
    for policy in experiment.policies:
        assert load_policy(policy).forget


def test_the_red_team_in_parts() -> None:
    whole, least = Experiment.of(ARMS), Experiment.of((), ("kid-eating-hamburger",))
    assert whole == Experiment()
    assert least.policies == ("kid-eating-hamburger",)
    assert (least.poor, least.requests, least.rounds_seeds, least.clock) == ({}, (), 0, False)
    assert Experiment.of(("rounds",)).rounds_seeds == Experiment().rounds_seeds
    assert least.attacks == whole.attacks
