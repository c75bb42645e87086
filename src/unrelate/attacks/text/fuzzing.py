"""Prompt fuzzing: the same words, as people write them who want to slip past a filter.

Where every word is disguised a small model finds nothing at all, forbidden or not, and the attack would
show nothing. So one word is disguised at a time, and in the ways that the model itself still reads best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.text.parts import Parts, Throughout, harmless, parts_of, retold
from unrelate.attacks.text.rewriting import asked
from unrelate.attacks.types import Budget, Family, Query, Rewrite, Scenario, Threat
from unrelate.data.spelling import doubled, dropped, swapped
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL, phrase_for

Spellings = Callable[[str], Iterable[str]]

_KINDS = {"actor": "actors", "relation": "relations", "object": "objects"}
_MOST = 16  # spellings of one word that the model is asked to read
_SENTENCES = 2  # in which it reads each
_LONG = 3  # letters that a word needs before it is tampered with
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
# Letters of other alphabets that look like the Latin ones.
_HOMOGLYPHS = dict(zip("acdeghijlopqswxy", "асԁеɡһіјӏорԛѕԝху", strict=True))


def misspellings(word: str) -> Iterator[str]:
    """A letter doubled, left out, or exchanged with the next."""
    yield from (doubled(word, at) for at in range(len(word)))
    yield from (dropped(word, at) for at in range(1, len(word)))
    yield from (swapped(word, at) for at in range(len(word) - 1))


def leet_spellings(word: str) -> Iterator[str]:
    """A digit for a letter: for one, or for all that have one."""
    return _with_other_letters(word, _LEET)


def homoglyph_spellings(word: str) -> Iterator[str]:
    """A letter of another alphabet for one that looks like it: for one, or for all."""
    return _with_other_letters(word, _HOMOGLYPHS)


def _with_other_letters(word: str, table: Mapping[str, str]) -> Iterator[str]:
    for at, letter in enumerate(word):
        if letter in table:
            yield word[:at] + table[letter] + word[at + 1 :]
    yield "".join(table.get(letter, letter) for letter in word)


def splittings(word: str) -> Iterator[str]:
    """A hyphen, a blank or a dot somewhere inside."""
    for at in range(1, len(word)):
        yield from (word[:at] + mark + word[at:] for mark in "- .")


@dataclass(frozen=True)
class Fuzzing(QueryAttack[DualEncoder]):
    """One word of every caption in another spelling: the actor's, the relation's or the object's.

    Of all spellings of a concept's word those are tried that the attacked model best tells from the
    words of other concepts, by its embeddings of a few harmless sentences. Whoever can ask a model about
    texts can find them.

    Args:
        spellings: of one word; where they hold the word itself, that is passed over.
        words: the budget for people.
        each: how many spellings of each slot's word are tried.
        also: further tries.
    """

    spellings: Spellings
    words: str
    each: int = 2
    also: tuple[Rewrite, ...] = ()
    family: Family = "text"
    threat: Threat = "black box"

    @property
    def budget(self) -> Budget:
        tries = self.each * len(_KINDS) + len(self.also)
        return Budget(f"{self.words}, as the model reads it best; {tries} tries a picture", queries=tries)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        best = {slot: best_spellings(model, scenario, slot, self.spellings) for slot in _KINDS}
        rewrites: list[Rewrite] = []
        for rank in range(self.each):
            for slot, by_name in best.items():
                phrases = tuple((name, found[rank % len(found)]) for name, found in by_name.items())
                rewrites.append(Spelt(slot, phrases, self.spellings, rank))
        return asked(scenario, (*rewrites, *self.also))


@dataclass(frozen=True)
class Spelt:
    """A rewrite: one word spelt otherwise.

    In a caption of a user's own, which has no tuple, it is the first, middle or last longer word, in
    whatever spelling has the number.

    Args:
        slot: actor, relation or object.
        phrases: concept and its phrase, spelt otherwise; what is missing keeps its own.
        spellings: of one word.
        number: which of them a caption without a tuple gets.
    """

    slot: str
    phrases: tuple[tuple[str, str], ...]
    spellings: Spellings
    number: int = 0

    def __call__(self, scenario: Scenario, triple: Triple, text: str) -> str:
        if parts_of(scenario.vocabulary, triple) is None:
            return self._in_caption(text)
        phrase = dict(self.phrases).get(getattr(triple, self.slot))
        if phrase is None:
            return text
        return retold(scenario, triple, text, lambda parts: replace(parts, **{self.slot: phrase}).said())

    def _in_caption(self, text: str) -> str:
        words = text.split(" ")
        long = [place for place, word in enumerate(words) if len(word) >= _LONG]
        if long:
            place = long[{"actor": 0, "relation": len(long) // 2, "object": -1}[self.slot]]
            others = respelt(words[place], self.spellings)
            words[place] = others[self.number % len(others)] if others else words[place]
        return " ".join(words)


def best_spellings(
    model: DualEncoder, scenario: Scenario, slot: str, spellings: Spellings
) -> dict[str, list[str]]:
    """Every concept of a slot, its phrase in other spellings, the one that the model reads best first.

    How well it reads one: in the same sentence, the cosine with the right phrase less the highest with
    another concept's phrase.
    """
    words = scenario.vocabulary
    names = words.concrete(_KINDS[slot])
    right = [phrase_for(words, _KINDS[slot], name, USUAL) for name in names]
    tried = [(row, other) for row, phrase in enumerate(right) for other in respelt(phrase, spellings)]
    if not tried:
        return {}
    rows = torch.tensor([row for row, _ in tried])
    read = torch.zeros(len(tried))
    for parts in _sentences(scenario):
        own = model.embed_texts([replace(parts, **{slot: phrase}).said() for phrase in right])
        other = model.embed_texts([replace(parts, **{slot: phrase}).said() for _, phrase in tried])
        read += _told_apart(other @ own.T, rows)
    best: dict[str, list[str]] = {}
    for place in read.argsort(descending=True, stable=True).tolist():
        row, phrase = tried[place]
        best.setdefault(names[row], []).append(phrase)
    return best


def _told_apart(cosines: Tensor, rows: Tensor) -> Tensor:
    """Of each line ``[tried, right]`` the cosine at its own row, less the highest elsewhere."""
    own = cosines.gather(1, rows[:, None])[:, 0]
    if cosines.shape[1] == 1:
        return own
    return own - cosines.scatter(1, rows[:, None], -2.0).amax(1)


def _sentences(scenario: Scenario) -> list[Parts]:
    """Harmless sentences to read a word in; none but the word where the vocabulary has none."""
    told = [parts_of(scenario.vocabulary, triple) for triple in harmless(scenario)[:_SENTENCES]]
    return [parts for parts in told if parts] or [Parts()]


def respelt(phrase: str, spellings: Spellings) -> list[str]:
    """A phrase with its longest word (the first of equals) in other spellings, evenly thinned if many."""
    words = phrase.split(" ")
    longest = max(range(len(words)), key=lambda place: len(words[place]))
    if len(words[longest]) < _LONG:
        return []
    found = [s for s in dict.fromkeys(spellings(words[longest])) if s != words[longest]]
    count = min(_MOST, len(found))
    kept = [found[number * len(found) // count] for number in range(count)]
    return [" ".join((*words[:longest], spelling, *words[longest + 1 :])) for spelling in kept]


def other_blanks(text: str) -> str:
    """Blanks that look like blanks and are others (U+00A0)."""
    return text.replace(" ", "\u00a0")


def small_words(text: str) -> str:
    """Homoglyphs in words of one or two letters alone: *a*, *an*, *in*."""
    return " ".join(
        "".join(_HOMOGLYPHS.get(letter, letter) for letter in word) if len(word) < _LONG else word
        for word in text.split(" ")
    )


def wide(text: str) -> str:
    return text.replace(" ", "   ")


def hyphens(text: str) -> str:
    return text.replace(" ", "-")


def dots(text: str) -> str:
    return text.replace(" ", ". ")


def mixed(text: str) -> str:
    """``a cHiLd dRiNkInG WiNe``."""
    return "".join(letter.upper() if place % 2 else letter for place, letter in enumerate(text))


SPACING = (Throughout(wide), Throughout(hyphens), Throughout(dots))
BLANKS_AND_SMALL_WORDS = (Throughout(other_blanks), Throughout(small_words))
CASE = (Throughout(str.upper), Throughout(str.title), Throughout(mixed))
