"""The commands that a report gives make the same run: what options changed, they change again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import pytest
from tests.report.generated import generator_record

from unrelate.edit.methods.adjusting import adjusted
from unrelate.edit.methods.naming import name_of
from unrelate.edit.methods.table import METHODS
from unrelate.edit.methods.types import Method
from unrelate.report.again import commands
from unrelate.report.losses import LossLog
from unrelate.report.rundir import Run, flat


def edit_again(method: Method) -> list[str]:
    name = name_of(method)
    settings = {"method": name, "recipe": {"name": name, **method.settings()}, "training": {"seed": 0}}
    record = generator_record().model_copy(update={"recipe": name, "model": "m", "policy": "p"})
    run = Run(record, LossLog({}, 0), "", (), (), tuple(flat({"settings": settings})), ())
    return shlex.split(commands(run)[0])


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_as_it_is_needs_no_options(name: str) -> None:
    said = edit_again(METHODS[name])
    assert said[said.index("--method") + 1] == name
    assert [word for word in said if word.startswith("--")] == ["--model", "--method", "--seed", "--out"]


@pytest.mark.parametrize(
    ("name", "adapter", "settings", "without", "options"),
    [
        ("asru", {}, {"hold": 50.0, "rehearse": 1.0}, (), {"--hold": "50.0", "--rehearse": "1.0"}),
        ("asru", {"rank": 4}, {"steps": 30}, (), {"--rank": "4", "--steps": "30"}),
        ("asru", {"depth": 0.5}, {}, (), {"--depth": "0.5"}),
        ("asru", {}, {"rehearse": 0.0}, (), {"--rehearse": "0"}),
        ("asru", {}, {"after": 0.75}, (), {"--after": "0.75"}),
        ("asru", {}, {"slips": 0.25}, (), {"--slips": "0.25"}),
        ("asru", {}, {"after": 0.0}, (), {"--after": "0.0"}),
        ("steering", {}, {"after": 0.1, "hold": 7.0}, (), {"--after": "0.1", "--hold": "7.0"}),
        ("steering", {"method": "dora"}, {"hold": 200.0}, (), {"--adapter": "dora", "--hold": "200.0"}),
        ("simnpo", {}, {"batch": 4, "learning_rate": 0.1}, (), {"--batch": "4", "--learning-rate": "0.1"}),
        ("relation-aware", {}, {}, ("Lc",), {"--without": "Lc"}),
    ],
)
def test_what_an_option_changed_it_changes_again(
    name: str,
    adapter: Mapping[str, Any],
    settings: Mapping[str, Any],
    without: tuple[str, ...],
    options: Mapping[str, str],
) -> None:
    said = edit_again(adjusted(name, adapter=adapter, settings=settings, without=without))
    assert said[said.index("--method") + 1] == name
    given = {word: said[place + 1] for place, word in enumerate(said) if word.startswith("--")}
    for usual in ("--model", "--method", "--seed", "--out"):
        given.pop(usual)
    assert given == options
