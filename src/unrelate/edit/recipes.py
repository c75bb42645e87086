"""Ways to forget, by name: an objective with its weights, an adapter, and how to train it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from unrelate.errors import UserError, named
from unrelate.models.spec import AdapterSpec
from unrelate.objectives.types import WEIGHT_OF, Weights
from unrelate.policy.schema import Policy

# The objectives that have a term for mixtures of texts.
_HOLD_MIXTURES = ("calibrated", "hardened", "picture-free")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what an edit does to a model, seed and data aside.

    Args:
        name: what it is called in records.
        objective: a key of `unrelate.objectives.OBJECTIVES`.
        weights: RASU's ``a, b, d, g, l_adv``; 0 switches a term off.
        adapter: what is adapted, and how.
        learning_rate: AdamW's, at its highest.
        batch: pairs a step; every role is in each.
        steps: optimiser steps; or None, and then ``epochs`` passes over the training pairs.
        warmup: share of the steps in which the learning rate rises, in [0, 1).
        decay: fall to 0 along a cosine afterwards, rather than stay.
        weight_decay: AdamW's, on the adapter.
        clip: largest norm of a gradient.
        variants: adversarial text variants a step for each unsafe pair.
        anchors: captions without pictures a step, of what must stay (`Corpus.anchors`); the paper has none.
        between: mixtures of two texts a step, held like what stays (`unrelate.edit.between`); the paper has
            none.
        adversarial_rounds: how often, after training, the model is attacked on training pictures and trained
            on with what was found (`unrelate.edit.adversarial`).
        round_objective: the objective of these rounds; None as ``objective``.
        strength: how much of what the adapter has learnt to add is kept when all is trained, in (0, 1]; or
            None, and then as little as reaches the level of unrelated pairs (`unrelate.edit.strength`).

    Raises:
        UserError: adversarial rounds that nothing could be learnt from, mixtures that nothing holds, or a
            strength out of its range.
    """

    name: str
    objective: str
    weights: Weights = field(default_factory=Weights)
    adapter: AdapterSpec = field(default_factory=AdapterSpec)
    learning_rate: float = 1e-3
    batch: int = 32
    steps: int | None = None
    epochs: int = 3
    warmup: float = 0.05
    decay: bool = True
    weight_decay: float = 0.01
    clip: float = 1.0
    variants: int = 1
    anchors: int = 0
    between: int = 0
    adversarial_rounds: int = 0
    round_objective: str | None = None
    strength: float | None = 1.0

    def __post_init__(self) -> None:
        if self.strength is not None and not 0 < self.strength <= 1:
            raise UserError(f"strength = {self.strength}", "above 0, and 1 at most", "change --strength")
        if self.adversarial_rounds and not (self.weights.l_adv and self.variants):
            raise UserError(
                f"adversarial rounds with recipe '{self.name}', which learns nothing from text variants",
                "a recipe with the term Ladv and variants",
                "take another recipe, or --adversarial-rounds 0",
            )
        if self.between and (self.objective not in _HOLD_MIXTURES or self.adapter.towers == "image"):
            raise UserError(
                f"mixtures of texts with recipe '{self.name}', which does not hold any",
                f"an adapter of the text tower and an objective of {', '.join(_HOLD_MIXTURES)}",
                "take another recipe, or --between 0",
            )


# It adapts both towers, at low rank. Each forgets on its own (see the objective): what is worded so that the
# text tower does not see through it meets a picture that has forgotten, and a picture that fools the image
# tower meets captions that have. A higher rank or more steps learn the shown exceptions one by one, and
# spoil neighbours that were not shown; the image tower, shown fewer, learns with dropout.
_CALIBRATED = Recipe(
    name="calibrated",
    objective="calibrated",
    weights=Weights(a=4, b=4, d=4, g=4, l_adv=3, push=3),
    adapter=AdapterSpec(
        rank=4,
        alpha=8,
        dropout=0.0,
        image_dropout=0.2,
        layers=("attention", "mlp", "projection"),
        last_layers=3,
    ),
    learning_rate=2e-3,
    batch=64,
    steps=400,
    variants=2,
    anchors=64,
    round_objective="hardened",
    strength=None,
)

DEFAULT_RECIPE = "hardened"
# name -> recipe. `paper` and `push-only` are RASU sections 4.4 and 4.5.
RECIPES: Mapping[str, Recipe] = {
    "calibrated": _CALIBRATED,
    # What sentences bred against the model find of `calibrated` (names nobody uses together, slips of the
    # pen) is nothing like its training sentences; three rounds of breeding and training on close most of it.
    # Its whole strength is kept: what goes beyond the level is what such sentences do not get back from.
    "hardened": replace(_CALIBRATED, name="hardened", adversarial_rounds=3, strength=1.0),
    # For tuples of which there are no pictures (`pictures: never`): the text tower alone, since stand-ins
    # for pictures have no pixels that an image tower could learn from.
    "picture-free": replace(
        _CALIBRATED,
        name="picture-free",
        objective="picture-free",
        round_objective=None,
        strength=1.0,
        weights=Weights(a=4, b=4, d=4, g=5, l_adv=10, push=10),
        adapter=replace(_CALIBRATED.adapter, towers="text", image_dropout=None),
    ),
    "paper": Recipe(name="paper", objective="paper", warmup=0.0, decay=False),
    "push-only": Recipe(
        name="push-only",
        objective="paper",
        weights=Weights(a=0, b=0, d=0, g=0, l_adv=0),
        warmup=0.0,
        decay=False,
    ),
}


# Settings of which there may be none.
_MAY_BE_NONE = ("adversarial_rounds", "between")


def default_recipe(policy: Policy) -> str:
    """The recipe of an edit that names none: one that needs no pictures of the forbidden, where the
    policy allows none of some of it."""
    never = any(entry.pictures == "never" for entry in policy.forget)
    return "picture-free" if never else DEFAULT_RECIPE


def recipe_named(name: str) -> Recipe:
    """A recipe of the table.

    Raises:
        UserError: there is none of this name.
    """
    return named(RECIPES, name, "recipe")


def adjusted(
    name: str,
    *,
    adapter: Mapping[str, object | None],
    settings: Mapping[str, object | None],
    without: Sequence[str] = (),
) -> Recipe:
    """A recipe of the table with some of its fields changed (None: as they are) and terms left out.

    Raises:
        UserError: a value or a term that there is not.
    """
    recipe = recipe_named(name)
    spec = replace(recipe.adapter, **{k: v for k, v in adapter.items() if v is not None})
    changed = {key: value for key, value in settings.items() if value is not None}
    for key, value in changed.items():
        if not isinstance(value, (int, float)) or value < 0 or (value == 0 and key not in _MAY_BE_NONE):
            allowed = "a number of at least 0" if key in _MAY_BE_NONE else "a number greater than 0"
            raise UserError(f"{key} = {value}", allowed, f"change --{key.replace('_', '-')}")
    weights = recipe.weights
    for term in without:
        weights = leave_out(weights, term)
    changes = changed | ({"adapter": spec} if spec != recipe.adapter else {})
    changes |= {"weights": weights} if weights != recipe.weights else {}
    if not changes:
        return recipe
    said = [f"{key}={value}" for key, value in (*adapter.items(), *changed.items()) if value is not None]
    said += [f"without {term}" for term in without]
    return replace(recipe, name=f"{name} ({', '.join(said)})", **changes)


def leave_out(weights: Weights, term: str) -> Weights:
    """The weights with one of RASU's terms switched off.

    Raises:
        UserError: there is no such term.
    """
    return replace(weights, **{named(WEIGHT_OF, term, "term"): 0.0})
