"""The phrases of a vocabulary in all their inflections, looked up in a row of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from unrelate.matching.conditions import Conditions
from unrelate.matching.inflection import forms, plurals
from unrelate.matching.tokens import without_article, words
from unrelate.policy.hierarchy import Concept
from unrelate.policy.vocabulary import Vocabulary

Phrase = tuple[str, ...]
Entry = TypeVar("Entry")
_PARTICLES = frozenset(["out", "up", "down", "off", "away", "over", "in", "back", "with"])
_STANDS_FOR_MANY = {"somebody": (("people",),), "someone": (("people",),), "person": (("people",),)}


@dataclass(frozen=True, slots=True)
class Noun:
    """What a noun phrase names; often one of the two."""

    actor: str = ""
    object: str = ""
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """One form of one relation. ``form``: base, third, past, participle (``drunk``), ing, or fixed.
    ``tails``: what may follow the object and make another relation of it (*pour wine out*)."""

    relation: str
    form: frozenset[str]
    base: str
    tails: tuple[tuple[Phrase, str], ...] = ()


@dataclass
class Table(Generic[Entry]):
    """Entries by phrase, the longest first."""

    entries: dict[Phrase, Entry] = field(default_factory=dict)
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, phrase: Phrase, entry: Entry) -> None:
        if phrase:
            self.entries[phrase] = entry
            known = {*self.lengths.get(phrase[0], ()), len(phrase)}
            self.lengths[phrase[0]] = tuple(sorted(known, reverse=True))

    def longest(self, row: Sequence[str], at: int) -> tuple[int, Entry] | None:
        """How many words from ``at`` on are a phrase, and its entry."""
        for length in self.lengths.get(row[at], ()):
            entry = self.entries.get(tuple(row[at : at + length])) if at + length <= len(row) else None
            if entry is not None:
                return length, entry
        return None


class Lexicon:
    """All that a vocabulary can say, and in which form."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.nouns: Table[Noun] = Table()
        self.verbs: Table[Verb] = Table()
        self.conditions = Conditions(vocabulary)
        self.keywords: dict[str, set[str]] = {"actors": set(), "relations": set(), "objects": set()}
        for kind in ("actors", "objects"):
            for name, concept in vocabulary.concepts(kind).items():
                for phrase, plural in _noun_phrases(name, concept):
                    self._add_noun(kind, name, phrase, plural)
        for name, relation in vocabulary.relations.items():
            for phrase in _verb_phrases(name, relation):
                self._add_verb(name, phrase)

    def _add_noun(self, kind: str, name: str, phrase: Phrase, plural: bool) -> None:
        known = self.nouns.entries.get(phrase, Noun())
        if kind == "actors" and not known.actor:
            self.nouns.add(phrase, Noun(name, known.object, plural))
        elif kind == "objects" and not known.object:
            self.nouns.add(phrase, Noun(known.actor, name, plural))
        self.keywords[kind].add(_keyword(phrase))

    def _add_verb(self, name: str, phrase: Phrase) -> None:
        at = next((i for i, word in enumerate(phrase) if word.endswith("ing") and len(word) > 4), -1)
        if at < 0:
            self.verbs.add(phrase, Verb(name, frozenset({"fixed"}), ""))
            self.keywords["relations"].add(_keyword(phrase))
            return
        verb = forms(phrase[at])
        spelt: dict[str, set[str]] = {}
        for form, spellings in (
            ("base", verb.base),
            ("third", verb.third),
            ("past", verb.past),
            ("participle", verb.participle),
            ("ing", (verb.ing,)),
        ):
            for spelling in spellings:
                spelt.setdefault(spelling, set()).add(form)
        rest = phrase[at + 1 :]
        for spelling, kinds in spelt.items():
            whole = (*phrase[:at], spelling, *rest)
            known = self.verbs.entries.get(whole)
            self.verbs.add(
                whole,
                Verb(
                    known.relation if known and known.form != {"tail"} else name,
                    frozenset(kinds),
                    verb.base[-1],
                    known.tails if known else (),
                ),
            )
            self.keywords["relations"].add(_keyword(whole))
            if rest and rest[0] in _PARTICLES and at == 0:
                self._add_tail((spelling,), rest, name, frozenset(kinds), verb.base[-1])

    def _add_tail(self, head: Phrase, rest: Phrase, name: str, form: frozenset[str], base: str) -> None:
        """*pour* gets the tail *out*; a verb known only with its tail says nothing without."""
        known = self.verbs.entries.get(head) or Verb("", form, base)
        tails = tuple(sorted({*known.tails, (rest, name)}, key=lambda tail: -len(tail[0])))
        self.verbs.add(head, Verb(known.relation, known.form, known.base, tails))
        self.keywords["relations"].add(_keyword(head))


def _keyword(phrase: Phrase) -> str:
    """The word that a caption with this phrase must have; the longest tells most."""
    return max((part for word in phrase for part in word.split("'")), key=len)


def _said(name: str, concept: Concept) -> Iterator[Phrase]:
    for phrase in dict.fromkeys((name, *concept.usual(), *concept.reserved)):
        bare = without_article(words(phrase))
        if bare:
            yield bare


def _noun_phrases(name: str, concept: Concept) -> Iterator[tuple[Phrase, bool]]:
    for phrase in _said(name, concept):
        yield phrase, False
        head = phrase.index("of") - 1 if "of" in phrase[1:] else len(phrase) - 1
        for many in plurals(phrase[head]):
            yield (*phrase[:head], many, *phrase[head + 1 :]), True
        for many in _STANDS_FOR_MANY.get(" ".join(phrase), ()):
            yield many, True


def _verb_phrases(name: str, relation: Concept) -> Iterator[Phrase]:
    """The relation's phrases; its bare name too, if that is a verb. ``next_to`` alone is where
    something is, not what somebody does: *a dog next to wine* is not *standing next to* it."""
    said = [words(phrase) for phrase in (*relation.usual(), *relation.reserved)]
    own = words(name)
    if any(word.endswith("ing") for word in own):
        said.append(own)
    yield from dict.fromkeys(phrase for phrase in said if phrase)
