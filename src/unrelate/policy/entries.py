"""An entry of a policy as written -> the same in canonical names, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unrelate.errors import UserError, nearest
from unrelate.policy.hierarchy import plain
from unrelate.policy.problems import problem
from unrelate.policy.vocabulary import Vocabulary

SLOTS = {"actor": "actors", "relation": "relations", "object": "objects"}


def settle_entry(vocabulary: Vocabulary, number: int, data: Any) -> Any:
    """``{actor: {is: kid, colour: red}, ...}`` -> ``{actor: child, ..., when: {colour: [red]}}``.

    What is not even a mapping, or lacks a key, is left for pydantic to name.

    Raises:
        PydanticCustomError: an unknown concept, context key or value; an attribute of the wrong slot.
    """
    if not isinstance(data, Mapping):
        return data
    settled = dict(data)
    when: dict[str, tuple[str, ...]] = {}
    for slot, kind in SLOTS.items():
        word = data.get(slot)
        if isinstance(word, Mapping):
            _add_attributes(vocabulary, (number, slot), slot, word, when)
            if "is" not in word:
                raise problem((number, slot), f"the {slot} has no 'is'", "{is: NAME, ATTRIBUTE: VALUE}")
            word = word["is"]
        if isinstance(word, str):
            settled[slot] = _resolve(vocabulary, (number, slot), kind, word)
        elif slot in data:
            settled[slot] = word
    conditions = data.get("when") or {}
    if isinstance(conditions, Mapping):
        for key, values in conditions.items():
            _add(vocabulary, (number, "when", key), key, values, when)
        settled["when"] = when
    return settled


def _resolve(vocabulary: Vocabulary, path: tuple[str | int, ...], kind: str, word: str) -> str:
    try:
        return vocabulary.resolve(kind, word)
    except UserError as error:
        raise problem(path, error.received, error.allowed, error.remedy) from None


def _add_attributes(
    vocabulary: Vocabulary,
    path: tuple[str | int, ...],
    slot: str,
    word: Mapping[str, Any],
    when: dict[str, tuple[str, ...]],
) -> None:
    for key, values in word.items():
        if key == "is":
            continue
        of = vocabulary.describes.get(key, slot)
        if of != slot:
            right = "`when`" if of == "scene" else f"the {of}"
            raise problem((*path, key), f"'{key}' says nothing of the {slot}", remedy=f"put it under {right}")
        _add(vocabulary, (*path, key), key, values, when)


def _add(
    vocabulary: Vocabulary,
    path: tuple[str | int, ...],
    key: str,
    values: Any,
    when: dict[str, tuple[str, ...]],
) -> None:
    known = vocabulary.contexts
    if key not in known:
        remedy = nearest(key, known) or "declare it under the vocabulary's `contexts`"
        raise problem(path, f"'{key}' is not a context", ", ".join(known) or "none is declared", remedy)
    if key in when:
        raise problem(path, f"'{key}' is given twice for one tuple", "each attribute once")
    listed = (values,) if isinstance(values, str) else values
    if not isinstance(listed, (list, tuple)) or not listed:
        raise problem(path, f"'{key}' has the value {values!r}", "a value, or a list of values")
    names = {plain(how.says or name): name for name, how in known[key].items()}
    names |= {plain(name): name for name in known[key]}
    found: dict[str, None] = {}
    for value in listed:
        if plain(str(value)) not in names:
            close = nearest(str(value), known[key])
            raise problem(path, f"'{value}' is not a value of '{key}'", ", ".join(known[key]), close)
        found[names[plain(str(value))]] = None
    when[key] = tuple(found)
