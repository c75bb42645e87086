"""What happens to pictures on their way: cropped, blurred, saved again, noisy, partly hidden.

All sizes are shares of the shorter side, so that a photograph and a 128-pixel drawing are changed
alike. The strengths in the table of attacks leave what is shown plain to a person.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class Crop:
    """Keeps ``share`` of the width and of the height, from a place drawn at random."""

    share: float

    def __call__(self, image: Image.Image, rng: random.Random) -> Image.Image:
        width, height = (max(1, round(self.share * side)) for side in image.size)
        left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        return image.crop((left, top, left + width, top + height))


@dataclass(frozen=True)
class Blur:
    """Gaussian blur of a standard deviation of ``radius``."""

    radius: float

    def __call__(self, image: Image.Image, rng: random.Random) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(self.radius * min(image.size)))


@dataclass(frozen=True)
class Jpeg:
    """Saved as a small JPEG and enlarged again.

    JPEG's blocks are 8 pixels wide whatever the picture's size, so it is first reduced to ``side``
    pixels along the shorter side, unless it is smaller. ``quality`` is Pillow's, 1 to 95.
    """

    quality: int
    side: int = 128

    def __call__(self, image: Image.Image, rng: random.Random) -> Image.Image:
        scale = min(1.0, self.side / min(image.size))
        small = image.resize(_scaled(image.size, scale), Image.Resampling.BICUBIC)
        kept = BytesIO()
        small.save(kept, "JPEG", quality=self.quality)
        return Image.open(kept).convert("RGB").resize(image.size, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Noise:
    """Gaussian noise in every channel, of a standard deviation of ``strength`` in [0, 1] of the range.

    ``grains`` along the shorter side: noise of single pixels would be gone once a photograph is reduced
    to the model's size.
    """

    strength: float
    grains: int = 96

    def __call__(self, image: Image.Image, rng: random.Random) -> Image.Image:
        columns, rows = _scaled(image.size, min(1.0, self.grains / min(image.size)))
        numbers = np.random.default_rng(rng.getrandbits(64))
        drawn = numbers.normal(0.0, 255 * self.strength, (rows, columns, 3))
        # Which grain each pixel lies in.
        down = np.arange(image.height) * rows // image.height
        right = np.arange(image.width) * columns // image.width
        levels = np.asarray(image, dtype=np.float32) + drawn[down][:, right]
        return Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Patches:
    """``count`` grey squares of side ``share``, scattered: each too small to hide what matters."""

    count: int
    share: float

    def __call__(self, image: Image.Image, rng: random.Random) -> Image.Image:
        side = max(1, round(self.share * min(image.size)))
        hidden = image.copy()
        for _ in range(self.count):
            left, top = rng.randint(0, image.width - side), rng.randint(0, image.height - side)
            hidden.paste((128, 128, 128), (left, top, left + side, top + side))
        return hidden


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(scale * size[0])), max(1, round(scale * size[1]))
