"""``audit.json``: the one type the audit hands on. Field names are part of the interface."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

Interval = tuple[float, float]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EdgeMargin(_Frozen):
    """How well the base model tells an unsafe edge from its neighbours.

    ``margin``: mean over pictures of (cosine with its own caption - the best cosine with a
    neighbouring tuple's caption), in cosine units; ``recall`` in [0, 1].
    """

    triple: str
    margin: float
    ci95: Interval
    recall: float


class Control(_Frozen):
    edge_margins: list[EdgeMargin]
    minimum_margin: float
    sufficient: bool


class Forgetting(_Frozen):
    """One way of asking for the forbidden. Cosines in [-1, 1], recalls in [0, 1]; the interval is
    of ``edited_recall``, ``delta_ci95`` of ``delta_cos`` (base - edited, as in RASU's Table 1)."""

    base_cos: float
    edited_cos: float
    delta_cos: float
    unrelated_cos: float
    base_recall: float
    edited_recall: float
    ci95: Interval
    delta_ci95: Interval
    count: int


class Preservation(_Frozen):
    """One preservation case (RASU's Table 2). ``abs_drift`` is the mean over pairs of
    |edited cosine - base cosine|; ``accuracy_lost`` = base - edited, its interval ``ci95``."""

    base_cos: float
    edited_cos: float
    abs_drift: float
    drift_ci95: Interval
    base_accuracy: float
    edited_accuracy: float
    accuracy_lost: float
    ci95: Interval
    count: int


class Attack(_Frozen):
    """``success_rate``: share of queries the attack won against the edited model, by the audit's
    criterion; ``control_rate``: the same against the base model."""

    budget: str
    success_rate: float
    control_rate: float
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
    value: float
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
    base_cos: float
    edited_cos: float
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
        import json

        data = self.model_dump(mode="json")
        return json.dumps({"schema": data.pop("schema_version"), **data}, indent=1)

    @classmethod
    def load(cls, path: Path) -> AuditRecord:
        """Read ``audit.json``."""
        import json

        data = json.loads(path.read_text(encoding="utf-8"))
        return cls.model_validate({"schema_version": data.pop("schema"), **data})
