"""Scenes as pictures: `draw` composes place, actors and objects from the scene alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from math import cos, radians, sin
from random import Random

import numpy as np
from PIL import Image, ImageChops

from ..errors import UserError
from .actors import ACTOR_TABLE, ACTORS, COLOURS, Actor, Look, Pose, draw_arm, draw_body
from .objects import GRIPS, HALF_WIDTHS, LIQUIDS, OBJECT_TABLE, OBJECTS, WATER
from .places import GROUND, PLACES, STYLE_TABLE, STYLES, TIME_TABLE, TIMES, background, grain, tint
from .scene import Figure, Pen, Point, Scene

THING = 0.30  # an object's size next to one figure of scale 1
PAIR = 0.79  # the scale of figures and objects where there are two
VARIANTS = 8  # backgrounds of each kind


@dataclass(frozen=True)
class Held:
    """An object as a pose sees it: its size, where it is gripped, half its width at a bite."""

    size: float
    grip: Point
    half: float

    def on(self, centre: Point, turn: float, spot: Point) -> Point:
        """Where a spot of the object's own box lies once it is put at `centre`, turned."""
        u, v = cos(radians(turn)) * self.size, sin(radians(turn)) * self.size
        return (centre[0] + spot[0] * u - spot[1] * v, centre[1] + spot[0] * v + spot[1] * u)


def _standing(a: Actor, t: Held, bend: float) -> Pose:
    return Pose(a.rest(1), a.rest(-1))


def _drinking(a: Actor, t: Held, bend: float) -> Pose:
    turn = -52 + bend
    x, y = a.mouth
    spot = t.on((0, 0), turn, (0, -0.46))
    centre = (x + 0.01 - spot[0], y - spot[1])
    return Pose(t.on(centre, turn, t.grip), a.rest(-1), thing=centre, turn=turn, tilt=-14, gape=True)


def _eating(a: Actor, t: Held, bend: float) -> Pose:
    x, y = a.mouth
    centre = (x + t.half * t.size - 0.012, y + 0.02)
    hands = t.on(centre, 0, (t.half, 0.3)), t.on(centre, 0, (-t.half * 0.7, 0.42))
    return Pose(*hands, thing=centre, turn=bend / 3, gape=True)


def _holding(a: Actor, t: Held, bend: float) -> Pose:
    height = max(a.hip + 0.06, t.size * 0.5 + 0.1)
    centre = (
        max(a.width + 0.1, a.lean + a.head + 0.03) - t.grip[0] * t.size * 0.4 + t.size * t.half,
        -height,
    )
    return Pose(t.on(centre, bend, t.grip), a.rest(-1), thing=centre, turn=bend)


def _pouring(a: Actor, t: Held, bend: float) -> Pose:
    turn = 128 + bend
    centre = (max(a.width, a.head) + 0.06 + t.size * 0.5, -max(a.shoulder + 0.05, 0.38))
    return Pose(t.on(centre, turn, (0, 0.3)), a.rest(-1), thing=centre, turn=turn)


def _throwing(a: Actor, t: Held, bend: float) -> Pose:
    centre = (a.head + 0.17 + t.size * 0.5, -max(a.height + 0.02, 0.46))
    hand = (a.head + 0.09, -a.height + a.head * 0.9)
    return Pose(hand, (-a.width - 0.1, -a.shoulder + 0.05), thing=centre, turn=28 + bend, tilt=-8)


def _next_to(a: Actor, t: Held, bend: float) -> Pose:
    return Pose(a.rest(1), a.rest(-1), thing=(a.width + 0.12 + t.size * 0.5, -t.size * 0.5))


def _kicking(a: Actor, t: Held, bend: float) -> Pose:
    foot = (a.width + 0.07 + a.hip * 0.3, -0.05 - a.hip * 0.3)
    centre = (foot[0] + 0.06 + t.size * 0.5, -t.size * 0.5 - 0.05)
    hands = (a.width + 0.07, -a.shoulder - 0.01), (-a.width - 0.09, -a.shoulder + 0.02)
    return Pose(*hands, foot=foot, thing=centre, turn=18 + bend)


def _lifting(a: Actor, t: Held, bend: float) -> Pose:
    centre = (a.lean, -a.height - t.size * 0.5 - 0.012)
    reach = a.head + 0.045
    hands = (a.lean + reach, -a.height - 0.012), (a.lean - reach, -a.height - 0.012)
    return Pose(*hands, thing=centre, turn=bend / 3, behind=True)


POSE_TABLE: dict[str, Callable[[Actor, Held, float], Pose]] = {
    "drinking": _drinking,
    "eating": _eating,
    "holding": _holding,
    "pouring": _pouring,
    "throwing": _throwing,
    "next_to": _next_to,
    "kicking": _kicking,
    "lifting": _lifting,
}
RELATIONS = tuple(POSE_TABLE)


def _streaks(pen: Pen, pose: Pose, t: Held, direction: float) -> None:
    """Motion lines behind an object that flies off at `direction` degrees."""
    pen = pen.at(*pose.thing, t.size, direction)
    for y, near, far in ((-0.42, -0.4, -0.78), (0.0, -0.56, -0.86), (0.42, -0.4, -0.78)):
        pen.stroke(((near, y), (far, y)), 0.075, (70, 70, 84), plain=True)


def _before(pen: Pen, figure: Figure, pose: Pose, t: Held) -> None:
    """What a relation adds behind the object."""
    if figure.relation == "pouring":
        x, y = t.on(pose.thing, pose.turn, (-0.1, -0.4))
        liquid = LIQUIDS.get(figure.object or "", WATER)
        pen.stroke(((x, y), (x + 0.03, y + 0.06), (x + 0.03, -0.01)), 0.05, liquid)
        pen.ellipse(x + 0.03, -0.005, 0.12, 0.03, liquid)
    elif figure.relation == "throwing":
        _streaks(pen, pose, t, -20)
    elif figure.relation == "kicking":
        _streaks(pen, pose, t, -8)


def _bite(image: Image.Image, under: Image.Image, pen: Pen, t: Held, pose: Pose) -> None:
    """Takes a bite out of the object's near side, down to the picture under it."""
    mouth = (pose.thing[0] - t.half * t.size, pose.thing[1] - 0.015)
    for dx, dy, r in ((0.0, -0.035, 0.045), (0.012, 0.03, 0.05)):
        ((x, y),) = pen.place(((mouth[0] + dx, mouth[1] + dy),))
        r *= pen.scale
        spot = (int(x - r), int(y - r))
        disc = _disc(max(2, int(2 * r)))
        image.paste(under.crop((*spot, spot[0] + disc.width, spot[1] + disc.height)), spot, disc)


def _crumbs(pen: Pen, pose: Pose, t: Held) -> None:
    pen = pen.bare()
    x, y = pose.thing[0] - t.half * t.size * 0.4, min(pose.thing[1] + t.size * 0.5, -0.1)
    for dx, dy in ((-0.05, 0.04), (0.01, 0.06), (0.06, 0.03), (-0.01, 0.11), (0.08, 0.1)):
        pen.ellipse(x + dx, y + dy, 0.014, 0.014, (176, 128, 72))


@lru_cache(maxsize=64)
def _disc(width: int) -> Image.Image:
    """A round mask."""
    inside = np.hypot(*np.mgrid[-1 : 1 : width * 1j, -1 : 1 : width * 1j]) <= 1
    return Image.fromarray((inside * 255).astype(np.uint8))


@dataclass(frozen=True)
class Slot:
    """The part of the canvas a figure has to itself, and the luck of its seed there."""

    left: float
    right: float
    mirror: bool  # the object is on the figure's left
    scale: float
    sway: float  # from -1 to 1: sideways
    bend: float  # degrees
    ground: float

    @classmethod
    def pick(cls, left: float, right: float, mirror: bool, alone: bool, rng: Random) -> Slot:
        if right - left < 0.9:
            scale = PAIR * rng.uniform(0.93, 1.03)
        else:
            scale = (1.3 if alone else 1.0) * rng.uniform(0.9, 1.1)
        sway, bend = rng.uniform(-1, 1), rng.uniform(-9, 9)
        return cls(left, right, mirror, scale, sway, bend, GROUND + rng.uniform(-0.015, 0.02))

    def at(self, pen: Pen, start: float, end: float, top: float) -> Pen:
        """A pen at the feet of what reaches from start to end and up to top, made to fit."""
        width = self.right - self.left
        scale = min(self.scale, (self.ground - 0.005) / top, (width - 0.01) / (end - start))
        room = (width - (end - start) * scale) / 2 - 0.005
        middle = (self.left + self.right) / 2 + self.sway * min(0.2 if start == -end else 0.12, room)
        shift = (start + end) / 2 * scale
        return pen.at(middle + shift if self.mirror else middle - shift, self.ground, scale, 0, self.mirror)


def _reach(actor: Actor, pose: Pose, relation: str | None) -> tuple[float, float, float]:
    """How far a figure with its object reaches: backwards, forwards and up from its feet."""
    start = min(pose.far[0], -actor.width - 0.045) - (0.05 if actor.stick else 0.035)
    end = max(actor.width + 0.07, actor.lean + actor.head + 0.03)
    top = actor.height + 0.06  # the antenna, the curl
    if relation:
        spill = 0.06 if relation == "pouring" else 0.0
        end, top = max(end, pose.thing[0] + THING / 2) + spill, max(top, THING / 2 - pose.thing[1])
    return start, end, top


def _figure(image: Image.Image, pen: Pen, figure: Figure, slot: Slot, rng: Random) -> None:
    """One figure in its slot: the body, then the object, then the arm that holds it."""
    thing = figure.object or OBJECTS[0]
    if figure.actor is None:
        pen = slot.at(pen, -THING / 2, THING / 2, THING)
        OBJECT_TABLE[thing](pen.at(0, -THING / 2, THING, slot.bend / 3))
        return
    actor = ACTOR_TABLE[figure.actor]
    look = Look.pick(figure.actor, figure.colour, rng)
    t = Held(THING, GRIPS[thing], HALF_WIDTHS[thing])
    pose = (POSE_TABLE[figure.relation] if figure.relation else _standing)(actor, t, slot.bend)
    pen = slot.at(pen, *_reach(actor, pose, figure.relation))
    body = pen
    if figure.relation in ("kicking", "next_to", None):  # no contact to lose: the body may sway
        body = pen.at(0, 0, 1, slot.bend / 5 - (7 if figure.relation == "kicking" else 0))
    draw_body(body, actor, look, pose)
    if figure.relation:
        under = image.copy() if figure.relation == "eating" else image
        _before(pen, figure, pose, t)
        OBJECT_TABLE[thing](pen.at(*pose.thing, THING, pose.turn))
        if figure.relation == "eating":
            _bite(image, under, pen, t, pose)
            _crumbs(pen, pose, t)
            draw_arm(pen, actor, look, -1, pose.far)
    if not pose.behind:
        draw_arm(body, actor, look, 1, pose.near)


def _allowed(what: str, name: str | None, names: tuple[str, ...]) -> None:
    if name not in names:
        raise UserError(f"{what} {name!r}", ", ".join(names), f"use one of the {what}s above")


def check(scene: Scene) -> None:
    """Raises UserError (a ValueError) on what cannot be drawn, naming what can."""
    _allowed("place", scene.place, PLACES)
    _allowed("time", scene.time, TIMES)
    _allowed("style", scene.style, STYLES)
    if len(scene.figures) not in (1, 2):
        raise UserError(f"{len(scene.figures)} figures", "one or two figures", "draw fewer, or one")
    for figure in scene.figures:
        if figure.actor or figure.relation:
            _allowed("actor", figure.actor, ACTORS)
        if figure.relation:
            _allowed("relation", figure.relation, RELATIONS)
        if figure.object or figure.relation or not figure.actor:
            _allowed("object", figure.object, OBJECTS)
        if figure.colour:
            _allowed("colour", figure.colour, COLOURS)


def draw(scene: Scene, size: int = 128) -> Image.Image:
    """The picture of a scene, `size` pixels wide and high; the same scene gives the same picture."""
    check(scene)
    rng = Random(scene.seed)
    style = STYLE_TABLE[scene.style]
    image = background(scene.place, scene.time, scene.style, size, rng.randrange(VARIANTS)).copy()
    pen = Pen(image, partial(tint, TIME_TABLE[scene.time][0], style.pale), style.line)
    if len(scene.figures) == 1:
        parts = [(0.0, 1.0, rng.random() < 0.5)]
    else:  # each object on the outer side of its figure, so that it is plain whose it is
        parts = [(0.0, 0.5, True), (0.5, 1.0, False)]
    for figure, part in zip(scene.figures, parts, strict=True):
        alone = figure.actor is None or figure.relation is None
        _figure(image, pen, figure, Slot.pick(*part, alone, rng), rng)
    if style.grain:
        image = ImageChops.multiply(image, grain(size, style.grain, rng.randrange(VARIANTS)))
    return image
