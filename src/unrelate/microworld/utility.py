"""Downstream tasks of the embedded world, clear of a policy's actors and objects."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace

from unrelate.data.tasks import UtilityTask, retrieval
from unrelate.graph.types import RelationGraph
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import USUAL_STYLES, vocabulary
from unrelate.policy.triple import Triple
from unrelate.policy.wording import say, training_wordings

MOST = 240
_CAPTIONS = 16  # that speak for a place or a colour, averaged: no caption is of a place alone


def world_tasks(graph: RelationGraph, *, seed: int, most: int = MOST) -> tuple[UtilityTask, ...]:
    """Where it is, which colour is worn, which object it is, which actor; and scenes found both ways.

    Nothing shown or said shares an actor or an object with what ``graph`` forbids: lone objects and
    actors are told apart from other such ones alone. Where fewer than two are left the task is left out.

    Args:
        seed: of what is drawn.
        most: pictures of scenes, of lone objects and of lone actors, of each so many.
    """
    words, rng = vocabulary(), random.Random(f"utility/{seed}")
    taken = {slot for triple in graph.forbidden for slot in (triple.actor, triple.object)}
    nodes = [triple for triple in words.nodes() if not {triple.actor, triple.object} & taken]
    clear = [triple for triple in words.triples() if not {triple.actor, triple.object} & taken]
    tasks: list[UtilityTask] = []
    if len(clear) > 1:
        scenes = _scenes(clear, rng, most)
        pictures = tuple(_drawn(scene, rng) for scene in scenes)
        tasks += [_which(key, scenes, pictures, clear, rng) for key in ("place", "colour")]
        keys = tuple(map(_key, pictures))
        said = tuple((say(words, _but_for_clothes(scene)),) for scene in scenes)
        tasks += retrieval("world", keys, pictures, said)
    lone = {
        "objects": [node for node in nodes if node.object],
        "actors": [node for node in nodes if node.actor],
    }
    tasks += [_alone(kind, options, rng, most) for kind, options in lone.items() if len(options) > 1]
    return tuple(tasks)


def _scenes(clear: Sequence[Triple], rng: random.Random, most: int) -> list[Triple]:
    """Tuples in places, no two alike, and in colours: the tuples in turn, in random order."""
    words = vocabulary()
    places, colours = list(words.contexts["place"]), list(words.contexts["colour"])
    order, shift = rng.sample(clear, len(clear)), rng.randrange(len(places))
    wheres = [
        triple.within(place=places[(number + turn + shift) % len(places)])
        for turn in range(len(places))
        for number, triple in enumerate(order)
    ]
    return [triple.within(colour=rng.choice(colours)) for triple in wheres[:most]]


def _which(
    key: str,
    scenes: Sequence[Triple],
    pictures: tuple[DrawnPicture, ...],
    clear: Sequence[Triple],
    rng: random.Random,
) -> UtilityTask:
    """Which place, or which colour: every option said of the same few other tuples."""
    words, values = vocabulary(), list(vocabulary().contexts[key])
    of = rng.sample(clear, min(_CAPTIONS, len(clear)))
    texts = tuple(tuple(say(words, t.within(**{key: value})) for t in of) for value in values)
    answers = tuple(frozenset([values.index(dict(scene.context)[key])]) for scene in scenes)
    return UtilityTask(f"world_{key}", "zero-shot", tuple(map(_key, pictures)), pictures, texts, answers)


def _alone(kind: str, options: Sequence[Triple], rng: random.Random, most: int) -> UtilityTask:
    """Which object, or which actor, in the wordings that everybody uses."""
    words = vocabulary()
    asked = [number % len(options) for number in range(most)]
    pictures = tuple(_drawn(options[number], rng) for number in asked)
    return UtilityTask(
        f"world_{kind}",
        "zero-shot",
        tuple(map(_key, pictures)),
        pictures,
        tuple(tuple(dict.fromkeys(say(words, o, w) for w in training_wordings(words))) for o in options),
        tuple(frozenset([number]) for number in asked),
    )


def _drawn(triple: Triple, rng: random.Random) -> DrawnPicture:
    context = dict(triple.context)
    colours, places = (list(vocabulary().contexts[key]) for key in ("colour", "place"))
    colour = context.get("colour") or rng.choice(colours)
    place = context.get("place") or rng.choice(places)
    figure = Figure(
        triple.actor or None, triple.relation or None, triple.object or None, colour if triple.actor else None
    )
    return DrawnPicture(Scene((figure,), place, "day", rng.choice(USUAL_STYLES), rng.getrandbits(31)))


def _key(picture: DrawnPicture) -> str:
    return f"scene-{hashlib.sha256(repr(picture.scene).encode()).hexdigest()[:12]}"


def _but_for_clothes(scene: Triple) -> Triple:
    return replace(scene, context=tuple(pair for pair in scene.context if pair[0] != "colour"))
