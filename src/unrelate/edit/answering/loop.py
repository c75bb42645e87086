"""The one training loop over answers: every objective of the table, every generator, every corpus."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor

from unrelate.edit.answering.plan import Dialogues, micro_batches, steps_of
from unrelate.edit.answering.prepare import PreparedAnswers, Progress
from unrelate.edit.answering.recipes import AnswerRecipe
from unrelate.edit.checkpoints import resume, write_checkpoint
from unrelate.edit.holding import Holding
from unrelate.edit.loop import Report, Training
from unrelate.edit.schedule import not_finite, put_back, share_of_rate
from unrelate.errors import UserError
from unrelate.models.generator import Generator


def train_answers(
    generator: Generator,
    corpus: Dialogues,
    recipe: AnswerRecipe,
    training: Training,
    out: Path,
    report: Report = lambda step, of, terms: None,
    progress: Progress = lambda done, of: None,
) -> None:
    """Train the adapter that ``generator`` wears on a corpus' training dialogues; it ends in ``out/adapter``.

    Each step's terms go to ``out/losses.jsonl``. A killed run that is started again, with the adapter as
    it was at first, goes on from its last checkpoint and ends in the same weights.

    Args:
        report: told of each step: its number from 1, of how many, its terms.
        progress: told how many of the base's answers are computed, before the first step.

    Raises:
        UserError: no adapter; a precision that the device lacks; nothing to forget; a batch too small for
            its roles or micro-batches; or a loss was not finite. Then the batch is named, and
            ``out/adapter`` holds the last adapter whose losses were.
    """
    if not generator.has_adapter:
        raise UserError("a generator without an adapter", "one to train", "add an adapter first")
    on_cpu = generator.device.type == "cpu"
    if on_cpu and training.precision == "fp16":
        raise UserError("precision 'fp16' on a CPU", "no or bf16", "take bf16, or a GPU")
    steps = [micro_batches(step, training.accumulate) for step in steps_of(corpus, recipe, training.seed)]
    # accelerate keeps the first precision of a process for good; another training may want another.
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(mixed_precision=training.precision, cpu=on_cpu)
    with accelerator.autocast():
        items = [item for parts in steps for part in parts for item in part]
        prepared = PreparedAnswers(generator, corpus, recipe, items, progress)
    parameters = generator.trainable_parameters()
    optimizer = accelerator.prepare(
        torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    )
    if training.checkpointing:
        generator.enable_gradient_checkpointing()
    out.mkdir(parents=True, exist_ok=True)
    start = resume(generator, optimizer, out)
    generator.train()
    good = [parameter.detach().clone() for parameter in parameters]
    weights = recipe.by_term()
    holding = Holding(generator, corpus, recipe.hold, training.seed) if recipe.hold.weight else None

    def learn(number: int, loss: Tensor, terms: Mapping[str, Tensor], keys: Iterable[str]) -> None:
        if not torch.isfinite(loss):
            put_back(parameters, good)
            generator.train(False)
            generator.save_adapter(out / "adapter")
            raise not_finite(number, terms, keys)
        accelerator.backward(loss)

    with (out / "losses.jsonl").open("a", encoding="utf-8") as log:
        for number, parts in enumerate(steps[start:], start):
            torch.manual_seed(training.seed * 1_000_003 + number)  # dropout alike after a resume
            rate = recipe.learning_rate * share_of_rate(number, len(steps), recipe)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            seen: dict[str, float] = {}
            for items in parts:
                with accelerator.autocast():
                    ready = prepared.ready(items)
                    reference = prepared.reference(ready)
                    live = prepared.live(ready)
                terms = recipe.objective.terms(live, reference, ready.answers)
                keys = dict.fromkeys(prepared.dialogues[item.dialogue].key for item in items[:8])
                learn(number, total(terms, weights) / len(parts), terms, keys)
                for name, value in terms.items():
                    seen[name] = seen.get(name, 0.0) + value.item() / len(parts)
            whole = sum(weights[name] * value for name, value in seen.items() if weights[name])
            if holding is not None:
                with accelerator.autocast():
                    held = holding.loss(number)
                learn(number, held, {"hold": held}, holding.keys(number))
                seen["hold"] = held.item() / recipe.hold.weight
                whole += held.item()
            good = [parameter.detach().clone() for parameter in parameters]
            accelerator.clip_grad_norm_(parameters, recipe.clip)
            optimizer.step()
            log.write(json.dumps({"step": number + 1, "total": whole, "lr": rate, "terms": seen}) + "\n")
            log.flush()
            report(number + 1, len(steps), seen)
            if (number + 1) % training.save_every == 0:
                write_checkpoint(generator, optimizer, out, number + 1)
    generator.train(False)
    generator.save_adapter(out / "adapter")


def total(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """The weighted sum of the terms whose weight is not 0."""
    return torch.stack([weights[name] * value for name, value in terms.items() if weights[name]]).sum()
