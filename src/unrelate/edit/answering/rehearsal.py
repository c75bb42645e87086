"""The loss of one training within another, so that what was learnt first is not unlearnt."""

from __future__ import annotations

from torch import Tensor

from unrelate.edit.answering.loop import total
from unrelate.edit.answering.plan import Dialogues, steps_of
from unrelate.edit.answering.prepare import PreparedAnswers
from unrelate.edit.answering.recipes import AnswerRecipe
from unrelate.models.generator import Generator


class Rehearsal:
    """An answer recipe's loss, a step at a time.

    Reinforcement learns from what it samples alone. An answer that was begun for the model, or a question put
    as no round puts it, is never sampled, and what stage 1 taught of these would be lost unnoticed.

    Args:
        generator: wearing the adapter that is trained.
        recipe: whose objective, batches and ``steps`` these are; at least as many as will be asked for.
        seed: of the batches.

    Raises:
        UserError: nothing to forget, or a batch too small for the roles.
    """

    weight = 1.0  # the recipe's own weights say how much each term counts

    def __init__(self, generator: Generator, corpus: Dialogues, recipe: AnswerRecipe, seed: int) -> None:
        self._terms, self._weights = recipe.objective.terms, recipe.by_term()
        self._steps = [[item for items in step for item in items] for step in steps_of(corpus, recipe, seed)]
        every = [item for items in self._steps for item in items]
        self._prepared = PreparedAnswers(generator, corpus, recipe, every)

    def loss(self, step: int) -> Tensor:
        """The loss of one step, from 0, with a gradient."""
        ready = self._prepared.ready(self._steps[step])
        reference, live = self._prepared.reference(ready), self._prepared.live(ready)
        return total(self._terms(live, reference, ready.answers), self._weights)
