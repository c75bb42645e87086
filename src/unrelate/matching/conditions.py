"""Contexts as captions say them: *in the kitchen*, *at night*, *in a red dress*."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from unrelate.matching.inflection import plurals
from unrelate.matching.tokens import without_article, words
from unrelate.matching.words import ADJECTIVE_ENDS, ADJECTIVES
from unrelate.policy.vocabulary import Vocabulary

Phrase = tuple[str, ...]
_SCENE = frozenset(["in", "inside", "at", "on", "within"])
_BEFORE = _SCENE | frozenset(["by", "under", "near", "during", "behind", "outside"])


@dataclass(frozen=True, slots=True)
class Condition:
    """A context value: the last words of a noun phrase after one of ``after`` (nothing: a modifier)."""

    key: str
    value: str
    after: frozenset[str]
    noun: Phrase
    of: str  # actor, object or scene


class Conditions:
    """All context values of a vocabulary. ``modifiers``: those said within a noun phrase (*old*)."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        every = tuple(_conditions(vocabulary))
        self.modifiers = tuple(one for one in every if not one.after and one.of == "actor")
        self._by_last: dict[str, list[Condition]] = {}
        for one in every:
            if one.after:
                self._by_last.setdefault(one.noun[-1], []).append(one)
                for many in plurals(one.noun[-1]) if one.of == "scene" else ():
                    several = replace(one, noun=(*one.noun[:-1], many))
                    self._by_last.setdefault(many, []).append(several)

    def after_preposition(self, preposition: str, row: Phrase, garment: bool) -> Condition | None:
        """What a preposition and its noun phrase (without determiner) state, if any.

        ``garment``: the last word is something to wear, so that the one before it may be the value.
        """
        for one in self._by_last.get(row[-1], ()) if row else ():
            size = len(one.noun)
            if preposition in one.after and row[-size:] == one.noun and _plain(row[:-size]):
                return one
        for one in self._by_last.get(row[-2], ()) if garment and len(row) > 1 else ():
            size = len(one.noun)
            if preposition in one.after and one.of == "actor" and row[-size - 1 : -1] == one.noun:
                return one
        return None


def _plain(before: Phrase) -> bool:
    """Whether these are adjectives: a *sunny park* is a park, a *car park* is none."""
    return all(word in ADJECTIVES or word.endswith(ADJECTIVE_ENDS) for word in before)


def _conditions(vocabulary: Vocabulary) -> Iterator[Condition]:
    for key, values in vocabulary.contexts.items():
        of = vocabulary.describes.get(key, "")
        for value, how in values.items():
            said = words(how.says or value)
            place = bool(said) and said[0] in _BEFORE
            after = frozenset({said[0]}) if place else frozenset()
            noun = without_article(said[1:] if place else said)
            if place and of != "actor":
                after |= _SCENE if said[0] in _SCENE else ({"during"} if said[0] == "by" else frozenset())
            if of == "actor" and place:
                after |= {"wearing"}
            if not place and of not in ("actor", "object"):
                after = _SCENE | {"by", "during"}
            if noun:
                yield Condition(key, value, after, noun, of or ("scene" if place or after else "actor"))
