"""Where a noun phrase ends, and what it names: the vocabulary's word for its last noun, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from unrelate.matching import words as w
from unrelate.matching.chunks import Chunk, NounPhrase
from unrelate.matching.classes import CLOSED, is_adverb, other_verb
from unrelate.matching.phrases import Lexicon, Noun, Verb
from unrelate.matching.tokens import BREAK, Token


class NounPhrases:
    """Noun phrases in the words of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def read(self, tokens: Sequence[Token], row: list[str], at: int, found: list[Chunk]) -> NounPhrase:
        """The longest one from ``at``; a bare determiner counts as one."""
        phrase = NounPhrase("noun", at, at + 1, row[at])
        head: Noun | None = None
        seen = False  # a noun so far
        last = ""
        modifiers: list[str] = []
        j = at
        while j < len(row):
            word = row[j]
            noun = self._lexicon.nouns.longest(row, j)
            verb = self._lexicon.verbs.longest(row, j)
            if noun is not None and not (verb and seen and self._verb_after(row, j + verb[0], head)):
                size, entry = noun
                glued = j + size < len(row) and tokens[j + size].glued
                if not (seen and head is None and phrase.person and tokens[j].glued):
                    compound = f"{last}:{row[j + size - 1]}" in w.COMPOUNDS or (tokens[j].glued and seen)
                    head = None if compound else entry
                if last in w.EMPTY or "non" in modifiers[-2:]:
                    head = None
                phrase.said, seen, last = (j, j + size), True, row[j + size - 1]
                phrase.plural = entry.plural
                phrase.person = False
                j += size
                if glued and self._lexicon.verbs.longest(row, j):
                    break  # wine-drinking
                continue
            if word == "'s" and seen:
                if self._is_contraction(row, j):
                    break
                phrase.owner = head.actor if head else ""
                head, seen, phrase.person, modifiers, last = None, False, False, [], "'s"
                j += 1
                continue
            if j > at and word in w.DETERMINERS:
                if seen or row[j - 1] not in w.DETERMINERS:
                    break
                j += 1
                continue
            if word in w.DETERMINERS or (j == at and word == "that"):
                phrase.negated = phrase.negated or word in w.NOTHING
                j += 1
                continue
            if (
                word in CLOSED
                and word != "non"
                and not (word == "can" and self._is_tin(row, j, at, seen, head))
            ):
                break
            if seen and word in w.STOCK and not tokens[j].glued:
                break
            if word.isdigit():
                if seen:
                    break
                j += 1
                continue
            if is_adverb(word) and not tokens[j].glued:
                if seen:
                    break
                j += 1
                continue
            if seen and head and head.actor and word in w.YOUNG:
                phrase.said = (phrase.said[0], j + 1)
                j += 1
                continue
            if self._stops(row, j, seen, head, phrase.plural, verb[1] if verb else None, tokens[j].glued):
                break
            modifiers.append(word)
            phrase.stranger = phrase.stranger or bool(head and head.actor)
            head, seen, last = None, True, word
            phrase.person = word in w.HUMAN
            phrase.said = (j, j + 1)
            j += 1
        phrase.end = max(j, at + 1)
        phrase.modifiers = tuple(modifiers)
        if head:
            phrase.actor, phrase.object = head.actor, head.object
        self._of(tokens, row, phrase, found, last)
        return phrase

    def _stops(
        self,
        row: list[str],
        j: int,
        seen: bool,
        head: Noun | None,
        plural: bool,
        verb: Verb | None,
        glued: bool,
    ) -> bool:
        """Whether the word at ``j``, a verb perhaps, is no part of the noun phrase."""
        word = row[j]
        forms = verb.form if verb else None
        if forms is None:
            other = other_verb(row, j)
            forms = other.forms if other else None
            if other and other.unreal:
                return seen
            if seen and word in w.NOT_VERBS and not (head and head.actor):
                return False
        if forms is None or glued:
            return False
        if "fixed" in forms:
            return True
        following = row[j + 1] if j + 1 < len(row) else BREAK
        if not seen:  # a laughing woman; the kick
            bound = self._lexicon.nouns.longest(row, j + 1) if j + 1 < len(row) else None
            if forms & {"base", "third"} or word in w.NOT_VERBS:
                return False
            return not (bound or (following not in CLOSED and following not in w.DETERMINERS))
        if forms == {"base"}:
            return (bool(verb) and (head is None or bool(head.actor))) or bool(head and head.actor and plural)
        return not (forms == {"ing"} and head and not head.actor and word in w.GERUND_NOUNS)

    def _is_tin(self, row: list[str], j: int, at: int, seen: bool, head: Noun | None) -> bool:
        """Whether *can* is a thing: *a can of beer*, *a beer can*."""
        following = row[j + 1] if j + 1 < len(row) else BREAK
        if following in w.VERBS or following in w.BE or following in w.PRONOUNS or following == "not":
            return False
        if self._lexicon.verbs.longest([following], 0):
            return False
        return (j > at and not seen) or (seen and head is not None and not head.actor)

    def _verb_after(self, row: list[str], end: int, head: Noun | None) -> bool:
        """Whether what could be a noun is the verb after one: *the child drinks*, *a shirt drinks beer*."""
        if head and head.actor:
            return True
        if end >= len(row):
            return False
        return row[end] in w.DETERMINERS or self._lexicon.nouns.longest(row, end) is not None

    def _is_contraction(self, row: list[str], at: int) -> bool:
        """Whether *'s* is *is* or *has*."""
        following = next((x for x in row[at + 1 :] if not is_adverb(x)), BREAK)
        if following in ("been", "not", "a", "an", "the", "being", "about", "got", "had", "never", BREAK):
            return True
        verb = self._lexicon.verbs.longest([following], 0)
        if verb:
            return bool(verb[1].form & {"ing", "participle"})
        return following.endswith("ing") or following in w.BE

    def _of(
        self, tokens: Sequence[Token], row: list[str], phrase: NounPhrase, found: list[Chunk], last: str
    ) -> None:
        """*a glass of wine* is wine, *a photo of a child* a child; *the mother of a child* is neither."""
        end = phrase.end
        while end < len(row) and is_adverb(row[end]) and row[end] != "of":
            end += 1
        if end >= len(row) - 1 or row[end] != "of":
            return
        inner = self.read(tokens, row, end + 1, found)
        if inner.end <= end + 1 or (row[end + 1] in CLOSED and not inner.negated):
            return
        measure = last in w.MEASURES or row[phrase.end - 1] in w.MEASURES
        picture = last in w.PICTURES and not any(c.kind == "verb" for c in found)
        phrase.end = inner.end
        if (measure or picture) and not (phrase.actor or phrase.object):
            phrase.actor, phrase.object, phrase.said = inner.actor, inner.object, inner.said
            phrase.person, phrase.plural, phrase.contexts = inner.person, inner.plural, inner.contexts
            phrase.measured = measure
            phrase.negated = phrase.negated or inner.negated or row[phrase.start] == "none"
            empty = set(phrase.modifiers) & w.EMPTY
            if empty:
                phrase.actor = phrase.object = ""
