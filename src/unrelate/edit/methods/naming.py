"""What an edit of a generator is called in records: its method, with what options changed of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from unrelate.edit.methods.answering import Answering
from unrelate.edit.methods.redirection import Redirection
from unrelate.edit.methods.reinforcement import Asru
from unrelate.edit.methods.table import METHODS
from unrelate.edit.methods.types import Method
from unrelate.edit.settings import flat

# How a setting ends, in whatever part of a method -> the option of `unrelate edit` that changes it.
_OPTIONS = {
    "steps": "steps",
    "batch": "batch",
    "learning_rate": "learning_rate",
    "adapter.rank": "rank",
    "adapter.depth": "depth",
    "adapter.method": "adapter",
    "hold.weight": "hold",
    "after": "after",
    "slips": "slips",
    "rehearse.begun": "rehearse",
}
_LEFT_OUT = re.compile(r"without \w+")


def name_of(method: Method, among: Mapping[str, Method] = METHODS) -> str:
    """Its name in the table; where its settings are others, that of its kind, with the options that make them
    so, and *changed* where no option does: ``asru (hold=50.0, changed)``.

    Args:
        among: the methods of a world (`methods_for`): an option that is given says nothing new where it is
            the usual one there.
    """
    kin = [name for name, one in among.items() if _kind(one) == _kind(method)]
    for name in kin:
        if among[name].settings() == method.settings():
            return name
    if not kin:
        return type(method).__name__.lower()
    said = dict.fromkeys(_changes(among[kin[0]].settings(), method.settings()))
    return f"{kin[0]} ({', '.join(said)})"


def _kind(method: Method) -> object:
    if isinstance(method, Answering):
        return type(method.recipe.objective)
    if isinstance(method, Asru):
        return Asru, type(method.stage_1)
    return method.form if isinstance(method, Redirection) else type(method)


def _changes(usual: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """``hold=50.0``, ``without Lc``, ``changed``; what one option changes in two places is said twice."""
    without = _LEFT_OUT.findall(str(now.get("name", "")))
    left_out = {place for term in without for place in (f"weights.{term[8:]}", f"{term[8:]}.weight")}
    before, after = flat(usual), flat(now)
    places = [p for p in before | after if after.get(p, 0) != before.get(p) and p not in left_out | {"name"}]
    options = {place: _option(place) for place in places}
    yield from (f"{option}={after.get(place, 0)}" for place, option in options.items() if option)
    yield from without
    if not all(options.values()):
        yield "changed"


def _option(place: str) -> str:
    return next((option for end, option in _OPTIONS.items() if f".{place}".endswith(f".{end}")), "")
