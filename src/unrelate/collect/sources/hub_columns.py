"""Which columns of a data set hold the caption, the picture and the licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from unrelate.collect.sources.reading import LICENCES
from unrelate.collect.sources.tables import CAPTIONS
from unrelate.errors import UserError

Kind = Literal["text", "texts", "picture", "other"]


@dataclass(frozen=True)
class Columns:
    """What is read of a data set; ``picture`` and ``licence`` are empty where it has none."""

    caption: str
    picture: str
    licence: str

    def all(self) -> list[str]:
        return [name for name in (self.caption, self.picture, self.licence) if name]


def choose(kinds: Mapping[str, Kind], where: str) -> Columns:
    """The columns to read: by name, or the only one of its kind.

    Raises:
        UserError: no column is surely the caption, or of several pictures none is called ``image``.
    """
    listed = ", ".join(f"{name} ({kind})" for name, kind in kinds.items()) or "none"
    licence = next((name for name in LICENCES if kinds.get(name) == "text"), "")
    words = [name for name, kind in kinds.items() if kind in ("text", "texts") and name != licence]
    named = [name for wanted in CAPTIONS for name in words if name.casefold() == wanted]
    single = [name for name in words if kinds[name] == "text"]
    if not named and len(single) != 1:
        raise UserError(
            f"has no column for the caption; its columns are {listed}",
            f"one called {', '.join(CAPTIONS)}, or a single column of text",
            "rename the column",
            where,
        )
    pictures = [name for name, kind in kinds.items() if kind == "picture"]
    if len(pictures) > 1 and "image" not in pictures:
        raise UserError(
            f"has several columns of pictures; its columns are {listed}",
            "one, or one called image",
            "rename the column",
            where,
        )
    picture = "image" if "image" in pictures else "".join(pictures)
    return Columns((named or single)[0], picture, licence)


def kind_of(feature: object) -> Kind:
    """What a column holds, by its feature in the ``datasets`` library, where a dict is a struct."""
    from datasets import Image, LargeList, List, Value

    if isinstance(feature, Image) or (isinstance(feature, dict) and {"bytes", "path"} == set(feature)):
        return "picture"
    if isinstance(feature, Value) and feature.dtype in ("string", "large_string"):
        return "text"
    if isinstance(feature, List | LargeList) and kind_of(feature.feature) == "text":
        return "texts"
    return "other"


def kind_of_value(value: object) -> Kind:
    """The same by a value, where the library knows of no features before it reads a row."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "texts"
    return "other"
