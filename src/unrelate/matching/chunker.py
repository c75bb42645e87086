"""Tokens -> chunks: which words are one noun phrase, and what stands between.

No statistical tagger: a word is what the vocabulary or the closed classes say, else it belongs to a
noun phrase. So an unknown word after a known noun makes that noun a modifier (*wine glass*), which
is the careful way to be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from unrelate.matching import words as w
from unrelate.matching.chunks import Chunk, NounPhrase, VerbChunk
from unrelate.matching.classes import SINGLE, is_adverb, other_verb
from unrelate.matching.noun_phrases import NounPhrases
from unrelate.matching.phrases import Lexicon, Table
from unrelate.matching.tokens import BREAK, Token


class Chunker:
    """One caption at a time; ``row`` holds its words."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._phrases = NounPhrases(lexicon)
        self._prepositions: Table[str] = Table()
        for phrase in w.LONG_PREPOSITIONS:
            self._prepositions.add(tuple(phrase.split()), phrase)

    def chunks(self, tokens: Sequence[Token]) -> list[Chunk]:
        row = [token.text for token in tokens]
        found: list[Chunk] = []
        at = 0
        while at < len(row):
            chunk = self._next(tokens, row, at, found)
            if chunk is not None:
                found.append(chunk)
            at = chunk.end if chunk else at + 1
        return found

    def _next(self, tokens: Sequence[Token], row: list[str], at: int, found: list[Chunk]) -> Chunk | None:
        word = row[at]
        verb = self._lexicon.verbs.longest(row, at)
        noun = self._lexicon.nouns.longest(row, at)
        if verb and (noun is None or verb[0] > noun[0] or self._verb_here(found, at)):
            return VerbChunk("verb", at, at + verb[0], word, verb[1], verb[1].form, glued=tokens[at].glued)
        if noun is None:
            following = row[at + 1] if at + 1 < len(row) else BREAK
            if word == "'s":
                return Chunk("have" if following in ("been", "had", "got") else "be", at, at + 1, word)
            if word == "'d":
                return Chunk("have" if following == "been" else "modal", at, at + 1, word)
            if word == "no" and following in ("one", "longer"):
                kind = "not" if following == "longer" else "noun"
                if kind == "not":
                    return Chunk("not", at, at + 2, word)
                return NounPhrase("noun", at, at + 2, word, negated=True)
            if word == "not" and following == "only":
                return None
            if word in ("instead", "rather") and following in ("of", "than"):
                return Chunk("not", at, at + 2, "instead")
            if word == "as" and following in ("if", "though", "well"):
                return Chunk(
                    "and" if following == "well" else "veil", at, at + 2 + (following == "well"), word
                )
            if word == "that" and not self._relative(row, at, found):
                return self._phrases.read(tokens, row, at, found)
            long = self._prepositions.longest(row, at)
            if long:
                return Chunk("prep", at, at + long[0], w.INSIDE.get(long[1], long[1]))
            kind = SINGLE.get(word)
            if kind:
                return Chunk(kind, at, at + 1, word)
            if word in w.NOBODY:
                return NounPhrase("noun", at, at + 1, word, negated=True)
            if word in w.PREPOSITIONS:
                return Chunk("prep", at, at + 1, word)
            if word in w.PRONOUNS:
                return NounPhrase("noun", at, at + 1, word, pronoun=word, person=True)
            if word in w.SHOWING and any(c.kind == "noun" for c in found[-3:]):
                return Chunk("break", at, at + 1, word)
            if is_adverb(word):
                return None
            other = other_verb(row, at)
            last = found[-1] if found else None
            helped = last is not None and last.kind in ("have", "be", "do", "modal", "to")
            helped = helped or (isinstance(last, NounPhrase) and last.end == at and bool(last.actor))
            if other and (helped or word not in w.NOT_VERBS):
                return other
        return self._phrases.read(tokens, row, at, found)

    def _verb_here(self, found: list[Chunk], at: int) -> bool:
        """Whether a word that is noun and verb (*drink*) is the verb after these chunks."""
        if not found:
            return False
        last = found[-1]
        if isinstance(last, NounPhrase):
            return last.end == at or bool(last.actor or last.pronoun or last.person)
        if last.kind == "and" and len(found) > 1:
            return isinstance(found[-2], VerbChunk)
        return last.kind in ("to", "do", "modal", "rel")

    def _relative(self, row: list[str], at: int, found: list[Chunk]) -> bool:
        """Whether *that* is *which*, not *that one*."""
        return bool(found) and found[-1].kind in ("noun", "comma")
