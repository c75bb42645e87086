"""The edits of the robustness experiment: the default recipe, and those that must score low."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from unrelate.attacks.table import ATTACKS
from unrelate.edit.recipes import DEFAULT_RECIPE, RECIPES, Recipe
from unrelate.models.spec import AdapterSpec
from unrelate.objectives.types import Weights

WITHOUT_ROUNDS, WITH_ROUNDS = "without rounds", "with rounds"

# Recall of the forbidden, asked directly, of an edit that forgets at least that; in [0, 1].
MOST_DIRECT = 0.05

Part = Literal["suppression", "preservation", "robustness"]


@dataclass(frozen=True)
class Poor:
    """An edit that is poor in a known way.

    Args:
        recipe: what makes it.
        low: the part of the score that has to show the fault.
        high: a part that is as it should be, so that the score tells this fault from others.
        why: what is done, in words.
        pushes: weights of L3, the gentlest first, of which the first that forgets what is asked directly is
            taken (`MOST_DIRECT`): a stronger one would not be poor in just this way. None: the recipe's own.
    """

    recipe: Recipe
    low: Part
    high: Part
    why: str
    pushes: tuple[float, ...] = ()

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """What is tried in turn."""
        if not self.pushes:
            return (self.recipe,)
        weights = self.recipe.weights
        return tuple(replace(self.recipe, weights=replace(weights, push=push)) for push in self.pushes)


def poor_edits() -> Mapping[str, Poor]:
    """What the score has to rank below the default recipe, each for its own reason.

    Spelt out, so that what they are does not change with the default recipe.
    """
    return {
        "no-op": Poor(
            replace(
                RECIPES[DEFAULT_RECIPE], name="no-op", steps=1, learning_rate=1e-12, adversarial_rounds=0
            ),
            "suppression",
            "preservation",
            "one step of the default recipe at a vanishing learning rate: nothing is forgotten",
        ),
        "push-only": Poor(
            RECIPES["push-only"],
            "preservation",
            "suppression",
            "RASU's baseline, L3 alone: all is pushed away",
        ),
        "over-erasure": Poor(
            Recipe(
                name="over-erasure",
                objective="calibrated",
                weights=Weights(a=0, b=0, d=0, g=0, l_adv=3, push=10),
                adapter=AdapterSpec(layers=("attention", "mlp", "projection")),
                learning_rate=2e-3,
                batch=64,
                steps=100,
                variants=2,
            ),
            "preservation",
            "suppression",
            "the calibrated terms that forget, at high weight, on both towers, and none of those that keep",
        ),
        # The projection stands behind everything that reads words: what it learns from captions said in one
        # way, and only just, it does not carry over to sentences of another build.
        "shallow": Poor(
            Recipe(
                name="shallow",
                objective="calibrated",
                weights=Weights(a=6, b=6, d=6, g=6, l_adv=0, push=3),
                adapter=AdapterSpec(rank=8, alpha=16, towers="text", layers=("projection",)),
                learning_rate=5e-3,
                batch=64,
                steps=300,
                variants=0,
                anchors=64,
            ),
            "robustness",
            "preservation",
            "the text tower's output projection alone, from captions without variants, pushed no harder than "
            "it takes to forget what is asked directly",
            pushes=(3, 4.5, 6, 8, 12, 18, 24),
        ),
    }


def arms(default: Recipe, rounds: int) -> Mapping[str, Recipe]:
    """The default recipe without and with adversarial rounds."""
    return {
        name: default
        if default.adversarial_rounds == count
        else replace(default, name=f"{default.name} (adversarial_rounds={count})", adversarial_rounds=count)
        for name, count in ((WITHOUT_ROUNDS, 0), (WITH_ROUNDS, rounds))
    }


# What a round's search is made of (`unrelate.attacks.rounds`): it breeds statements from other names of a
# concept, slips of the pen and blanks inside words. Attacks that ask in such ways have been met in training.
_MET = ("evolution", "synonyms", "misspelling", "splitting")


def unseen() -> tuple[str, ...]:
    """Attacks with words or pictures whose ways no adversarial round uses.

    Gradients on pixels are left out: what they reach is fragility, unless it exceeds a null's.
    """
    return tuple(
        name
        for name, attack in ATTACKS.items()
        if attack.family in ("text", "image")
        and not (attack.family == "image" and attack.threat == "gradients")
        and name not in _MET
    )
