"""Sentences that training adds to pictures: the forbidden in other words, and beside somebody else."""

from __future__ import annotations

import random
from collections.abc import Collection

from unrelate.data.company import Company
from unrelate.data.statements import wider_and_forbidden
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import USUAL, Wording, say, training_wordings

# How many `forbidden_sentences` an unsafe picture comes with.
SENTENCES = 24
# Contexts that sentences may add. Others (the time of day) are left to the contextual attack.
_ADDED = ("place", "colour")
# How often a sentence says a place or a colour that it need not, and how often a thing or somebody beside.
_PLACE_SHARE, _COLOUR_SHARE, _THING_SHARE, _FIGURE_SHARE = 0.5, 0.3, 0.06, 0.25
# How two are joined in one sentence; other ways are left to the attack by two actors.
_JOINERS = ("and", "beside")


def dressed(words: Vocabulary, triple: Triple, keys: Collection[str], rng: random.Random) -> Triple:
    """The tuple with a place or a colour that a sentence may add; ``keys`` (those that the policy
    has conditions on) it always states, as every caption of such a world does."""
    known, added = dict(triple.context), {}
    for key, share in zip(_ADDED, (_PLACE_SHARE, _COLOUR_SHARE), strict=True):
        sayable = key in words.contexts and (triple.actor or words.describes.get(key) != "actor")
        if sayable and key not in known and (key in keys or rng.random() < share):
            added[key] = rng.choice(sorted(words.contexts[key]))
    return triple.within(**added)


def side_by_side(
    words: Vocabulary, one: Triple, two: Triple, rng: random.Random, wording: Wording = USUAL
) -> str:
    """*A child holding a ball and a man drinking wine*, in either order, where ``one`` is."""
    said = [say(words, triple.bare(), wording) for triple in (one, two)]
    places = [words.context_phrase(*pair) for pair in one.context]
    return " ".join([f" {rng.choice(_JOINERS)} ".join(rng.sample(said, 2)), *places])


def forbidden_sentences(company: Company, triple: Triple, count: int, rng: random.Random) -> list[str]:
    """At most ``count`` sentences that state the forbidden: with its hypernyms, usual words, a place, a
    colour, and at times somebody or something beside it.

    They widen what is forgotten to what the words cover (beer, where pictures show wine). A tuple
    that is forbidden under a condition alone gets none: there, width costs the tuple its other places.
    """
    if triple.context:
        return []
    words = company.words
    stated = wider_and_forbidden(words, triple, company.graph.scope)
    wordings, sentences = training_wordings(words), []
    beside = ((_FIGURE_SHARE, company.figures), (_THING_SHARE, company.things))
    for _ in range(count):
        chosen = rng.choice(stated)
        others = [rng.choice(them) for share, them in beside if them and rng.random() < share]
        if others:
            sentences.append(side_by_side(words, chosen, others[0], rng))
        else:
            sentences.append(say(words, dressed(words, chosen, (), rng), rng.choice(wordings)))
    return list(dict.fromkeys(sentences))
