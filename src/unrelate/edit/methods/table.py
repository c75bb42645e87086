"""Every way of editing a generator, by name: the names of ``unrelate edit --method``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unrelate.edit.answering.recipes import ANSWER_RECIPES
from unrelate.edit.holding import FIRMLY
from unrelate.edit.methods.answering import Answering
from unrelate.edit.methods.deep import DeepRedirection
from unrelate.edit.methods.prompting import Prompting
from unrelate.edit.methods.redirection import Redirection
from unrelate.edit.methods.reinforcement import Asru, Reinforcement
from unrelate.edit.methods.types import Method
from unrelate.edit.reinforce.settings import ReinforceSettings
from unrelate.errors import named
from unrelate.models.spec import GeneratorAdapterSpec
from unrelate.policy.vocabulary import Vocabulary

DEFAULT_METHOD = "asru"
METHODS: Mapping[str, Method] = {
    "asru": Asru(),
    "asru-ridge": Asru(Redirection(kept_floor=0.8), ReinforceSettings(), rehearse={}),
    "steering": DeepRedirection(),
    "steering-ridge": Redirection(),
    "steering-trained": Redirection(form="trained"),
    "steering-gated": Redirection(form="gated"),
    "reinforcement": Reinforcement(),
    **{name.replace("_", "-"): Answering(recipe) for name, recipe in ANSWER_RECIPES.items()},
    "prompt": Prompting(),
}

# A forbidden scene has each of its parts in common with scenes that stay: held as firmly as people, it would
# not move at all. With less of a hold, stage 2 loosens more of what stage 1 closed, and has more to rehearse;
# and a misspelt question would get round it. An adapter of the lower layers spares no neighbour here
# (docs/generators.md has the figures).
_LOOSELY = replace(FIRMLY, weight=50.0, slips=0.25)
_STEERED = DeepRedirection(slips=_LOOSELY.slips, hold=_LOOSELY, adapter=GeneratorAdapterSpec())
_OF_SCENES: Mapping[str, Method] = {
    "asru": Asru(_STEERED, ReinforceSettings(hold=_LOOSELY), rehearse={"begun": 1.0, "say": 0.3}),
    "steering": _STEERED,
}


def methods_for(words: Vocabulary) -> Mapping[str, Method]:
    """`METHODS` as they suit a world: facts as they stand there, scenes with settings of their own."""
    return METHODS if words.facts else {**METHODS, **_OF_SCENES}


def method_named(name: str, among: Mapping[str, Method] = METHODS) -> Method:
    """
    Args:
        among: the methods of a world (`methods_for`).

    Raises:
        UserError: there is no method of that name.
    """
    return named(among, name, "method")
