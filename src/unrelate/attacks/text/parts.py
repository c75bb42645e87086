"""A caption taken apart into the phrases of its tuple, so that it can be said otherwise."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from unrelate.attacks.types import Scenario
from unrelate.graph.types import Role
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import USUAL, phrase_for

_BESIDE_THE_ACTOR = "colour"  # the one context that `unrelate.policy.wording.say` puts there


@dataclass(frozen=True)
class Parts:
    """The phrases of a tuple, each empty where there is none.

    Args:
        actor, relation, object: *a child*, *drinking*, *wine*.
        worn: what is said of the actor: *in red*.
        scene: where and when: *in a kitchen at night*.
    """

    actor: str = ""
    relation: str = ""
    object: str = ""
    worn: str = ""
    scene: str = ""

    @property
    def who(self) -> str:
        """The actor, with what is said of it."""
        return joined(self.actor, self.worn)

    def said(self) -> str:
        """The usual sentence, as `unrelate.policy.wording.say` has it."""
        return joined(self.who, self.relation, self.object, self.scene)


Tell = Callable[[Parts], str]


def joined(*phrases: str) -> str:
    """Phrases with blanks between them, empty ones left out."""
    return " ".join(phrase for phrase in phrases if phrase)


def parts_of(vocabulary: Vocabulary, triple: Triple) -> Parts | None:
    """The usual phrases of a tuple; None for one that has none, since it stands for a user's own caption."""
    named = (("actors", triple.actor), ("relations", triple.relation), ("objects", triple.object))
    if any(name and name not in vocabulary.concepts(kind) for kind, name in named):
        return None
    actor, relation, object_ = (
        phrase_for(vocabulary, kind, name, USUAL) if name else "" for kind, name in named
    )
    context = [(key, vocabulary.context_phrase(key, value)) for key, value in triple.context]
    worn = joined(*(phrase for key, phrase in context if key == _BESIDE_THE_ACTOR and actor))
    scene = joined(*(phrase for key, phrase in context if key != _BESIDE_THE_ACTOR))
    return Parts(actor, relation, object_, worn, scene)


def harmless(scenario: Scenario) -> list[Triple]:
    """Tuples that share no concept with the forbidden (the graph's neutral ones), as the seed shuffles
    them. There may be none."""
    neutral = list(dict.fromkeys(edge.triple.bare() for edge in scenario.graph.of(Role.NEUTRAL)))
    random.Random(f"harmless/{scenario.seed}").shuffle(neutral)
    return neutral


def retold(scenario: Scenario, triple: Triple, text: str, tell: Tell) -> str:
    """A caption with the sentence of its tuple told as ``tell`` does, in the usual words.

    A caption of a user's own, which has no tuple, stays as it is.
    """
    parts = parts_of(scenario.vocabulary, triple)
    if parts is None:
        return text
    usual = parts.said()
    return text.replace(usual, tell(parts)) if usual in text else tell(parts)


@dataclass(frozen=True)
class Told:
    """A rewrite: the tuple told in another sentence.

    Args:
        tell: the sentence; it is never asked about one concept alone, which has none to turn round.
        alone: what is said of one concept alone.
    """

    tell: Tell
    alone: Tell = Parts.said

    def __call__(self, scenario: Scenario, triple: Triple, text: str) -> str:
        return retold(scenario, triple, text, self.alone if triple.is_node else self.tell)


@dataclass(frozen=True)
class Throughout:
    """A rewrite of the whole caption, whatever it states."""

    change: Callable[[str], str]

    def __call__(self, scenario: Scenario, triple: Triple, text: str) -> str:
        return self.change(text)


@dataclass(frozen=True)
class Framed:
    """A rewrite: the caption in a setting, at the ``{}`` of ``frame``."""

    frame: str

    def __call__(self, scenario: Scenario, triple: Triple, text: str) -> str:
        return self.frame.replace("{}", text)
