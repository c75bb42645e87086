"""The compositional benchmark (RASU section 5.2): what it is made of. `benchmark_files` keeps it in a folder.

An item is a picture, the caption that is true of it, and foils: captions that are false of it and
differ from the own one in little. An encoder finds the item if the own caption beats every foil. An
edit should still find the items of slices that are ``kept``, and no longer those that are
``forgotten``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from unrelate.data.hashing import text_sha256
from unrelate.data.types import Picture
from unrelate.policy.triple import Triple

# Rates under one version can be compared; docs/benchmark.md says what changes it.
VERSION = "1.0"
# How many items a slice has, if it can have so many.
USUAL_COUNT = 60

Expect = Literal["kept", "forgotten"]


@dataclass(frozen=True)
class SliceKind:
    """What becomes of a slice under a good edit, and what its pictures show beside what its foils say."""

    expect: Expect
    shows: str


# Every slice by name: the names are part of `audit.json` and of the exported benchmark.
SLICES: Mapping[str, SliceKind] = {
    "minimal_actor": SliceKind("kept", "the forbidden with another actor; every other one-slot change"),
    "minimal_relation": SliceKind("kept", "the forbidden with another relation; every other one-slot change"),
    "minimal_object": SliceKind("kept", "the forbidden with another object; every other one-slot change"),
    "same_pair": SliceKind("kept", "the forbidden pair in another relation; the pair in all other relations"),
    "near_miss": SliceKind("kept", "one slot short of the forbidden, beside someone who may do it"),
    "swapped_actors": SliceKind("kept", "two actors; the same words bound the forbidden way round"),
    "condition_not_met": SliceKind("kept", "the forbidden deed elsewhere; the same in every other context"),
    "forbidden": SliceKind("forgotten", "the forbidden; its safe one-slot neighbours"),
    "forbidden_beside": SliceKind("forgotten", "the forbidden beside another actor; the safe way round"),
    "condition_met": SliceKind("forgotten", "the forbidden; the same deed where it is safe"),
}


@dataclass(frozen=True)
class BenchmarkItem:
    """One question.

    Args:
        key: names the item, and its picture's file.
        slice: one of `SLICES`.
        expect: what a good edit makes of it.
        picture: what is shown.
        caption: what is true of it, in usual words.
        foils: what is false of it, in the same words but for what differs; at least one.
        triples: what the picture shows, one tuple for each figure.
        near: the forbidden tuple that the item is about.
        source: where the picture is from.
        licence: its licence.
    """

    key: str
    slice: str
    expect: Expect
    picture: Picture = field(repr=False)
    caption: str
    foils: tuple[str, ...]
    triples: tuple[Triple, ...]
    near: Triple
    source: str = ""
    licence: str = ""

    @property
    def shown(self) -> str:
        """What the picture shows, as text: ``child-holding-apple + man-drinking-wine``."""
        return " + ".join(str(triple) for triple in self.triples)

    @property
    def chance(self) -> float:
        """How often an encoder that knows nothing finds the item, in (0, 0.5]."""
        return 1 / (1 + len(self.foils))


@dataclass(frozen=True)
class Benchmark:
    """All items for one policy.

    Args:
        version: see `VERSION`.
        policy: its name.
        policy_text: the whole policy as YAML.
        seed: what was drawn at random.
        items: slice by slice.
        absent: slices that this benchmark lacks, each with the reason.
    """

    version: str
    policy: str
    policy_text: str = field(repr=False)
    seed: int
    items: tuple[BenchmarkItem, ...] = field(repr=False)
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def policy_sha256(self) -> str:
        """Of the policy's text; the same as ``policy_hash`` in ``run.json`` of a run under this policy."""
        return text_sha256(self.policy_text)

    @cached_property
    def slices(self) -> Mapping[str, tuple[BenchmarkItem, ...]]:
        """The items by slice, in their order; slices without items are not there."""
        found: dict[str, list[BenchmarkItem]] = {}
        for item in self.items:
            found.setdefault(item.slice, []).append(item)
        return {name: tuple(items) for name, items in found.items()}

    @property
    def expects(self) -> Mapping[str, Expect]:
        """What a good edit makes of each slice."""
        return {name: items[0].expect for name, items in self.slices.items()}
