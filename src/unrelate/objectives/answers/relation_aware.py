"""RASU's losses, carried from cosines to answers.

A CLIP-like model puts a picture and a caption at a cosine; a generator gives an answer a log-probability,
token by token. What is carried over is the *calibrated* reading of the losses (`unrelate.objectives.
calibrated`), for the same reason: without a floor, neighbours that were not shown follow.

- L3 brings each token of an unsafe answer down to ``level``: what the base gives that token, after the same
  words, where the question is an unrelated one. So the words of a sentence that anybody could say are left
  alone, and the word that tells is as likely as from somebody who never knew. A token that lies below is
  left there. Each token counts by itself: it is not enough to make the first improbable, or an answer that
  was begun for the model (a prefilled one) would go on as before. The token that ends a turn tells nothing.
- Lr brings up a refusal that fits. RASU has no such term: a cosine may end anywhere, but something has to be
  said.
- L1 (boundary), L2 (nodes), L4 (neutral) pull: cross-entropy of the answer that is right.
- Lc is the consistency: KL(base || live) of every next token along the answers that stay; the answers that
  moved most count once more, since they stand right beside the forbidden and vanish in a mean.
- Ladv is L3 and Lr for the question in other words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from unrelate.objectives.answers.reduce import (
    above_level,
    divergence_each,
    mean_or_0,
    mean_over,
    negative_log_likelihood,
)
from unrelate.objectives.answers.types import RETAINED, Answers, Kind, Needs, Outputs
from unrelate.objectives.types import Terms

# The share of answers that count once more in Lc; one at least.
_WORST_SHARE = 0.05


@dataclass(frozen=True)
class RelationAware:
    """``L3 + Lr + a L2 + b L1 + d L4 + g Lc + l_adv Ladv`` over answers; each term is 0 or more.

    Source: RASU, section 3.2; see the top of this file for what is different.
    """

    name: str = field(default="relation_aware", init=False)

    @property
    def needs(self) -> Needs:
        return Needs(frozenset(Kind), compared=RETAINED, distributions=True, levels=True)

    @property
    def weights(self) -> Mapping[str, float]:
        return {"L3": 1.0, "Lr": 1.0, "L2": 1.0, "L1": 1.0, "L4": 1.0, "Lc": 1.0, "Ladv": 1.0}

    def terms(self, live: Outputs, reference: Outputs, batch: Answers) -> Terms:
        drift = divergence_each(live, reference, batch, RETAINED)
        variants_refused = negative_log_likelihood(live, batch, {Kind.VARIANT_REFUSAL})
        return {
            "L3": above_level(live, batch, {Kind.FORGET}),
            "Lr": negative_log_likelihood(live, batch, {Kind.REFUSAL}),
            "L2": negative_log_likelihood(live, batch, {Kind.NODE}),
            "L1": negative_log_likelihood(live, batch, {Kind.BOUNDARY}),
            "L4": negative_log_likelihood(live, batch, {Kind.NEUTRAL}),
            "Lc": mean_over(drift, batch, RETAINED) + _worst(drift, batch, RETAINED),
            "Ladv": above_level(live, batch, {Kind.VARIANT}) + variants_refused,
        }


def _worst(values: Tensor, batch: Answers, kinds: Iterable[Kind]) -> Tensor:
    """Mean of the highest `_WORST_SHARE` of the answers of these kinds."""
    chosen = values[batch.answers(kinds)]
    most = min(len(chosen), max(1, int(_WORST_SHARE * len(chosen))))
    return mean_or_0(chosen.topk(most).values)
