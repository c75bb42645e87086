"""The embedded world in one place: its words, its tuples, its styles, and how to draw them."""

from __future__ import annotations

from functools import cache

from PIL import Image

from unrelate.attacks.styles import STYLES as RESERVED_STYLES
from unrelate.errors import UserError, nearest
from unrelate.microworld.draw import draw
from unrelate.microworld.draw import STYLES as DRAWN_STYLES
from unrelate.microworld.scene import Figure, Scene
from unrelate.policy.schema import load_vocabulary
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import say

# Styles an edit may see, and all the styles the embedded model was taught.
USUAL_STYLES: tuple[str, ...] = tuple(DRAWN_STYLES)
ALL_STYLES: tuple[str, ...] = (*USUAL_STYLES, *RESERVED_STYLES)
STYLE_WITHOUT_COLOUR = "colour_shifted"
PICTURE_SIZE = 128


@cache
def vocabulary() -> Vocabulary:
    """The words of the embedded world."""
    return load_vocabulary("microworld")


def picture(scene: Scene, size: int = PICTURE_SIZE) -> Image.Image:
    """A scene as an RGB picture of ``size`` x ``size`` pixels, in any of `ALL_STYLES`."""
    if scene.style in RESERVED_STYLES:
        drawn = draw(Scene(scene.figures, scene.place, scene.time, "flat", scene.seed), size)
        return RESERVED_STYLES[scene.style](drawn)
    return draw(scene, size)


def render(
    actor: str | None,
    relation: str | None = None,
    object: str | None = None,
    *,
    place: str = "park",
    style: str = "flat",
    seed: int = 0,
    time: str = "day",
    colour: str | None = None,
    size: int = PICTURE_SIZE,
) -> tuple[Image.Image, str]:
    """Draw one tuple of the embedded world.

    Names may be any that the vocabulary knows (``kid``, ``next to``); a concept that stands for
    several (``alcohol``) is drawn as one of them, chosen by the seed.

    Returns:
        The RGB picture and its usual caption, the place included.

    Raises:
        UserError: a name the world does not know, with the nearest one it does.

    >>> image, caption = render("child", "drinking", "wine", place="beach", seed=1)
    >>> caption
    'a child drinking wine on a beach'
    """
    words = vocabulary()

    def drawn(kind: str, word: str | None) -> str:
        if not word:
            return ""
        options = words.concrete_under(kind, words.resolve(kind, word))
        return options[seed % len(options)]

    def known(kind: str, value: str, allowed: tuple[str, ...]) -> str:
        if value not in allowed:
            raise UserError(f"{kind} '{value}'", ", ".join(allowed), nearest(value, allowed))
        return value

    known("place", place, tuple(words.contexts["place"]))
    known("time", time, tuple(words.contexts["time"]))
    known("style", style, ALL_STYLES)
    if colour is not None:
        known("colour", colour, tuple(words.contexts["colour"]))
    triple = Triple(drawn("actors", actor), drawn("relations", relation), drawn("objects", object))
    figure = Figure(triple.actor or None, triple.relation or None, triple.object or None, colour)
    context = {"place": place} | ({"colour": colour} if colour else {}) | ({"time": time} if time == "night" else {})
    scene = Scene((figure,), place, time, style, seed)
    return picture(scene, size), say(words, triple.within(**context))
