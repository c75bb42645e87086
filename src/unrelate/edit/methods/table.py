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


def name_of(method: Method) -> str:
    """What to call a method in records: its name in the table, and where its settings are others, the name
    of that of its kind, marked."""
    kin = [name for name, one in METHODS.items() if _kind(one) == _kind(method)]
    for name in kin:
        if METHODS[name].settings() == method.settings():
            return name
    return f"{kin[0]} (changed)" if kin else type(method).__name__.lower()


def _kind(method: Method) -> object:
    if isinstance(method, Answering):
        return type(method.recipe.objective)
    if isinstance(method, Asru):
        return Asru, type(method.stage_1)
    return method.form if isinstance(method, Redirection) else type(method)
