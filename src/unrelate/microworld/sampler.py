"""Random scenes for training: batches in which near-misses stand side by side."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.talk import triple_of
from unrelate.microworld.world import ALL_STYLES, USUAL_STYLES, vocabulary
from unrelate.policy.triple import Triple

_TWO_FIGURES, _NODES, _NEAR_MISS, _NIGHT, _RESERVED_STYLE = 0.3, 0.08, 0.5, 0.3, 0.4


@cache
def tuples() -> tuple[Triple, ...]:
    """Every tuple of the world."""
    return tuple(vocabulary().triples())


@cache
def _known() -> frozenset[Triple]:
    return frozenset(tuples())


@cache
def _by_pair() -> dict[tuple[str, str], list[Triple]]:
    """The tuples that agree with a tuple in two slots, keyed by the slot left out and the rest."""
    near: dict[tuple[str, str], list[Triple]] = {}
    for t in tuples():
        for slot in ("actor", "relation", "object"):
            near.setdefault((slot, str(replace(t, **{slot: ""}))), []).append(t)
    return near


def _figure(rng: random.Random, triple: Triple) -> Figure:
    colour = rng.choice(list(vocabulary().contexts["colour"])) if triple.actor else None
    return Figure(triple.actor or None, triple.relation or None, triple.object or None, colour)


def _setting(rng: random.Random, figures: tuple[Figure, ...], hardness: float) -> Scene:
    styles = ALL_STYLES[len(USUAL_STYLES) :] if rng.random() < hardness * _RESERVED_STYLE else USUAL_STYLES
    return Scene(
        figures,
        rng.choice(list(vocabulary().contexts["place"])),
        "night" if rng.random() < hardness * _NIGHT else "day",
        rng.choice(styles),
        rng.getrandbits(31),
    )


def near_miss(rng: random.Random, triple: Triple) -> Triple:
    """Another tuple that differs from this one in a single slot."""
    slot = rng.choice(("actor", "relation", "object"))
    return rng.choice(_by_pair()[slot, str(replace(triple, **{slot: ""}))])


def _swapped(rng: random.Random, scene: Scene) -> Scene:
    """The same two actors and deeds, bound the other way round: what a bag of words cannot tell."""
    one, two = scene.figures
    if rng.random() < 0.5:
        figures = (replace(one, actor=two.actor), replace(two, actor=one.actor))
    else:
        figures = (
            replace(one, relation=two.relation, object=two.object, colour=one.colour),
            replace(two, relation=one.relation, object=one.object, colour=two.colour),
        )
    return replace(scene, figures=figures, seed=rng.getrandbits(31))


def _rivals(rng: random.Random, scene: Scene) -> list[Scene]:
    """Three scenes for which a two-figure scene is easily taken: two swaps and a near-miss."""
    one, two = scene.figures
    swaps = []
    for slots in (("actor",), ("object",), ("relation",), ("relation", "object", "colour")):
        there, here = {s: getattr(two, s) for s in slots}, {s: getattr(one, s) for s in slots}
        figures = (replace(one, **there), replace(two, **here))
        if there != here and all(triple_of(figure) in _known() for figure in figures):
            swaps.append(figures)
    chosen = rng.sample(swaps, min(2, len(swaps)))
    side = rng.randrange(2)
    missed = _figure(rng, near_miss(rng, triple_of(scene.figures[side])))
    chosen.append((missed, two) if side == 0 else (one, missed))
    return [replace(scene, figures=figures, seed=rng.getrandbits(31)) for figures in chosen]


def scenes(
    rng: random.Random,
    count: int,
    hardness: float = 1.0,
    crowds: float = 0.0,
    without: frozenset[Triple] = frozenset(),
) -> list[Scene]:
    """``count`` scenes: single figures, pairs, lone concepts; about half are near-misses of another.

    ``hardness`` in [0, 1] scales the shares of pairs, of night and of unusual styles. ``crowds`` is
    how often a pair of figures comes with all its rivals (see `_rivals`). A scene in which some figure
    does what is in ``without`` (concrete tuples, perhaps with their place) is left out.
    """
    if without:
        kept: list[Scene] = []
        while len(kept) < count:
            kept += [s for s in scenes(rng, count, hardness, crowds) if not _shows(s, without)]
        return kept[:count]
    pairs = hardness * _TWO_FIGURES / 2
    nodes = list(vocabulary().nodes())
    out: list[Scene] = []
    while len(out) < count:
        if crowds and rng.random() < crowds:
            first, second = rng.choice(tuples()), rng.choice(tuples())
            scene = _setting(rng, (_figure(rng, first), _figure(rng, second)), hardness)
            out += [scene, *_rivals(rng, scene)]
            continue
        draw = rng.random()
        if draw < pairs:
            first, second = rng.choice(tuples()), rng.choice(tuples())
            scene = _setting(rng, (_figure(rng, first), _figure(rng, second)), hardness)
            out += [scene, _swapped(rng, scene)]
        elif draw < pairs + _NODES:
            out.append(_setting(rng, (_figure(rng, rng.choice(nodes)),), hardness))
        else:
            triple = rng.choice(tuples())
            out.append(_setting(rng, (_figure(rng, triple),), hardness))
            if rng.random() < _NEAR_MISS:
                out.append(_setting(rng, (_figure(rng, near_miss(rng, triple)),), hardness))
    return out[:count]


def _shows(scene: Scene, tuples_: frozenset[Triple]) -> bool:
    for figure in scene.figures:
        triple = triple_of(figure)
        if triple in tuples_ or triple.within(place=scene.place) in tuples_:
            return True
    return False
