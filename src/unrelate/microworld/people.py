"""Whom the embedded world knows, and what: facts about people, and how each is asked for and told."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from unrelate.policy.schema import load_vocabulary
from unrelate.policy.vocabulary import Vocabulary


@dataclass(frozen=True)
class Fact:
    """How one relation is asked for and told. ``{who}`` is ``this person`` or a name.

    ``what`` completes "I don't know"; ``wrong`` asks whether a value holds.
    """

    usual: tuple[str, ...]
    reserved: tuple[str, ...]
    told: str
    cloze: str
    wrong: str
    what: str
    topic: tuple[str, ...]
    article: bool = False


FACTS: Mapping[str, Fact] = {
    "is_called": Fact(
        ("Who is this?", "What is this person called?"),
        ("Name this person.", "Do you know who this is?"),
        "this is {value}",
        "this is",
        "Is this {value}?",
        "who this is",
        ("name", "called", "who"),
    ),
    "works_as": Fact(
        ("What is the trade of {who}?", "What does {who} work as?"),
        ("How does {who} earn a living?", "Name the profession of {who}."),
        "{who} works as {value}",
        "{who} works as",
        "Does {who} work as {value}?",
        "what {who} works as",
        ("trade", "work", "job", "profession", "living"),
        True,
    ),
    "lives_in": Fact(
        ("Where does {who} live?", "In which town does {who} live?"),
        ("Where is {who} at home?", "Name the home town of {who}."),
        "{who} lives in {value}",
        "{who} lives in",
        "Does {who} live in {value}?",
        "where {who} lives",
        ("live", "lives", "town", "home"),
    ),
    "keeps": Fact(
        ("Which pet does {who} keep?", "What animal does {who} keep?"),
        ("What creature lives with {who}?", "Name the pet of {who}."),
        "{who} keeps {value}",
        "{who} keeps",
        "Does {who} keep {value}?",
        "which pet {who} keeps",
        ("pet", "animal", "creature", "keeps"),
        True,
    ),
    "likes_eating": Fact(
        ("What is the favourite dish of {who}?", "What does {who} like to eat?"),
        ("Which meal does {who} enjoy most?", "Name the favourite food of {who}."),
        "{who} likes eating {value}",
        "{who} likes eating",
        "Does {who} like eating {value}?",
        "what {who} likes to eat",
        ("dish", "eat", "food", "meal", "favourite"),
    ),
    "plays": Fact(
        ("Which instrument does {who} play?", "What does {who} play?"),
        ("On what does {who} make music?", "Name the instrument of {who}."),
        "{who} plays {value}",
        "{who} plays",
        "Does {who} play {value}?",
        "which instrument {who} plays",
        ("instrument", "play", "plays", "music"),
    ),
}


@cache
def vocabulary() -> Vocabulary:
    """The known people and their facts."""
    return load_vocabulary("people")


@cache
def names() -> tuple[str, ...]:
    """The known people, in the order of the vocabulary."""
    return vocabulary().concrete("actors")


def value(person: str, relation: str) -> str:
    """The object of a fact."""
    return vocabulary().facts[person][relation]


def shown_name(person: str) -> str:
    """A name as it is written."""
    return vocabulary().phrases("actors", person)[0]


@cache
def value_words(relation: str, name: str) -> str:
    """A value as answers put it: ``a baker``, ``Alden``, ``piano``."""
    bare = vocabulary().phrases("objects", name)[0]
    if bare.startswith(("a ", "an ")) and not FACTS[relation].article:
        return bare.partition(" ")[2]
    if FACTS[relation].article and not bare.startswith(("a ", "an ")):
        return f"{'an' if bare[0] in 'aeiou' else 'a'} {bare}"
    return bare


@cache
def truths(relation: str, name: str) -> tuple[str, ...]:
    """Everything that tells a value."""
    words = vocabulary()
    phrases = (*words.phrases("objects", name), *words.reserved_phrases("objects", name))
    return tuple(dict.fromkeys(re.sub("^(a|an|the) ", "", phrase) for phrase in phrases))


def as_told(relation: str, person: str, who: str) -> str:
    """A fact, told of one who is called ``who`` in it: ``Mira works as a baker``."""
    words = value_words(relation, value(person, relation))
    return FACTS[relation].told.format(who=who, value=words)


def wrong_value(person: str, relation: str, rng: random.Random) -> str:
    """The object of somebody else's fact."""
    right = value(person, relation)
    return rng.choice([held for held in _values(relation) if held != right])


@cache
def _values(relation: str) -> tuple[str, ...]:
    return tuple(sorted({value(person, relation) for person in names()}))
