"""The level that forgetting aims at: how near the forbidden is to what is no business of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from unrelate.policy.triple import Triple


def unrelated_level(
    images: Tensor, texts: Tensor, shown: Sequence[Triple], stated: Sequence[Triple]
) -> float:
    """Mean cosine over the pairs of a picture and a text that have no concept in common, in [-1, 1].

    Args:
        images: unit vectors [N, D].
        texts: unit vectors [M, D].
        shown: what each picture shows.
        stated: what each text states.

    Returns:
        0 where every pair has a concept in common.
    """
    texts_of, pictures_of = _places(stated), _places(shown)
    sums = {triple: texts[places].sum(0) for triple, places in texts_of.items()}
    total, count = 0.0, 0
    for triple, places in pictures_of.items():
        concepts = {slot for slot in triple.slots() if slot}
        others = [other for other in sums if not concepts & set(other.slots())]
        if others:
            total += float(images[places].sum(0) @ torch.stack([sums[other] for other in others]).sum(0))
            count += len(places) * sum(len(texts_of[other]) for other in others)
    return total / count if count else 0.0


def _places(triples: Sequence[Triple]) -> dict[Triple, list[int]]:
    """Where each tuple stands, contexts aside: pairs are summed tuple by tuple, not one by one."""
    places: dict[Triple, list[int]] = {}
    for place, triple in enumerate(triples):
        places.setdefault(triple.bare(), []).append(place)
    return places
