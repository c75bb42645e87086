"""Which method the command line takes for a model that answers: that of the policy's world."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unrelate import api
from unrelate.edit.methods.naming import name_of
from unrelate.edit.methods.table import methods_for
from unrelate.policy.load import load_policy


@pytest.mark.parametrize("policy", ["forget-people-5", "child-drinking-alcohol"])
@pytest.mark.parametrize(
    ("options", "name"),
    [((), "asru"), (("--method", "asru"), "asru"), (("--hold", "7"), "asru (hold=7.0)")],
)
def test_a_method_is_that_of_the_policys_world(
    unrelate: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    policy: str,
    options: tuple[str, ...],
    name: str,
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(api, "edit", lambda policy, out, **how: asked.update(how))
    run = str(tmp_path / "run")
    assert unrelate("edit", policy, "--out", run, "--model", "embedded:vlm", *options, "--json").code == 0
    usual = methods_for(load_policy(policy).vocabulary)
    assert name_of(asked["method"], usual) == name
    if name == "asru":
        assert asked["method"] == usual["asru"]
