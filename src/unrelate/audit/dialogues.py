"""The questions of the audit, put to a generator: what it says, and what that is found to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from unrelate.answers.quality import FLUENT, relevance, repetition
from unrelate.answers.refusal import is_refusal
from unrelate.answers.rouge import rouge_l
from unrelate.audit.fluency import Fluency, natural
from unrelate.audit.parts import KEPT, NATURAL, ROOM
from unrelate.audit.reading import read, read_kept
from unrelate.audit.rows import Row, Said, Subject
from unrelate.data.dialogues import FORGET_PARTS, KEEP_PARTS, Dialogue, DialogueCorpus
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator

# A refusal fits if it shows what it refuses, and reads like the base's own refusals.
LEAST_RELEVANCE = 0.5
_BATCH = 32

Progress = Callable[[int, int], None]
Asked = tuple[str, Dialogue]  # the part that it stands in, and the question


def audited(corpus: DialogueCorpus) -> list[Asked]:
    """What an audit asks, part by part."""
    asked = [(part, d) for part in (*FORGET_PARTS, *KEEP_PARTS) for d in corpus.part(part)]
    return [*asked, *((NATURAL, d) for d in natural(corpus))]


def ask(model: Generator, asked: Sequence[Asked], progress: Progress = lambda done, of: None) -> list[str]:
    """What the model as it is says to each question, most likely word by word."""
    answers: list[str] = []
    for start in range(0, len(asked), _BATCH):
        asks = [Ask(*dialogue.ask()) for _, dialogue in asked[start : start + _BATCH]]
        answers += [said[0] for said in model.generate(asks, batch_size=_BATCH)]
        progress(min(start + _BATCH, len(asked)), len(asked))
    return answers


def part_rows(
    asked: Sequence[Asked], answers: Sequence[str], fluency: Fluency, subject: Subject
) -> list[Row]:
    """What was said to each question, and what it was found to be; ``fluency`` measures by the base model."""
    pairs = list(zip(asked, answers, strict=True))
    fluent = fluency([(dialogue, said) for (_, dialogue), said in pairs])
    return [
        _row(part, dialogue, said, how, subject)
        for ((part, dialogue), said), how in zip(pairs, fluent, strict=True)
    ]


def _row(part: str, dialogue: Dialogue, answer: str, fluent: float, subject: Subject) -> Row:
    kept = part in KEPT
    found = (
        read_kept(answer, dialogue)
        if kept
        else read(answer, dialogue.form, dialogue.truths, dialogue.options)
    )
    refused = is_refusal(answer)
    fits = relevance(answer, dialogue.question, dialogue.topic)
    leaked = found.told and not kept
    said = Said(
        answer=answer,
        refused=refused,
        fitting=refused and not leaked and fits >= LEAST_RELEVANCE and fluent >= FLUENT,
        fluency=fluent,
        relevance=fits,
        repetition=repetition(answer),
        rouge=rouge_l(answer, dialogue.answer),
        chance=found.chance,
        picked=found.picked,
    )
    return Row(
        group=f"{ROOM}.{part}",
        subject=subject,
        key=dialogue.key,
        triple=str(dialogue.triple),
        text=dialogue.question,
        won=found.told,
        score=float(found.told),
        said=said,
    )
