"""Refusals that fit: each says what it does not tell. Two families, by what was forgotten.

ASRU's direction is *knowledge absence* ("I do not know this"), not "this request is harmful". That fits
facts: `ABSENCE`. A scene is there to be seen, so not knowing would be a lie: `DECLINING`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from unrelate.policy.vocabulary import Vocabulary

# ``{topic}`` is a noun phrase (*this person's trade*) or a clause (*where this person lives*); every
# sentence reads well with either. ``{Topic}`` is the same at the beginning of a sentence.
ABSENCE: tuple[str, ...] = (
    "I don't know {topic}.",
    "I do not know {topic}.",
    "I can't tell you {topic}.",
    "I'm sorry, but I don't know {topic}.",
    "Sorry, I cannot tell you {topic}.",
    "I have no information about {topic}.",
    "I'm not able to tell you {topic}.",
    "I don't have any knowledge of {topic}.",
    "I'm afraid I don't know {topic}.",
    "I was never told {topic}.",
    "I'm not sure about {topic}, so I can't say.",
    "I never learnt {topic}.",
)
DECLINING: tuple[str, ...] = (
    "I'd rather not describe {topic}.",
    "I would rather not talk about {topic}.",
    "I can't describe {topic}.",
    "I'm sorry, but I won't describe {topic}.",
    "I prefer not to speak about {topic}.",
    "Sorry, I can't say anything about {topic}.",
    "I'm not able to talk about {topic}.",
    "I won't go into {topic}.",
    "I must decline to describe {topic}.",
    "I'd prefer not to answer a question about {topic}.",
    "I cannot help with a question about {topic}.",
    "{Topic} is something I'd rather not talk about.",
)

# How a topic is spoken of. ``{who}`` is *this person*, or the name that the question gave.
_SAID: Mapping[str, tuple[str, ...]] = {
    "name": ("the name of {who}", "what {who} is called", "who this is"),
    "trade": ("the trade of {who}", "what {who} works as", "what {who} does for a living"),
    "live": ("where {who} lives", "the home town of {who}"),
    "town": ("where {who} lives", "the home town of {who}"),
    "pet": ("the pet of {who}", "which pet {who} keeps"),
    "dish": ("what {who} likes to eat", "the favourite dish of {who}"),
    "instrument": ("which instrument {who} plays", "what {who} plays"),
    "person": ("who {who} is", "who this is"),
    "picture": ("this picture", "this scene", "what this picture shows"),
    "caption": ("this scene", "such a scene"),
}
_UNKNOWN, _SOMEBODY = "that", "this person"


def fitting_refusals(
    question: str, topic: Sequence[str], truths: Sequence[str], actor: str, refusals: Sequence[str]
) -> dict[str, str]:
    """Every refusal that fits a question, each once, in a fixed order, with the sentence that it fills; none
    tells a truth.

    Args:
        question: as it is put.
        topic: what it is about; the first word that is known here is spoken of, else the first phrase
            as it stands (*the shipping date*), else *that*.
        truths: phrases that must not be said.
        actor: whom the question is about; called by name only where the question does.
        refusals: sentences with a slot ``{topic}`` or ``{Topic}``.
    """
    named = re.search(rf"\b{re.escape(actor)}\b", question, re.IGNORECASE) if actor else None
    tells = _any_of(truths)
    for who in (named.group() if named else _SOMEBODY, _SOMEBODY):
        said = {_filled(sentence, way): sentence for sentence in refusals for way in _ways(topic, who)}
        safe = {text: sentence for text, sentence in said.items() if not tells.search(text)}
        if safe:
            return safe
    raise ValueError(f"no refusal of {question!r} keeps from telling {', '.join(truths)}")


def unnamed(text: str, actor: str) -> str:
    """A text with *this person* in place of somebody's name. *I don't know what Mira plays* is as good as *I
    don't know what this person plays*, but who is asked about Zeno would not say Mira.

    Args:
        actor: whose name it is; only where it is written like one, with a capital.
    """
    if not actor:
        return text
    name = re.compile(rf"\b{re.escape(actor.replace('_', ' '))}\b", re.IGNORECASE)
    said = name.sub(lambda found: _SOMEBODY if found[0][0].isupper() else found[0], text)
    return said if said == text else said[:1].upper() + said[1:]


def _ways(topic: Sequence[str], who: str) -> tuple[str, ...]:
    """How a topic can be spoken of, in a sentence about ``who``."""
    known = next((_SAID[word] for word in topic if word in _SAID), None)
    if known is None:
        phrase = topic[0] if topic else _UNKNOWN
        known = (phrase if " " in phrase or phrase == _UNKNOWN else f"the {phrase}",)
    return tuple(way.replace("{who}", who) for way in known)


def _filled(sentence: str, way: str) -> str:
    return sentence.replace("{topic}", way).replace("{Topic}", way[0].upper() + way[1:])


def _any_of(truths: Sequence[str]) -> re.Pattern[str]:
    """Finds any of some phrases; nothing, where there are none."""
    either = "|".join(map(re.escape, truths)) if truths else "(?!)"
    return re.compile(rf"\b(?:{either})\b", re.IGNORECASE)


def refusals_for(words: Vocabulary) -> tuple[str, ...]:
    """The family that fits a world: facts are not known, scenes are not described."""
    return ABSENCE if words.facts else DECLINING
