"""Pictures as an encoder sees them, those that were never drawn included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize

from unrelate.data.stand_ins import StandIn
from unrelate.data.types import Picture


class Looks(Protocol):
    """An encoder of pictures."""

    def embed_images(self, images: Sequence[Image.Image]) -> Tensor:
        """Unit vectors ``[len(images), D]``."""
        ...


def embed_pictures(model: Looks, pictures: Sequence[Picture]) -> Tensor:
    """Unit vectors ``[len(pictures), D]``. A picture met twice is looked at once."""
    unique: dict[Picture, int] = {}
    for picture in pictures:
        for part in picture.pictures if isinstance(picture, StandIn) else (picture,):
            unique.setdefault(part, len(unique))
    seen = model.embed_images([part.load() for part in unique])
    if not pictures:
        return seen
    return torch.stack(
        [stand_in_features(p, unique, seen) if isinstance(p, StandIn) else seen[unique[p]] for p in pictures]
    )


def stand_in_features(picture: StandIn, place: Mapping[Picture, int], seen: Tensor) -> Tensor:
    """The unit vector ``[D]`` of a stand-in, whose pictures' are the rows ``place`` of ``seen``."""
    rows = seen[[place[part] for part in picture.pictures]]
    return normalize(seen.new_tensor(picture.weights) @ rows, dim=0)
