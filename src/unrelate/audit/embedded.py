"""What an encoder makes of pictures and texts, each computed once, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from unrelate.data.types import Picture
from unrelate.models import DualEncoder
from unrelate.models.looking import embed_pictures

_ROWS = 64


class Embedded:
    """An encoder that embeds nothing twice. It must not change meanwhile.

    Args:
        model: the encoder, as it is now.
        known: what has been embedded by the same model as it is now. It is left as it is: whoever starts
            from it finds the same there, whatever others have asked since. A text's last bits depend on
            the texts that it is embedded with, so figures would else depend on who was first.
    """

    def __init__(self, model: DualEncoder, known: Embedded | None = None) -> None:
        self.model = model
        self._texts: dict[str, Tensor] = dict(known._texts) if known else {}
        self._pictures: dict[Picture, Tensor] = dict(known._pictures) if known else {}

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors ``[len(texts), D]``, on the CPU; at least one text."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._texts]
        if unknown:
            self._texts.update(zip(unknown, self.model.embed_texts(unknown), strict=True))
        return torch.stack([self._texts[text] for text in texts])

    def pictures(self, pictures: Sequence[Picture]) -> Tensor:
        """Unit vectors ``[len(pictures), D]``, on the CPU; at least one picture."""
        unknown = [picture for picture in dict.fromkeys(pictures) if picture not in self._pictures]
        for start in range(0, len(unknown), _ROWS):
            rows = unknown[start : start + _ROWS]
            self._pictures.update(zip(rows, embed_pictures(self.model, rows), strict=True))
        return torch.stack([self._pictures[picture] for picture in pictures])
