"""Every way of editing a generator, by name: the names of ``unrelate edit --method``."""

from __future__ import annotations

from collections.abc import Mapping

from unrelate.edit.answering.recipes import ANSWER_RECIPES
from unrelate.edit.methods.answering import Answering
from unrelate.edit.methods.deep import DeepRedirection
from unrelate.edit.methods.prompting import Prompting
from unrelate.edit.methods.redirection import Redirection
from unrelate.edit.methods.reinforcement import Asru, Reinforcement
from unrelate.edit.methods.types import Method
from unrelate.edit.reinforce.settings import ReinforceSettings
from unrelate.errors import named

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


def method_named(name: str) -> Method:
    """
    Raises:
        UserError: there is no method of that name.
    """
    return named(METHODS, name, "method")
