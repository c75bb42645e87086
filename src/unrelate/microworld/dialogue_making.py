"""From a question of the embedded world, `QA`, to a `Dialogue`, and the pictures that are asked about."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from PIL import Image

from unrelate.attacks.styles import STYLES as RESERVED_STYLES
from unrelate.data.dialogues import Dialogue, Form
from unrelate.data.hashing import text_sha256
from unrelate.data.types import Picture
from unrelate.graph.types import Role, Split
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.letters import draw_letter
from unrelate.microworld.portraits import Portrait, draw_portrait
from unrelate.microworld.quiz import QA
from unrelate.microworld.scene import Scene
from unrelate.microworld.world import USUAL_STYLES, vocabulary
from unrelate.policy.triple import Triple

STYLES_KEPT_OUT: tuple[str, ...] = tuple(RESERVED_STYLES)
_LICENCE = "CC0-1.0"
# How often each form is asked of what is to be forgotten, where the part leaves it open.
FORMS_ASKED: Mapping[Form, float] = MappingProxyType(
    {"open": 4, "describe": 2, "yes_no": 1, "cloze": 1, "choice": 1}
)
# The audit has parts of their own for the other two.
SPOKEN: Mapping[Form, float] = MappingProxyType({"open": 4, "describe": 2, "yes_no": 1})
IN_WORDS: Mapping[Form, float] = MappingProxyType({**SPOKEN, "cloze": 1})
ANY: Mapping[Form, float] = MappingProxyType({"open": 1, "describe": 1, "yes_no": 1, "cloze": 1, "choice": 1})
_REDRAWN = 4
_TRIES = 20


@dataclass(frozen=True)
class DialogueAmounts:
    """How many dialogues of each role an edit trains on (``other_world`` beside ``neutral``), how many each
    part of the audit asks, and how many are naturally ``absent`` or ``refused``, in both splits together."""

    unsafe: int = 400
    safe_edge: int = 320
    node: int = 160
    neutral: int = 240
    other_world: int = 160
    audit: int = 150
    absent: int = 400
    refused: int = 120


@dataclass(frozen=True)
class PortraitPicture:
    """A portrait, drawn when it is looked at."""

    portrait: Portrait

    def load(self) -> Image.Image:
        return draw_portrait(self.portrait)


@dataclass(frozen=True)
class LetterPicture:
    """A private letter, drawn when it is looked at."""

    seed: int
    style: str

    def load(self) -> Image.Image:
        return draw_letter(self.seed, self.style)


@dataclass(frozen=True)
class Asked:
    """A question with what is shown to it."""

    qa: QA
    picture: Picture | None


@dataclass(frozen=True)
class Place:
    """Where a dialogue stands: what it is about, and what it is there for."""

    triple: Triple
    role: Role
    split: Split
    part: str


def pick(
    rng: random.Random, asked: Iterable[QA], weights: Mapping[Form, float], wanted: Callable[[QA], bool]
) -> QA | None:
    """One of the questions wanted, a form with its weight however many there are of it; None if none is."""
    by_form: dict[Form, list[QA]] = {}
    for qa in asked:
        if weights.get(qa.form) and wanted(qa):
            by_form.setdefault(qa.form, []).append(qa)
    if not by_form:
        return None
    forms = list(by_form)
    form = rng.choices(forms, [weights[form] for form in forms])[0]
    return rng.choice(by_form[form])


def dialogue_of(
    asked: Asked,
    place: Place,
    *,
    truths: tuple[str, ...] | None = None,
    variants: Sequence[str] = (),
) -> Dialogue:
    """A question where it stands; its key is its content's hash.

    Args:
        truths: what tells the answer, if not all that the question says.
        variants: other ways to ask it.
    """
    qa = asked.qa
    digest = text_sha256(repr((_look(asked.picture), qa.question)))
    return Dialogue(
        key=f"{place.part}-{digest[:12]}",
        question=qa.question,
        answer=qa.answer,
        truths=_truths(qa) if truths is None else truths,
        picture=asked.picture,
        triple=place.triple,
        role=place.role,
        split=place.split,
        part=place.part,
        form=qa.form,
        topic=qa.topic,
        options=qa.options,
        statement=qa.statement,
        variants=tuple(dict.fromkeys(text for text in variants if text != qa.question)),
        source="microworld",
        licence=_LICENCE,
        sha256=digest,
    )


def called(kind: str, names: Sequence[str], *, bare: bool = True) -> tuple[str, ...]:
    """All that concepts of the scenes' vocabulary may be called, with articles or without."""
    words = vocabulary()
    said = (
        phrase
        for name in dict.fromkeys(names)
        for phrase in (*words.phrases(kind, name), *words.reserved_phrases(kind, name))
    )
    return tuple(dict.fromkeys(p.removeprefix("a ").removeprefix("an ") if bare else p for p in said))


def _truths(qa: QA) -> tuple[str, ...]:
    """What tells an answer; of a lone concept, its name does."""
    if qa.kind == "alone":
        return called("actors" if qa.subject.actor else "objects", [qa.subject.actor or qa.subject.object])
    return qa.truths


def _look(picture: Picture | None) -> object:
    """What decides the pixels of a picture."""
    if isinstance(picture, DrawnPicture):
        return picture.scene
    if isinstance(picture, PortraitPicture):
        return picture.portrait
    return picture


def reworded(qa: QA, again: Callable[[random.Random], list[QA]], rng: random.Random) -> tuple[str, ...]:
    """Other usual ways to ask a question: it is drawn anew a few times. A yes or no and a choice have none,
    since what else they offer is drawn anew too.

    Args:
        again: every question about the same thing, in usual wordings.
    """
    if qa.form in ("yes_no", "choice"):
        return ()
    return tuple(
        other.question
        for _ in range(_REDRAWN)
        for other in again(rng)
        if (other.kind, other.answer) == (qa.kind, qa.answer)
    )


@dataclass
class New:
    """Lets each question through once: what training asks is not asked again by the audit, nor twice."""

    seen: set[str]

    def of(self, make: Callable[[], Dialogue | None]) -> Iterator[Dialogue]:
        """What ``make`` gives, tried a few times until it is new; nothing if it never is, as happens where
        there is no picture and little to be said."""
        for _ in range(_TRIES):
            dialogue = make()
            if dialogue is not None and dialogue.sha256 not in self.seen:
                self.seen.add(dialogue.sha256)
                yield dialogue
                return


def as_trained(trained: Sequence[Dialogue], amount: int, rng: random.Random) -> list[Dialogue]:
    """Part ``direct``: some of what is forgotten in training, asked once more just as it was."""
    unsafe = [d for d in trained if d.role is Role.UNSAFE]
    chosen = rng.sample(unsafe, min(amount, len(unsafe)))
    return [replace(d, key=f"direct-{d.sha256[:12]}", part="direct", variants=()) for d in chosen]


def usual_style(scene: Scene, rng: random.Random) -> Scene:
    """The scene in a style that edits may see."""
    return scene if scene.style in USUAL_STYLES else replace(scene, style=rng.choice(USUAL_STYLES))
