"""``audit.json``: the one type the audit hands on. Field names are part of the interface."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer


def _from_null(value: object) -> object:
    return math.nan if value is None else value


def _to_null(value: float) -> float | None:
    return value if math.isfinite(value) else None


# What was measured; nan where nothing could be, written as null, since NaN is no JSON.
Figure = Annotated[float, BeforeValidator(_from_null), PlainSerializer(_to_null, when_used="json")]
Interval = tuple[Figure, Figure]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EdgeMargin(_Frozen):
    """How well the base model tells an unsafe edge from its neighbours.

    ``margin``: mean over pictures of (cosine with its own caption - the best cosine with a
    neighbouring tuple's caption), in cosine units; ``recall`` in [0, 1].
    """

    triple: str
    margin: Figure
    ci95: Interval
    recall: Figure


class Control(_Frozen):
    edge_margins: list[EdgeMargin]
    minimum_margin: float
    sufficient: bool


class Forgetting(_Frozen):
    """One way of asking for the forbidden. Cosines in [-1, 1], recalls in [0, 1]; the interval is
    of ``edited_recall``, ``delta_ci95`` of ``delta_cos`` (base - edited, as in RASU's Table 1)."""

    base_cos: Figure
    edited_cos: Figure
    delta_cos: Figure
    unrelated_cos: Figure
    base_recall: Figure
    edited_recall: Figure
    ci95: Interval
    delta_ci95: Interval
    count: int


class Preservation(_Frozen):
    """One preservation case (RASU's Table 2). ``abs_drift`` is the mean over pairs of
    |edited cosine - base cosine|; ``accuracy_lost`` = base - edited, its interval ``ci95``."""

    base_cos: Figure
    edited_cos: Figure
    abs_drift: Figure
    drift_ci95: Interval
    base_accuracy: Figure
    edited_accuracy: Figure
    accuracy_lost: Figure
    ci95: Interval
    count: int


class Attack(_Frozen):
    """``success_rate``: share of queries the attack won against the edited model, by the audit's
    criterion; ``control_rate``: the same against the base model."""

    budget: str
    success_rate: Figure
    control_rate: Figure
    ci95: Interval
    count: int


class Score(_Frozen):
    """Relational Safety Score; every part in [0, 1], ``rss`` their geometric mean."""

    suppression: float
    preservation: float
    robustness: float
    rss: float


class CriterionResult(_Frozen):
    name: str
    value: Figure
    comparison: Literal["at_most", "at_least"]
    threshold: float
    passed: bool


class Item(_Frozen):
    """One picture under one part, for the report: its best captions before and after."""

    key: str
    part: str
    role: str
    triple: str
    caption: str
    base_cos: Figure
    edited_cos: Figure
    base_best: str
    edited_best: str
    base_right: bool
    edited_right: bool
    picture: str | None = None  # file name under RUN/pictures, for the few that the report shows


class GraphEdgeRecord(_Frozen):
    """An edge of the relation graph, with what became of it (for the graph coloured by outcome)."""

    actor: str
    relation: str
    object: str
    context: dict[str, str]
    role: str
    kind: str
    split: str
    base_rate: float | None = None
    edited_rate: float | None = None


class AuditRecord(_Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())

    schema_version: int = 1
    model: str
    policy: str
    recipe: str
    seed: int
    environment: dict[str, str]
    control: Control
    forgetting: dict[str, Forgetting]
    preservation: dict[str, Preservation]
    attacks: dict[str, Attack]
    score: Score
    criteria: list[CriterionResult]
    accepted: bool
    graph: list[GraphEdgeRecord]
    items: list[Item]

    def to_json(self) -> str:
        """The record as JSON text; ``schema_version`` is written as ``schema``."""
        data = self.model_dump(mode="json")
        return json.dumps({"schema": data.pop("schema_version"), **data}, indent=1, allow_nan=False)

    @classmethod
    def load(cls, path: Path) -> AuditRecord:
        """Read ``audit.json``."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls.model_validate({"schema_version": data.pop("schema"), **data})
