"""The embedded world in words, as questions put it and as answers do.

Answers use the plainest phrase of a concept; questions may use any, and reserved ones where they are
reserved themselves.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import vocabulary


def definite(phrase: str) -> str:
    """``a child`` as ``the child``; what has no article keeps none."""
    article, _, rest = phrase.partition(" ")
    return f"the {rest}" if article in ("a", "an") else phrase


def sentence(text: str) -> str:
    """A text with a capital at its front and a full stop at its end."""
    return f"{capital(text)}."


@dataclass(frozen=True)
class Said:
    """A figure in words: as a question may put it, and as answers do."""

    figure: Figure
    words: tuple[str, str, str]

    @staticmethod
    def of(figure: Figure, rng: random.Random, reserved: bool) -> Said:
        return Said(
            figure,
            (
                _word("actors", figure.actor, rng, reserved),
                _word("relations", figure.relation, rng, reserved),
                _word("objects", figure.object, rng, reserved),
            ),
        )

    @property
    def indefinite(self) -> str:
        return self.words[0]

    @property
    def actor(self) -> str:
        return definite(self.words[0])

    @property
    def relation(self) -> str:
        return self.words[1]

    @property
    def deed(self) -> str:
        return f"{self.words[1]} {self.words[2]}"


def _word(kind: str, name: str | None, rng: random.Random, reserved: bool) -> str:
    """A phrase for a concept; mostly the plainest one."""
    if not name:
        return ""
    words = vocabulary()
    if reserved and rng.random() < 0.5:
        return rng.choice(words.reserved_phrases(kind, name) or words.phrases(kind, name))
    return words.phrases(kind, name)[0] if rng.random() < 0.6 else rng.choice(words.phrases(kind, name))


def plainly(kind: str, name: str | None) -> str:
    """The phrase that answers use."""
    return vocabulary().phrases(kind, name)[0] if name else ""


def every_word(kind: str, name: str) -> tuple[str, ...]:
    """Everything that a concept may be called, with what is above it, articles left out."""
    words = vocabulary()
    above = [phrase for up in words.ancestors(kind, name) for phrase in words.phrases(kind, up)]
    phrases = (*words.phrases(kind, name), *words.reserved_phrases(kind, name), *above)
    return tuple(dict.fromkeys(phrase.removeprefix("a ").removeprefix("an ") for phrase in phrases))


def deeds(figure: Figure) -> tuple[str, ...]:
    """Every way to say what a figure does to what."""
    if not (figure.relation and figure.object):
        return ()
    words = vocabulary()
    relations = (
        *words.phrases("relations", figure.relation),
        *words.reserved_phrases("relations", figure.relation),
    )
    names = [figure.object, *words.ancestors("objects", figure.object)]
    objects = [
        p for n in names for p in (*words.phrases("objects", n), *words.reserved_phrases("objects", n))
    ]
    return tuple(f"{relation} {object_}" for relation in relations for object_ in objects)


def plain_deed(figure: Figure) -> str:
    """What a figure does to what, as answers say it."""
    return f"{plainly('relations', figure.relation)} {plainly('objects', figure.object)}"


def described(scene: Scene) -> str:
    """The usual description: every figure from left to right, the place, and the night."""
    parts = []
    for figure in scene.figures:
        if figure.actor and figure.relation:
            parts.append(f"{plainly('actors', figure.actor)} is {plain_deed(figure)}")
        else:
            parts.append(plainly("actors", figure.actor) or plainly("objects", figure.object))
    text = f"{' and '.join(parts)} {vocabulary().context_phrase('place', scene.place)}"
    return sentence(f"{text} at night" if scene.time == "night" else text)


def capital(text: str) -> str:
    """A text with a capital at its front."""
    return text[:1].upper() + text[1:]
