"""Which captions of many can state anything at all, found without reading them.

A caption can state a tuple only if it holds a word of some actor, of some relation and of some
object. One Aho-Corasick pass over a whole chunk of captions finds all of those words (about half a
microsecond a caption; docs/matching.md has what else was tried). It finds them within words too
(*wine* in *swine*); the few captions that have all three are split into words to make sure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from unrelate.matching.phrases import Lexicon

_KINDS = {"actors": 1, "relations": 2, "objects": 4}
_ALL = 7
_WORD = re.compile(r"[^\W_]+")


class Prefilter:
    """The keywords of a lexicon: for each phrase, one word that a caption must have to say it."""

    def __init__(self, lexicon: Lexicon) -> None:
        bits: dict[str, int] = {}
        for kind, bit in _KINDS.items():
            for word in lexicon.keywords[kind]:
                bits[word] = bits.get(word, 0) | bit
        self._words = tuple(frozenset(lexicon.keywords[kind]) for kind in _KINDS)
        # A word that holds another of its kind (*kids*) is found with that one.
        needed = {
            word: bit
            for word, bit in bits.items()
            if not any(other != word and other in word and bits[other] & bit == bit for other in bits)
        }
        self._bits = list(needed.values())
        self._automaton = AhoCorasick(
            list(needed), matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )

    def candidates(self, captions: Sequence[str]) -> list[int]:
        """The positions of those captions that may state something, in order."""
        lowered: Sequence[str] = captions
        text = "\n".join(captions).lower()
        starts = list(accumulate((len(caption) + 1 for caption in lowered), initial=0))
        if len(text) + 1 != starts[-1]:  # a letter that grows in lower case
            lowered = [caption.lower() for caption in captions]
            text = "\n".join(lowered)
            starts = list(accumulate((len(caption) + 1 for caption in lowered), initial=0))
        held = bytearray(len(captions) + 1)
        bits = self._bits
        for pattern, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            held[bisect_right(starts, start) - 1] |= bits[pattern]
        return [i for i, kinds in enumerate(held) if kinds == _ALL and self._sure(captions[i])]

    def _sure(self, caption: str) -> bool:
        words = _WORD.findall(caption.lower())
        return not any(kind.isdisjoint(words) for kind in self._words)
