"""The training of the embedded CLIP from nothing: resumable, on a CPU or a GPU."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import torch
from rich.progress import Progress, TextColumn, TimeRemainingColumn
from torch.utils.data import DataLoader
from transformers import CLIPModel, CLIPTokenizer

from unrelate.microworld.checkpoints import write_never_learnt
from unrelate.microworld.clip_lessons import FreshBatches, Tutor, contrastive_loss
from unrelate.microworld.clip_recipe import MEAN, STD, ClipRecipe, image_processor, new_clip
from unrelate.microworld.tokenizer import train_tokenizer
from unrelate.microworld.training_state import learning, open_state, write_state


def train_clip(out: Path, recipe: ClipRecipe, *, device: str = "cpu") -> Path:
    """Train, or go on training, the embedded CLIP into the folder ``out``.

    A killed training goes on from its last checkpoint, ``out/training``. The result is a plain
    transformers checkpoint: ``CLIPModel.from_pretrained(out)``.

    Raises:
        UserError: ``out`` holds a training with other settings.
    """
    state_dir, step = open_state(out, recipe)
    if step:
        tokenizer = CLIPTokenizer.from_pretrained(out)
        model = CLIPModel.from_pretrained(state_dir / f"step-{step}").to(device)  # pyright: ignore[reportArgumentType]
    else:
        tokenizer = train_tokenizer(recipe.seed)
        tokenizer.save_pretrained(out)
        model = new_clip(recipe, tokenizer).to(device)  # pyright: ignore[reportArgumentType]
    torch.manual_seed(recipe.seed + 1)
    tutor = Tutor(recipe.embedding).to(device)
    learnt, optimizer = learning(model, tutor, recipe, state_dir, step)
    workers = min(4, max(1, (os.cpu_count() or 1) - 1))
    loader = DataLoader(
        FreshBatches(recipe, tokenizer, step), batch_size=None, num_workers=workers, prefetch_factor=4
    )
    mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=device).view(1, 3, 1, 1)
    columns = (*Progress.get_default_columns(), TimeRemainingColumn(), TextColumn("{task.fields[loss]}"))
    model.train()
    with Progress(*columns) as progress:
        bar = progress.add_task("training the embedded CLIP", total=recipe.steps, completed=step, loss="")
        for batch in loader:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(step)
            pixels = (batch["pixels"].to(device).float() / 255 - mean) / std
            with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
                output = model(
                    pixel_values=pixels,
                    input_ids=batch["input_ids"].to(device),
                    attention_mask=batch["attention_mask"].to(device),
                )
            logits = output.logits_per_image.float()
            loss = contrastive_loss(logits, batch["true"].to(device))
            held, allowed = batch["held"].to(device), batch["allowed"].to(device)
            lesson = tutor.loss(output.image_embeds, output.text_embeds, held, allowed)
            optimizer.zero_grad(set_to_none=True)
            (loss + recipe.tutor * lesson).backward()
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimizer.step()
            with torch.no_grad():
                model.logit_scale.clamp_(max=math.log(100))
            step += 1
            if step % 20 == 0 or step == recipe.steps:
                right = (logits.argmax(1) == torch.arange(len(logits), device=logits.device)).float().mean()
                progress.update(bar, loss=f"loss {loss.item():.3f}, in-batch {right.item():.2f}")
                with (out / "training.jsonl").open("a") as log:
                    seen = {
                        "step": step,
                        "loss": loss.item(),
                        "lesson": lesson.item(),
                        "in_batch": right.item(),
                    }
                    log.write(json.dumps(seen) + "\n")
            progress.update(bar, completed=step)
            if step % recipe.save_every == 0 and step < recipe.steps:
                write_state(state_dir, model, tutor, optimizer, step, recipe)
    model.save_pretrained(out)
    image_processor().save_pretrained(out)
    if recipe.without:
        write_never_learnt(out, recipe.without)
    return out
