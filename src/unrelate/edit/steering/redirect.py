"""Stage 1: the three forms side by side, under one interface, so that they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from unrelate.edit.steering.directions import ASRU_STRENGTH, Directions
from unrelate.edit.steering.gated import Gated
from unrelate.edit.steering.kept import Steering
from unrelate.edit.steering.lessons import Lessons
from unrelate.edit.steering.ridge import Ridge
from unrelate.edit.steering.trained import Trained
from unrelate.errors import UserError, named
from unrelate.models.generator import Generator


class Form(Protocol):
    """One way to make a direction take effect after one layer, for the forget set alone."""

    def fit(
        self, generator: Generator, lessons: Lessons, direction: Tensor, layer: int, strength: float
    ) -> Steering:
        """The steering that adds ``strength * direction`` ``[width]`` after ``layer`` to the forget
        tokens, and nothing to the retain tokens."""
        ...


# Name -> the form with its defaults. `ridge` and `trained` change one matrix, `gated` no weight.
FORMS: Mapping[str, Form] = {"ridge": Ridge(), "trained": Trained(), "gated": Gated()}


def form_named(name: str) -> Form:
    """
    Raises:
        UserError: there is no form of that name.
    """
    return named(FORMS, name, "steering form")


def redirect(
    generator: Generator,
    directions: Directions,
    lessons: Lessons,
    form: Form | str = "ridge",
    *,
    layer: int | None = None,
    strength: float = ASRU_STRENGTH,
) -> Steering:
    """Fit one form on the base model. Neither weights nor adapter are changed by it: see
    `WeightDelta.put_into` and `applied`.

    Args:
        layer: where to steer; None for the one that separates best (ASRU: 17 of 36, see `asru_layer`).
        strength: in units of the direction, not 0; ASRU: 3.

    Raises:
        UserError: directions of another model, strength 0, or what the form cannot do.
    """
    directions.refuse_other_model(generator)
    if strength == 0:
        raise UserError("strength 0", "a number other than 0", "leave steering out, or choose a strength")
    layer = directions.layer if layer is None else layer
    fitting = form_named(form) if isinstance(form, str) else form
    return fitting.fit(generator, lessons, directions.vector(layer), layer, strength)
