"""A sheet of the embedded world, for people to look at."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from unrelate.microworld.sampler import tuples
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import ALL_STYLES, picture, vocabulary

_COLUMNS, _SIZE, _LABEL = 7, 160, 18


def contact_sheet(seed: int = 0) -> Image.Image:
    """Rows of scenes: every relation by every actor, every place by day and night, every style."""
    rng = random.Random(seed)
    words, world = vocabulary(), tuples()
    actors, places = words.concrete("actors"), list(words.contexts["place"])
    cells: list[tuple[str, Scene]] = []

    def add(
        label: str, *figures: Figure, place: str | None = None, time: str = "day", style: str = "flat"
    ) -> None:
        cells.append((label, Scene(figures, place or rng.choice(places), time, style, rng.getrandbits(31))))

    def some(actor: str | None = None, relation: str | None = None) -> Figure:
        chosen = rng.choice([t for t in world if actor in (None, t.actor) and relation in (None, t.relation)])
        return Figure(chosen.actor, chosen.relation, chosen.object)

    for relation in words.concepts("relations"):
        for actor in actors:
            add(f"{actor} {relation}", some(actor, relation))
    for time in ("day", "night"):
        for place in places:
            add(f"{place}, {time}", some(), place=place, time=time)
        add("two actors", some(), some(), time=time)
    for style in ALL_STYLES:
        add(style, some(), style=style)
    rows = -(-len(cells) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _SIZE, rows * (_SIZE + _LABEL)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (label, scene) in enumerate(cells):
        x, y = number % _COLUMNS * _SIZE, number // _COLUMNS * (_SIZE + _LABEL)
        sheet.paste(picture(scene, _SIZE), (x, y))
        pen.text((x + 4, y + _SIZE + 3), label, fill="black")
    return sheet
