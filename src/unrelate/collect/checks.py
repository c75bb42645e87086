"""What a picture has to pass before it counts, and what makes it doubtful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import imagehash
import numpy as np
from PIL import Image
from torch import Tensor

from unrelate.data.pictures import BadPicture, Limits, decode
from unrelate.graph.types import Split
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import say

# Of 64 bits of perceptual hash: pictures that differ in so few are taken for one, cropped or saved anew.
NEAR_BITS = 4


class Refused(Exception):
    """Why a picture does not count; one line."""


def opened(data: bytes, *, min_side: int) -> Image.Image:
    """The picture.

    Raises:
        Refused: it does not decode, or its shorter side has fewer than ``min_side`` pixels.
    """
    try:
        image = decode(data, Limits())
    except BadPicture as error:
        raise Refused(str(error)) from error
    if min(image.size) < min_side:
        raise Refused(f"is {image.width} x {image.height}; the shorter side needs {min_side} pixels")
    return image


@dataclass
class Alike:
    """Perceptual hashes of what was taken, by split: a picture may not be asked about in the audit and, a
    little cropped, be trained on."""

    near: int = NEAR_BITS
    _hashes: dict[Split, list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))

    def add(self, image: Image.Image, split: Split) -> None:
        self._hashes[split].append(_bits(image))

    def check(self, image: Image.Image, split: Split) -> None:
        """Raises:
        Refused: a picture in another split is nearly the same.
        """
        bits = _bits(image)
        for other, held in self._hashes.items():
            if other is not split and held and (np.stack(held) != bits).sum(1).min() <= self.near:
                raise Refused(f"is nearly the same as a picture of the {other} split")


def _bits(image: Image.Image) -> np.ndarray:
    return imagehash.phash(image).hash.reshape(-1)


class Checker(Protocol):
    """Looks at pictures with the tuples they are of."""

    def __call__(self, images: Sequence[Image.Image], triples: Sequence[Triple]) -> list[str]:
        """For each picture what is doubtful about it, or the empty string."""
        ...


class ReadByBase:
    """Whether the base model ranks a picture's own tuple above its neighbours: one that it cannot read
    teaches an edit nothing.

    Args:
        model: the base model.
        words: whose tuples are the neighbours: one of actor, relation, object exchanged.
    """

    def __init__(self, model: DualEncoder, words: Vocabulary) -> None:
        self._model, self._words = model, words
        self._banks: dict[Triple, tuple[tuple[Triple, ...], Tensor]] = {}

    def __call__(self, images: Sequence[Image.Image], triples: Sequence[Triple]) -> list[str]:
        seen = self._model.embed_images(images)
        said = []
        for picture, triple in zip(seen, triples, strict=True):
            bank, texts = self._bank(triple)
            best = bank[int((texts @ picture).argmax())]
            said.append("" if best == triple else f"the base model takes it for {best}")
        return said

    def _bank(self, triple: Triple) -> tuple[tuple[Triple, ...], Tensor]:
        """The tuple and its neighbours, and the embeddings ``[len, D]`` of their sentences."""
        if triple not in self._banks:
            slots = triple.slots()
            near = [
                Triple(*other.slots(), context=triple.context)
                for other in (*self._words.triples(), *self._words.nodes())
                if sum(a != b for a, b in zip(slots, other.slots(), strict=True)) == 1
            ]
            bank = (triple, *near)
            self._banks[triple] = bank, self._model.embed_texts([say(self._words, t) for t in bank])
        return self._banks[triple]
