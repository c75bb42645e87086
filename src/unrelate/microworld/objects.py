"""The objects, each drawn in the box from -0.5 to 0.5 (y down) and standing on its lower edge."""

from __future__ import annotations

from collections.abc import Callable

from .scene import RGB, Pen, Point

GLASS: RGB = (190, 216, 236)
GLASS_EDGE: RGB = (120, 152, 180)
WHITE: RGB = (252, 252, 250)
WOOD: RGB = (158, 98, 46)
STEEL: RGB = (98, 106, 120)
SHINE: RGB = (214, 222, 230)
DARK: RGB = (40, 34, 38)


def _foot(pen: Pen) -> None:
    """The stem and base of a stemmed glass."""
    pen.box(-0.04, 0.05, 0.04, 0.44, GLASS_EDGE)
    pen.ellipse(0, 0.45, 0.26, 0.06, GLASS_EDGE)


def wine(pen: Pen) -> None:
    _foot(pen)
    pen.arc(0, -0.17, 0.33, 0.34, -50, 230, GLASS)
    pen.arc(0, -0.15, 0.31, 0.3, -12, 192, (146, 14, 44))


def beer(pen: Pen) -> None:
    pen.ring(-0.2, 0.12, 0.24, 0.21, 80, 280, 0.09, (208, 168, 90))
    pen.box(-0.2, -0.28, 0.42, 0.5, (236, 164, 24))
    pen.box(-0.06, -0.1, 0.04, 0.4, (252, 206, 96))
    pen.box(0.18, -0.1, 0.28, 0.4, (252, 206, 96))
    for x, y, r in ((-0.16, -0.3, 0.14), (0.38, -0.3, 0.14), (0.11, -0.34, 0.16)):
        pen.ellipse(x, y, r, r, WHITE)
    pen.box(-0.2, -0.32, 0.42, -0.18, WHITE)


def cocktail(pen: Pen) -> None:
    _foot(pen)
    pen.polygon(((-0.5, -0.34), (0.5, -0.34), (0, 0.14)), GLASS)
    pen.polygon(((-0.37, -0.26), (0.37, -0.26), (0, 0.09)), (64, 196, 170))
    pen.stroke(((-0.1, -0.1), (0.22, -0.46)), 0.035, WOOD, plain=True)
    pen.arc(0.24, -0.34, 0.25, 0.17, 170, 390, (240, 96, 150))
    pen.ellipse(-0.12, -0.2, 0.1, 0.1, (98, 128, 30))
    pen.ellipse(-0.15, -0.21, 0.04, 0.04, (214, 40, 40))


def milk(pen: Pen) -> None:
    pen.box(-0.29, -0.14, 0.29, 0.5, WHITE)
    pen.polygon(((-0.29, -0.14), (0.29, -0.14), (0.17, -0.38), (-0.17, -0.38)), (92, 148, 220))
    pen.box(-0.19, -0.5, 0.19, -0.38, (48, 96, 180))
    pen.box(-0.29, 0.24, 0.29, 0.5, (92, 148, 220))
    pen.ellipse(0.0, 0.06, 0.14, 0.12, (48, 96, 180))


def juice(pen: Pen) -> None:
    pen.stroke(((-0.02, 0.2), (-0.1, -0.46), (-0.28, -0.46)), 0.07, (226, 50, 60))
    pen.polygon(((-0.28, -0.26), (0.28, -0.26), (0.2, 0.5), (-0.2, 0.5)), GLASS)
    pen.polygon(((-0.26, -0.14), (0.26, -0.14), (0.19, 0.46), (-0.19, 0.46)), (255, 146, 20))
    pen.ellipse(0.27, -0.26, 0.19, 0.19, (244, 118, 8))
    pen.ellipse(0.27, -0.26, 0.13, 0.13, (255, 214, 120))


def hamburger(pen: Pen) -> None:
    bun = (222, 146, 60)
    pen.polygon(((-0.46, 0.28), (0.46, 0.28), (0.4, 0.5), (-0.4, 0.5)), bun)
    pen.box(-0.48, 0.16, 0.48, 0.32, (92, 48, 24))
    pen.polygon(
        ((-0.46, 0.12), (0.46, 0.12), (0.3, 0.24), (0.1, 0.14), (-0.14, 0.25), (-0.34, 0.14)), (255, 206, 50)
    )
    pen.polygon(
        (
            (-0.5, 0.02),
            (0.5, 0.02),
            (0.46, 0.14),
            (0.3, 0.08),
            (0.14, 0.15),
            (0, 0.08),
            (-0.16, 0.15),
            (-0.32, 0.08),
            (-0.46, 0.14),
        ),
        (96, 186, 56),
    )
    pen.arc(0, 0.05, 0.48, 0.46, 180, 360, bun)
    for x, y in ((-0.22, -0.17), (0.02, -0.27), (0.24, -0.15)):
        pen.ellipse(x, y, 0.05, 0.035, (255, 240, 200))


def apple(pen: Pen) -> None:
    red = (212, 28, 36)
    pen.ellipse(-0.17, 0.12, 0.29, 0.36, red)
    pen.ellipse(0.17, 0.12, 0.29, 0.36, red)
    pen.stroke(((0, -0.14), (0.04, -0.44)), 0.07, (92, 56, 24))
    pen.at(0.22, -0.36, 1, -25).ellipse(0, 0, 0.2, 0.09, (70, 160, 46))
    pen.ellipse(-0.24, 0.0, 0.07, 0.1, (250, 150, 140))


def cake(pen: Pen) -> None:
    for x in (-0.18, 0, 0.18):
        pen.box(x - 0.03, -0.36, x + 0.03, -0.1, (70, 130, 220))
        pen.ellipse(x, -0.42, 0.055, 0.08, (255, 170, 20))
    pen.box(-0.47, 0.16, 0.47, 0.5, (146, 84, 48))
    pen.box(-0.3, -0.14, 0.3, 0.16, (146, 84, 48))
    pen.polygon(
        (
            (-0.47, 0.14),
            (0.47, 0.14),
            (0.47, 0.32),
            (0.3, 0.24),
            (0.14, 0.34),
            (-0.04, 0.24),
            (-0.22, 0.34),
            (-0.36, 0.24),
            (-0.47, 0.32),
        ),
        (255, 196, 214),
    )
    pen.polygon(
        ((-0.3, -0.16), (0.3, -0.16), (0.3, 0.02), (0.14, -0.05), (0, 0.04), (-0.14, -0.05), (-0.3, 0.02)),
        (255, 240, 244),
    )


def hammer(pen: Pen) -> None:
    pen.box(-0.07, -0.26, 0.07, 0.5, WOOD)
    pen.box(-0.28, -0.44, 0.16, -0.18, STEEL)
    pen.bare().box(-0.22, -0.39, 0.14, -0.29, SHINE)
    pen.box(-0.42, -0.5, -0.24, -0.12, (64, 70, 84))
    pen.polygon(((0.14, -0.44), (0.3, -0.42), (0.5, -0.16), (0.26, -0.24), (0.14, -0.18)), STEEL)


def saw(pen: Pen) -> None:
    pen = pen.at(0, 0, 1.12, -38)
    teeth = [(0.52 - 0.12 * i / 2, 0.07 + 0.015 * i + (0.08 if i % 2 else 0.0)) for i in range(12)]
    pen.polygon(((-0.22, -0.16), (0.54, -0.07), *teeth, (-0.22, 0.2)), STEEL)
    pen.bare().polygon(((-0.2, -0.07), (0.48, -0.01), (0.46, 0.06), (-0.2, 0.16)), SHINE)
    pen.ring(-0.34, 0.02, 0.14, 0.18, 0, 360, 0.1, (176, 84, 30))


def ball(pen: Pen) -> None:
    wedges: tuple[RGB, ...] = ((226, 44, 48), WHITE, (38, 96, 206), WHITE, (250, 196, 30), WHITE)
    for i, colour in enumerate(wedges):
        pen.arc(0, 0.02, 0.47, 0.47, 60 * i - 20, 60 * i + 40, colour, pie=True)
    pen.ellipse(0, 0.02, 0.11, 0.11, WHITE)


def teddy(pen: Pen) -> None:
    fur, pale = (170, 110, 58), (232, 194, 144)
    for side in (-1, 1):
        pen.ellipse(side * 0.24, -0.4, 0.11, 0.1, fur)
        pen.ellipse(side * 0.24, -0.39, 0.05, 0.045, pale)
        pen.ellipse(side * 0.34, 0.08, 0.13, 0.1, fur)
        pen.ellipse(side * 0.24, 0.4, 0.15, 0.11, fur)
    pen.ellipse(0, 0.2, 0.27, 0.27, fur)
    pen.ellipse(0, 0.22, 0.16, 0.17, pale)
    pen.ellipse(0, -0.22, 0.28, 0.24, fur)
    pen.ellipse(0, -0.14, 0.13, 0.1, pale)
    pen.ellipse(0, -0.18, 0.05, 0.04, DARK)
    for side in (-1, 1):
        pen.ellipse(side * 0.13, -0.27, 0.04, 0.04, DARK)


OBJECT_TABLE: dict[str, Callable[[Pen], None]] = {
    "wine": wine,
    "beer": beer,
    "cocktail": cocktail,
    "milk": milk,
    "juice": juice,
    "hamburger": hamburger,
    "apple": apple,
    "cake": cake,
    "hammer": hammer,
    "saw": saw,
    "ball": ball,
    "teddy": teddy,
}
OBJECTS = tuple(OBJECT_TABLE)

GRIPS: dict[str, Point] = {  # where one hand holds it
    "wine": (0.0, 0.24),
    "beer": (-0.42, 0.12),
    "cocktail": (0.0, 0.26),
    "milk": (-0.26, 0.2),
    "juice": (-0.2, 0.22),
    "hamburger": (-0.4, 0.36),
    "apple": (-0.4, 0.24),
    "cake": (-0.44, 0.42),
    "hammer": (0.0, 0.34),
    "saw": (-0.3, 0.26),
    "ball": (-0.42, 0.2),
    "teddy": (-0.3, 0.2),
}

HALF_WIDTHS: dict[str, float] = {  # at the height of a bite
    "wine": 0.33,
    "beer": 0.24,
    "cocktail": 0.4,
    "milk": 0.29,
    "juice": 0.3,
    "hamburger": 0.48,
    "apple": 0.45,
    "cake": 0.36,
    "hammer": 0.4,
    "saw": 0.25,
    "ball": 0.46,
    "teddy": 0.28,
}

LIQUIDS: dict[str, RGB] = {  # what pours out of it; WATER out of anything else
    "wine": (158, 18, 50),
    "beer": (240, 172, 34),
    "cocktail": (40, 190, 160),
    "milk": (250, 250, 252),
    "juice": (255, 140, 16),
}
WATER: RGB = (60, 140, 226)
