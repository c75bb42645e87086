"""ASRU's redirection as something to train for: states from which an answer would tell are moved along the
direction of not knowing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from unrelate.errors import UserError
from unrelate.objectives.answers.reduce import above_level, mean_or_0, negative_log_likelihood
from unrelate.objectives.answers.types import Answers, Kind, Needs, Outputs
from unrelate.objectives.types import Terms

TERMS = ("steer", "still", "say", "begun")
_TOLD = frozenset({Kind.FORGET, Kind.VARIANT})
_DECLINED = frozenset({Kind.REFUSAL, Kind.VARIANT_REFUSAL})


@dataclass(frozen=True)
class Redirect:
    """``steer``: ``||h - (h_base + s v)||²`` where to refuse. ``still``: ``||h - h_base||²`` where a
    refusal has begun. Both are in units of ``|s v|²``. ``say``: cross-entropy of a refusal that fits.
    ``begun``: how far the tokens of a true answer lie above their level, as in L3 of `RelationAware`.

    Source: ASRU, stage 1. There one matrix is trained, for the last prompt token; here whatever an adapter
    reaches, for every state from which a token that tells would follow. Once an answer declines it is left
    alone: steered on, a refusal begins again and again. ``say`` is ours: a direction says that something is
    not known, and not what (of scenes it would speak of letters, or of strangers, where the base learnt to
    refuse). So is ``begun``: an answer that was begun for the model is past the point where a direction
    makes it decline. What stays is not looked at: see `unrelate.edit.holding`.

    Args:
        direction: ``v``, ``[width]``, not 0.
        strength: ``s``, above 0: how many times the direction is added.
        depth: of the steered layer, as a share of the decoder's layers up to and with it, in (0, 1].
    """

    direction: Tensor = field(repr=False)
    strength: float
    depth: float
    name: str = field(default="redirect", init=False)

    @property
    def needs(self) -> Needs:
        kinds = _TOLD | _DECLINED
        return Needs(kinds, compared=kinds, depth=self.depth, levels=True)

    @property
    def weights(self) -> Mapping[str, float]:
        return dict.fromkeys(TERMS, 1.0)

    def __post_init__(self) -> None:
        if not (self.strength > 0 and 0 < self.depth <= 1 and bool(self.direction.any())):
            raise UserError(
                f"strength {self.strength} at depth {self.depth} of a direction of length "
                f"{float(self.direction.norm()):.3g}",
                "a strength above 0, a depth in (0, 1], a direction that is not 0",
                "change them, or find the direction again",
            )

    def terms(self, live: Outputs, reference: Outputs, batch: Answers) -> Terms:
        if live.hidden is None or reference.hidden is None:
            raise ValueError("the hidden states of both models are needed")
        push = self.strength * self.direction.to(live.hidden)
        unit = push.square().sum()
        begins = torch.ones_like(batch.ends)
        begins[1:] = batch.row[1:] != batch.row[:-1]
        steered = batch.tokens(_TOLD) | begins
        moved = live.hidden - reference.hidden
        return {
            "steer": mean_or_0((moved[steered] - push).square().sum(-1)) / unit,
            "still": mean_or_0(moved[~steered].square().sum(-1)) / unit,
            "say": negative_log_likelihood(live, batch, _DECLINED),
            "begun": above_level(live, batch, _TOLD),
        }
