"""What a way of editing a generator is given, and what it leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.loop import Training
from unrelate.edit.own_words import in_own_words
from unrelate.models.generator import Generator

# (stage, step, of how many, what was measured at it)
Tell = Callable[[str, int, int, Mapping[str, float]], None]

ADAPTER, STEERING = "adapter", "steering"


@dataclass(frozen=True)
class Job:
    """One edit.

    Args:
        generator: the base model, without an adapter; changed in place.
        corpus: what is to be forgotten and kept.
        training: precision, accumulation, checkpointing and seed.
        out: the run's folder, where a killed job is gone on with.
        tell: told of every stage's progress.
    """

    generator: Generator
    corpus: DialogueCorpus
    training: Training
    out: Path
    tell: Tell = lambda stage, step, of, terms: None

    @cached_property
    def teaching(self) -> DialogueCorpus:
        """The corpus for a training that teaches refusals: they are put as the base itself puts them."""
        return in_own_words(
            self.corpus, self.generator, lambda done, of: self.tell("refusals of the base", done, of, {})
        )

    def take(self, place: Path) -> None:
        """Make the adapter and the losses of a stage, in a folder of its own, those of the run."""
        shutil.copytree(place / ADAPTER, self.out / ADAPTER, dirs_exist_ok=True)
        shutil.copy2(place / "losses.jsonl", self.out / "losses.jsonl")


class Method(Protocol):
    """A way of editing: its fields are its settings, and calling it leaves the edit in the job's folder, as
    ``adapter/`` in PEFT's layout or as ``steering/`` (see `unrelate.edit.steering.kept`)."""

    def __call__(self, job: Job) -> None:
        """Edit.

        Raises:
            UserError: it cannot be done with this model or these dialogues; what and why is said.
        """
        ...

    def settings(self) -> dict[str, Any]:
        """What decides the outcome, for ``run.json``."""
        ...
