"""Training on answers: the baselines, and RASU's losses carried to answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from unrelate.edit.answering.loop import train_answers
from unrelate.edit.answering.recipes import AnswerRecipe
from unrelate.edit.methods.types import Job
from unrelate.objectives.answers import REFUSED


@dataclass(frozen=True)
class Answering:
    """A fresh adapter, trained by one objective of `unrelate.objectives.answers`."""

    recipe: AnswerRecipe

    def __call__(self, job: Job) -> None:
        job.generator.add_adapter(self.recipe.adapter, job.training.seed)
        train_answers(
            job.generator,
            job.teaching if self.recipe.objective.needs.kinds & REFUSED else job.corpus,
            self.recipe,
            job.training,
            job.out,
            lambda step, of, terms: job.tell(f"forgetting ({self.recipe.name})", step, of, terms),
            lambda done, of: job.tell("answers of the base", done, of, {}),
        )

    def settings(self) -> dict[str, Any]:
        return asdict(self.recipe)
