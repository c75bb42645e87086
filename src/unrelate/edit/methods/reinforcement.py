"""ASRU's stage 2, alone and after stage 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, cast

from unrelate.edit.answering.rehearsal import Rehearsal
from unrelate.edit.holding import FIRMLY
from unrelate.edit.methods.deep import LOWER, DeepRedirection
from unrelate.edit.methods.redirection import Redirection
from unrelate.edit.methods.types import ADAPTER, Job
from unrelate.edit.reinforce.grpo import reinforce
from unrelate.edit.reinforce.settings import ReinforceSettings
from unrelate.errors import UserError
from unrelate.files import whole
from unrelate.objectives.answers.redirect import TERMS, Redirect

_STAGE_1, _STAGE_2 = "stage-1", "stage-2"


@dataclass(frozen=True)
class Reinforcement:
    """Stage 2 alone, from the base model: what reinforcement can do without a first refusal to find."""

    stage_2: ReinforceSettings = field(default_factory=ReinforceSettings)

    def __call__(self, job: Job) -> None:
        _reinforced(job, self.stage_2)

    def settings(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Asru:
    """ASRU whole: activation redirection, then refusal-boundary optimisation from there.

    Stage 1 is learnt through many layers (`DeepRedirection`). The published one, of a single matrix, is
    `Redirection` with a low ``kept_floor``: it may cost more of what is kept than it may alone, since stage 2
    wins some of that back, but cannot find a refusal that never comes.

    Args:
        rehearse: terms of stage 1 that every update of stage 2 lowers as well, with their weights (see
            `Redirect`). Reinforcement unlearns what it does not sample (`Rehearsal`): answers that were begun
            for the model, and all ways to refuse but the one that is likeliest.

    A killed job goes on: stage 1 is kept in ``stage-1/adapter`` once it is done, stage 2 in its own
    checkpoints.
    """

    stage_1: Redirection | DeepRedirection = field(default_factory=DeepRedirection)
    stage_2: ReinforceSettings = field(default_factory=lambda: ReinforceSettings(hold=FIRMLY, adapter=LOWER))
    rehearse: Mapping[str, float] = field(default_factory=lambda: {"begun": 0.05, "say": 3.0})

    def __post_init__(self) -> None:
        if self.rehearse and not isinstance(self.stage_1, DeepRedirection):
            raise UserError(
                f"rehearse = {dict(self.rehearse)} after {type(self.stage_1).__name__}",
                "nothing to rehearse, after a stage 1 that was solved for rather than trained",
                "give rehearse={}, or take DeepRedirection",
            )
        wrong = [f"{term} = {weight}" for term, weight in self.rehearse.items() if not 0 < weight < math.inf]
        wrong += [f"the term '{term}'" for term in self.rehearse if term not in TERMS]
        if wrong:
            allowed = f"a weight above 0 for any of {', '.join(TERMS)}"
            raise UserError(f"rehearse with {wrong[0]}", allowed, "change rehearse, or rehearse nothing")

    def __call__(self, job: Job) -> None:
        kept = job.out / _STAGE_1 / ADAPTER
        if kept.exists():
            job.generator.load_adapter(kept, trainable=True)
        else:
            self.stage_1.adapt(job)
            with whole(kept) as fresh:
                job.generator.save_adapter(fresh)
        _reinforced(job, self.stage_2, self._beside(job))

    def _beside(self, job: Job) -> dict[str, Rehearsal]:
        if not (self.rehearse and isinstance(self.stage_1, DeepRedirection)):
            return {}
        recipe = self.stage_1.recipe(job)
        objective = replace(cast(Redirect, recipe.objective), only=frozenset(self.rehearse))
        recipe = replace(recipe, objective=objective, weights=self.rehearse, steps=self.stage_2.steps)
        return {"rehearsal": Rehearsal(job.generator, job.teaching, recipe, job.training.seed)}

    def settings(self) -> dict[str, Any]:
        return asdict(self)


def _reinforced(
    job: Job, settings: ReinforceSettings, beside: Mapping[str, Rehearsal] = MappingProxyType({})
) -> None:
    """Stage 2 in a folder of its own; its adapter and losses are the run's."""
    place = job.out / _STAGE_2
    reinforce(
        job.generator,
        job.corpus,
        settings,
        place,
        lambda step, of, terms: job.tell("reinforcing", step, of, terms),
        job.training.seed,
        beside,
    )
    job.take(place)
