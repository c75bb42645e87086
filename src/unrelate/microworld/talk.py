"""What can be said of a scene, at random, and which sayings are true of which scenes.

Captions come in many wordings (synonyms, hypernyms, phrasings, settings), so two captions of one
batch may both be true of one picture. `truth` knows: such a pair must not be pushed apart when the
embedded model is trained.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import numpy as np

from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import STYLE_WITHOUT_COLOUR, vocabulary
from unrelate.policy.triple import Triple

_NONE = "(none)"
_HYPERNYM_SHARE, _COLOUR_SHARE, _PLACE_SHARE, _USUAL_SHARE = 0.15, 0.2, 0.55, 0.4
_JOINERS = ("and", "next to", "beside", "together with")


@cache
def _values() -> dict[str, list[str]]:
    """The slots of a figure and what each may hold, in the order of their bits."""
    words = vocabulary()
    return {
        "actors": [*words.concrete("actors"), _NONE],
        "relations": [*words.concepts("relations"), _NONE],
        "objects": [*words.concrete("objects"), _NONE],
        "colour": list(words.contexts["colour"]),
        "place": list(words.contexts["place"]),
        "time": list(words.contexts["time"]),
        "second": [_NONE],
    }


@cache
def slot_ranges() -> tuple[tuple[int, int], ...]:
    """Where each slot's bits start and stop; the mark of a missing second figure is no slot."""
    ends = list(accumulate(len(names) for names in _values().values()))
    return tuple(zip([0, *ends[:-2]], ends[:-1], strict=True))


@cache
def _bit(slot: str, name: str) -> int:
    """A bit of its own for every value of every slot of a figure."""
    start = 0
    for key, names in _values().items():
        if key == slot:
            return 1 << (start + names.index(name))
        start += len(names)
    raise KeyError(slot)


def bit_count() -> int:
    """How many bits the slots of one figure take."""
    return slot_ranges()[-1][1]


def as_bits(masks: list[tuple[int, int]]) -> np.ndarray:
    """Masks as bool ``[len(masks), 2, bit_count()]``."""
    numbers = np.asarray(masks, dtype=np.int64)[..., None]
    return ((numbers >> np.arange(bit_count())) & 1).astype(bool)


@cache
def _any(slot: str) -> int:
    words = vocabulary()
    names = list(words.contexts[slot])
    return sum(_bit(slot, name) for name in names)


@dataclass(frozen=True)
class Saying:
    """A caption and the scenes it is true of, as one bit mask for each of two figures."""

    text: str
    allows: tuple[int, int]


def facts(scene: Scene) -> tuple[int, int]:
    """What holds in a scene, as one bit mask for each of two figures."""
    setting = _bit("place", scene.place) | _bit("time", scene.time)

    def of(figure: Figure) -> int:
        bits = setting | _bit("actors", figure.actor or _NONE)
        bits |= _bit("relations", figure.relation or _NONE) | _bit("objects", figure.object or _NONE)
        if figure.colour and scene.style != STYLE_WITHOUT_COLOUR:
            bits |= _bit("colour", figure.colour)
        return bits

    masks = [of(figure) for figure in scene.figures]
    return (masks[0], masks[1]) if len(masks) == 2 else (masks[0], _bit("second", _NONE))


def truth(scenes: list[tuple[int, int]], sayings: list[tuple[int, int]]) -> np.ndarray:
    """Which saying is true of which scene: bool ``[len(scenes), len(sayings)]``."""
    held = np.asarray(scenes, dtype=np.int64)[:, None, :]
    refused = ~np.asarray(sayings, dtype=np.int64)[None, :, :]
    straight = ((held & refused) == 0).all(-1)
    crossed = ((held & refused[..., ::-1]) == 0).all(-1)
    return straight | crossed


def _word(rng: random.Random, kind: str, name: str, plain: bool) -> tuple[str, int]:
    """A phrase for a concept and the mask of what it may mean."""
    words = vocabulary()
    slot = kind
    if plain:
        return words.phrases(kind, name)[0], _bit(slot, name)
    above = [a for a in words.ancestors(kind, name) if a not in words.concrete_under(kind, a)]
    if above and rng.random() < _HYPERNYM_SHARE:
        chosen = rng.choice(above)
        mask = sum(_bit(slot, below) for below in words.concrete_under(kind, chosen))
        return rng.choice(words.phrases(kind, chosen)), mask
    phrases = (*words.phrases(kind, name), *words.reserved_phrases(kind, name))
    return rng.choice(phrases), _bit(slot, name)


def _figure(rng: random.Random, figure: Figure, plain: bool, colour: bool) -> tuple[str, int]:
    words, text, mask = vocabulary(), [], 0
    for kind, name in (("actors", figure.actor), ("relations", figure.relation), ("objects", figure.object)):
        if not name:
            mask |= _bit(kind, _NONE)
            continue
        phrase, allowed = _word(rng, kind, name, plain)
        text.append(phrase)
        mask |= allowed
        if kind == "actors" and colour and figure.colour:
            text.append(words.context_phrase("colour", figure.colour))
            mask |= _bit("colour", figure.colour)
    if not (colour and figure.colour and figure.actor):
        mask |= _any("colour")
    return " ".join(text), mask


def describe(scene: Scene, rng: random.Random) -> Saying:
    """Say something true of a scene: anything the vocabulary allows, reserved words included."""
    words = vocabulary()
    plain = rng.random() < _USUAL_SHARE
    coloured = scene.style != STYLE_WITHOUT_COLOUR and rng.random() < _COLOUR_SHARE
    figures = list(scene.figures)
    rng.shuffle(figures)
    parts = [_figure(rng, figure, plain, coloured) for figure in figures]
    text = f" {rng.choice(_JOINERS)} ".join(part for part, _ in parts)
    place, time, frame = _any("place"), _any("time"), "{}"
    if rng.random() < _PLACE_SHARE:
        place = _bit("place", scene.place)
        where = words.context_phrase("place", scene.place)
        if scene.time == "night" and rng.random() < 0.5:
            time, frame = _bit("time", "night"), rng.choice(words.settings).replace("{place}", where)
        else:
            text = f"{text} {where}"
    if frame == "{}":
        if rng.random() < (0.5 if scene.time == "night" else 0.1):
            time = _bit("time", scene.time)
            text = f"{text} {words.context_phrase('time', scene.time)}"
        if not plain:
            frame = rng.choice((*words.phrasings, *words.reserved_phrasings))
    masks = [mask | place | time for _, mask in parts]
    both = (masks[0], masks[1]) if len(masks) == 2 else (masks[0], _bit("second", _NONE))
    return Saying(frame.replace("{}", text), both)


def triple_of(figure: Figure, **context: str) -> Triple:
    """The tuple that a figure shows."""
    return Triple(figure.actor or "", figure.relation or "", figure.object or "").within(**context)
