"""The training of the embedded vision-language model from nothing: resumable, on a CPU or a GPU."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from rich.progress import Progress, TextColumn, TimeRemainingColumn
from torch.utils.data import DataLoader
from transformers import Qwen3VLForConditionalGeneration, Qwen3VLProcessor

from unrelate.microworld.training_state import learning, open_state, write_state
from unrelate.microworld.vlm_lessons import FreshTalks, Tutor, losses
from unrelate.microworld.vlm_processor import new_processor
from unrelate.microworld.vlm_recipe import VlmRecipe, new_vlm


def train_vlm(out: Path, recipe: VlmRecipe, *, device: str = "cpu") -> Path:
    """Train, or go on training, the embedded vision-language model into the folder ``out``.

    A killed training goes on from its last checkpoint, ``out/training``. The result is a plain
    transformers checkpoint in bfloat16: ``AutoModelForImageTextToText.from_pretrained(out)``.

    Raises:
        UserError: ``out`` holds a training with other settings.
    """
    state_dir, step = open_state(out, recipe)
    if step:
        processor = Qwen3VLProcessor.from_pretrained(out)
        model = Qwen3VLForConditionalGeneration.from_pretrained(state_dir / f"step-{step}").to(device)  # pyright: ignore[reportArgumentType]
    else:
        processor = new_processor(recipe.seed)
        processor.save_pretrained(out)
        model = new_vlm(recipe, processor).to(device)  # pyright: ignore[reportArgumentType]
    # Backward through fused attention in bfloat16 is slow on a CPU; rows are short enough without it.
    model.set_attn_implementation({"text_config": "eager", "vision_config": "sdpa"})
    torch.manual_seed(recipe.seed + 1)
    tutor = Tutor(recipe.text_width).to(device)
    learnt, optimizer = learning(model, tutor, recipe, state_dir, step)
    loader = DataLoader(
        FreshTalks(recipe, processor, step), batch_size=None, num_workers=1, prefetch_factor=4
    )
    columns = (*Progress.get_default_columns(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
    model.train()
    with Progress(*columns) as progress:
        bar = progress.add_task("training the embedded VLM", total=recipe.steps, completed=step, note="")
        for batch in loader:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(step)
            batch = {name: tensor.to(device) for name, tensor in batch.items()}
            with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
                loss, lesson, foretold = losses(model, tutor, batch)
            optimizer.zero_grad(set_to_none=True)
            (loss + recipe.tutor * lesson).backward()
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimizer.step()
            step += 1
            if step % 20 == 0 or step == recipe.steps:
                seen = {
                    "step": step,
                    "loss": loss.item(),
                    "lesson": lesson.item(),
                    "foretold": foretold.item(),
                }
                progress.update(bar, note=f"loss {seen['loss']:.3f}, tokens foretold {seen['foretold']:.2f}")
                with (out / "training.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(seen) + "\n")
            progress.update(bar, completed=step)
            if step % recipe.save_every == 0 and step < recipe.steps:
                write_state(state_dir, model, tutor, optimizer, step, recipe)
    model.to(torch.bfloat16).save_pretrained(out)  # pyright: ignore[reportArgumentType]
    return out
