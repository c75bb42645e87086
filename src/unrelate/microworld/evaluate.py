"""How well a dual encoder knows the embedded world: top-1 on fresh scenes, with intervals."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from unrelate.audit.statistics import interval
from unrelate.microworld.sampler import near_miss, tuples
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import USUAL_STYLES, picture, vocabulary
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL, Wording, paraphrases, say


def _fresh(rng: random.Random, *triples: Triple, styles: Sequence[str] = USUAL_STYLES) -> Scene:
    figures = tuple(Figure(t.actor, t.relation, t.object) for t in triples)
    words = vocabulary()
    return Scene(
        figures, rng.choice(list(words.contexts["place"])), "day", rng.choice(styles), rng.getrandbits(31)
    )


@dataclass(frozen=True)
class Figure95:
    """A share in [0, 1] with its 95 % bootstrap interval over ``count`` pictures."""

    value: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, right: Sequence[float]) -> Figure95:
        values = np.asarray(right, dtype=float)
        return cls(float(values.mean()), *interval(values), len(values))


def top1(
    model: DualEncoder,
    count: int,
    seed: int,
    wordings: Sequence[Wording] = (USUAL,),
    styles: Sequence[str] = USUAL_STYLES,
) -> Figure95:
    """Share of fresh pictures whose best caption, among all tuples of the world, is their own.

    With several wordings, each picture is asked about in each of them.
    """
    rng = random.Random(f"top1/{seed}/{styles}")
    world = tuples()
    asked = [rng.randrange(len(world)) for _ in range(count)]
    images = model.embed_images([picture(_fresh(rng, world[i], styles=styles)) for i in asked])
    truth, right = torch.tensor(asked), torch.zeros(count)
    for wording in wordings:
        texts = model.embed_texts([say(vocabulary(), t, wording) for t in world])
        right += (images @ texts.T).argmax(1) == truth
    return Figure95.of((right / len(wordings)).tolist())


def two_actor_candidates(rng: random.Random, one: Triple, two: Triple) -> list[tuple[Triple, Triple]]:
    """The right pair first; then its actors swapped, its deeds swapped, and near and far misses.

    All pairs of tuples would be 194,000 captions; these hundred are the hard ones among them: every
    way to bind the same words wrongly, 32 pairs that differ in one slot, and 64 with another tuple.
    """
    wrong = [
        (replace(one, actor=two.actor), replace(two, actor=one.actor)),
        (replace(one, object=two.object), replace(two, object=one.object)),
        (replace(one, relation=two.relation), replace(two, relation=one.relation)),
    ]
    wrong += [(near_miss(rng, one), two) for _ in range(16)] + [(one, near_miss(rng, two)) for _ in range(16)]
    wrong += [(rng.choice(tuples()), two) for _ in range(32)] + [
        (one, rng.choice(tuples())) for _ in range(32)
    ]
    right = {one, two}
    known = set(tuples())
    return [(one, two), *(pair for pair in wrong if set(pair) != right and set(pair) <= known)]


def top1_two_actor(model: DualEncoder, count: int, seed: int) -> Figure95:
    """Share of fresh two-actor scenes whose own caption beats every other of `two_actor_candidates`."""
    rng = random.Random(f"two/{seed}")
    words = vocabulary()
    pairs = [(rng.choice(tuples()), rng.choice(tuples())) for _ in range(count)]
    images = model.embed_images([picture(_fresh(rng, one, two)) for one, two in pairs])
    candidates = [two_actor_candidates(rng, one, two) for one, two in pairs]
    said = [[f"{say(words, a)} next to {say(words, b)}" for a, b in options] for options in candidates]
    texts = model.embed_texts([caption for options in said for caption in options])
    each = zip(images, texts.split([len(options) for options in said]), strict=True)
    cosines = [captions @ image for image, captions in each]
    return Figure95.of([float(found[0] > found[1:].max()) for found in cosines])


def evaluate_clip(model: DualEncoder, *, count: int = 2000, seed: int = 1234) -> dict[str, Figure95]:
    """The figures of ``unrelate embedded evaluate clip``: tuples, pairs of actors, reserved wordings."""
    return {
        "top1": top1(model, count, seed),
        "top1_two_actor": top1_two_actor(model, count // 4, seed),
        "top1_paraphrase": top1(model, count // 2, seed, paraphrases(vocabulary())),
    }
