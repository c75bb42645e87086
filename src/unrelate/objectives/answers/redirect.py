"""ASRU's redirection as something to train for: states from which an answer would tell are moved along the
direction of not knowing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from unrelate.errors import UserError
from unrelate.objectives.answers.reduce import above_level, mean_or_0, negative_log_likelihood
from unrelate.objectives.answers.types import REFUSED, Answers, Kind, Needs, Outputs
from unrelate.objectives.types import Terms

TERMS = ("steer", "still", "say", "begun")
_TOLD = frozenset({Kind.FORGET, Kind.VARIANT})


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
        only: the terms that are asked for; what no other needs is then not computed.
    """

    direction: Tensor = field(repr=False)
    strength: float
    depth: float
    only: frozenset[str] = frozenset(TERMS)
    name: str = field(default="redirect", init=False)

    @property
    def needs(self) -> Needs:
        begun = _TOLD if "begun" in self.only else frozenset()
        say = REFUSED if "say" in self.only else frozenset()
        if not self._moves:
            return Needs(begun | say, levels=bool(begun))
        kinds = _TOLD | REFUSED
        return Needs(kinds, compared=kinds, depth=self.depth, levels=bool(begun))

    @property
    def weights(self) -> Mapping[str, float]:
        return {term: 1.0 for term in TERMS if term in self.only}

    @property
    def _moves(self) -> bool:
        """Whether states are looked at."""
        return not self.only.isdisjoint({"steer", "still"})

    def __post_init__(self) -> None:
        if not (self.strength > 0 and 0 < self.depth <= 1 and bool(self.direction.any())):
            raise UserError(
                f"strength {self.strength} at depth {self.depth} of a direction of length "
                f"{float(self.direction.norm()):.3g}",
                "a strength above 0, a depth in (0, 1], a direction that is not 0",
                "change them, or find the direction again",
            )

    def terms(self, live: Outputs, reference: Outputs, batch: Answers) -> Terms:
        terms: dict[str, Tensor] = self._moved(live, reference, batch) if self._moves else {}
        if "say" in self.only:
            terms["say"] = negative_log_likelihood(live, batch, REFUSED)
        if "begun" in self.only:
            terms["begun"] = above_level(live, batch, _TOLD)
        return {term: terms[term] for term in self.weights}

    def _moved(self, live: Outputs, reference: Outputs, batch: Answers) -> dict[str, Tensor]:
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
        }
