"""What is drawn for a need, and in which words it is asked for and captioned."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property

from unrelate.collect.captioning import Captioner
from unrelate.collect.types import Need
from unrelate.data.roles import Roles
from unrelate.data.sentences import dressed
from unrelate.graph.types import RelationGraph
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import USUAL, say, training_wordings

# How often a caption is in other words than the usual, and how often a scene is tried in another dress.
_OTHER_WORDS_SHARE, _TRIES = 0.5, 20


@dataclass(frozen=True)
class Scene:
    """One picture to be drawn: what it shows, the words that ask for it, its caption, and the model that
    worded that, if one did."""

    triple: Triple
    prompt: str
    caption: str
    seed: int
    worded_by: str = ""


@dataclass(frozen=True)
class Scenes:
    """Scenes for needs, the same for the same seed.

    Args:
        words: the policy's vocabulary.
        graph: its relation graph.
        prompt: the frame of a request, with ``{}`` for what is to be seen.
        seed: of places, colours, wordings, and of what is drawn.
        captioner: words captions in other ways than the vocabulary's own.
    """

    words: Vocabulary
    graph: RelationGraph
    prompt: str = "a photo of {}"
    seed: int = 0
    captioner: Captioner | None = None

    @cached_property
    def _roles(self) -> Roles:
        return Roles(self.graph, self.words)

    def of(self, need: Need, number: int) -> Scene:
        """The ``number``-th scene of a need, in a place or a colour that does not change its role."""
        rng = random.Random(f"{self.seed}/{need.triple}/{need.split}/{number}")
        triple = self._dressed(need.triple, rng)
        wordings = training_wordings(self.words)
        other = rng.random() < _OTHER_WORDS_SHARE and not need.triple.is_node
        caption = say(self.words, triple, rng.choice(wordings) if other else USUAL)
        prompt = self.prompt.replace("{}", say(self.words, triple))
        drawn = rng.getrandbits(31)
        if self.captioner is None:
            return Scene(triple, prompt, caption, drawn)
        worded = self.captioner.caption(triple, caption, drawn)
        return Scene(triple, prompt, worded, drawn, self.captioner.name if worded != caption else "")

    def _dressed(self, triple: Triple, rng: random.Random) -> Triple:
        if triple.is_node:
            return triple
        roles, own = self._roles, self._roles.find(triple)
        for _ in range(_TRIES):
            worn = dressed(self.words, triple, self.graph.conditions, rng)
            if roles.find(roles.relevant(worn)) == own:
                return worn
        return triple
