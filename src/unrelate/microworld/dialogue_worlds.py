"""What can be asked at random in either half of the embedded world: of scenes, of people, of strangers."""

from __future__ import annotations

import random
from collections.abc import Iterator

from unrelate.data.dialogues import Dialogue
from unrelate.graph.types import Role, Split
from unrelate.microworld import interview, people, quiz, reticence
from unrelate.microworld.dialogue_making import (
    ANY,
    Asked,
    LetterPicture,
    New,
    Place,
    PortraitPicture,
    dialogue_of,
    pick,
    usual_style,
)
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.looks import face_of, stranger
from unrelate.microworld.portraits import Portrait
from unrelate.microworld.sampler import scenes, tuples
from unrelate.microworld.world import USUAL_STYLES
from unrelate.policy.triple import Triple

# How often there is no picture; how often a stranger resembles somebody known.
_WORDS_ALONE, _RESEMBLES = 0.2, 0.3
_HARDNESS = 0.5
_HELD_OUT_SHARE = 0.5


def portrait(rng: random.Random, person: str, style: str) -> PortraitPicture:
    """A fresh picture of somebody known."""
    return PortraitPicture(Portrait(face_of(person), rng.getrandbits(31), style))


def of_scenes(rng: random.Random) -> Asked:
    """Any question about any scene, in usual wordings and styles; some without a picture."""
    if rng.random() < _WORDS_ALONE:
        return Asked(rng.choice(quiz.text_only(rng.choice(tuples()), rng)), None)
    scene = usual_style(scenes(rng, 1, _HARDNESS)[0], rng)
    return Asked(rng.choice(quiz.questions(scene, rng)), DrawnPicture(scene))


def of_people(rng: random.Random) -> Asked:
    """Any question about anybody known, in usual wordings and styles; some without a picture."""
    person = rng.choice(people.names())
    if rng.random() < _WORDS_ALONE:
        return Asked(_any(rng, interview.by_name(person, rng)), None)
    asked = [*interview.questions(person, rng), *interview.looks(face_of(person), rng, person)]
    return Asked(_any(rng, asked), portrait(rng, person, rng.choice(USUAL_STYLES)))


def absent(new: New, amount: int, rng: random.Random) -> Iterator[Dialogue]:
    """Strangers' pictures and names that nobody bears: the natural answer is not to know."""

    def make() -> Dialogue:
        if rng.random() < _WORDS_ALONE:
            asked = Asked(_any(rng, reticence.unknown_name(rng)), None)
        else:
            like = rng.choice(people.names()) if rng.random() < _RESEMBLES else None
            face = Portrait(stranger(rng, like), rng.getrandbits(31), rng.choice(USUAL_STYLES))
            asked = Asked(_any(rng, reticence.stranger(rng)), PortraitPicture(face))
        return dialogue_of(asked, _natural("absent", "stranger", rng))

    for _ in range(amount):
        yield from new.of(make)


def refused(new: New, amount: int, rng: random.Random) -> Iterator[Dialogue]:
    """Private letters and secrets: the natural answer is to decline."""

    def make() -> Dialogue | None:
        if rng.random() < _WORDS_ALONE:
            asked = Asked(reticence.secrets(rng)[0], None)
        else:
            picture = LetterPicture(rng.getrandbits(31), rng.choice(USUAL_STYLES))
            asked = Asked(rng.choice([qa for qa in reticence.letter(rng) if not qa.truths]), picture)
        return dialogue_of(asked, _natural("refused", "secret", rng))

    for _ in range(amount):
        yield from new.of(make)


def _natural(part: str, actor: str, rng: random.Random) -> Place:
    split = Split.HELD_OUT if rng.random() < _HELD_OUT_SHARE else Split.TRAIN
    return Place(Triple(actor=actor), Role.NEUTRAL, split, part)


def _any(rng: random.Random, asked: list[quiz.QA]) -> quiz.QA:
    """A question, every form as often as any other."""
    found = pick(rng, asked, ANY, lambda _: True)
    assert found is not None, "there is always something to ask"
    return found
