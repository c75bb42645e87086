"""The training of the embedded CLIP from nothing: resumable, on a CPU or a GPU."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict
from pathlib import Path

import torch
from rich.progress import Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader
from transformers import CLIPModel, CLIPTokenizer

from unrelate.edit.optimizer_state import load_optimizer, save_optimizer
from unrelate.errors import UserError
from unrelate.microworld.checkpoints import write_never_learnt
from unrelate.microworld.clip_lessons import FreshBatches, Tutor, contrastive_loss
from unrelate.microworld.clip_recipe import MEAN, STD, ClipRecipe, image_processor, new_clip
from unrelate.microworld.tokenizer import train_tokenizer


def train_clip(out: Path, recipe: ClipRecipe, *, device: str = "cpu") -> Path:
    """Train, or go on training, the embedded CLIP into the folder ``out``.

    A killed training goes on from its last checkpoint, ``out/training``. The result is a plain
    transformers checkpoint: ``CLIPModel.from_pretrained(out)``.

    Raises:
        UserError: ``out`` holds a training with other settings.
    """
    state_dir = out / "training"
    state_dir.mkdir(parents=True, exist_ok=True)
    state_file = state_dir / "state.json"
    step = 0
    if state_file.exists():
        state = json.loads(state_file.read_text())
        if state["recipe"] != _plain(recipe):
            raise UserError(
                f"{out} holds a training with other settings", "the same settings", "give another --out"
            )
        step = state["step"]
        tokenizer = CLIPTokenizer.from_pretrained(out)
        model = CLIPModel.from_pretrained(state_dir / f"step-{step}").to(device)  # pyright: ignore[reportArgumentType]
    else:
        tokenizer = train_tokenizer(recipe.seed)
        tokenizer.save_pretrained(out)
        model = new_clip(recipe, tokenizer).to(device)  # pyright: ignore[reportArgumentType]
    torch.manual_seed(recipe.seed + 1)
    tutor = Tutor(recipe.embedding).to(device)
    if step:
        tutor.load_state_dict(load_file(state_dir / f"step-{step}" / "tutor.safetensors"))
    learning = [*model.parameters(), *tutor.parameters()]
    groups = [
        {"params": [p for p in learning if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learning if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate(step), betas=(0.9, 0.98))
    if step:
        load_optimizer(optimizer, state_dir / f"step-{step}" / "optimizer.safetensors")
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
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
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
                _checkpoint(state_dir, model, tutor, optimizer, step, recipe)
    model.save_pretrained(out)
    image_processor().save_pretrained(out)
    if recipe.without:
        write_never_learnt(out, recipe.without)
    return out


def _checkpoint(
    state_dir: Path,
    model: CLIPModel,
    tutor: Tutor,
    optimizer: torch.optim.Optimizer,
    step: int,
    recipe: ClipRecipe,
) -> None:
    """Write everything first and the pointer to it last, so that a kill leaves the older one whole."""
    folder = state_dir / f"step-{step}"
    model.save_pretrained(folder)
    save_file(tutor.state_dict(), folder / "tutor.safetensors")
    save_optimizer(optimizer, folder / "optimizer.safetensors")
    pointer = state_dir / "state.json"
    fresh = pointer.with_suffix(".new")
    fresh.write_text(json.dumps({"step": step, "recipe": _plain(recipe)}))
    fresh.replace(pointer)


def _plain(recipe: ClipRecipe) -> dict[str, object]:
    """The recipe as it reads after a turn through JSON, where tuples are lists."""
    return json.loads(json.dumps(asdict(recipe)))
