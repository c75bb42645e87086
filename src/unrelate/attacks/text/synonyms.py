"""Synonym swaps: one word of a caption replaced by another of the vocabulary's for the same concept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from unrelate.attacks.text.parts import retold
from unrelate.attacks.types import Scenario
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

_KINDS = {"actor": "actors", "relation": "relations", "object": "objects"}


@dataclass(frozen=True)
class Swapped:
    """A rewrite: one slot in another word; a concept without another keeps its own.

    Args:
        slot: actor, relation or object.
        number: which of the concept's other words (see `other_words`); around again where it has fewer.
    """

    slot: str
    number: int

    def __call__(self, scenario: Scenario, triple: Triple, text: str) -> str:
        name: str = getattr(triple, self.slot)
        if name not in scenario.vocabulary.concepts(_KINDS[self.slot]):
            return text
        others = other_words(scenario.vocabulary, _KINDS[self.slot], name)
        if not others:
            return text
        word = others[self.number % len(others)]
        return retold(scenario, triple, text, lambda parts: replace(parts, **{self.slot: word}).said())


def other_words(vocabulary: Vocabulary, kind: str, name: str) -> tuple[str, ...]:
    """All that a concept is called but for its plainest name: reserved words, which no edit uses, and
    usual ones in turn, a reserved one first."""
    turns = zip_longest(vocabulary.reserved_phrases(kind, name), vocabulary.phrases(kind, name)[1:])
    return tuple(word for word in chain.from_iterable(turns) if word)


SYNONYMS = tuple(Swapped(slot, number) for number in range(2) for slot in _KINDS)
