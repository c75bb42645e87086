"""Every scene can be drawn, the same scene always alike, and different scenes differ."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from unrelate.microworld.actors import ACTORS, COLOURS
from unrelate.microworld.draw import RELATIONS, THING, draw
from unrelate.microworld.objects import GRIPS, HALF_WIDTHS, OBJECTS
from unrelate.microworld.places import PLACES, STYLES, TIMES
from unrelate.microworld.scene import Figure, Scene


def pixels(*figures: Figure, place: str = "park", size: int = 128, **rest: object) -> np.ndarray:
    return np.asarray(draw(Scene(figures, place, **rest), size), dtype=float)  # type: ignore[arg-type]


@pytest.mark.parametrize("actor", ACTORS)
def test_every_relation_to_every_object_is_drawn(actor: str) -> None:
    for seed, (relation, thing) in enumerate(product(RELATIONS, OBJECTS)):
        image = draw(Scene((Figure(actor, relation, thing),), PLACES[seed % len(PLACES)], seed=seed))
        assert (image.size, image.mode) == ((128, 128), "RGB")


@pytest.mark.parametrize(("place", "time", "style"), [*product(PLACES, TIMES, STYLES)])
def test_every_place_holds_two_figures(place: str, time: str, style: str) -> None:
    figures = Figure("child", "kicking", "ball"), Figure("robot", "holding", "wine")
    assert pixels(*figures, place=place, time=time, style=style, size=256).shape == (256, 256, 3)


def test_the_same_scene_gives_the_same_picture_and_the_seed_another() -> None:
    figure = Figure("dog", "drinking", "milk")
    assert np.array_equal(pixels(figure, seed=3), pixels(figure, seed=3))
    assert not np.array_equal(pixels(figure, seed=3), pixels(figure, seed=4))


@pytest.mark.parametrize("style", STYLES)
def test_a_drawing_leaves_the_kept_background_alone(style: str) -> None:
    first = pixels(Figure("man"), style=style)
    pixels(Figure("woman", "eating", "cake"), style=style)
    assert np.array_equal(first, pixels(Figure("man"), style=style))


def apart(one: Figure, other: Figure) -> float:
    """The share of 64-pixel cells in which two figures of one seed plainly differ in brightness."""
    images = [draw(Scene((f,), "beach", seed=5)).convert("L").reduce(2) for f in (one, other)]
    return float((np.abs(np.subtract(*(np.asarray(i, dtype=float) for i in images))) > 20).mean())


@pytest.mark.parametrize("names", [(a, b) for a in RELATIONS for b in RELATIONS if a < b])
def test_relations_differ_in_grey(names: tuple[str, str]) -> None:
    one, other = (Figure("man", name, "apple", "blue") for name in names)
    assert apart(one, other) > 0.03


@pytest.mark.parametrize("names", [(a, b) for a in OBJECTS for b in OBJECTS if a < b])
def test_objects_differ_in_grey(names: tuple[str, str]) -> None:
    one, other = (Figure("man", "holding", name, "blue") for name in names)
    assert apart(one, other) > 0.01


def test_clothing_shows_its_colour() -> None:
    red, blue = (pixels(Figure("man", colour=c), seed=2) for c in ("red", "blue"))
    changed = np.abs(red - blue).sum(axis=2) > 100
    assert changed.mean() > 0.03
    assert red[changed].mean(axis=0).argmax() == 0
    assert blue[changed].mean(axis=0).argmax() == 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("thing", OBJECTS)
def test_an_object_alone_is_large_and_whole(thing: str, seed: int) -> None:
    other = "saw" if thing == "apple" else "apple"
    one, two = (pixels(Figure(None, None, name), place="beach", seed=seed) for name in (thing, other))
    rows, columns = np.nonzero((one != two).any(axis=2))
    assert max(np.ptp(rows), np.ptp(columns)) > 0.8 * THING * 128
    assert 0 < columns.min() <= columns.max() < 127


@pytest.mark.parametrize(
    ("scene", "allowed"),
    [
        (Scene((Figure("cat"),), "park"), ACTORS),
        (Scene((Figure("man", "biting", "apple"),), "park"), RELATIONS),
        (Scene((Figure("man", "eating", "pear"),), "park"), OBJECTS),
        (Scene((Figure("man", "eating"),), "park"), OBJECTS),
        (Scene((Figure(None, "eating", "apple"),), "park"), ACTORS),
        (Scene((Figure(None),), "park"), OBJECTS),
        (Scene((Figure("man", colour="pink"),), "park"), COLOURS),
        (Scene((Figure("man"),), "bar"), PLACES),
        (Scene((Figure("man"),), "park", time="dusk"), TIMES),
        (Scene((Figure("man"),), "park", style="cubist"), STYLES),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(scene: Scene, allowed: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=", ".join(allowed)):
        draw(scene)


@pytest.mark.parametrize("count", [0, 3])
def test_only_one_or_two_figures(count: int) -> None:
    with pytest.raises(ValueError, match="one or two"):
        draw(Scene((Figure("man"),) * count, "park"))


def test_every_object_has_its_measures() -> None:
    assert set(GRIPS) == set(HALF_WIDTHS) == set(OBJECTS)
