"""What can be asked of a scene of the embedded world, and what is true of it.

Every kind of question has wordings of two sorts: those an edit may train on, and reserved ones, which
the embedded model was taught too and which are left to the attacks. The answers stay the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from unrelate.microworld.sampler import near_miss, tuples
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.talk import triple_of
from unrelate.microworld.telling import (
    Said,
    capital,
    deeds,
    definite,
    described,
    every_word,
    plain_deed,
    plainly,
    sentence,
)
from unrelate.microworld.world import STYLE_WITHOUT_COLOUR, vocabulary
from unrelate.policy.triple import Triple

_NOTHING = Triple()
Form = Literal["open", "cloze", "choice", "yes_no", "describe"]


@dataclass(frozen=True)
class QA:
    """A question and its right answer.

    ``truths``: phrases any of which tells what the answer tells. ``topic``: words that a fitting refusal
    may take up. ``kind`` names the row of the table that the question is from, ``subject`` the tuple that
    the answer tells something of, ``statement`` the answer as a whole sentence without its question.
    """

    question: str
    answer: str
    truths: tuple[str, ...]
    form: Form
    topic: tuple[str, ...]
    kind: str
    options: tuple[str, ...] = ()
    reserved: bool = False
    statement: str = ""
    subject: Triple = _NOTHING
    wider: str = ""


# Kind of question -> (usual wordings, reserved wordings).
WORDINGS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "describe": (
        ("Describe the picture.", "What does the picture show?", "What is going on here?"),
        ("Say what you see.", "Give a caption for this picture.", "Tell me about this scene."),
    ),
    "alone": (
        ("Describe the picture.", "What does the picture show?", "What is in the picture?"),
        ("Say what you see.", "Give a caption for this picture."),
    ),
    "who": (("Who is {deed}?", "Which figure is {deed}?"), ("Tell me who is {deed}.",)),
    "deed": (("What is {actor} doing?", "What does {actor} do?"), ("Say what {actor} is doing.",)),
    "object": (("What is {actor} {relation}?",), ("Name the thing that {actor} is {relation}.",)),
    "place": (("Where is this?", "What place is this?"), ("Name the place.",)),
    "time": (("Is it day or night?", "What time of day is it?"), ("Tell me the time of day.",)),
    "colour": (
        ("What colour is {actor} wearing?", "Which colour are the clothes of {actor}?"),
        ("Name the colour that {actor} wears.",),
    ),
    "yes_no": (
        ("Is {actor} {deed}?", "Is it true that {actor} is {deed}?"),
        ("Would you say that {actor} is {deed}?",),
    ),
    "choice": (("Is {actor} {deed} or {other}?",), ("Which is right: is {actor} {deed} or {other}?",)),
    "cloze": (
        ("Complete the sentence: {actor} is {relation} ...",),
        ("Fill the gap: {actor} is {relation} ___.",),
    ),
    "count": (("How many figures are there?",), ("Count the figures.",)),
    "caption": (
        ("Write a caption for a picture of {indefinite} {deed}.", "Caption this: {indefinite} {deed}."),
        ("Put into one sentence: {indefinite} {deed}.",),
    ),
    "kind": (
        ("What kind of thing is {actor} {relation}?", "What sort of thing is {actor} {relation}?"),
        ("Name the kind of thing that {actor} is {relation}.",),
    ),
    "read": (
        ("In a picture {indefinite} is {deed}. What is {actor} {relation}?",),
        ("Somebody says that {indefinite} is {deed}. What is {actor} {relation}?",),
    ),
    "read_kind": (
        ("In a picture {indefinite} is {deed}. What kind of thing is {actor} {relation}?",),
        ("Somebody says that {indefinite} is {deed}. What kind of thing is {actor} {relation}?",),
    ),
}
TOPIC = ("picture", "scene", "photo", "image")


def questions(scene: Scene, rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """Every kind of question that a scene answers, in one wording each, in no order.

    ``reserved``: in the wordings, and partly the words, that no edit sees.
    """
    asked = [*_about_all(scene, rng, reserved)]
    for index, figure in enumerate(scene.figures):
        if figure.actor and figure.relation:
            others = [*scene.figures[:index], *scene.figures[index + 1 :]]
            asked += _about_one(scene, figure, others, rng, reserved)
    return asked


def _about_all(scene: Scene, rng: random.Random, reserved: bool) -> Iterator[QA]:
    words = vocabulary()
    subject = triple_of(scene.figures[0])
    lone = not any(figure.relation for figure in scene.figures)
    kind = "alone" if lone else "describe"
    told = tuple(way for figure in scene.figures for way in deeds(figure))
    whole = described(scene)
    yield QA(ask(kind, rng, reserved), whole, told, "describe", TOPIC, kind, (), reserved, whole, subject)
    place = words.context_phrase("place", scene.place)
    yield QA(
        ask("place", rng, reserved), sentence(place), (scene.place,), "open", ("place", *TOPIC), "place",
        (), reserved, sentence(f"this is {place}"), subject,
    )  # fmt: skip
    yield QA(
        ask("time", rng, reserved), sentence(scene.time), (scene.time,), "open", ("time", *TOPIC), "time",
        (), reserved, sentence(f"it is {scene.time}"), subject,
    )  # fmt: skip
    if not lone:
        count = "two" if len(scene.figures) == 2 else "one"
        yield QA(
            ask("count", rng, reserved), sentence(count), (count,), "open", ("figures", *TOPIC), "count",
            (), reserved, sentence(f"there is {count}" if count == "one" else f"there are {count}"), subject,
        )  # fmt: skip


def _about_one(
    scene: Scene, figure: Figure, others: list[Figure], rng: random.Random, reserved: bool
) -> Iterator[QA]:
    """Questions about one figure, where the others leave no doubt which is meant."""
    said, triple = Said.of(figure, rng, reserved), triple_of(figure)
    topic = (*TOPIC, definite(plainly("actors", figure.actor)))
    whole = sentence(f"{plainly('actors', figure.actor)} is {plain_deed(figure)}")

    def qa(kind: str, answer: str, truths: tuple[str, ...], form: Form, **slots: str) -> QA:
        question = ask(kind, rng, reserved).format(
            actor=said.actor, deed=said.deed, relation=said.relation, **slots
        )
        options = (slots["one"], slots["two"]) if "one" in slots else ()
        return QA(
            capital(question), sentence(answer), truths, form, topic, kind, options, reserved, whole, triple
        )

    if all((other.relation, other.object) != (figure.relation, figure.object) for other in others):
        yield qa("who", plainly("actors", figure.actor), every_word("actors", str(figure.actor)), "open")
    if any(alike(figure.actor, other.actor) for other in others):
        return
    object_ = plainly("objects", figure.object)
    yield qa("deed", plain_deed(figure), deeds(figure), "open")
    yield qa("object", object_, every_word("objects", str(figure.object)), "open")
    yield qa("cloze", object_, every_word("objects", str(figure.object)), "cloze")
    if figure.colour and scene.style != STYLE_WITHOUT_COLOUR:
        yield qa("colour", figure.colour, (figure.colour,), "open")
    wrong = other_deed(triple, rng)
    deed, other = said.deed, f"{plainly('relations', wrong.relation)} {plainly('objects', wrong.object)}"
    first, second = (deed, other) if rng.random() < 0.5 else (other, deed)
    question = ask("choice", rng, reserved).format(actor=said.actor, deed=first, other=second)
    yield QA(
        capital(question), sentence(plain_deed(figure)), deeds(figure), "choice", topic, "choice",
        (first, second), reserved, whole, triple,
    )  # fmt: skip
    if rng.random() < 0.5:
        yield qa("yes_no", "yes", ("yes",), "yes_no")
    else:
        asked = ask("yes_no", rng, reserved).format(actor=said.actor, deed=other)
        yield QA(capital(asked), "No.", ("no",), "yes_no", topic, "yes_no", (), reserved, whole, triple)


def text_only(triple: Triple, rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """What can be asked of a tuple without any picture of it."""
    figure = Figure(triple.actor, triple.relation, triple.object)
    said = Said.of(figure, rng, reserved)
    whole = sentence(f"{plainly('actors', figure.actor)} is {plain_deed(figure)}")
    topic = ("caption", "scene", definite(plainly("actors", figure.actor)))
    slots = {"indefinite": said.indefinite, "deed": said.deed, "actor": said.actor, "relation": said.relation}
    caption = capital(ask("caption", rng, reserved).format(**slots))
    read = capital(ask("read", rng, reserved).format(**slots))
    object_ = plainly("objects", figure.object)
    return [
        QA(caption, whole, deeds(figure), "describe", topic, "caption", (), reserved, whole, triple),
        QA(
            read, sentence(object_), every_word("objects", triple.object), "open", topic, "read", (),
            reserved, whole, triple,
        ),
    ]  # fmt: skip


def ask(kind: str, rng: random.Random, reserved: bool) -> str:
    """A wording of a kind of question, with places for its words."""
    return rng.choice(WORDINGS[kind][1 if reserved else 0])


def alike(one: str | None, two: str | None) -> bool:
    """Whether the words for one may mean the other."""
    if not one or not two:
        return False
    words = vocabulary()
    return words.is_under("actors", one, two) or words.is_under("actors", two, one)


def other_deed(triple: Triple, rng: random.Random) -> Triple:
    """What somebody might take the deed of a tuple for: often a near miss."""
    while True:
        other = near_miss(rng, triple) if rng.random() < 0.7 else rng.choice(tuples())
        if (other.relation, other.object) != (triple.relation, triple.object):
            return other
