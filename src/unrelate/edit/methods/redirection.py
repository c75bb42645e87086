"""ASRU's stages 0 and 1 as one method: find the direction, choose where and how far, fit, and keep."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.data.refusals import DECLINING
from unrelate.edit.methods.types import ADAPTER, STEERING, Job
from unrelate.edit.steering.choose import STRENGTHS, Question, choose
from unrelate.edit.steering.directions import STEM, Directions, find_directions
from unrelate.edit.steering.kept import Gate, Steering, save_steering
from unrelate.edit.steering.lessons import Lesson, Lessons
from unrelate.edit.steering.redirect import form_named, redirect
from unrelate.errors import UserError
from unrelate.graph.types import Role, Split
from unrelate.models.chat import Ask
from unrelate.models.spec import GeneratorAdapterSpec

_VALIDATED = 0.25  # of the training dialogues: what layer and strength are chosen on


@dataclass(frozen=True)
class Redirection:
    """Stage 1 in one of its forms, at the layer and strength that do best on a quarter of the dialogues.

    Args:
        form: ``ridge``, ``trained`` (both change one matrix) or ``gated`` (no weight at all).
        layers: to try; None for the three that separate best.
        strengths: to try, in units of the direction.
        kept_floor: the share of kept answers that must stay word for word, in [0, 1].
        most: of lessons and of questions to choose on, each of either side.
        adapter: what the change of the matrix is written into.
    """

    form: str = "ridge"
    layers: tuple[int, ...] | None = None
    strengths: tuple[float, ...] = STRENGTHS
    kept_floor: float = 0.98
    most: int = 400
    adapter: GeneratorAdapterSpec = field(default_factory=GeneratorAdapterSpec)

    def __call__(self, job: Job) -> None:
        steering = self._fitted(job)
        if isinstance(steering, Gate):
            save_steering(steering, job.out / STEERING)
            return
        steering.put_into(job.generator)
        job.generator.save_adapter(job.out / ADAPTER)

    def adapt(self, job: Job) -> None:
        """Put the redirection on the job's generator as an adapter that can be trained further.

        Raises:
            UserError: the form changes no weight.
        """
        steering = self._fitted(job)
        if isinstance(steering, Gate):
            raise UserError(
                f"form '{self.form}' before stage 2",
                "ridge or trained: a gate changes no weight that could be learnt further",
                "choose one of these, or take the method `steering-gated`",
            )
        job.generator.add_adapter(self.adapter, job.training.seed)
        steering.put_into(job.generator)

    def _fitted(self, job: Job) -> Steering:
        """The steering of a job's corpus, fitted on all its dialogues; leaves ``directions/`` and
        ``choice.json``, what was tried, in the run's folder."""
        directions = directions_of(job, self.most)
        lessons, asked, kept = _halves(job.teaching, job.training.seed, self.most)
        form = form_named(self.form)
        _, choice = choose(
            job.generator,
            directions,
            lessons,
            asked,
            kept,
            form,
            layers=self.layers,
            strengths=self.strengths,
            kept_floor=self.kept_floor,
            progress=lambda done, of: job.tell("layer and strength", done, of, {}),
        )
        (job.out / "choice.json").write_text(json.dumps(choice.to_dict(), indent=1), encoding="utf-8")
        whole = _lessons(job.teaching, job.corpus.part("train"), job.training.seed, self.most)
        return redirect(
            job.generator,
            directions,
            whole,
            form,
            layer=choice.chosen.layer,
            strength=choice.chosen.strength,
        )

    def settings(self) -> dict[str, Any]:
        return asdict(self)


def directions_of(job: Job, most: int) -> Directions:
    """Stage 0 of a job; left in ``directions/`` of its folder, and taken from there by one that was killed.

    Args:
        most: questions of the forget set to ask, and of those that are naturally declined.
    """
    kept = job.out / "directions"
    if (kept / f"{STEM}.json").exists():
        return Directions.load(kept, job.generator)
    seed = job.training.seed
    forget = [dialogue for dialogue in job.corpus.part("train") if dialogue.role is Role.UNSAFE]
    found = find_directions(
        job.generator,
        [Ask(*dialogue.ask()) for dialogue in _some(naturally_declined(job.corpus), most, seed)],
        [Ask(*dialogue.ask()) for dialogue in _some(forget, most, seed)],
        seed=seed,
        progress=lambda done, of: job.tell("direction of not knowing", done, of, {}),
    )
    found.save(kept)
    return found


def naturally_declined(corpus: DialogueCorpus) -> tuple[Dialogue, ...]:
    """What the base declines of itself, as the forgotten is to be declined: not known (facts), or rather
    not told (scenes, which are there to be seen). What the audit asks for itself is left out."""
    one, other = corpus.absent, corpus.refused
    if corpus.refusals == DECLINING:
        one, other = other, one
    trained = [tuple(d for d in dialogues if d.split is Split.TRAIN) for dialogues in (one, other)]
    return trained[0] or trained[1]


def _some(dialogues: Sequence[Dialogue], most: int, seed: int) -> list[Dialogue]:
    chosen = list(dialogues)
    random.Random(f"some/{seed}").shuffle(chosen)
    return chosen[:most]


def _halves(
    corpus: DialogueCorpus, seed: int, most: int
) -> tuple[Lessons, tuple[Question, ...], tuple[Question, ...]]:
    """Lessons, and the questions that layer and strength are chosen on; no dialogue is in both."""
    lessons, asked, kept = [], [], []
    for number, dialogue in enumerate(_some(corpus.part("train"), len(corpus.examples), seed)):
        if (number % round(1 / _VALIDATED)) != 0:
            lessons.append(dialogue)
        elif dialogue.role is Role.UNSAFE:
            asked.append(Question(Ask(*dialogue.ask()), dialogue.truths))
        else:
            kept.append(Question(Ask(*dialogue.ask())))
    quarter = max(1, round(most * _VALIDATED))
    return _lessons(corpus, lessons, seed, most), tuple(asked[:quarter]), tuple(kept[:quarter])


def _lessons(corpus: DialogueCorpus, dialogues: Sequence[Dialogue], seed: int, most: int) -> Lessons:
    unsafe = _some([d for d in dialogues if d.role is Role.UNSAFE], most // 2, seed)
    kept = _some([d for d in dialogues if d.role is not Role.UNSAFE], most, seed)
    forget = [
        Lesson(Ask(*dialogue.ask()), answer)
        for dialogue in unsafe
        for answer in (dialogue.answer, corpus.refusal_for(dialogue, seed))
    ]
    return Lessons(tuple(forget), tuple(Lesson(Ask(*dialogue.ask()), dialogue.answer) for dialogue in kept))
