"""Stage 1 in closed form: ridge regression on the matrix that writes last into the residual stream.

The paper states ``W* = (A'A + gI)^-1 A'T``, ``A`` the matrix's inputs on forget and retain tokens, ``T``
their outputs ``a``, plus ``lambda v`` on forget tokens. Written that way the penalty pulls every weight
that few tokens use to zero. Here it pulls to the weights as they are:

``W* = W + (A'A + gI)^-1 A'(T - AW) = W + (A'A + gI)^-1 (sum of the forget inputs) lambda v'``,

for ``T - AW`` is ``lambda v`` on forget tokens and 0 on retain tokens. So the change has rank **one**: a
reader of the inputs (see `moments.ridge_reader`) times the direction. As an adapter of rank 1 it is exact,
no singular value is cut off, and no training is needed.

Further departures: tokens are taken as `lessons` says; a set weighs the same whatever its number of tokens;
g has no unit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

from torch import Tensor

from unrelate.edit.steering.kept import Origin, WeightDelta
from unrelate.edit.steering.lessons import Lessons, batches, rows_by_set
from unrelate.edit.steering.moments import held, moments_by_set, ridge_reader
from unrelate.errors import Unattainable, UserError
from unrelate.models.generator import Generator
from unrelate.models.generator_hooks import projection_inputs, writes_as_it_is


@dataclass(frozen=True)
class Ridge:
    """The closed form.

    gamma: the penalty on the change, greater than 0, as a share of the inputs' mean square. More keeps
        the change smaller, and steers less of the way.
    retain_weight: of what is held against what is steered, 0 or more. More keeps better.
    batch_size: lessons a pass.

    Raises:
        UserError: a value outside these ranges.
    """

    gamma: float = 1e-3
    retain_weight: float = 4.0
    batch_size: int = 32

    def __post_init__(self) -> None:
        if not (self.gamma > 0 and self.retain_weight >= 0 and self.batch_size >= 1):
            raise UserError(f"{self}", "gamma above 0, retain_weight 0 or more, batch_size 1 or more")

    def fit(
        self, generator: Generator, lessons: Lessons, direction: Tensor, layer: int, strength: float
    ) -> WeightDelta:
        """Steer ``layer`` by ``strength`` times ``direction`` ``[width]``.

        Raises:
            UserError: see `down_projection`.
            Unattainable: a norm stands between the matrix and the residual stream.
        """
        refuse_a_norm_between(generator, lessons, layer)
        with generator.base():
            read = partial(projection_inputs, generator, layer=layer)
            moments = moments_by_set(rows_by_set(generator, lessons, read, self.batch_size))
        reader = ridge_reader(moments["steered"], held(moments), self.gamma, self.retain_weight)
        fitted = {f"{name}_tokens": float(found.count) for name, found in moments.items()}
        fitted["steered_read"] = float(reader @ moments["steered"].mean)
        origin = Origin(
            "ridge", layer, strength, generator.name, generator.weights_hash(), asdict(self), fitted
        )
        up = strength * direction.float().cpu().unsqueeze(1)
        return WeightDelta(origin, reader.float().unsqueeze(0), up)


def refuse_a_norm_between(generator: Generator, lessons: Lessons, layer: int) -> None:
    """
    Raises:
        Unattainable: what the down projection writes does not arrive as it is (Gemma 3).
    """
    ((batch, _),) = batches(generator, lessons.forget[:1], 1)
    if not writes_as_it_is(generator, batch, layer):
        raise Unattainable(
            f"decoder layer {layer} of {generator.name}, which norms what its mlp.down_proj writes",
            "a matrix that writes straight into the residual stream",
            "choose the gated form, which changes no weight",
        )
