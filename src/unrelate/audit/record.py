"""``audit.json``: the one type the audit hands on. Field names are part of the interface."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field

from unrelate.audit.fields import Figure as Figure
from unrelate.audit.fields import Frozen as Frozen
from unrelate.audit.fields import Interval as Interval
from unrelate.audit.generation_record import Conversation as Conversation
from unrelate.audit.generation_record import Generation as Generation
from unrelate.audit.generation_record import GenerationIntervals as GenerationIntervals
from unrelate.audit.generation_record import GenerationPart as GenerationPart
from unrelate.audit.generation_record import GenerationQuality as GenerationQuality
from unrelate.audit.generation_record import QualityParts as QualityParts
from unrelate.audit.generation_record import Retained as Retained

# The schema that is written, and those that can be read: schema 2 is the same but for `generation` and
# `inapplicable`, which were not there.
SCHEMA = 3
READABLE = (2, 3)

# An attack that the base model resists as well shows nothing about the edited one.
LEAST_CONTROL = 0.5


class EdgeMargin(Frozen):
    """How well the base model tells an unsafe edge from its neighbours.

    ``margin``: mean over pictures of (cosine with its own caption - the best cosine with a
    neighbouring tuple's caption), in cosine units; ``recall`` in [0, 1].
    """

    triple: str
    margin: Figure
    ci95: Interval
    recall: Figure


class Control(Frozen):
    edge_margins: list[EdgeMargin]
    minimum_margin: float
    sufficient: bool


class Forgetting(Frozen):
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


class Preservation(Frozen):
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


class Breach(Frozen):
    """One try that brought the forbidden back: what was asked, of which picture, and by how much."""

    key: str
    triple: str
    text: str
    margin: Figure
    picture: str | None = None  # file name under RUN/pictures


class Attack(Frozen):
    """One attack, or one point of an attack's curve.

    ``success_rate``: share of targets won against the edited model, by the audit's criterion; its
    interval is ``ci95``. ``control_rate``: the same against the base model (a probe's accuracy there):
    an attack that fails there shows nothing. ``null_rate``: the same against a model that never learnt
    the forbidden; nan (null) where no such model is at hand. All are shares of the ``count`` targets that
    the attack had a try at; ``untried`` is how many more there were that it had none at, which are neither
    won nor withstood. ``curve`` names what ``at`` counts (``examples``), for attacks that are points of one
    curve; ``breaches`` are the worst few.
    """

    family: Literal["text", "image", "weights", "representation", "generated"]
    threat: Literal["black box", "gradients", "weights", "activations"]
    budget: str
    success_rate: Figure
    control_rate: Figure
    null_rate: Figure
    ci95: Interval
    count: int
    untried: int = 0
    group: str = ""  # the attack's name without its point: "relearn_neighbours" of relearn_neighbours_200
    curve: str = ""
    at: float | None = None
    scored: bool = True  # whether the score counts it: of a curve, only the points it is defined for
    breaches: list[Breach] = Field(default=[])

    @property
    def says_little(self) -> bool:
        """Whether it fails against the base model as well. Of an unknown control nothing is said."""
        return self.control_rate < LEAST_CONTROL

    @property
    def counts(self) -> bool:
        """Whether it has a part in the score, and so can be the worst of its family: a point that the
        score is defined for (``scored``), which was tried, and which the base model gives way to."""
        return self.scored and not self.says_little and math.isfinite(self.success_rate)


class Slice(Frozen):
    """One slice of the compositional benchmark. ``expect``: what a good edit makes of it. A rate is the
    share of items whose own caption beats all its foils: high where kept, low where forgotten."""

    expect: Literal["kept", "forgotten"]
    base_rate: Figure
    edited_rate: Figure
    ci95: Interval  # of edited_rate
    count: int


class Utility(Frozen):
    """One downstream task that has nothing to do with the policy, base and edited side by side.
    Accuracy (or recall at 1), in [0, 1]; ``lost`` = base - edited, its interval ``ci95``."""

    task: Literal["zero-shot", "image to text", "text to image"]
    base: Figure
    edited: Figure
    lost: Figure
    ci95: Interval
    count: int


class Score(Frozen):
    """Relational Safety Score (docs/audit.md); every part in [0, 1], with its interval over items."""

    suppression: float
    preservation: float
    robustness: float
    rss: float
    ci95: dict[Literal["suppression", "preservation", "robustness", "rss"], Interval]


class CriterionResult(Frozen):
    name: str
    value: Figure
    comparison: Literal["at_most", "at_least"]
    threshold: float
    passed: bool


class Item(Frozen):
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


class GraphEdgeRecord(Frozen):
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


class AuditRecord(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())

    schema_version: int = SCHEMA
    model: str
    policy: str
    recipe: str
    seed: int
    environment: dict[str, str]
    quick: bool = False  # fewer pictures and wordings, and no attack that takes long: a look, not a verdict
    left_out: list[str] = Field(default=[])  # attacks of the table that this record has no figure for
    never_pictured: list[str] = Field(
        default=[]
    )  # forbidden tuples that were forgotten without a picture of them
    asked_by_stand_ins: bool = False  # and that the audit had no picture of either
    null_model: str = ""  # what never learnt the forbidden; "" where there is none
    generator: str = ""  # the text model that wrote the prompts of the attack `generator`; "" where none did
    hashes: dict[str, str] = Field(default={})  # of base weights, data and policy, as in run.json
    files: dict[str, str] = Field(default={})  # SHA-256 of the files beside the record that it rests on
    control: Control
    forgetting: dict[str, Forgetting]
    preservation: dict[str, Preservation]
    attacks: dict[str, Attack]
    benchmark: dict[str, Slice] = Field(default={})
    utility: dict[str, Utility] = Field(default={})
    generation: Generation | None = None  # of a generator; None for encoders
    score: Score
    criteria: list[CriterionResult]
    inapplicable: list[str] = Field(
        default=[]
    )  # figures of the policy's criteria that this kind of model does not have
    accepted: bool
    graph: list[GraphEdgeRecord]
    items: list[Item]

    def to_json(self) -> str:
        """The record as JSON text; ``schema_version`` is written as ``schema``."""
        data = self.model_dump(mode="json")
        return json.dumps({"schema": data.pop("schema_version"), **data}, indent=1, allow_nan=False)

    @classmethod
    def load(cls, path: Path) -> AuditRecord:
        """Read ``audit.json``; one of schema 2 as what it would be in this one."""
        data = json.loads(path.read_text(encoding="utf-8"))
        schema = data.pop("schema")
        return cls.model_validate({"schema_version": SCHEMA if schema in READABLE else schema, **data})
