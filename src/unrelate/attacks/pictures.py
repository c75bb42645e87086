"""Pictures that attacks make: pixel by pixel, or drawn anew whenever they are looked at."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

from unrelate.data.stand_ins import seen_through
from unrelate.data.types import Picture


@dataclass(frozen=True)
class PixelPicture:
    """A picture that is nothing but its pixels.

    Args:
        size: width and height.
        levels: RGB, 8 bits a channel, row by row: ``width * height * 3`` bytes.
    """

    size: tuple[int, int]
    levels: bytes = field(repr=False)

    @classmethod
    def of(cls, levels: np.ndarray) -> PixelPicture:
        """From ``[height, width, 3]``, uint8."""
        height, width, _ = levels.shape
        return cls((width, height), levels.astype(np.uint8, casting="no").tobytes())

    def load(self) -> Image.Image:
        return Image.frombytes("RGB", self.size, self.levels)


def clipped(image: Image.Image, own: Image.Image, epsilon: int) -> PixelPicture:
    """``image`` with no channel of any pixel further than ``epsilon`` from the same pixel of ``own``.

    Raises:
        ValueError: they are not of one size.
    """
    if image.size != own.size:
        raise ValueError(f"a picture of {image.size} pixels, to be held to one of {own.size}")
    at_home = np.asarray(own, dtype=np.int16)
    levels = np.asarray(image, dtype=np.int16).clip(at_home - epsilon, at_home + epsilon)
    return PixelPicture.of(levels.astype(np.uint8))  # between two levels that are in [0, 255]


class Change(Protocol):
    """What is done to a picture. Equal ones do the same, and what they draw at random comes from ``rng``."""

    def __call__(self, image: Image.Image, rng: random.Random) -> Image.Image:
        """The changed picture, in RGB; ``image`` stays as it is."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True)
class ChangedPicture:
    """Another picture with a change made to it, the same one every time.

    Args:
        picture: the other.
        change: what is done to it.
        seed: of what the change draws at random.
    """

    picture: Picture
    change: Change
    seed: str = ""

    def load(self) -> Image.Image:
        return self.change(self.picture.load(), random.Random(self.seed))


def changed(picture: Picture, change: Change, seed: str = "") -> Picture:
    """A picture with a change made to it, or all the pictures that stand in for one."""
    return seen_through(picture, lambda part: ChangedPicture(part, change, seed))
