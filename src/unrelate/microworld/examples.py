"""Examples of the embedded world: a scene that shows a tuple, and a caption that states it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PIL import Image

from unrelate.data.types import Example
from unrelate.graph.types import GraphEdge
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import picture, vocabulary
from unrelate.policy.triple import Triple

_LICENCE = "CC0-1.0"


@dataclass(frozen=True)
class DrawnPicture:
    """A scene, drawn when it is looked at."""

    scene: Scene

    def load(self) -> Image.Image:
        return picture(self.scene)


@dataclass(frozen=True)
class Amounts:
    """How many pictures of each role an edit trains on, and of each part the audit looks at."""

    unsafe: int = 320
    safe_edge: int = 1100
    node: int = 120
    neutral: int = 460
    audit: int = 240


def _spread(edges: tuple[GraphEdge, ...], amount: int, rng: random.Random) -> Iterator[GraphEdge]:
    """``amount`` draws that visit every edge as often as any other, in random order."""
    edges = tuple(edges)
    queue: list[GraphEdge] = []
    for _ in range(amount if edges else 0):
        if not queue:
            queue = rng.sample(edges, len(edges))
        yield queue.pop()


def spread_by_kind(edges: tuple[GraphEdge, ...], amount: int, rng: random.Random) -> Iterator[GraphEdge]:
    """As `_spread`, but every kind as often as any other.

    The graph knows a hundred edges near the forbidden and only a few right beside it; those few are
    what an edit hurts first.
    """
    kinds = list(dict.fromkeys(edge.kind for edge in edges))
    for number, kind in enumerate(kinds):
        share = amount // len(kinds) + (number < amount % len(kinds))
        yield from _spread(tuple(edge for edge in edges if edge.kind == kind), share, rng)


def placed(edge: GraphEdge, keys: list[str], rng: random.Random) -> GraphEdge:
    """The edge in some context, where the policy has conditions and the edge names none.

    With ``keys == ["place"]`` every caption of the world says a place, so this one must too.
    """
    missing = {key for key in keys if key not in dict(edge.triple.context)}
    if edge.triple.is_node or not missing:
        return edge
    drawn = {key: rng.choice(list(vocabulary().contexts[key])) for key in sorted(missing)}
    return replace(edge, triple=edge.triple.within(**drawn))


def single(rng: random.Random, triple: Triple, style: str, **setting: str) -> Scene:
    """A scene that shows the tuple; what neither it nor ``setting`` says is drawn by lot."""
    words, context = vocabulary(), setting | dict(triple.context)
    colour = context.get("colour") or rng.choice(list(words.contexts["colour"]))
    figure = Figure(
        triple.actor or None, triple.relation or None, triple.object or None, colour if triple.actor else None
    )
    place = context.get("place") or rng.choice(list(words.contexts["place"]))
    return Scene((figure,), place, context.get("time", "day"), style, rng.getrandbits(31))


def example_of(
    scene: Scene,
    caption: str,
    edge: GraphEdge,
    part: str,
    wording: str,
    variants: tuple[str, ...] = (),
) -> Example:
    digest = hashlib.sha256(repr((scene, caption)).encode()).hexdigest()
    return Example(
        key=f"{part}-{digest[:12]}",
        picture=DrawnPicture(scene),
        caption=caption,
        triple=edge.triple,
        role=edge.role,
        split=edge.split,
        part=part,
        wording=wording,
        source="microworld",
        licence=_LICENCE,
        sha256=digest,
        variants=variants,
    )
