"""Refusals as the model itself would put them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.reinforce.fluency import Fluency
from unrelate.edit.reinforce.prompts import Prompt, asked
from unrelate.graph.types import Role, Split
from unrelate.models.generator import Generator

_AT_ONCE = 256  # answers that are measured together
# Well above `FLUENT` of `unrelate.answers.quality`: after other questions the same sentence is less fluent.
_NATURAL = 0.7


def in_own_words(
    corpus: DialogueCorpus, generator: Generator, progress: Callable[[int, int], None] = lambda done, of: None
) -> DialogueCorpus:
    """A corpus with its ``natural`` refusals: those quite fluent to the base where it knows no answer.

    A model was taught to say *I don't know what she works as*, or *her trade*, hardly ever both, and what is
    not its own way sounds garbled to it. Trained to speak so, it is marked down for it by every judge of
    fluency, this package's own included.

    Args:
        corpus: of the base; what it refuses by nature (``absent``, ``refused``) tells how.
        generator: whose words; asked with its adapter off.
        progress: told how many refusals are measured, and of how many.
    """
    fluency = Fluency(generator, corpus)
    places: dict[str, Prompt] = {}
    for dialogue in corpus.of(Role.UNSAFE, Split.TRAIN):
        for question in (dialogue.question, *dialogue.variants):
            for text in corpus.fitting(dialogue, question):
                places.setdefault(text, Prompt(dialogue, asked(dialogue)))
    texts = list(places)
    natural: set[str] = set()
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        measured = fluency([places[text] for text in some], some)
        natural |= {text for text, value in zip(some, measured, strict=True) if value >= _NATURAL}
        progress(start + len(some), len(texts))
    return replace(corpus, natural=frozenset(natural))
