"""What a scene is, and the pen that puts its shapes on a canvas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, hypot, radians, sin

from PIL import Image, ImageDraw

RGB = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """One actor, in a relation to one object."""

    actor: str | None  # None: the object alone
    relation: str | None = None  # None: the actor alone, standing
    object: str | None = None
    colour: str | None = None  # clothing colour; None: picked from the seed


@dataclass(frozen=True)
class Scene:
    """One or two figures, left to right, at a place."""

    figures: tuple[Figure, ...]
    place: str
    time: str = "day"
    style: str = "flat"
    seed: int = 0


@lru_cache(maxsize=256)
def _unit_arc(start: float, end: float) -> tuple[Point, ...]:
    """Points on the unit circle from start to end, in degrees (90 is down)."""
    steps = max(3, int(abs(end - start) / 20))
    turn = (end - start) / steps
    return tuple((cos(radians(start + turn * i)), sin(radians(start + turn * i))) for i in range(steps + 1))


class Pen:
    """Draws filled shapes in local coordinates (y down) through a similarity transform.

    `tint` maps every colour (style and light); `line`, when given, is the colour of the outlines.
    """

    __slots__ = ("draw", "line", "matrix", "scale", "tint", "weight")

    def __init__(self, image: Image.Image, tint: Callable[[RGB], RGB], line: RGB | None = None) -> None:
        size = image.height
        self.draw = ImageDraw.Draw(image)
        self.tint = tint
        self.line = line
        self.weight = max(1, round(size / 90))
        self.matrix = (float(size), 0.0, 0.0, float(size), 0.0, 0.0)
        self.scale = float(size)

    def at(self, x: float, y: float, scale: float = 1.0, angle: float = 0.0, mirror: bool = False) -> Pen:
        """A pen whose origin is at (x, y), scaled, then turned clockwise by `angle` degrees."""
        a, b, c, d, e, f = self.matrix
        u, v = scale * cos(radians(angle)), scale * sin(radians(angle))
        flip = -1.0 if mirror else 1.0
        pen = self._twin()
        pen.matrix = (
            flip * (a * u + c * v), flip * (b * u + d * v), c * u - a * v, d * u - b * v,
            a * x + c * y + e, b * x + d * y + f,
        )  # fmt: skip
        pen.scale = self.scale * scale
        return pen

    def lit(self) -> Pen:
        """A pen for what shines by itself: neither tinted nor outlined."""
        pen = self.bare()
        pen.tint = tuple
        return pen

    def bare(self) -> Pen:
        """A pen without outlines, for details."""
        pen = self._twin()
        pen.line = None
        return pen

    def _twin(self) -> Pen:
        pen = Pen.__new__(Pen)
        for name in Pen.__slots__:
            setattr(pen, name, getattr(self, name))
        return pen

    def place(self, points: Sequence[Point]) -> list[Point]:
        """Local points in pixels."""
        a, b, c, d, e, f = self.matrix
        return [(a * x + c * y + e, b * x + d * y + f) for x, y in points]

    def polygon(self, points: Sequence[Point], colour: RGB) -> None:
        """A filled polygon."""
        spots = self.place(points)
        self.draw.polygon(spots, self.tint(colour))
        if self.line:
            self.draw.line(spots + spots[:2], self.line, self.weight)

    def box(self, left: float, top: float, right: float, bottom: float, colour: RGB) -> None:
        """A filled rectangle."""
        self.polygon(((left, top), (right, top), (right, bottom), (left, bottom)), colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: RGB) -> None:
        """A filled ellipse around (x, y)."""
        a, b, c, d, e, f = self.matrix
        if b or c:
            arc = _unit_arc(0, 340)
            self.polygon([(x + rx * u, y + ry * v) for u, v in arc], colour)
            return
        px, py, qx, qy = a * x + e, d * y + f, abs(a) * rx, abs(d) * ry
        self.draw.ellipse((px - qx, py - qy, px + qx, py + qy), self.tint(colour), self.line, self.weight)

    def arc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        start: float,
        end: float,
        colour: RGB,
        pie: bool = False,
    ) -> None:
        """The part of an ellipse from `start` to `end` degrees (90 is down), cut by a chord or as a pie."""
        points = [(x + rx * u, y + ry * v) for u, v in _unit_arc(start, end)]
        self.polygon([*points, (x, y)] if pie else points, colour)

    def stroke(self, points: Sequence[Point], width: float, colour: RGB, plain: bool = False) -> None:
        """A thick path with round joints; `plain` leaves its outline and round ends out."""
        spots = self.place(points)
        if self.line and not plain:
            self._path(spots, width * self.scale + 2 * self.weight, self.line, True)
        self._path(spots, width * self.scale, self.tint(colour), not plain)

    def _path(self, spots: list[Point], width: float, colour: RGB, rounded: bool) -> None:
        self.draw.line(spots, colour, max(1, round(width)))
        if rounded and width > 2.5:
            r = width / 2 - 0.5
            for x, y in spots:
                self.draw.ellipse((x - r, y - r, x + r, y + r), colour)

    def ring(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, width: float, colour: RGB
    ) -> None:
        """A thick arc, such as a handle."""
        self.stroke([(x + rx * u, y + ry * v) for u, v in _unit_arc(start, end)], width, colour)


def elbow(shoulder: Point, hand: Point, length: float, side: float) -> Point:
    """Where an arm (or leg) of that length bends between its ends; `side` is 1 or -1."""
    dx, dy = hand[0] - shoulder[0], hand[1] - shoulder[1]
    reach = hypot(dx, dy) or 1e-6
    bend = max(0.0, length * length - reach * reach) ** 0.5 / 2
    return (
        (shoulder[0] + hand[0]) / 2 - side * bend * dy / reach,
        (shoulder[1] + hand[1]) / 2 + side * bend * dx / reach,
    )
