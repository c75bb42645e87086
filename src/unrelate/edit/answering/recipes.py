"""Ways to make a generator forget answers, by name: an objective, an adapter, and how to train it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from unrelate.edit.holding import Hold
from unrelate.errors import UserError, named, nearest
from unrelate.models.spec import GeneratorAdapterSpec
from unrelate.objectives.answers import (
    METHODS,
    NPO,
    RMU,
    AnswerObjective,
    GradientAscent,
    GradientDifference,
    IdkPreference,
    KLMinimisation,
    RelationAware,
    SimNPO,
)

# What `without` calls that which holds states.
HOLD = "hold"


@dataclass(frozen=True)
class AnswerRecipe:
    """Everything that decides what training does to a generator, seed and data aside.

    Args:
        name: what it is called in records.
        objective: what is lowered; its fields are its settings.
        weights: of the objective's terms, 0 switches one off; those not named have their usual weight.
        adapter: what is adapted, and how.
        learning_rate: AdamW's, at its highest. The usual one is for a decoder a few hundred wide, such as the
            embedded model's; take a fifth to a tenth of it for one of some thousand.
        batch: dialogues a step; every role is in each. A forgotten one costs up to four sequences: its
            answer, a refusal, and both once more for each of ``variants``.
        steps: optimiser steps; or None, and then ``epochs`` passes over the training dialogues.
        warmup: share of the steps in which the learning rate rises, in [0, 1).
        decay: fall to 0 along a cosine afterwards, rather than stay.
        weight_decay: AdamW's, on the adapter.
        clip: largest norm of a gradient.
        variants: other wordings of the question, a step, for each forgotten dialogue.
        after: share of the steps in which those are asked after earlier turns (`Earlier`), in [0, 1].
        slips: share of those that have a slip of the pen (`Slips`), in [0, 1].
        settled: each topic and form of question has a refusal of its own, rather than another one each time.
        unrelated: unrelated questions over which an answer's level is measured.
        hold: how firmly the states of what stays are held; not at all, as published, in the baselines.

    Raises:
        UserError: a number outside its range, or a weight of a term that the objective does not have.
    """

    name: str
    objective: AnswerObjective
    weights: Mapping[str, float] = field(default_factory=dict)
    adapter: GeneratorAdapterSpec = field(default_factory=GeneratorAdapterSpec)
    learning_rate: float = 1e-3
    batch: int = 16
    steps: int | None = 200
    epochs: int = 3
    warmup: float = 0.05
    decay: bool = True
    weight_decay: float = 0.0
    clip: float = 1.0
    variants: int = 1
    after: float = 0.0
    slips: float = 0.0
    settled: bool = False
    unrelated: int = 4
    hold: Hold = field(default_factory=Hold)

    def __post_init__(self) -> None:
        unknown = next((term for term in self.weights if term not in self.objective.weights), None)
        if unknown is not None:
            terms = self.objective.weights
            raise UserError(f"term '{unknown}'", ", ".join(terms), nearest(unknown, terms) or "leave it out")
        values = self.by_term().values()
        if not (all(0 <= value < math.inf for value in values) and any(values)):
            allowed = "0 or more, one at least above 0"
            raise UserError(f"weights {dict(self.by_term())}", allowed, "change a weight")
        for key in ("learning_rate", "batch", "epochs", "clip", "unrelated"):
            self._check(key, getattr(self, key) > 0, "a number greater than 0")
        self._check("steps", self.steps is None or self.steps > 0, "a number greater than 0, or none")
        self._check("warmup", 0 <= self.warmup < 1, "a share in [0, 1)")
        self._check("after", 0 <= self.after <= 1, "a share in [0, 1]")
        self._check("slips", 0 <= self.slips <= 1, "a share in [0, 1]")
        self._check("variants", self.variants >= 0, "a whole number of at least 0")

    def _check(self, key: str, holds: bool, allowed: str) -> None:
        if not holds:
            raise UserError(f"{key} = {getattr(self, key)}", allowed, f"change {key}")

    def by_term(self) -> Mapping[str, float]:
        """The weight of every term of the objective."""
        return {**self.objective.weights, **self.weights}


# About two minutes on two cores for the embedded model. The first three baselines push without a floor: they
# do not stop by themselves and go on into nonsense, so they are given fewer steps.
_BASE = AnswerRecipe(name="relation_aware", objective=RelationAware())
_UNBOUNDED = replace(_BASE, steps=100)

# name -> recipe; one for each method of `unrelate.objectives.answers.METHODS`, under its name.
ANSWER_RECIPES: Mapping[str, AnswerRecipe] = {
    "relation_aware": _BASE,
    "gradient_ascent": replace(_UNBOUNDED, name="gradient_ascent", objective=GradientAscent(), steps=50),
    "gradient_difference": replace(_UNBOUNDED, name="gradient_difference", objective=GradientDifference()),
    "kl_minimisation": replace(_UNBOUNDED, name="kl_minimisation", objective=KLMinimisation()),
    "npo": replace(_BASE, name="npo", objective=NPO()),
    "simnpo": replace(_BASE, name="simnpo", objective=SimNPO()),
    "idk_preference": replace(_BASE, name="idk_preference", objective=IdkPreference()),
    "rmu": replace(_BASE, name="rmu", objective=RMU()),
}
assert set(ANSWER_RECIPES) == set(METHODS)


def answer_recipe_named(name: str) -> AnswerRecipe:
    """A recipe of the table.

    Raises:
        UserError: there is none of this name.
    """
    return named(ANSWER_RECIPES, name, "recipe")


def without(recipe: AnswerRecipe, terms: Sequence[str]) -> AnswerRecipe:
    """A recipe with some of its objective's terms, or ``hold``, switched off, and a name that says so.

    Raises:
        UserError: there is no such term, or none would be left.
    """
    if not terms:
        return recipe
    name = f"{recipe.name} ({', '.join(f'without {term}' for term in terms)})"
    hold = replace(recipe.hold, weight=0.0) if HOLD in terms else recipe.hold
    weights = {**recipe.weights, **dict.fromkeys((term for term in terms if term != HOLD), 0.0)}
    return replace(recipe, name=name, weights=weights, hold=hold)
