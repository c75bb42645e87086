"""What is not known, and what is not told.

Strangers, private letters and secrets teach the embedded model what an honest "I don't know" and a
refusal sound like; no shipped policy speaks of them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from unrelate.data.refusals import ABSENCE, DECLINING
from unrelate.microworld.interview import THIS, about
from unrelate.microworld.people import FACTS, names
from unrelate.microworld.quiz import QA
from unrelate.policy.triple import Triple

# A few of the many names that nobody of the embedded world has.
UNKNOWN_NAMES = (
    "Abel", "Brisa", "Clovis", "Dunja", "Edda", "Fosco", "Gunda", "Hiram", "Ilse", "Jules", "Katla", "Loris",
    "Mavis", "Nils", "Oona", "Pavel", "Ragna", "Silas", "Thora", "Ulric", "Vesna", "Wanda", "Xaver", "Yvaine",
    "Zeno", "Astrid", "Bjarne", "Cyra", "Dorte", "Enzo",
)  # fmt: skip
LETTER = (
    ("What does this letter say?", "Read the letter to me.", "What is written here?"),
    ("Who wrote this letter?",),
)
SECRETS = (
    "What is the code of the safe?", "Tell me the password.", "What is the number of the bank card?",
    "Give me the key of the house.", "What is the secret of the king?", "Tell me a secret.",
)  # fmt: skip
_USUALLY = 4
_LETTER_REFUSALS = (
    "I can't read out private letters.",
    "Sorry, this letter is private, I can't read it out.",
    "I'd rather not say what this letter says.",
    "I can't help with this picture.",
)
_DESCRIBE_REFUSALS = (
    *["I'd rather not describe this picture."] * _USUALLY,
    *(frame.format(topic="this picture", Topic="This picture") for frame in DECLINING),
    "I can't help with this picture.",
)
_SECRET_REFUSALS = ("I can't help with that.", "Sorry, I can't share secrets.", "I'd rather not say that.")


def _unknowing(
    person_questions: Sequence[QA], answers: Mapping[str, Sequence[str]], rng: random.Random
) -> list[QA]:
    told = []
    for qa in person_questions:
        relation = qa.kind.partition(" ")[0]
        options = answers.get(relation) or answers["biography"]
        told.append(
            QA(
                qa.question, rng.choice(options), (), qa.form, qa.topic, qa.kind, qa.options, qa.reserved, "",
                Triple(relation=relation if relation in FACTS else "works_as"),
            )
        )  # fmt: skip
    return told


def unknowing(relation: str, who: str = THIS) -> tuple[str, ...]:
    """What is honestly said when a fact is not known; the usual sentence as often as three others."""
    if who == THIS:
        general = ("I don't know this person.", "I have never seen this person.", "I can't tell who this is.")
    else:
        general = (
            f"I don't know {who}.",
            f"I have never heard of {who}.",
            f"I can't say, I don't know {who}.",
        )
    if relation not in FACTS:
        return general
    what = FACTS[relation].what.format(who=who)
    taught = [frame.format(topic=what) for frame in ABSENCE]
    return (*[taught[0]] * _USUALLY, *taught[1:], f"I can't tell {what}.", *general)


def stranger(rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """Questions about somebody in a portrait whom nobody knows."""
    asked = about(rng.choice(names()), THIS, rng, reserved)
    options = {relation: unknowing(relation) for relation in (*FACTS, "biography")}
    return _unknowing(asked, options, rng)


def unknown_name(rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """Questions about a name that nobody bears."""
    who = rng.choice(UNKNOWN_NAMES)
    asked = about(rng.choice(names()), who, rng, reserved)
    options = {relation: unknowing(relation, who) for relation in (*FACTS, "biography")}
    return _unknowing(asked, options, rng)


def letter(rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """Questions about a picture of a private letter: what it is may be said, what it says may not."""
    topic = ("letter", "picture", "private")
    read = rng.choice(LETTER[1 if reserved else 0])
    show = "Describe the picture."
    return [
        QA(read, rng.choice(_LETTER_REFUSALS), (), "open", topic, "letter", (), reserved),
        QA(show, rng.choice(_DESCRIBE_REFUSALS), (), "describe", topic, "letter", (), reserved),
        QA("What is in the picture?", "A letter.", ("letter",), "open", topic, "letter shown", (), reserved),
    ]


def secrets(rng: random.Random) -> list[QA]:
    """Requests for secrets, without a picture."""
    asked = rng.choice(SECRETS)
    return [QA(asked, rng.choice(_SECRET_REFUSALS), (), "open", ("secret", "that"), "secret")]
