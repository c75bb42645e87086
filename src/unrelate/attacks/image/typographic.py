"""Words written into the picture, for a model that can read (Goh et al. 2021, typographic attacks).

What is forbidden is written over a picture of it: a model that no longer finds it by looking may find
it by reading. To a model that cannot read, it is one more thing in the way.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import ClassVar, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.pictures import changed
from unrelate.attacks.types import Budget, Family, Query, Scenario, Threat
from unrelate.models import DualEncoder

Place = Literal["top", "bottom"]
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_DARK, _LIGHT = (20, 20, 20), (240, 240, 240)
_SMALLEST = 6  # pixels; the font cannot be read below


@dataclass(frozen=True)
class Lettering:
    """Text in Pillow's own font, in as many lines as it takes; dark on light ground, light on dark.

    Args:
        text: what is written; Latin letters, for the font has no others.
        place: the edge at which the lines stand.
        size: height of the letters as a share of the picture's shorter side; less where one word would
            be wider than the picture.
    """

    text: str
    place: Place
    size: float

    def __call__(self, image: Image.Image, rng: random.Random) -> Image.Image:
        font, room = self._font(image)
        block = "\n".join(_lines(self.text, font, room))
        ink = Image.new("L", image.size)
        pen, margin = ImageDraw.Draw(ink), 0.02 * image.height
        height = pen.multiline_textbbox((0, 0), block, font=font, anchor="la")[3]
        top = margin if self.place == "top" else image.height - margin - height
        pen.multiline_text((image.width / 2, top), block, 255, font, anchor="ma", align="center")
        ground = np.asarray(image.convert("L").crop(ink.getbbox())).mean()
        written = image.copy()
        written.paste(_DARK if ground >= 128 else _LIGHT, (0, 0), ink)
        return written

    def _font(self, image: Image.Image) -> tuple[_Font, float]:
        """The font in its size, and how many pixels a line may take."""
        room = 0.96 * image.width
        pixels = max(_SMALLEST, round(self.size * min(image.size)))
        widest = max(_built_in(pixels).getlength(word) for word in self.text.split())
        if widest > room:
            pixels = max(_SMALLEST, int(pixels * room / widest))
        return _built_in(pixels), room


@dataclass(frozen=True)
class Typographic(QueryAttack[DualEncoder]):
    """The forbidden caption of every target, written into its picture; the best try counts.

    Args:
        places: where it is written.
        sizes: heights of the letters as shares of the picture's shorter side. Each place is tried in
            each size.
    """

    places: tuple[Place, ...] = ("top", "bottom")
    sizes: tuple[float, ...] = (0.09, 0.12)

    family: ClassVar[Family] = "image"
    threat: ClassVar[Threat] = "black box"

    @property
    def budget(self) -> Budget:
        tries = len(self.places) * len(self.sizes)
        return Budget(f"the caption written into the picture; {tries} tries a picture", queries=tries)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        for item, example in enumerate(scenario.targets):
            for place, size in product(self.places, self.sizes):
                lettering = Lettering(example.caption, place, size)
                yield scenario.query(item, example, picture=changed(example.picture, lettering))


@lru_cache(maxsize=64)
def _built_in(pixels: int) -> _Font:
    return ImageFont.load_default(size=pixels)


def _lines(text: str, font: _Font, room: float) -> Iterator[str]:
    """The text broken between words, each line no wider than ``room`` pixels if its words allow."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > room:
            yield line
            line = word
        else:
            line = longer
    yield line
