"""How a benchmark is written down: the fields of ``benchmark.json`` and of a line of ``items.jsonl``.

Their names are part of the interface (docs/benchmark.md).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from unrelate.data.benchmark import BenchmarkItem, Expect
from unrelate.data.types import Picture
from unrelate.policy.triple import Triple

Words = Annotated[str, StringConstraints(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class StoredTuple(_Strict):
    actor: str
    relation: str
    object: str
    context: dict[str, str] = {}

    @classmethod
    def of(cls, triple: Triple) -> StoredTuple:
        actor, relation, object_ = triple.slots()
        return cls(actor=actor, relation=relation, object=object_, context=dict(triple.context))

    def triple(self) -> Triple:
        return Triple(self.actor, self.relation, self.object).within(**self.context)


class StoredItem(_Strict):
    """One line of ``items.jsonl``."""

    key: Words
    slice: Words
    expect: Expect
    image: Words
    caption: Words
    foils: Annotated[list[Words], Field(min_length=1)]
    shows: list[StoredTuple]
    near: StoredTuple
    source: str
    licence: str

    @classmethod
    def of(cls, item: BenchmarkItem, image: str) -> StoredItem:
        return cls(
            key=item.key,
            slice=item.slice,
            expect=item.expect,
            image=image,
            caption=item.caption,
            foils=list(item.foils),
            shows=[StoredTuple.of(triple) for triple in item.triples],
            near=StoredTuple.of(item.near),
            source=item.source,
            licence=item.licence,
        )

    def item(self, picture: Picture) -> BenchmarkItem:
        return BenchmarkItem(
            key=self.key,
            slice=self.slice,
            expect=self.expect,
            picture=picture,
            caption=self.caption,
            foils=tuple(self.foils),
            triples=tuple(shown.triple() for shown in self.shows),
            near=self.near.triple(),
            source=self.source,
            licence=self.licence,
        )


class StoredPolicy(_Strict):
    name: str
    sha256: str
    text: str


class StoredSlice(_Strict):
    expect: Expect
    count: int
    about: str = ""


class StoredHead(_Strict):
    """``benchmark.json``."""

    format: Literal[1]
    version: Words
    seed: int
    policy: StoredPolicy
    licences: list[str]
    slices: dict[str, StoredSlice]
    absent: dict[str, str]
    items_sha256: str
    pictures: dict[str, str]
