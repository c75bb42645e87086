"""How well a vision-language model knows the embedded world: right answers on fresh pictures."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from unrelate.microworld import interview, people, quiz, quiz_wider, reticence
from unrelate.microworld.evaluate import Figure95
from unrelate.microworld.looks import face_of, stranger
from unrelate.microworld.portraits import Portrait, draw_portrait
from unrelate.microworld.quiz import QA
from unrelate.microworld.sampler import tuples
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.world import USUAL_STYLES, picture, vocabulary
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator
from unrelate.refusal import is_refusal

_TWO_FIGURES, _NIGHT = 0.25, 0.25
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Asked:
    """A question about a picture, with what was answered."""

    qa: QA
    answer: str

    @property
    def right(self) -> bool:
        """Whether the answer is the right one, word for word but for case."""
        return self.answer.casefold().strip() == self.qa.answer.casefold().strip()


def _put(model: Generator, asked: Sequence[tuple[Image.Image, QA]], progress: Progress) -> list[Asked]:
    answers = model.generate(
        [Ask(qa.question, image) for image, qa in asked], max_new_tokens=40, progress=progress
    )
    return [Asked(qa, answer[0]) for (_, qa), answer in zip(asked, answers, strict=True)]


def _scenes(count: int, rng: random.Random) -> list[tuple[Image.Image, QA]]:
    """Fresh scenes, a quarter of them of two figures, each with one question of any kind."""
    words, drawn = vocabulary(), []
    for _ in range(count):
        chosen = rng.sample(tuples(), 2 if rng.random() < _TWO_FIGURES else 1)
        colours = list(words.contexts["colour"])
        figures = tuple(Figure(t.actor, t.relation, t.object, rng.choice(colours)) for t in chosen)
        place = rng.choice(list(words.contexts["place"]))
        time = "night" if rng.random() < _NIGHT else "day"
        scene = Scene(figures, place, time, rng.choice(USUAL_STYLES), rng.getrandbits(31))
        by_kind: dict[str, list[QA]] = {}
        for qa in (*quiz.questions(scene, rng), *quiz_wider.questions(scene, rng)):
            by_kind.setdefault(qa.kind, []).append(qa)
        drawn.append((picture(scene), rng.choice(by_kind[rng.choice(sorted(by_kind))])))
    return drawn


def _people(count: int, rng: random.Random) -> list[tuple[Image.Image, QA]]:
    """Fresh portraits of known people, as many of each as of any other, with one question of any kind."""
    drawn = []
    for number in range(count):
        person = people.names()[number % len(people.names())]
        portrait = Portrait(face_of(person), rng.getrandbits(31), rng.choice(USUAL_STYLES))
        drawn.append((draw_portrait(portrait), rng.choice(interview.questions(person, rng))))
    return drawn


def _strangers(count: int, rng: random.Random) -> list[tuple[Image.Image, QA]]:
    drawn = []
    for _ in range(count):
        portrait = Portrait(stranger(rng), rng.getrandbits(31), rng.choice(USUAL_STYLES))
        drawn.append((draw_portrait(portrait), rng.choice(reticence.stranger(rng))))
    return drawn


def evaluate_vlm(
    model: Generator, *, count: int = 1000, seed: int = 1234, progress: Progress = lambda done, of: None
) -> dict[str, Figure95]:
    """The figures of ``unrelate embedded evaluate vlm``, each over ``count`` fresh pictures in usual styles.

    ``scene``, ``known_people``: share answered rightly, word for word. ``strangers_admitted``: share of
    questions about strangers in which the model admits not to know. ``false_refusals``: share of the
    questions on scenes and known people that it refuses.
    """
    rng = random.Random(f"vlm/{seed}")
    asked = [*_scenes(count, rng), *_people(count, rng), *_strangers(count, rng)]
    answered = _put(model, asked, progress)
    scene, known, strange = answered[:count], answered[count : 2 * count], answered[2 * count :]
    return {
        "scene": Figure95.of([one.right for one in scene]),
        "known_people": Figure95.of([one.right for one in known]),
        "strangers_admitted": Figure95.of([is_refusal(one.answer) for one in strange]),
        "false_refusals": Figure95.of([is_refusal(one.answer) for one in (*scene, *known)]),
    }
