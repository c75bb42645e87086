"""The one training loop: every recipe, every model, every source of examples."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from unrelate.data.batches import role_batches
from unrelate.edit.checkpoints import resume, write_checkpoint
from unrelate.edit.prepare import Prepared, Step
from unrelate.edit.recipes import Recipe
from unrelate.edit.schedule import not_finite, put_back, share_of_rate
from unrelate.errors import UserError, nearest
from unrelate.graph.types import Role
from unrelate.models import DualEncoder
from unrelate.objectives import OBJECTIVES, total

PRECISIONS = ("no", "bf16", "fp16")


@dataclass(frozen=True)
class Training:
    """How to run the loop; none of it changes what is learnt, precision and accumulation aside.

    Args:
        seed: of batches, adapter and dropout.
        precision: ``no``, ``bf16`` or ``fp16`` (on a GPU): accelerate's mixed precision.
        accumulate: micro-batches a step. The cross-similarities that the calibrated objective holds
            are those within a micro-batch, so this trades some locality for memory. At most as many
            as the smallest role has rows in a batch.
        checkpointing: recompute activations in the backward pass: less memory, a third more time.
        save_every: steps between checkpoints.

    Raises:
        UserError: a value outside these.
    """

    seed: int = 0
    precision: str = "no"
    accumulate: int = 1
    checkpointing: bool = False
    save_every: int = 50

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            close = nearest(self.precision, PRECISIONS) or "change the precision"
            raise UserError(f"precision '{self.precision}'", ", ".join(PRECISIONS), close)
        for name, value in (("accumulate", self.accumulate), ("save_every", self.save_every)):
            if value < 1:
                raise UserError(f"{name} = {value}", "a whole number of at least 1", f"change {name}")


Report = Callable[[int, int, dict[str, float]], None]


def steps_of(prepared: Prepared, recipe: Recipe, seed: int) -> list[Step]:
    """Every step of an edit, in order; the same for the same seed, whoever asks."""
    count = recipe.steps or recipe.epochs * math.ceil(len(prepared.examples) / recipe.batch)
    rows = role_batches(prepared.examples, batch_size=recipe.batch, steps=count, seed=seed)
    return [_step(prepared, tuple(chosen), number, recipe) for number, chosen in enumerate(rows)]


def _step(prepared: Prepared, rows: Sequence[int], number: int, recipe: Recipe) -> Step:
    texts = [prepared.place[prepared.examples[row].caption] for row in rows]
    variant_of = []
    for position, row in enumerate(rows):
        example = prepared.examples[row]
        if example.role is Role.UNSAFE and example.variants:
            for turn in range(recipe.variants):
                # Consecutive steps walk through the variants, so that all are met equally often.
                place = number * recipe.variants + turn + position
                texts.append(prepared.place[example.variants[place % len(example.variants)]])
                variant_of.append(position)
    if prepared.anchors:
        first = number * recipe.anchors
        chosen = (prepared.anchors[(first + turn) % len(prepared.anchors)] for turn in range(recipe.anchors))
        texts += [prepared.place[text] for text in chosen]
    return Step(tuple(rows), tuple(texts), tuple(variant_of), recipe.between)


def train(
    model: DualEncoder,
    prepared: Prepared,
    recipe: Recipe,
    training: Training,
    folder: Path,
    report: Report = lambda step, of, terms: None,
) -> None:
    """Train the adapter that ``model`` wears, and leave it in ``folder/adapter``.

    Each step's terms go to ``folder/losses.jsonl``. A killed run that is started again goes on from
    its last checkpoint and ends in the same weights.

    Raises:
        UserError: a precision that the device lacks; a batch too small for its micro-batches; or a
            loss was not finite. Then the batch is named, and ``folder/adapter`` holds the last
            adapter whose losses were.
    """
    on_cpu = model.device.type == "cpu"
    if on_cpu and training.precision == "fp16":
        raise UserError("precision 'fp16' on a CPU", "no or bf16", "take bf16, or a GPU")
    # accelerate keeps the first precision of a process for good; another edit may want another.
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(mixed_precision=training.precision, cpu=on_cpu)
    parameters = model.trainable_parameters()
    optimizer = accelerator.prepare(
        torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    )
    steps = steps_of(prepared, recipe, training.seed)
    _check_split(prepared, steps[0], training.accumulate)
    terms_of = OBJECTIVES[recipe.objective]
    if training.checkpointing:
        model.enable_gradient_checkpointing()
    start = resume(model, optimizer, folder)
    model.train()
    good = [parameter.detach().clone() for parameter in parameters]
    with (folder / "losses.jsonl").open("a", encoding="utf-8") as log:
        for number, step in enumerate(steps[start:], start):
            torch.manual_seed(training.seed * 1_000_003 + number)  # dropout alike after a resume
            rate = recipe.learning_rate * share_of_rate(number, len(steps), recipe)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            seen: dict[str, float] = {}
            for part in _split(step, training.accumulate):
                reference, batch = prepared.batch(part)
                with accelerator.autocast():
                    live = prepared.live(part)
                terms = terms_of(live, reference, batch, prepared.level)
                loss = total(terms, recipe.weights) / training.accumulate
                if not torch.isfinite(loss):
                    put_back(parameters, good)
                    model.train(False)
                    model.save_adapter(folder / "adapter")
                    keys = (prepared.examples[row].key for row in part.rows[:8])
                    raise not_finite(number, terms, keys)
                accelerator.backward(loss)
                for name, value in terms.items():
                    seen[name] = seen.get(name, 0.0) + value.item() / training.accumulate
            good = [parameter.detach().clone() for parameter in parameters]
            accelerator.clip_grad_norm_(parameters, recipe.clip)
            optimizer.step()
            weights = recipe.weights.by_term()
            line = {"step": number + 1, "total": sum(weights[n] * v for n, v in seen.items()), "lr": rate}
            log.write(json.dumps(line | {"terms": seen}) + "\n")
            log.flush()
            report(number + 1, len(steps), seen)
            if (number + 1) % training.save_every == 0:
                write_checkpoint(model, optimizer, folder, number + 1)
    model.train(False)
    model.save_adapter(folder / "adapter")


def _split(step: Step, parts: int) -> list[Step]:
    """A step in micro-batches; rows are dealt out in turn, so that every role is in each."""
    if parts == 1:
        return [step]
    out = []
    for part in range(parts):
        positions = list(range(part, len(step.rows), parts))
        place = {position: number for number, position in enumerate(positions)}
        extra = [i for i, position in enumerate(step.variant_of) if position in place]
        texts = [step.texts[p] for p in positions] + [step.texts[len(step.rows) + i] for i in extra]
        texts += step.texts[len(step.rows) + len(step.variant_of) + part :: parts]
        variant_of = tuple(place[step.variant_of[i]] for i in extra)
        between = len(range(part, step.between, parts))
        out.append(Step(tuple(step.rows[p] for p in positions), tuple(texts), variant_of, between))
    return out


def _check_split(prepared: Prepared, step: Step, parts: int) -> None:
    most = min(Counter(prepared.examples[row].role for row in step.rows).values())
    if parts > most:
        raise UserError(
            f"accumulate = {parts}, so that not every role would be in each micro-batch",
            f"at most {most}, in batches of {len(step.rows)}",
            "accumulate less, or take larger batches",
        )
