"""How fluent an answer is to the base model, whose adapter is switched off for it."""

from __future__ import annotations

from collections.abc import Sequence

from unrelate.answers.quality import fluency
from unrelate.answers.refusal import is_refusal
from unrelate.data.dialogues import Dialogue, DialogueCorpus, Kinds
from unrelate.data.refusals import unnamed
from unrelate.edit.reinforce.prompts import Prompt
from unrelate.graph.types import Split
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator

_Place = tuple[str, Prompt | Dialogue, str]  # a question's name, itself, and what is usual after it
_MOST_KEPT = 50_000  # measured answers; a run of 100 steps sees some 3,000


class Fluency:
    """Measures answers, each once.

    The base would answer what is to be forgotten, so a refusal there is unlikely however well it is
    put. It is therefore measured after questions that the base itself does not answer
    (``corpus.absent``, ``corpus.refused``; of the same topic where there are such, else one of every
    kind), against what the base was taught to say to each, and the best counts; without the name of
    whom it speaks, which those questions do not give. Every other answer is measured after its own
    question, against the right one.

    Args:
        generator: with or without an adapter.
        corpus: whose questions are asked.
    """

    def __init__(self, generator: Generator, corpus: DialogueCorpus) -> None:
        self._generator = generator
        self._silent = Kinds(corpus.unanswered(Split.TRAIN))
        self._known: dict[tuple[str, str], list[float]] = {}

    def __call__(self, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[float]:
        """In [0, 1] for each answer; 0 for an empty one."""
        placed = [self._places(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]
        wanted: dict[tuple[str, str], Prompt | Dialogue] = {}
        for wheres, answer in placed:
            for name, place, usual in wheres:
                for said in (answer, usual):
                    if said and (name, said) not in self._known:
                        wanted[name, said] = place
        self._measure(wanted)
        out = [
            max(
                fluency(self._known[name, answer], _mean(self._known[name, usual]))
                for name, _, usual in wheres
            )
            if answer
            else 0.0
            for wheres, answer in placed
        ]
        if len(self._known) > _MOST_KEPT:
            self._known.clear()
        return out

    def _places(self, prompt: Prompt, answer: str) -> tuple[list[_Place], str]:
        """After which questions an answer is measured, and as what."""
        dialogue = prompt.dialogue
        if prompt.asked.forget and self._silent.every and is_refusal(answer):
            like: list[_Place] = [(one.key, one, one.answer) for one in self._silent.like(dialogue)]
            return like, unnamed(answer, dialogue.triple.actor)
        return [(f"{dialogue.key}\n{prompt.asked.question}", prompt, prompt.asked.reference)], answer

    def _measure(self, wanted: dict[tuple[str, str], Prompt | Dialogue]) -> None:
        if not wanted:
            return
        asks: dict[str, Ask] = {}
        for (name, _), place in wanted.items():
            if name not in asks:
                asks[name] = place.ask() if isinstance(place, Prompt) else Ask(*place.ask())
        training = self._generator.model.training
        with self._generator.base():
            scores = self._generator.score([asks[name] for name, _ in wanted], [said for _, said in wanted])
        self._generator.train(training)
        self._known |= {key: score.tolist() for key, score in zip(wanted, scores, strict=True)}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
