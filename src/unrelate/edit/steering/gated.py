"""Stage 1 without any weight change: a direction added at inference, where a gate says so.

After MLLMEraser: what is added depends on the hidden state, through a map that retained inputs do not
reach, since it is made in the null space of their hidden states. Its map takes every input to a multiple
of the one direction, so it is kept as what it is, a reader: one number for each hidden state.

Departures: the reader is a logistic probe (as AutoSteer's prober) in that space, which minds the few held
tokens that come nearest, where least squares minds their mean; and the gate is cut to [0, 1] and shut up to
what held tokens really reach, so that nearly all stay as they were to the bit, rather than nearly as they
were.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import torch
from torch import Tensor

from unrelate.edit.steering.kept import Gate, Origin
from unrelate.edit.steering.lessons import SETS, Lessons, Set, rows_by_set
from unrelate.edit.steering.moments import Moments, null_space
from unrelate.errors import Unattainable, UserError
from unrelate.models.generator import Generator
from unrelate.models.generator_hooks import layer_states


class Inseparable(Unattainable):
    """No gate at this layer opens for what is to be steered and stays shut for what is held."""


@dataclass(frozen=True)
class Gated:
    """The gated form.

    energy: of the retained states, the share that the reader may not look at, in [0, 1). MLLMEraser's
        null space is an energy near 1, which a wide model can spare; 0 leaves it all to the probe.
    fit_strength: of the logistic regression, greater than 0: the inverse of its penalty.
    shut: the share of what is held (of each set of tokens) for which the gate is fully shut, in (0, 1].
    wide: the share of what is to be steered for which it is fully open, in (0, 1).
    most: of the tokens of a set that the reader is fitted on, at equal distances; the ends of the gate are
        taken from all.
    batch_size: lessons a pass.

    Raises:
        UserError: a value outside these ranges.
    """

    energy: float = 0.0
    fit_strength: float = 100.0
    shut: float = 0.995
    wide: float = 0.8
    most: int = 20_000
    batch_size: int = 32

    def __post_init__(self) -> None:
        shares = 0 <= self.energy < 1 and 0 < self.shut <= 1 and 0 < self.wide < 1
        if not (shares and self.fit_strength > 0 and min(self.most, self.batch_size) >= 1):
            raise UserError(
                f"{self}",
                "energy in [0, 1), shut in (0, 1], wide in (0, 1), fit_strength above 0, the rest at least 1",
            )

    def fit(
        self, generator: Generator, lessons: Lessons, direction: Tensor, layer: int, strength: float
    ) -> Gate:
        """A gate after ``layer`` for ``strength`` times ``direction`` ``[width]``.

        Raises:
            Inseparable: the gate would have to be open for what is held.
        """
        parts: dict[Set, list[Tensor]] = {name: [] for name in SETS}
        with generator.base():
            read = partial(layer_states, generator, layer=layer)
            for name, rows in rows_by_set(generator, lessons, read, self.batch_size):
                parts[name].append(rows.float().cpu())
        states: dict[Set, Tensor] = {
            name: torch.cat(rows) for name, rows in parts.items() if any(map(len, rows))
        }
        centre = states["everything"].double().mean(0)
        free = null_space(
            [Moments.of(rows - centre) for name, rows in states.items() if name != "steered"], self.energy
        )
        few: dict[Set, Tensor] = {}
        for name, rows in states.items():
            few[name] = _thinned(rows, self.most)
        reader = self._reader(few, free)
        values = {name: rows @ reader for name, rows in states.items()}
        wide = _quantile(values.pop("steered"), 1 - self.wide)
        shut = max(_quantile(kept, self.shut) for kept in values.values())
        if wide <= shut:
            raise Inseparable(
                f"a gate after layer {layer}: {self.shut:.1%} of what is held reads up to {shut:.3g}, and "
                f"{self.wide:.0%} of what is to be steered from {wide:.3g}",
                "what is to be steered above what is held",
                "choose another layer, a lower energy, or the ridge or trained form",
            )
        fitted = {f"{name}_tokens": float(len(rows)) for name, rows in states.items()}
        fitted["free_directions"] = float(free.diagonal().sum().round())
        fitted |= {f"{name}_opened": float((kept > shut).double().mean()) for name, kept in values.items()}
        made = Origin(
            "gated", layer, strength, generator.name, generator.weights_hash(), asdict(self), fitted
        )
        return Gate(made, direction.float().cpu(), reader, shut, wide)

    def _reader(self, states: dict[Set, Tensor], free: Tensor) -> Tensor:
        """Logistic regression on standardised free directions, told in the states' own coordinates.

        What is steered weighs as much as all that is held; of that, each set the same.
        """
        from sklearn.linear_model import LogisticRegression  # sklearn takes two seconds to import

        sizes, axes = torch.linalg.eigh(free)
        axes = axes[:, sizes > 0.5].float()
        rows = torch.cat([found @ axes for found in states.values()])
        spread = rows.std(0).clamp_min(1e-6)
        others = len(states) - 1
        shares = [1.0 if name == "steered" else 1 / others for name in states]
        weights = torch.cat(
            [torch.full((len(f),), s / len(f)) for s, f in zip(shares, states.values(), strict=True)]
        )
        labels = torch.cat([torch.full((len(f),), int(n == "steered")) for n, f in states.items()])
        probe = LogisticRegression(C=self.fit_strength, max_iter=1000)
        probe.fit((rows / spread).numpy(), labels.numpy(), sample_weight=(weights * len(rows)).numpy())
        return axes @ (torch.from_numpy(probe.coef_[0]).float() / spread)


def _thinned(rows: Tensor, most: int) -> Tensor:
    """At most ``most`` of the rows, at equal distances."""
    step = -(-len(rows) // most)
    return rows[::step]


def _quantile(values: Tensor, share: float) -> float:
    """The value that ``share`` of ``values`` do not exceed. (`torch.quantile` takes 16 million at most.)"""
    ordered = values.double().sort().values
    return float(ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))])
