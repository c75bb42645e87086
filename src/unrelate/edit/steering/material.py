"""From a corpus of dialogues to what stages 0 and 1 are given: training dialogues alone, in two halves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.data.hashing import text_sha256
from unrelate.edit.steering.choose import Question
from unrelate.edit.steering.lessons import Lesson, Lessons
from unrelate.graph.types import Role, Split
from unrelate.models.chat import Ask


@dataclass(frozen=True)
class Material:
    """What stages 0 and 1 need of one corpus. No held-out dialogue is in it.

    positive, negative: to find directions with (absent dialogues; all unsafe ones).
    fit: to fit on while choosing. forget, retain: the validation half, to choose by.
    whole: both halves, to fit on once it is chosen.
    """

    positive: tuple[Ask, ...]
    negative: tuple[Ask, ...]
    fit: Lessons
    forget: tuple[Question, ...]
    retain: tuple[Question, ...]
    whole: Lessons


def material_of(corpus: DialogueCorpus, seed: int = 0) -> Material:
    """Divide the training dialogues in two halves by the hash of their keys: the same for the same seed.

    Of the retain set, ASRU's boundary (``SAFE_EDGE``) comes with nodes and neutral dialogues, and with what
    is naturally declined, which is to stay declined. Every forget question comes with the fact, again with
    a refusal that fits, and in its other wordings with a refusal.

    Raises:
        UserError: nothing to forget or to retain in a half.
    """
    forget = [d for d in corpus.examples if d.role is Role.UNSAFE and d.split is Split.TRAIN]
    kept = [d for d in corpus.examples if d.role is not Role.UNSAFE and d.split is Split.TRAIN]
    kept += corpus.unanswered(Split.TRAIN)
    halves = [[d for d in forget if _half(d, seed) == half] for half in (0, 1)]
    kept_halves = [[d for d in kept if _half(d, seed) == half] for half in (0, 1)]
    return Material(
        positive=tuple(Ask(*d.ask()) for d in corpus.absent if d.split is Split.TRAIN),
        negative=tuple(Ask(*d.ask()) for d in forget),
        fit=_lessons(corpus, halves[0], kept_halves[0], seed),
        forget=tuple(Question(Ask(*d.ask()), d.truths) for d in halves[1]),
        retain=tuple(Question(Ask(*d.ask())) for d in kept_halves[1]),
        whole=_lessons(corpus, forget, kept, seed),
    )


def _lessons(
    corpus: DialogueCorpus, forget: Sequence[Dialogue], kept: Iterable[Dialogue], seed: int
) -> Lessons:
    steered: list[Lesson] = []
    for dialogue in forget:
        ask = Ask(*dialogue.ask())
        steered.append(Lesson(ask, dialogue.answer))
        steered += [
            Lesson(Ask(words, ask.image), corpus.refusal_for(dialogue, seed, words))
            for words in (dialogue.question, *dialogue.variants)
        ]
    return Lessons(tuple(steered), tuple(Lesson(Ask(*d.ask()), d.answer) for d in kept))


def _half(dialogue: Dialogue, seed: int) -> int:
    return int(text_sha256(f"steering/{seed}/{dialogue.key}")[:8], 16) % 2
