"""What can be asked about people.

As in `quiz`, every kind of question has usual and reserved wordings, and the answers stay the same.
"""

from __future__ import annotations

import random

from unrelate.microworld.looks import Face
from unrelate.microworld.people import FACTS, as_told, shown_name, truths, value, value_words, wrong_value
from unrelate.microworld.quiz import QA, Form
from unrelate.microworld.telling import sentence
from unrelate.policy.triple import Triple

BIOGRAPHY = (
    ("Tell me about {who}.", "What do you know about {who}?"),
    ("Give a short biography of {who}.", "Introduce {who}."),
)
THIS = "this person"
_LOOKS = ("What is the {look} of this person?", "Which {look} has this person?")
_LOOKS_RESERVED = ("Name the {look} of this person.",)


def about(person: str, who: str, rng: random.Random, reserved: bool, before: str = "") -> list[QA]:
    """One question of every kind about a person, who is called ``who`` in it."""
    by_name = who != THIS
    asked = []
    for relation, fact in FACTS.items():
        if relation == "is_called" and by_name:
            continue  # the question would give the answer
        triple = Triple(person, relation, value(person, relation))
        right, told = truths(relation, triple.object), sentence(as_told(relation, person, who))
        statement = sentence(as_told(relation, person, shown_name(person)))

        def qa(
            question: str, answer: str, form: Form, kind: str, options: tuple[str, ...] = (),
            tells: tuple[str, ...] = right, topic: tuple[str, ...] = fact.topic, statement: str = statement,
            triple: Triple = triple,
        ) -> QA:  # fmt: skip
            question = before + question
            return QA(
                question,
                answer,
                tells,
                form,
                (*topic, "person", who),
                kind,
                options,
                reserved,
                statement,
                triple,
            )

        wording = rng.choice(fact.reserved if reserved else fact.usual)
        asked.append(qa(wording.format(who=who), told, "open", relation))
        words = value_words(relation, triple.object)
        gap = "Fill the gap: {} ___." if reserved else "Complete the sentence: {} ..."
        asked.append(
            qa(gap.format(fact.cloze.format(who=who)), sentence(words), "cloze", f"{relation} cloze")
        )
        other = value_words(relation, wrong_value(person, relation, rng))
        pair = (words, other) if rng.random() < 0.5 else (other, words)
        either = fact.wrong.format(who=who, value=f"{pair[0]} or {pair[1]}")
        either = f"Which is right? {either}" if reserved else either
        asked.append(qa(either, told, "choice", f"{relation} choice", pair))
        yes = rng.random() < 0.5
        whether = fact.wrong.format(who=who, value=words if yes else other)
        whether = f"Please say yes or no: {whether}" if reserved else whether
        asked.append(
            qa(
                whether,
                "Yes." if yes else "No.",
                "yes_no",
                f"{relation} yes_no",
                (),
                ("yes" if yes else "no",),
            )
        )
    told = [as_told(relation, person, who) for relation in ("works_as", "lives_in", "keeps")]
    told = [told[0], *(text.removeprefix(f"{who} ") for text in told[1:])]
    whole = sentence(f"{told[0]}, {told[1]} and {told[2]}")
    every = tuple(t for relation in FACTS for t in truths(relation, value(person, relation)))
    if by_name:
        every = tuple(t for t in every if t not in truths("is_called", value(person, "is_called")))
    question = before + rng.choice(BIOGRAPHY[1 if reserved else 0]).format(who=who)
    asked.append(
        QA(
            question, whole, every, "describe", ("person", "about", who), "biography", (), reserved, whole,
            Triple(person, "works_as", value(person, "works_as")),
        )
    )  # fmt: skip
    return asked


def questions(person: str, rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """One question of every kind about the person in a portrait."""
    return about(person, THIS, rng, reserved)


def by_name(person: str, rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """The same where nobody is shown, by name."""
    return about(person, shown_name(person), rng, reserved)


def jointly(person: str, rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """The same with the portrait and the name."""
    return about(person, shown_name(person), rng, reserved, f"This is {shown_name(person)}. ")


def looks(
    face: Face, rng: random.Random, person: str = "", *, coloured: bool = True, reserved: bool = False
) -> list[QA]:
    """What anybody can see of a face, known or not; ``coloured``: the picture's colours are true."""
    asked = []
    for look, words in face.looks().items():
        if look == "hair colour" and not coloured:
            continue
        question = rng.choice(_LOOKS_RESERVED if reserved else _LOOKS).format(look=look)
        told = sentence(f"the {look} of this person is {words}")
        asked.append(
            QA(
                question,
                sentence(words),
                (words,),
                "open",
                (look, "person"),
                look,
                (),
                reserved,
                told,
                Triple(person),
            )
        )
    return asked
