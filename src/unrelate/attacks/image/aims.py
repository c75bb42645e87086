"""What a gradient attack on pictures climbs: the audit's margin, made smooth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unrelate.attacks.pictures import PixelPicture
from unrelate.attacks.types import Query
from unrelate.data.types import Picture
from unrelate.models import DualEncoder

# Cosines this far below the best of their side weigh 1/e of it in the smooth margin.
_SOFTNESS = 0.05


@dataclass(frozen=True)
class Aims:
    """For every row the captions that are to win and those they have to beat.

    Args:
        captions: unit vectors [N, D], of all captions that any row speaks of.
        texts: bool [B, N], a row's statements of the forbidden.
        rivals: bool [B, N], its rivals.
    """

    captions: Tensor
    texts: Tensor
    rivals: Tensor

    @classmethod
    def of(cls, model: DualEncoder, queries: Sequence[Query]) -> Aims:
        """The sides of these queries, a row each."""
        place: dict[str, int] = {}
        for query in queries:
            for text in (*query.texts, *query.rivals):
                place.setdefault(text, len(place))
        sides = torch.zeros(2, len(queries), len(place), dtype=torch.bool)
        for row, query in enumerate(queries):
            for side, said in enumerate((query.texts, query.rivals)):
                sides[side, row, [place[text] for text in said]] = True
        texts, rivals = sides.to(model.device)
        return cls(model.embed_texts(list(place)).to(model.device), texts, rivals)

    def rows(self, chosen: slice | Tensor) -> Aims:
        return Aims(self.captions, self.texts[chosen], self.rivals[chosen])

    def margins(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Of pictures' unit vectors [B, D]: the margin as the audit takes it, and a smooth one whose
        gradient knows of every caption that is near the best; [B] each."""
        cosines = features @ self.captions.T
        texts = cosines.masked_fill(~self.texts, -torch.inf)
        rivals = cosines.masked_fill(~self.rivals, -torch.inf)
        exact = texts.amax(1) - rivals.amax(1)
        smooth = _SOFTNESS * ((texts / _SOFTNESS).logsumexp(1) - (rivals / _SOFTNESS).logsumexp(1))
        return exact.detach(), smooth


def levels(model: DualEncoder, pictures: Sequence[Picture]) -> Tensor:
    """Pictures as the model takes them in, [B, 3, H, W], levels from 0 to 255 in float32."""
    seen = [np.array(model.seen_picture(picture.load())) for picture in pictures]
    return torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).float().to(model.device)


def rounded(changed: Tensor) -> Tensor:
    """Levels as they are once kept in 8 bits, with the gradient of what they were before."""
    kept = changed.clamp(0, 255)
    return kept + (kept.round() - kept).detach()


def as_pictures(changed: Tensor) -> list[PixelPicture]:
    """Levels [B, 3, H, W] as pictures, rounded to 8 bits."""
    kept = changed.clamp(0, 255).round().permute(0, 2, 3, 1).to("cpu", torch.uint8)
    return [PixelPicture.of(picture) for picture in kept.numpy()]
