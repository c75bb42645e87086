"""A method of the table with some of its settings changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from unrelate.edit.answering.recipes import without as left_out
from unrelate.edit.methods.answering import Answering
from unrelate.edit.methods.deep import DeepRedirection
from unrelate.edit.methods.prompting import Prompting
from unrelate.edit.methods.redirection import Redirection
from unrelate.edit.methods.reinforcement import Asru, Reinforcement
from unrelate.edit.methods.table import METHODS, method_named
from unrelate.edit.methods.types import Method
from unrelate.errors import UserError

# What can be set of each kind of method, beside its adapter.
_TAKES: Mapping[type, frozenset[str]] = {
    Answering: frozenset({"steps", "batch", "learning_rate", "hold", "without"}),
    DeepRedirection: frozenset({"steps", "batch", "learning_rate", "hold", "after", "slips"}),
    Reinforcement: frozenset({"steps", "learning_rate", "hold"}),
    Asru: frozenset({"steps", "learning_rate", "hold", "after", "slips", "rehearse"}),
    Redirection: frozenset(),
    Prompting: frozenset(),
}
# The ways in which a trained stage 1 asks; stage 2 holds in them, and asks nothing else so.
_ASKING = ("after", "slips")
# What of ASRU's settings its stage 1 is given as well as its stage 2.
_OF_STAGE_1 = ("hold", *_ASKING)
# What only an ASRU takes whose stage 1 is trained rather than solved for.
_OF_LEARNT = frozenset({*_ASKING, "rehearse"})


def adjusted(
    name: str,
    *,
    adapter: Mapping[str, Any],
    settings: Mapping[str, Any],
    without: Sequence[str] = (),
    among: Mapping[str, Method] = METHODS,
) -> Method:
    """The method of a name, with the given settings for its own; what is None is left as it is.

    Args:
        adapter: of its adapter: ``rank``, ``method``, ``depth``.
        settings: of its training: ``steps``, ``batch``, ``learning_rate`` (of ASRU: of stage 2), ``hold`` (of
            both stages), ``after`` (of stage 1; what is held comes after earlier turns no more often),
            ``slips`` (of stage 1, and of what is held), ``rehearse`` (of ASRU: the weight of `begun`).
        without: terms of its objective to switch off.
        among: the methods of a world (`methods_for`).

    Raises:
        UserError: no method of that name; a setting or a term that it does not have.
    """
    method = method_named(name, among)
    adapter = {key: value for key, value in adapter.items() if value is not None}
    settings = {key: value for key, value in settings.items() if value is not None}
    takes = _TAKES[type(method)]
    learnt = isinstance(method, Asru) and isinstance(method.stage_1, DeepRedirection)
    if isinstance(method, Asru) and not learnt:
        takes -= _OF_LEARNT
    other = [key for key in (*settings, *(["without"] if without else [])) if key not in takes]
    if isinstance(method, Prompting):
        other = [*adapter, *other]
    if other:
        options = ", ".join(f"--{key.replace('_', '-')}" for key in sorted(takes))
        raise UserError(
            f"{', '.join(other)} with the method '{name}'",
            "nothing" if isinstance(method, Prompting) else f"{options or 'nothing'}, and the adapter's",
            "leave it out, or choose another method",
        )
    if isinstance(method, Answering):
        recipe = _changed(method.recipe, adapter, settings)
        return Answering(left_out(recipe, without) if without else recipe)
    if isinstance(method, Reinforcement):
        return replace(method, stage_2=_changed(method.stage_2, adapter, settings))
    if isinstance(method, Asru):
        held = {key: value for key, value in settings.items() if key in _OF_STAGE_1 and learnt}
        rehearsed = settings.pop("rehearse", None)
        return replace(
            method,
            rehearse=_rehearsed(method.rehearse, rehearsed),
            stage_1=_changed(method.stage_1, adapter, held),
            stage_2=_changed(method.stage_2, adapter, settings),
        )
    return _changed(method, adapter, settings)


def _rehearsed(usual: Mapping[str, float], weight: float | None) -> Mapping[str, float]:
    """The usual terms, the one that matters most to an attacker with another weight; 0 leaves it out."""
    if weight is None:
        return usual
    others = {term: value for term, value in usual.items() if term != "begun"}
    return others | ({"begun": weight} if weight else {})


def _changed(holder: Any, adapter: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    """A frozen holder of settings with some of them changed, and its adapter's; ``hold`` is its weight."""
    changes = dict(settings)
    if adapter:
        changes["adapter"] = replace(holder.adapter, **adapter)
    held = {"weight": changes.pop("hold")} if "hold" in changes else {}
    if "after" in changes:
        held["after"] = min(holder.hold.after, changes["after"])
    if "slips" in changes:
        held["slips"] = changes["slips"]
    if held:
        changes["hold"] = replace(holder.hold, **held)
    for name in _ASKING:
        if not hasattr(holder, name):
            changes.pop(name, None)
    return replace(holder, **changes) if changes else holder
