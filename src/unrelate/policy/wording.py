"""How a tuple is said: a wording turns any tuple of a vocabulary into one English sentence.

A bank of captions is one wording applied to every tuple of the world, so that when a picture is
ranked against a bank, nothing but the tuple differs between the captions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

# The order in which a sentence names a context: what is worn stands with the actor, then where, then when.
_AFTER_THE_ACTOR = "colour"


@dataclass(frozen=True)
class Wording:
    """One manner of speaking.

    Args:
        name: what the bank is called.
        choice: which of a concept's phrases to use; wraps around where there are fewer.
        reserved: use the phrases that are kept out of every edit.
        frame: the sentence around the tuple; ``{}`` is the tuple, ``{place}`` the place of
            ``context`` (or the tuple's own, where it has one).
        context: said of every tuple that does not say otherwise itself.
    """

    name: str
    choice: int = 0
    reserved: bool = False
    frame: str = "{}"
    context: tuple[tuple[str, str], ...] = ()


USUAL = Wording("usual")


def phrase_for(vocabulary: Vocabulary, kind: str, name: str, wording: Wording) -> str:
    """What a wording calls a concept."""
    reserved = vocabulary.reserved_phrases(kind, name) if wording.reserved else ()
    phrases = reserved or vocabulary.phrases(kind, name)
    return phrases[wording.choice % len(phrases)]


def say(vocabulary: Vocabulary, triple: Triple, wording: Wording = USUAL) -> str:
    """The sentence for ``triple``, e.g. ``a child in red drinking wine on a beach``."""

    context = dict(wording.context) | dict(triple.context)
    place = context.pop("place", "") if "{place}" in wording.frame else ""
    words = []
    if triple.actor:
        words.append(phrase_for(vocabulary, "actors", triple.actor, wording))
        if _AFTER_THE_ACTOR in context:
            words.append(vocabulary.context_phrase(_AFTER_THE_ACTOR, context[_AFTER_THE_ACTOR]))
    if triple.relation:
        words.append(phrase_for(vocabulary, "relations", triple.relation, wording))
    if triple.object:
        words.append(phrase_for(vocabulary, "objects", triple.object, wording))
    words += [vocabulary.context_phrase(k, v) for k, v in context.items() if k != _AFTER_THE_ACTOR]
    sentence = wording.frame.replace("{}", " ".join(words))
    return sentence.replace("{place}", vocabulary.context_phrase("place", place)) if place else sentence


def bank(vocabulary: Vocabulary, triples: Iterable[Triple], wording: Wording = USUAL) -> Mapping[Triple, str]:
    """Every tuple said in one wording."""
    return {triple: say(vocabulary, triple, wording) for triple in triples}


def paraphrases(vocabulary: Vocabulary) -> tuple[Wording, ...]:
    """Wordings of reserved words and phrasings alone: the paraphrase attack."""
    frames = vocabulary.reserved_phrasings
    return tuple(
        Wording(f"paraphrase-{choice}-{number}", choice=choice, reserved=True, frame=frame)
        for choice in range(2)
        for number, frame in enumerate(frames)
    )


def training_wordings(vocabulary: Vocabulary) -> tuple[Wording, ...]:
    """Wordings an edit may use: usual words and phrasings; the first is `USUAL`."""
    others = (
        Wording(f"usual-{choice}-{number}", choice=choice, frame=frame)
        for choice in range(2)
        for number, frame in enumerate(vocabulary.phrasings)
    )
    return (USUAL, *(w for w in others if (w.choice, w.frame) != (USUAL.choice, USUAL.frame)))


def settings(vocabulary: Vocabulary) -> tuple[Wording, ...]:
    """The contextual attack: usual words, embedded in settings no edit has seen."""
    places = sorted(vocabulary.contexts.get("place", {})) or [""]
    frames = vocabulary.settings
    return tuple(
        Wording(
            f"setting-{number}-{place}" if place else f"setting-{number}",
            frame=frame,
            context=(("place", place),) if place and "{place}" in frame else (),
        )
        for number, frame in enumerate(frames)
        for place in (places if "{place}" in frame else [""])
    )
