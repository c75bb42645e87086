"""Stage 2 of ASRU: the boundary of refusing, learnt by reinforcement (GRPO) on one model in memory.

Sampled answers to questions that are to be forgotten and to questions that are to be kept are scored by
a rule (`reward`), compared within each question, and learnt from in clipped updates of an adapter, held
near to a reference by the KL. Departures from the released ASRU: an adapter, not all weights; the
reference is the same model, in another adapter or in none; several updates a round; the reward.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from safetensors.torch import load_file

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.holding import Holding
from unrelate.edit.loop import Report
from unrelate.edit.reinforce.checkpoint import Checkpoints
from unrelate.edit.reinforce.fluency import Fluency
from unrelate.edit.reinforce.prompts import rounds
from unrelate.edit.reinforce.restoring import as_it_was
from unrelate.edit.reinforce.rewarding import Rewarding
from unrelate.edit.reinforce.settings import ReinforceSettings
from unrelate.errors import UserError
from unrelate.models.generator import Generator

if TYPE_CHECKING:
    from unrelate.edit.reinforce.trainer import Beside, Trainer


def reinforce(
    generator: Generator,
    corpus: DialogueCorpus,
    settings: ReinforceSettings,
    out: Path,
    report: Report = lambda step, of, terms: None,
    seed: int = 0,
    beside: Mapping[str, Beside] = MappingProxyType({}),
) -> None:
    """Train the adapter that ``generator`` wears (a new one, if it wears none); leave it in ``out/adapter``.

    Each update's loss, reward parts and measures are a row of ``out/losses.jsonl``. A killed run that is
    started again, with a generator as it was before stage 2, goes on from its last checkpoint and ends
    in the same weights.

    Args:
        generator: trained in place; everything else about it is put back as it was.
        corpus: what is asked; its dialogues of part ``train`` alone, ``absent`` and ``refused``.
        settings: of stage 2.
        out: the folder of this stage alone.
        report: called after each update with (step, of, reward parts and measures).
        seed: of the questions' order, the sampling and a new adapter.
        beside: further losses by name, lowered at every update.

    Raises:
        UserError: trl is missing; nothing to forget or nothing to keep; several GPUs are visible; or a
            loss was not finite: then ``out/adapter`` holds the adapter before that update.
    """
    build = _trainer_class()
    plan = rounds(corpus, settings, seed)
    checkpoints, log = Checkpoints(out / "checkpoint"), out / "losses.jsonl"
    if not generator.has_adapter:
        generator.add_adapter(settings.adapter, seed)
    start = checkpoints.start()
    if start is None:
        checkpoints.begin(generator.adapter_state())
    else:
        generator.restore_adapter(start)
    step = checkpoints.last()
    kept = log.read_text(encoding="utf-8").splitlines()[:step] if log.exists() else []
    log.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    place = checkpoints.folder / f"step-{step}"
    if step == settings.steps:
        generator.restore_adapter(load_file(place / "adapter.safetensors"))
        generator.save_adapter(out / "adapter")
        return
    if settings.hold.weight:
        beside = {**beside, "hold": Holding(generator, corpus, settings.hold, seed)}
    rewarding = Rewarding(Fluency(generator, corpus), settings.weights, settings.window)
    try:
        with log.open("a", encoding="utf-8") as rows, as_it_was(generator):
            generator.train(True)
            trainer = build(generator, plan, rewarding, beside, settings, checkpoints, rows, report, seed)
            trainer.train(resume_from_checkpoint=str(place) if step else None)
    finally:
        generator.save_adapter(out / "adapter")


def _trainer_class() -> type[Trainer]:
    """trl's trainer is imported where stage 2 runs, and there alone."""
    try:
        import trl  # noqa: F401  (asked for alone, so that a fault of ours is not taken for its absence)
    except ImportError as error:
        raise UserError(
            f"stage 2 without trl ({error})", "trl installed", "pip install 'unrelate[vlm]'"
        ) from error
    from unrelate.edit.reinforce.trainer import Trainer

    return Trainer
