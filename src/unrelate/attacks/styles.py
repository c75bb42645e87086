"""Picture styles no edit is shown: the out-of-distribution image attack (RASU section 4.6).

Each takes and gives an RGB picture of any size and is deterministic. Sizes of strokes and blocks are
shares of the shorter side, so that a photograph and a 128-pixel drawing are changed alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

_VARIANTS = 8


@lru_cache(maxsize=_VARIANTS)
def _smooth_noise(size: tuple[int, int], cells: int, seed: int) -> np.ndarray:
    """Values in [-1, 1] of shape ``(height, width)`` that vary slowly over ``cells`` cells a side."""
    coarse = np.random.default_rng(seed).integers(0, 256, (cells, cells), dtype=np.uint8)
    grown = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(grown, dtype=np.float32) / 127.5 - 1


def painterly(image: Image.Image) -> Image.Image:
    """Swirling strokes and few tones, after Van Gogh."""
    width, height = image.size
    reach = 0.022 * min(width, height)
    rows, columns = np.mgrid[0:height, 0:width]
    down = rows + reach * _smooth_noise((width, height), 14, 1)
    right = columns + reach * _smooth_noise((width, height), 14, 2)
    pixels = np.asarray(image)
    moved = pixels[down.round().clip(0, height - 1).astype(int), right.round().clip(0, width - 1).astype(int)]
    strokes = 11 * np.sin(np.pi * 6 * _smooth_noise((width, height), 6, 3) + 60 * rows / height)
    toned = (moved // 32) * 32 + 14 + strokes[..., None]
    return Image.fromarray(toned.clip(0, 255).astype(np.uint8))


def sketch(image: Image.Image) -> Image.Image:
    """Coloured pencil: dark edges, and a muted tint on paper."""
    pixels = np.asarray(image, dtype=np.float32)
    grey = image.convert("L")
    blurred = grey.filter(ImageFilter.GaussianBlur(0.012 * min(image.size)))
    tone = np.asarray(grey, dtype=np.float32)
    edge = np.abs(tone - np.asarray(blurred, dtype=np.float32))[..., None]
    muted = (tone[..., None] + pixels) / 2
    paper = 255 - 0.45 * (255 - muted) - 2.5 * edge
    return Image.fromarray(paper.clip(0, 255).astype(np.uint8))


def pixelated(image: Image.Image) -> Image.Image:
    """Coarse blocks: forty along the shorter side."""
    width, height = image.size
    block = min(width, height) / 40
    small = image.resize((max(1, round(width / block)), max(1, round(height / block))), Image.Resampling.BOX)
    return small.resize((width, height), Image.Resampling.NEAREST)


def colour_shifted(image: Image.Image) -> Image.Image:
    """Every hue turned by 150 degrees."""
    hue, saturation, value = image.convert("HSV").split()
    turned = hue.point([(level + 106) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


# name -> what it does to an RGB picture. Kept out of every edit; the embedded base model knows them all.
STYLES: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "painterly": painterly,
    "sketch": sketch,
    "pixelated": pixelated,
    "colour_shifted": colour_shifted,
}
