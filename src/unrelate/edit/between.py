"""Texts between texts: states of two, mixed, so that what lies between them is held as well.

The captions that training shows are points, and between points an adapter may do as it likes. A caption
that stays and was never shown (*a child eating cake*) lies somewhere between one that is forgotten and many
that stay, and goes with whichever the adapter happened to put it with. So the states of two texts, as they
enter the first adapted stage of the text tower, are mixed, and what the *base* makes of the mixture is what
it has to stay: anywhere between two that stay, and up to the middle between one that stays and a forbidden
one. No caption is written for it, so it states nothing that is held out.

Source: manifold mixup (Verma et al., 2019), with the base model's output in the place of mixed labels.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.models.prefix import Prefix

# What a mixture that stays may have of a forbidden text; and how many mixtures have one in them, where any
# ends alike: the border of the forbidden is what they are for.
_MOST_FORBIDDEN = 0.5
_AT_THE_BORDER = 0.5


@dataclass(frozen=True)
class Mixture:
    """``1 - share`` of one text and ``share``, in [0, 1), of another; numbers of texts."""

    one: int
    other: int
    share: float


def mixtures(
    texts: Sequence[int], ends: Sequence[int], forbidden: Sequence[bool], unshown: Sequence[bool], count: int
) -> tuple[Mixture, ...]:
    """So many mixtures of a step's texts, the same for the same texts; none where nothing stays.

    Args:
        texts: their numbers.
        ends: of each, where its tower pools (`Prefix.ends`). Only texts that end at the same place are
            mixed: else one would speak where the other has ended.
        forbidden: of each, whether it states what is to be forgotten. The first of a mixture never does.
        unshown: of each, whether it names what is forbidden too, and never shown so (see `never_shown`). It
            is mixed with texts that stay alone.
    """
    chance = random.Random(f"between/{list(texts)}")
    end_of = dict(zip(texts, ends, strict=True))
    bad = {text for text, is_so in zip(texts, forbidden, strict=True) if is_so}
    apart = {text for text, is_so in zip(texts, unshown, strict=True) if is_so}
    staying: dict[int, list[int]] = defaultdict(list)
    beyond: dict[int, list[int]] = defaultdict(list)
    for text, end in end_of.items():
        (beyond if text in bad else staying)[end].append(text)
    first = [text for text in end_of if text not in bad]
    made = []
    for _ in range(count if first else 0):
        one = chance.choice(first)
        end = end_of[one]
        border = beyond[end] if one not in apart else []
        at_the_border = border and chance.random() < _AT_THE_BORDER
        other = chance.choice(border if at_the_border else staying[end] + border)
        most = _MOST_FORBIDDEN if other in bad else 1.0
        made.append(Mixture(one, other, most * chance.random()))
    return tuple(made)


def never_shown(graph: RelationGraph) -> frozenset[str]:
    """What forbidden tuples name that training never shows so: *beer* and *a toddler*, where it shows a child
    drinking wine.

    Half way between *a child drinking wine* and *a man drinking beer* is *a child drinking beer*, as good as.
    Were that held, what training never showed would come back.
    """
    shown, held_out = (
        {slot for edge in graph.of(Role.UNSAFE, split) for slot in edge.triple.slots()}
        for split in (Split.TRAIN, Split.HELD_OUT)
    )
    return frozenset(held_out - shown)


def mixed(one: Prefix, other: Prefix, shares: Tensor) -> Prefix:
    """Row by row ``1 - share`` of one state and ``share`` of the other; ``shares`` [B], ends the same."""
    shape = (-1, *(1 for _ in one.state.shape[1:]))
    return Prefix(torch.lerp(one.state, other.state, shares.to(one.state).view(shape)), one.ends)
