"""ASRU's stage 1 through many layers: a whole adapter learns the redirection, and all else is held."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.answering.loop import train_answers
from unrelate.edit.answering.recipes import AnswerRecipe
from unrelate.edit.holding import FIRMLY, Hold
from unrelate.edit.methods.redirection import directions_of
from unrelate.edit.methods.types import Job
from unrelate.errors import UserError
from unrelate.graph.types import Role, Split
from unrelate.models.spec import GeneratorAdapterSpec
from unrelate.objectives.answers import Redirect

_PLACE = "redirection"
_STEPS_EACH, _LEAST_STEPS = 200, 1200
# An adapter of the lower layers takes fewer others for the forgotten (docs/generators-trials.md).
LOWER = GeneratorAdapterSpec(depth=0.75)


@dataclass(frozen=True)
class DeepRedirection:
    """The direction is added after one layer, as in every form of stage 1, but by an adapter of many layers.

    One matrix at the last prompt token has to tell the forgotten from all others by what is there already: of
    people, hardly more than their facts, which others share. Whoever was not among its lessons is taken for
    forgotten too often (docs/steering.md has the figures). The layers below can learn who is asked about, if
    they are kept from learning anything else (`unrelate.edit.holding`).

    Args:
        layer: after which the direction is added; None for the one that separates best.
        strength: how many times it is added.
        steps: of training; None for 200 for each actor of whom something is forgotten, and 1200 at least.
            With as many for nine people as for three, each comes round a third as often, and is forgotten
            less surely.
        batch, learning_rate: of training; see `AnswerRecipe`.
        after: share of the steps in which what is forgotten is asked after earlier turns about others. Who
            has just told some facts is readier to tell one more.
        slips: share of what is asked about the forgotten in other words that has a slip of the pen.
        hold: how firmly what stays is held.
        say: how much the term of that name counts, where the others count 1. With 1 even descriptions, which
            a model can tell from other questions, are refused in the sentence of all others.
        most: questions that the direction is found with, of either side.
        adapter: what is trained.

    Raises:
        UserError: ``after`` or ``slips`` outside its range.
    """

    layer: int | None = None
    strength: float = 1.5
    steps: int | None = None
    batch: int = 16
    learning_rate: float = 2e-3
    after: float = 0.5
    slips: float = 0.0
    hold: Hold = FIRMLY
    say: float = 3.0
    most: int = 400
    adapter: GeneratorAdapterSpec = LOWER

    def __post_init__(self) -> None:
        for name in ("after", "slips"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"{name} = {getattr(self, name)}", "a share in [0, 1]", "change it")

    def __call__(self, job: Job) -> None:
        self.adapt(job)
        job.take(job.out / _PLACE)

    def adapt(self, job: Job) -> None:
        """Put the redirection on the job's generator as an adapter that can be trained further; a killed
        training goes on in ``redirection/`` of the job's folder."""
        recipe = self.recipe(job)
        job.generator.add_adapter(self.adapter, job.training.seed)
        train_answers(
            job.generator,
            job.teaching,
            recipe,
            job.training,
            job.out / _PLACE,
            lambda step, of, terms: job.tell("redirecting", step, of, terms),
            lambda done, of: job.tell("states of the base", done, of, {}),
        )

    def recipe(self, job: Job) -> AnswerRecipe:
        """What is trained for, with the direction of a job."""
        directions = directions_of(job, self.most)
        layer = directions.layer if self.layer is None else self.layer
        share = (layer + 1) / len(job.generator.layers)
        return AnswerRecipe(
            name="redirection",
            objective=Redirect(directions.vector(layer), self.strength, share),
            weights={"say": self.say},
            adapter=self.adapter,
            learning_rate=self.learning_rate,
            batch=self.batch,
            steps=self.steps_for(job.corpus),
            settled=True,
            after=self.after,
            slips=self.slips,
            hold=self.hold,
        )

    def steps_for(self, corpus: DialogueCorpus) -> int:
        """How long training takes on a corpus."""
        if self.steps is not None:
            return self.steps
        actors = {dialogue.triple.actor for dialogue in corpus.of(Role.UNSAFE, Split.TRAIN)}
        return max(_LEAST_STEPS, _STEPS_EACH * len(actors))

    def settings(self) -> dict[str, Any]:
        return asdict(self)
