"""The embedded world in one place: its words, its tuples, its styles, and how to draw them."""

from __future__ import annotations

from functools import cache

from PIL import Image

from unrelate.attacks.styles import STYLES as RESERVED_STYLES
from unrelate.errors import UserError, nearest
from unrelate.microworld.draw import STYLES as DRAWN_STYLES
from unrelate.microworld.draw import draw
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

    Names may be any that the vocabulary knows (``kid``, ``next to``); a concept that no picture shows
    as such (``alcohol``) is drawn as one below it, chosen by the seed. An actor or an object may stand
    alone.

    Returns:
        The RGB picture and its usual caption, the place included.

    Raises:
        UserError: a name the world does not know, with the nearest one it does; or no tuple of it.

    >>> image, caption = render("child", "drinking", "wine", place="beach", seed=1)
    >>> caption
    'a child drinking wine on a beach'
    """
    words = vocabulary()

    def drawn(kind: str, word: str | None) -> str:
        if not word:
            return ""
        name = words.resolve(kind, word)
        options = words.concrete_under(kind, name)
        return name if name in options else options[seed % len(options)]

    def known(kind: str, value: str, allowed: tuple[str, ...]) -> None:
        if value not in allowed:
            close = nearest(value, allowed) or "use one of these"
            raise UserError(f"{kind} '{value}'", ", ".join(allowed), close)

    known("place", place, tuple(words.contexts["place"]))
    known("time", time, tuple(words.contexts["time"]))
    known("style", style, ALL_STYLES)
    if colour is not None:
        known("colour", colour, tuple(words.contexts["colour"]))
    triple = Triple(drawn("actors", actor), drawn("relations", relation), drawn("objects", object))
    if triple not in (*words.triples(), *words.nodes()):
        raise UserError(
            f"'{triple}' is no tuple of the embedded world",
            "an actor, a relation and an object that the relation takes; or an actor or an object alone",
            "`unrelate embedded show` draws examples",
        )
    figure = Figure(triple.actor or None, triple.relation or None, triple.object or None, colour)
    context = {"place": place, "colour": colour, "time": time if time == "night" else None}
    scene = Scene((figure,), place, time, style, seed)
    return picture(scene, size), say(words, triple.within(**{k: v for k, v in context.items() if v}))
