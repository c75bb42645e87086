"""The embedded world as a source of examples: whatever the graph asks for, drawn on the spot."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from unrelate.attacks.styles import STYLES as RESERVED_STYLES
from unrelate.data.anchors import anchors
from unrelate.data.stand_ins import without_pictures
from unrelate.data.types import Corpus, Example
from unrelate.errors import UserError
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.microworld.examples import Amounts, example_of, placed, single, spread_by_kind
from unrelate.microworld.training_pictures import training
from unrelate.microworld.world import USUAL_STYLES, vocabulary
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL, Wording, bank, paraphrases, say, settings


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
        trained = without_pictures(tuple(training(graph, self.amounts, seed)), graph.never, seed=seed)
        # The audit draws what must not be pictured all the same: here that is a matchstick figure, and
        # the only proof that forgetting without pictures works on pictures.
        examples = (*trained, *self._audit(graph, keys, asked, seed))
        return Corpus(examples, banks, anchors(words, graph, seed))

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
            for number, edge in enumerate(spread_by_kind(tuple(edges), self.amounts.audit, rng)):
                edge = placed(edge, keys, rng)
                wording = wordings[number % len(wordings)]
                styles = tuple(RESERVED_STYLES) if part == "ood_image" else USUAL_STYLES
                setting = dict(wording.context) | ({"time": "night"} if part == "contextual" else {})
                scene = single(rng, edge.triple, styles[number % len(styles)], **setting)
                caption = say(vocabulary(), edge.triple, wording)
                yield example_of(scene, caption, edge, part, wording.name)


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
