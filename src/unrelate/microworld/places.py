"""The backgrounds, low in contrast so that figures stand out, and the style and light of a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from random import Random

import numpy as np
from PIL import Image

from .scene import RGB, Pen

MOON: RGB = (250, 244, 200)
STAR: RGB = (236, 236, 220)
GROUND = 0.94  # where the feet stand


@dataclass(frozen=True)
class Style:
    """A way of drawing: outlines or none, how far figures and background go to white, paper grain."""

    line: RGB | None = None
    pale: float = 0.0
    haze: float = 0.0
    grain: float = 0.0


STYLE_TABLE: dict[str, Style] = {
    "flat": Style(),
    "outline": Style(line=(34, 28, 36)),
    "pastel": Style(pale=0.26, haze=0.45),
    "textured": Style(grain=0.14),
}
TIME_TABLE: dict[str, tuple[RGB, RGB]] = {  # per cent of red, green, blue left: figures, background
    "day": ((100, 100, 100), (100, 100, 100)),
    "night": ((84, 86, 98), (30, 34, 58)),
}
STYLES = tuple(STYLE_TABLE)
TIMES = tuple(TIME_TABLE)


def _sky(pen: Pen, rng: Random, night: bool, colour: RGB, sun: bool = True) -> None:
    pen.box(-0.1, -0.1, 1.1, 1.1, colour)
    x, y = rng.choice((rng.uniform(0.08, 0.24), rng.uniform(0.76, 0.92))), rng.uniform(0.09, 0.14)
    if night:
        pen.lit().ellipse(x, y, 0.065, 0.065, MOON)
        pen.bare().at(x + 0.03, y - 0.015).ellipse(0, 0, 0.055, 0.055, colour)
        for _ in range(12):
            pen.lit().ellipse(rng.random(), rng.uniform(0.02, 0.4), 0.007, 0.007, STAR)
    elif sun:
        pen.ellipse(x, y, 0.07, 0.07, (255, 232, 140))
    else:
        for dx in (-0.06, 0.0, 0.07):
            pen.bare().ellipse(x + dx, y, 0.06, 0.035, (244, 248, 252))


def _window(pen: Pen, x: float, y: float, night: bool) -> None:
    """A window, 0.24 wide: the sky by day, the moon and stars by night."""
    pen.box(x - 0.02, y - 0.02, x + 0.26, y + 0.26, (206, 190, 170))
    pen.box(x, y, x + 0.24, y + 0.24, (196, 224, 240))
    if night:
        pen.lit().ellipse(x + 0.17, y + 0.07, 0.045, 0.045, MOON)
        for u, v in ((0.05, 0.05), (0.08, 0.17), (0.19, 0.19)):
            pen.lit().ellipse(x + u, y + v, 0.008, 0.008, STAR)
    pen.box(x + 0.112, y, x + 0.128, y + 0.24, (206, 190, 170))
    pen.box(x, y + 0.112, x + 0.24, y + 0.128, (206, 190, 170))


def kitchen(pen: Pen, rng: Random, night: bool) -> None:
    pen.box(-0.1, -0.1, 1.1, 0.8, (240, 234, 222))
    bare = pen.bare()
    for i in range(12):
        bare.box(-0.1, 0.08 * i, 1.1, 0.08 * i + 0.008, (222, 214, 202))
        bare.box(0.09 * i + 0.02, -0.1, 0.09 * i + 0.028, 0.8, (222, 214, 202))
    pen.box(-0.1, 0.8, 1.1, 1.1, (228, 214, 194))
    for i in range(-1, 8):
        for j in range(3):
            bare.box(
                0.16 * i + 0.08 * j, 0.8 + 0.1 * j, 0.16 * i + 0.08 * j + 0.08, 0.9 + 0.1 * j, (208, 190, 168)
            )
    x = rng.uniform(0.04, 0.12)
    pen.box(x, 0.22, x + 0.36, 0.245, (196, 164, 130))
    for i, colour in enumerate(((214, 172, 160), (178, 200, 178), (184, 190, 212), (220, 204, 156))):
        pen.box(x + 0.03 + 0.085 * i, 0.13, x + 0.09 + 0.085 * i, 0.22, colour)
    _window(pen, rng.uniform(0.58, 0.66), 0.08, night)
    x = rng.uniform(0.6, 0.68)
    pen.box(x - 0.7, 0.56, 1.1, 0.59, (190, 166, 142))
    pen.box(x - 0.7, 0.59, 1.1, 0.84, (224, 208, 190))
    pen.box(x, 0.55, x + 0.3, 0.84, (206, 208, 212))
    pen.box(x + 0.04, 0.66, x + 0.26, 0.8, (166, 170, 180))
    for i in range(4):
        pen.ellipse(x + 0.06 + 0.06 * i, 0.615, 0.016, 0.016, (150, 154, 164))
    pen.box(x + 0.06, 0.46, x + 0.22, 0.55, (178, 182, 190))
    pen.box(x + 0.03, 0.445, x + 0.25, 0.465, (160, 164, 174))


def _tree(pen: Pen, x: float, y: float, scale: float) -> None:
    pen = pen.at(x, y, scale)
    pen.box(-0.04, -0.35, 0.04, 0.0, (176, 148, 122))
    for u, v, r in ((-0.11, -0.38, 0.12), (0.11, -0.38, 0.12), (0.0, -0.5, 0.15)):
        pen.ellipse(u, v, r, r, (148, 192, 138))


def park(pen: Pen, rng: Random, night: bool) -> None:
    _sky(pen, rng, night, (206, 230, 244), sun=False)
    pen.ellipse(rng.uniform(0.2, 0.8), 0.72, 0.6, 0.2, (176, 212, 168))
    pen.box(-0.1, 0.68, 1.1, 1.1, (188, 222, 164))
    xs = [rng.uniform(0.02, 0.16), rng.uniform(0.84, 0.98)]
    rng.shuffle(xs)
    _tree(pen, xs[0], 0.76, rng.uniform(0.9, 1.15))
    _tree(pen, xs[1], 0.71, rng.uniform(0.5, 0.7))
    for _ in range(9):
        x, y = rng.random(), rng.uniform(0.74, 0.98)
        pen.bare().ellipse(x, y, 0.012, 0.012, rng.choice(((244, 220, 230), (250, 244, 200))))


def beach(pen: Pen, rng: Random, night: bool) -> None:
    _sky(pen, rng, night, (208, 234, 246))
    pen.box(-0.1, 0.46, 1.1, 0.72, (142, 196, 220))
    for _ in range(6):
        x, y = rng.random(), rng.uniform(0.5, 0.64)
        pen.bare().box(x - 0.07, y, x + 0.07, y + 0.01, (182, 220, 234))
    pen.box(-0.1, 0.68, 1.1, 1.1, (244, 228, 186))
    pen.box(-0.1, 0.675, 1.1, 0.695, (232, 244, 246))
    side = rng.choice((0.13, 0.87)) + rng.uniform(-0.03, 0.03)
    pen = pen.at(side, 0.8, 1, 6 if side > 0.5 else -6)
    pen.box(-0.01, -0.42, 0.01, 0.0, (200, 180, 150))
    for i in range(5):
        pen.arc(
            0,
            -0.34,
            0.22,
            0.2,
            180 + 36 * i,
            216 + 36 * i,
            ((238, 168, 160), (250, 244, 236))[i % 2],
            pie=True,
        )


def street(pen: Pen, rng: Random, night: bool) -> None:
    _sky(pen, rng, night, (214, 226, 238), sun=False)
    x = -0.12
    while x < 1.0:
        width, top = rng.uniform(0.22, 0.3), rng.uniform(0.14, 0.34)
        pen.box(
            x,
            top,
            x + width,
            0.75,
            rng.choice(((214, 190, 178), (196, 196, 206), (222, 210, 184), (198, 206, 196))),
        )
        for i in range(3):
            for j in range(3):
                u, v = x + 0.035 + (width - 0.05) / 3 * i, top + 0.05 + 0.13 * j
                glow = night and rng.random() < 0.4
                (pen.lit() if glow else pen).box(
                    u, v, u + 0.04, v + 0.06, (176, 156, 84) if glow else (170, 184, 200)
                )
        x += width + 0.01
    pen.box(-0.1, 0.74, 1.1, 0.8, (208, 206, 202))
    pen.box(-0.1, 0.8, 1.1, 1.1, (170, 172, 178))
    for i in range(-1, 5):
        x = 0.26 * i + rng.random() * 0.02
        pen.box(x, 0.875, x + 0.14, 0.9, (238, 238, 230))
    x = rng.choice((0.06, 0.94))
    pen.box(x - 0.012, 0.2, x + 0.012, 0.78, (124, 128, 138))
    (pen.lit() if night else pen).ellipse(x, 0.18, 0.05, 0.045, (250, 230, 150) if night else (244, 236, 200))


def classroom(pen: Pen, rng: Random, night: bool) -> None:
    pen.box(-0.1, -0.1, 1.1, 0.76, (240, 230, 204))
    pen.box(-0.1, 0.76, 1.1, 1.1, (214, 188, 152))
    x = rng.uniform(0.04, 0.1)
    pen.box(x - 0.02, 0.06, x + 0.6, 0.46, (186, 152, 112))
    pen.box(x, 0.08, x + 0.58, 0.44, (116, 150, 134))
    for i in range(3):
        y = 0.15 + 0.09 * i
        pen.stroke(
            [(x + 0.05 + 0.05 * k, y + 0.02 * (k % 2)) for k in range(rng.randint(5, 10))],
            0.012,
            (206, 220, 212),
            plain=True,
        )
    pen.box(x + 0.2, 0.46, x + 0.4, 0.475, (206, 176, 140))
    _window(pen, 0.73, 0.1, night)
    for left in (-0.04, 0.34, 0.72):
        left += rng.uniform(-0.02, 0.02)
        pen.box(left, 0.62, left + 0.3, 0.66, (196, 160, 116))
        for leg in (left + 0.02, left + 0.255):
            pen.box(leg, 0.66, leg + 0.025, 0.84, (170, 140, 108))


def playground(pen: Pen, rng: Random, night: bool) -> None:
    _sky(pen, rng, night, (222, 236, 240), sun=False)
    for i in range(-1, 13):
        x = 0.09 * i
        pen.polygon(
            ((x, 0.72), (x, 0.53), (x + 0.03, 0.49), (x + 0.06, 0.53), (x + 0.06, 0.72)), (226, 206, 178)
        )
    pen.box(-0.1, 0.59, 1.1, 0.62, (226, 206, 178))
    pen.box(-0.1, 0.71, 1.1, 1.1, (224, 212, 170))
    pen.box(-0.1, 0.71, 1.1, 0.76, (190, 216, 166))
    flip = rng.random() < 0.5
    pen = pen.at(1.0 if flip else 0.0, 0, 1, 0, flip)
    pen.stroke(((0.08, 0.8), (0.08, 0.26)), 0.022, (150, 164, 190), plain=True)
    pen.stroke(((0.18, 0.8), (0.18, 0.34)), 0.022, (150, 164, 190), plain=True)
    for i in range(5):
        pen.stroke(((0.08, 0.42 + 0.08 * i), (0.18, 0.42 + 0.08 * i)), 0.016, (150, 164, 190), plain=True)
    pen.stroke(((0.17, 0.36), (0.42, 0.76), (0.5, 0.78)), 0.055, (232, 168, 150))
    for a, b in (
        ((0.62, 0.8), (0.68, 0.2)),
        ((0.74, 0.8), (0.68, 0.2)),
        ((0.92, 0.8), (0.97, 0.2)),
        ((1.03, 0.8), (0.97, 0.2)),
        ((0.67, 0.2), (0.98, 0.2)),
    ):
        pen.stroke((a, b), 0.02, (156, 176, 156), plain=True)
    for x in (0.77, 0.88):
        pen.stroke(((x, 0.2), (x, 0.6)), 0.01, (140, 140, 140), plain=True)
    pen.box(0.75, 0.59, 0.9, 0.62, (206, 150, 130))


PLACE_TABLE: dict[str, Callable[[Pen, Random, bool], None]] = {
    "kitchen": kitchen,
    "park": park,
    "beach": beach,
    "street": street,
    "classroom": classroom,
    "playground": playground,
}
PLACES = tuple(PLACE_TABLE)


@lru_cache(maxsize=16384)
def tint(light: RGB, pale: float, colour: RGB) -> RGB:
    """The colour in a style and a light; a pale one is mixed with a light grey."""
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    r, g, b = (
        int(((c * 0.85 + grey * 0.15) * (1 - pale) + 250 * pale if pale else c) * part / 100)
        for c, part in zip(colour, light, strict=True)
    )
    return r, g, b


@lru_cache(maxsize=1024)
def background(place: str, time: str, style: str, size: int, variant: int) -> Image.Image:
    """A place's picture before anyone is in it; kept, so copy it before drawing on it."""
    drawn = STYLE_TABLE[style]
    image = Image.new("RGB", (size, size))
    light = TIME_TABLE[time][1]
    line = tint(light, drawn.haze, (132, 128, 134)) if drawn.line else None
    pen = Pen(image, partial(tint, light, drawn.haze), line)
    pen.weight = max(1, size // 128)
    PLACE_TABLE[place](pen, Random(variant), time == "night")
    return image


@lru_cache(maxsize=32)
def grain(size: int, strength: float, variant: int) -> Image.Image:
    """Paper: fine noise and horizontal fibres, to multiply with."""
    rng = np.random.default_rng(variant)
    noise = (
        rng.normal(0, 0.5, (size, size))
        + np.repeat(rng.normal(0, 0.5, (size, size // 8 + 1)), 8, 1)[:, :size]
    )
    sheet = 255 * (1 - strength * np.clip(0.5 + noise / 2, 0, 1.6))
    return Image.fromarray(sheet.astype(np.uint8)).convert("RGB")
