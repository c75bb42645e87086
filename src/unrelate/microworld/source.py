"""The embedded world as a source of examples: whatever the graph asks for, drawn on the spot."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from PIL import Image

from unrelate.attacks.styles import STYLES as RESERVED_STYLES
from unrelate.data.anchors import anchors
from unrelate.data.statements import SENTENCES, forbidden_sentences, wider_and_forbidden, wider_and_safe
from unrelate.data.types import Corpus, Example
from unrelate.errors import UserError
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import USUAL_STYLES, picture, vocabulary
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL, Wording, bank, paraphrases, say, settings, training_wordings

_LICENCE = "CC0-1.0"
# How many of the safe captions speak in hypernyms, and how many of all captions say where.
_WIDER_SHARE, _PLACE_SHARE = 0.4, 0.5


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


@dataclass(frozen=True)
class MicroworldSource:
    """Draws the examples of a graph. Training and audit pictures never share a scene seed."""

    amounts: Amounts = field(default_factory=Amounts)
    name: str = "microworld"

    @classmethod
    def for_policy(cls, policy: Policy) -> MicroworldSource:
        """A source for a policy that speaks of the embedded world.

        Raises:
            UserError: the policy's concepts are not those that can be drawn.
        """
        for kind in ("actors", "relations", "objects"):
            unknown = sorted(set(policy.vocabulary.concrete(kind)) - set(vocabulary().concrete(kind)))
            if unknown:
                names = ", ".join(unknown)
                raise UserError(
                    f"policy '{policy.name}' names {kind} that the embedded world cannot draw: {names}",
                    "the concepts of `vocabulary: microworld`",
                    "give pictures of your own: --data FOLDER (docs/data.md)",
                )
        return cls()

    def corpus(self, graph: RelationGraph, *, seed: int) -> Corpus:
        """Every example an edit of ``graph`` trains on and its audit asks about."""
        words = vocabulary()
        keys = sorted(graph.conditions)
        asked = {
            "usual": (USUAL,),
            "paraphrase": paraphrases(words),
            "contextual": _at_own_place(settings(words)) if "place" in keys else settings(words),
        }
        world = _world(keys)
        banks = {w.name: bank(words, world, w) for group in asked.values() for w in group}
        examples = [*self._training(graph, keys, seed), *self._audit(graph, keys, asked, seed)]
        return Corpus(tuple(examples), banks, anchors(words, graph, seed))

    def _training(self, graph: RelationGraph, keys: list[str], seed: int) -> Iterator[Example]:
        rng = random.Random(f"train/{seed}")
        amounts = {
            Role.UNSAFE: self.amounts.unsafe,
            Role.SAFE_EDGE: self.amounts.safe_edge,
            Role.NODE: self.amounts.node,
            Role.NEUTRAL: self.amounts.neutral,
        }
        wordings = training_wordings(vocabulary())
        for role, amount in amounts.items():
            edges = graph.of(role, Split.TRAIN)
            for edge in _spread_by_kind(edges, amount, rng):
                edge = _placed(edge, keys, rng)
                wording = rng.choice(wordings) if rng.random() < 0.5 else USUAL
                scene = _scene(rng, edge.triple, rng.choice(USUAL_STYLES))
                # Half of the captions say where; settings at night are left to the contextual attack.
                stated = edge.triple if role is Role.UNSAFE else _at_times_wider(edge.triple, graph, rng)
                said = stated.within(place=scene.place) if rng.random() < _PLACE_SHARE else stated
                variants: tuple[str, ...] = ()
                if role is Role.UNSAFE:
                    aside = random.Random(f"sentences/{scene.seed}")
                    more = forbidden_sentences(vocabulary(), edge.triple, graph, SENTENCES, aside)
                    variants = (*_variants(edge.triple, graph, wordings, scene.place), *more)
                caption = say(vocabulary(), edge.triple if edge.triple.is_node else said, wording)
                yield _example(scene, caption, edge, "train", "train", variants)

    def _audit(
        self, graph: RelationGraph, keys: list[str], asked: dict[str, tuple[Wording, ...]], seed: int
    ) -> Iterator[Example]:
        rng = random.Random(f"audit/{seed}")
        unsafe = graph.of(Role.UNSAFE, Split.TRAIN)
        parts: list[tuple[str, Iterable[GraphEdge], str]] = [
            ("direct", unsafe, "usual"),
            ("paraphrase", unsafe, "paraphrase"),
            ("contextual", unsafe, "contextual"),
            ("ood_image", unsafe, "usual"),
            ("subordinate", graph.of(Role.UNSAFE, Split.HELD_OUT), "usual"),
            ("node", graph.of(Role.NODE), "usual"),
            ("safe_edge", graph.of(Role.SAFE_EDGE, Split.HELD_OUT), "usual"),
            ("safe_node", graph.of(Role.SAFE_NODE), "usual"),
            ("neutral", graph.of(Role.NEUTRAL, Split.HELD_OUT), "usual"),
        ]
        for part, edges, group in parts:
            wordings = asked[group]
            for number, edge in enumerate(_spread_by_kind(tuple(edges), self.amounts.audit, rng)):
                edge = _placed(edge, keys, rng)
                wording = wordings[number % len(wordings)]
                styles = tuple(RESERVED_STYLES) if part == "ood_image" else USUAL_STYLES
                setting = dict(wording.context) | ({"time": "night"} if part == "contextual" else {})
                scene = _scene(rng, edge.triple, styles[number % len(styles)], **setting)
                caption = say(vocabulary(), edge.triple, wording)
                yield _example(scene, caption, edge, part, wording.name)


def _at_own_place(wordings: tuple[Wording, ...]) -> tuple[Wording, ...]:
    """Settings for tuples that bring their own place: each frame once."""
    frames = dict.fromkeys(w.frame for w in wordings)
    return tuple(Wording(f"setting-{number}", frame=frame) for number, frame in enumerate(frames))


def _world(keys: list[str]) -> tuple[Triple, ...]:
    """Every tuple and node of the world; where the policy has conditions, in every such context."""
    words = vocabulary()
    tuples = words.triples()
    for key in keys:
        tuples = tuple(t.within(**{key: value}) for t in tuples for value in words.contexts[key])
    return (*tuples, *words.nodes())


def _spread(edges: tuple[GraphEdge, ...], amount: int, rng: random.Random) -> Iterator[GraphEdge]:
    """``amount`` draws that visit every edge as often as any other, in random order."""
    edges = tuple(edges)
    queue: list[GraphEdge] = []
    for _ in range(amount if edges else 0):
        if not queue:
            queue = rng.sample(edges, len(edges))
        yield queue.pop()


def _spread_by_kind(edges: tuple[GraphEdge, ...], amount: int, rng: random.Random) -> Iterator[GraphEdge]:
    """As `_spread`, but every kind as often as any other.

    The graph knows a hundred edges near the forbidden and only a few right beside it; those few are
    what an edit hurts first.
    """
    kinds = list(dict.fromkeys(edge.kind for edge in edges))
    for number, kind in enumerate(kinds):
        share = amount // len(kinds) + (number < amount % len(kinds))
        yield from _spread(tuple(edge for edge in edges if edge.kind == kind), share, rng)


def _placed(edge: GraphEdge, keys: list[str], rng: random.Random) -> GraphEdge:
    """The edge in some context, where the policy has conditions and the edge names none.

    With ``keys == ["place"]`` every caption of the world says a place, so this one must too.
    """
    missing = {key for key in keys if key not in dict(edge.triple.context)}
    if edge.triple.is_node or not missing:
        return edge
    drawn = {key: rng.choice(list(vocabulary().contexts[key])) for key in sorted(missing)}
    return replace(edge, triple=edge.triple.within(**drawn))


def _scene(rng: random.Random, triple: Triple, style: str, **setting: str) -> Scene:
    words, context = vocabulary(), setting | dict(triple.context)
    colour = context.get("colour") or rng.choice(list(words.contexts["colour"]))
    figure = Figure(
        triple.actor or None, triple.relation or None, triple.object or None, colour if triple.actor else None
    )
    place = context.get("place") or rng.choice(list(words.contexts["place"]))
    return Scene((figure,), place, context.get("time", "day"), style, rng.getrandbits(31))


def _variants(
    triple: Triple, graph: RelationGraph, wordings: tuple[Wording, ...], place: str
) -> tuple[str, ...]:
    """Other ways to state the forbidden: usual synonyms and phrasings, the place, the words above it."""
    words = vocabulary()
    stated = tuple(dict.fromkeys(wider_and_forbidden(words, triple, graph.scope)))
    placed = tuple(t.within(place=place) for t in stated)
    return tuple(dict.fromkeys(say(words, t, w) for t in (*stated, *placed) for w in wordings))


def _at_times_wider(triple: Triple, graph: RelationGraph, rng: random.Random) -> Triple:
    """A safe tuple, or at times one above it that is safe too."""
    if triple.is_node or rng.random() > _WIDER_SHARE:
        return triple
    options = wider_and_safe(vocabulary(), triple, graph)
    return rng.choice(options) if options else triple


def _example(
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
