"""The actors: their build, their clothes and heads, and the limbs that take any pose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .scene import RGB, Pen, Point, elbow

COLOUR_TABLE: dict[str, RGB] = {
    "red": (216, 40, 44),
    "blue": (40, 92, 208),
    "green": (34, 150, 66),
    "yellow": (246, 200, 28),
    "purple": (138, 58, 178),
}
COLOURS = tuple(COLOUR_TABLE)
SKINS: tuple[RGB, ...] = ((250, 214, 184), (236, 188, 148), (206, 150, 108), (156, 104, 70))
HAIRS: tuple[RGB, ...] = ((44, 30, 26), (84, 50, 26), (132, 78, 32), (168, 70, 28))
DARK: RGB = (36, 30, 38)
SHOE: RGB = (54, 42, 46)
WHITE: RGB = (250, 250, 250)
METAL: RGB = (150, 158, 168)


def shade(colour: RGB, by: float) -> RGB:
    """The colour, darkened."""
    return (int(colour[0] * by), int(colour[1] * by), int(colour[2] * by))


@dataclass(frozen=True)
class Look:
    """The colours one figure wears."""

    skin: RGB
    hair: RGB
    cloth: RGB

    @classmethod
    def pick(cls, actor: str, colour: str | None, rng: Random) -> Look:
        """The seed's choice; the clothing colour only where none is asked for."""
        skin, hair, cloth = rng.choice(SKINS), rng.choice(HAIRS), rng.choice(COLOURS)
        if skin in SKINS[2:]:
            hair = HAIRS[0]
        if actor == "elder":
            hair = rng.choice(((244, 244, 246), (214, 216, 222)))
        elif actor == "dog":
            skin = rng.choice(((206, 150, 88), (188, 128, 70), (222, 176, 118)))
            hair = shade(skin, 0.5)
        elif actor == "robot":
            skin, hair = METAL, (96, 104, 116)
        return cls(skin, hair, COLOUR_TABLE[colour or cloth])


@dataclass(frozen=True)
class Pose:
    """Where hands, foot and object go, seen from the feet; the figure faces right."""

    near: Point
    far: Point
    foot: Point | None = None  # the near foot, where it is off the ground
    thing: Point = (0.0, 0.0)  # the object's middle
    turn: float = 0.0  # and its angle
    tilt: float = 0.0  # of the head
    gape: bool = False  # an open mouth
    behind: bool = False  # the arms pass behind the head


@dataclass(frozen=True)
class Actor:
    """A build, in parts of the canvas with y up from the feet, and how torso and head are drawn."""

    torso: Callable[[Pen, Actor, Look], None]
    face: Callable[[Pen, Look, bool], None]
    height: float
    head: float  # radius
    shoulder: float  # height
    hip: float  # height
    width: float  # half of it, at the shoulders
    limb: float  # thickness
    lean: float = 0.0  # how far head and shoulders are forward
    sleeve: str = "cloth"  # which colour of the look the arms have
    legs: RGB | None = None  # None: bare
    stick: bool = False

    @property
    def head_at(self) -> Point:
        return (self.lean * 1.4, -(self.height - self.head))

    @property
    def mouth(self) -> Point:
        return (self.head_at[0] + self.head * 0.5, self.head_at[1] + self.head * 0.5)

    def rest(self, side: float) -> Point:
        """Where a hand hangs."""
        return (side * (self.width + 0.045) + self.lean, -self.hip + 0.01)


def _face(pen: Pen, gape: bool, eye: float = 0.15) -> None:
    pen = pen.bare()
    for x in (-0.12, 0.56):
        pen.ellipse(x, -0.08, eye * 0.85, eye, DARK)
    if gape:
        pen.ellipse(0.42, 0.5, 0.24, 0.24, (120, 24, 34))
    else:
        pen.stroke(((0.0, 0.42), (0.22, 0.54), (0.48, 0.44)), 0.11, (150, 40, 44), plain=True)


def man_face(pen: Pen, look: Look, gape: bool) -> None:
    pen.ellipse(0, 0, 0.95, 1, look.skin)
    pen.arc(0, -0.02, 1.02, 1.08, 203, 337, look.hair)
    pen.arc(0, 0.1, 0.98, 1.08, 24, 156, look.hair)
    _face(pen, gape)
    pen.bare().polygon(((-0.3, 0.42), (0.22, 0.14), (0.76, 0.42), (0.22, 0.36)), look.hair)


def woman_face(pen: Pen, look: Look, gape: bool) -> None:
    pen.ellipse(0.06, 0.04, 0.86, 0.95, look.skin)
    pen.arc(0, -0.12, 1.1, 1.0, 164, 328, look.hair)
    pen.arc(0, -0.12, 1.1, 1.0, 262, 376, look.hair)
    _face(pen, gape, 0.17)


def elder_face(pen: Pen, look: Look, gape: bool) -> None:
    for x in (-0.92, 0.86):
        pen.ellipse(x, 0.0, 0.34, 0.5, look.hair)
    pen.ellipse(0, 0, 0.93, 1, look.skin)
    pen.arc(-0.05, -0.5, 0.9, 0.6, 180, 360, look.hair)
    _face(pen, gape)
    bare = pen.bare()
    bare.box(-0.9, -0.14, 0.6, -0.04, DARK)
    for x in (-0.22, 0.56):
        bare.ellipse(x, -0.06, 0.37, 0.37, DARK)
        bare.ellipse(x, -0.06, 0.26, 0.26, (222, 238, 248))
        bare.ellipse(x + 0.06, -0.06, 0.1, 0.12, DARK)


def child_face(pen: Pen, look: Look, gape: bool) -> None:
    pen.ellipse(0, 0.05, 0.95, 0.95, look.skin)
    cap = shade(look.cloth, 0.8)
    pen.arc(-0.04, -0.22, 1.02, 0.92, 180, 360, cap)
    pen.polygon(((0.1, -0.44), (1.0, -0.44), (1.7, -0.2), (1.6, -0.08), (0.1, -0.16)), cap)
    _face(pen, gape)


def toddler_face(pen: Pen, look: Look, gape: bool) -> None:
    pen.ring(0.02, -1.08, 0.2, 0.2, 90, 400, 0.13, look.hair)
    pen.ellipse(0, 0, 1.06, 0.97, look.skin)
    for x in (-0.34, 0.78):
        pen.bare().ellipse(x, 0.34, 0.16, 0.12, (240, 130, 120))
    _face(pen, gape, 0.19)


def dog_face(pen: Pen, look: Look, gape: bool) -> None:
    pen.ellipse(0, 0, 0.95, 0.95, look.skin)
    for x, angle in ((-0.92, 16), (0.78, -16)):
        pen.at(x, 0.12, 1, angle).ellipse(0, 0, 0.34, 0.76, look.hair)
    pen.ellipse(0.46, 0.42, 0.66, 0.44, (246, 232, 208))
    pen.ellipse(0.74, 0.22, 0.25, 0.19, DARK)
    for x in (-0.16, 0.42):
        pen.ellipse(x, -0.24, 0.14, 0.18, DARK)
    if gape:
        pen.ellipse(0.5, 0.64, 0.28, 0.18, (170, 40, 50))


def robot_face(pen: Pen, look: Look, gape: bool) -> None:
    pen.stroke(((0, -0.8), (0, -1.35)), 0.14, look.hair)
    pen.ellipse(0, -1.42, 0.24, 0.24, (230, 50, 50))
    for x in (-1.1, 1.1):
        pen.box(x - 0.18, -0.25, x + 0.18, 0.3, look.hair)
    pen.box(-1.0, -0.9, 1.0, 0.95, look.skin)
    for x in (-0.38, 0.5):
        pen.box(x - 0.27, -0.5, x + 0.27, -0.02, (250, 240, 120))
        pen.box(x - 0.08, -0.36, x + 0.12, -0.12, DARK)
    pen.box(-0.5, 0.34, 0.66, 0.78 if gape else 0.58, DARK)


def shirt(pen: Pen, a: Actor, look: Look) -> None:
    w, n, top, hem = a.width, a.lean, -a.shoulder, -a.hip + 0.02
    pen.polygon(((n - w, top), (n + w, top), (w * 0.86, hem), (-w * 0.86, hem)), look.cloth)
    if a.legs:
        pen.box(-w * 0.86, -a.hip - 0.01, w * 0.86, -a.hip + 0.045, a.legs)


def dress(pen: Pen, a: Actor, look: Look) -> None:
    w, waist, hem = a.width, -a.hip - 0.06, -a.hip * 0.42
    pen.polygon(((-w * 0.6, waist), (w * 0.6, waist), (w * 1.75, hem), (-w * 1.75, hem)), look.cloth)
    pen.polygon(((-w, -a.shoulder), (w, -a.shoulder), (w * 0.62, waist), (-w * 0.62, waist)), look.cloth)


def romper(pen: Pen, a: Actor, look: Look) -> None:
    pen.ellipse(0, -a.hip - 0.03, a.width * 1.2, 0.085, look.cloth)
    pen.box(-0.015, -a.hip - 0.06, 0.015, -a.hip - 0.03, WHITE)


def vest(pen: Pen, a: Actor, look: Look) -> None:
    pen.stroke(
        ((-a.width * 0.6, -a.hip), (-a.width - 0.08, -a.hip - 0.05), (-a.width - 0.1, -a.hip - 0.13)),
        0.042,
        look.hair,
    )
    pen.ellipse(0, -a.hip - 0.01, a.width * 0.95, 0.075, look.skin)
    shirt(pen, a, look)
    pen.polygon(((-0.03, -a.shoulder), (0.05, -a.shoulder), (0.01, -a.shoulder + 0.09)), (246, 232, 208))


def chest(pen: Pen, a: Actor, look: Look) -> None:
    w = a.width
    pen.box(-w, -a.shoulder - 0.015, w, -a.hip + 0.04, look.skin)
    pen.box(-w * 0.8, -a.shoulder + 0.01, w * 0.8, -a.hip + 0.01, look.cloth)
    pen.ellipse(0.03, -(a.shoulder + a.hip) / 2, 0.022, 0.022, WHITE)


ACTOR_TABLE: dict[str, Actor] = {
    "man": Actor(shirt, man_face, 0.63, 0.085, 0.455, 0.25, 0.105, 0.056, legs=(62, 62, 84)),
    "woman": Actor(dress, woman_face, 0.60, 0.082, 0.43, 0.25, 0.078, 0.044, sleeve="skin"),
    "elder": Actor(
        shirt, elder_face, 0.56, 0.08, 0.40, 0.23, 0.095, 0.05, lean=0.035, legs=(112, 100, 88), stick=True
    ),
    "child": Actor(shirt, child_face, 0.45, 0.085, 0.275, 0.14, 0.08, 0.046, sleeve="skin"),
    "toddler": Actor(romper, toddler_face, 0.35, 0.12, 0.135, 0.06, 0.075, 0.044),
    "dog": Actor(vest, dog_face, 0.53, 0.092, 0.35, 0.17, 0.1, 0.054, sleeve="skin"),
    "robot": Actor(
        chest, robot_face, 0.57, 0.088, 0.385, 0.19, 0.115, 0.05, sleeve="hair", legs=(96, 104, 116)
    ),
}
ACTORS = tuple(ACTOR_TABLE)


def _leg(pen: Pen, a: Actor, look: Look, side: float, foot: Point) -> None:
    hip = (side * a.width * 0.48, -a.hip)
    pen.stroke((hip, foot), a.limb * 1.15, a.legs or look.skin)
    if a.face is child_face:
        knee = ((hip[0] + foot[0]) / 2, (hip[1] + foot[1]) / 2)
        pen.stroke((hip, knee), a.limb * 1.7, (70, 78, 120))
    pen.ellipse(foot[0] + 0.016, foot[1] + 0.012, 0.046, 0.024, look.skin if a.face is dog_face else SHOE)


def draw_arm(pen: Pen, a: Actor, look: Look, side: float, hand: Point) -> None:
    """The near (1) or far (-1) arm, reaching for the hand's place however far that is."""
    colour = {"cloth": shade(look.cloth, 0.78), "skin": look.skin, "hair": look.hair}[a.sleeve]
    start = (side * a.width * 0.88 + a.lean, -a.shoulder + 0.025)
    across, down = hand[0] - start[0], hand[1] - start[1]
    if abs(across) > abs(down):
        bend = 1.0 if across > 0 else -1.0  # the elbow hangs
    else:
        bend = -side if down > 0 else side  # the elbow points outwards
    pen.stroke((start, elbow(start, hand, (a.shoulder - a.hip) * 0.9 + 0.03, bend), hand), a.limb, colour)
    pen.ellipse(*hand, a.limb * 0.6, a.limb * 0.6, look.skin)


def draw_body(pen: Pen, a: Actor, look: Look, pose: Pose) -> None:
    """Everything but the near arm, which goes over the object."""
    if a.stick:
        x = min(pose.far[0], -a.width - 0.05) - 0.01
        pen.ring(x + 0.03, -a.hip - 0.02, 0.03, 0.03, 180, 360, 0.024, (98, 58, 26))
        pen.stroke(((x, 0), (x, -a.hip - 0.02)), 0.024, (98, 58, 26))
    if a.face is woman_face:
        locks = ((-1.05, -0.3), (1.0, -0.3), (1.2, 2.1), (0.5, 2.3), (-0.9, 2.3), (-1.5, 2.0))
        pen.at(*a.head_at, a.head).polygon(locks, look.hair)
    if pose.behind:
        draw_arm(pen, a, look, 1, pose.near)
    draw_arm(pen, a, look, -1, pose.far)
    _leg(pen, a, look, -1, (-a.width * 0.6, -0.034))
    if pose.foot is None:
        _leg(pen, a, look, 1, (a.width * 0.6, -0.034))
    a.torso(pen, a, look)
    if pose.foot is not None:
        _leg(pen, a, look, 1, pose.foot)
    if a.face is not toddler_face:
        pen.box(a.lean * 1.2 - 0.025, -a.shoulder - 0.03, a.lean * 1.2 + 0.025, -a.shoulder + 0.01, look.skin)
    a.face(pen.at(*a.head_at, a.head, pose.tilt), look, pose.gape)
