"""Training the embedded CLIP from nothing: fresh scenes at every step, near-misses in every batch."""

from __future__ import annotations

import json
import math
import os
import random
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.progress import Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from unrelate.edit.optimizer_state import load_optimizer, save_optimizer
from unrelate.errors import UserError
from unrelate.microworld import talk
from unrelate.microworld.sampler import scenes
from unrelate.microworld.tokenizer import CONTEXT_LENGTH, train_tokenizer
from unrelate.microworld.world import picture

IMAGE_SIZE = 64
_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class ClipRecipe:
    """Settings of the embedded CLIP. The defaults gave the shipped one.

    Two rounds: ``steps`` of everything, then ``crowd_steps`` in which pairs of figures often come with
    all their rivals (``crowds``: how often), which teaches who does what. Steps buy accuracy and cost
    about 0.8 s each on two cores. ``ramp`` is the share of the first round in which pairs, night and
    unusual styles come in; ``tutor`` weighs `Tutor`.
    """

    seed: int = 0
    steps: int = 3000
    learning_rate: float = 1e-3
    crowd_steps: int = 2400
    crowd_rate: float = 7e-4
    crowds: float = 0.36
    batch: int = 192
    warmup: int = 100
    weight_decay: float = 0.02
    vision_width: int = 160
    vision_layers: int = 4
    text_width: int = 128
    text_layers: int = 3
    embedding: int = 128
    patch: int = 8
    ramp: float = 0.25
    tutor: float = 1.0
    save_every: int = 200

    @property
    def all_steps(self) -> int:
        return self.steps + self.crowd_steps


def new_clip(recipe: ClipRecipe, tokenizer: CLIPTokenizer) -> CLIPModel:
    """An untrained CLIP in the transformers layout."""
    torch.manual_seed(recipe.seed)
    ids = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text = {
        "hidden_size": recipe.text_width,
        "intermediate_size": 4 * recipe.text_width,
        "num_hidden_layers": recipe.text_layers,
        "num_attention_heads": recipe.text_width // 32,
        "max_position_embeddings": CONTEXT_LENGTH,
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "hidden_size": recipe.vision_width,
        "intermediate_size": 4 * recipe.vision_width,
        "num_hidden_layers": recipe.vision_layers,
        "num_attention_heads": recipe.vision_width // 32,
        "image_size": IMAGE_SIZE,
        "patch_size": recipe.patch,
    }
    return CLIPModel(
        CLIPConfig(text_config=text | ids, vision_config=vision, projection_dim=recipe.embedding)
    )


def image_processor() -> CLIPImageProcessor:
    """What the embedded CLIP does to a picture before it sees it."""
    return CLIPImageProcessor(
        size={"shortest_edge": IMAGE_SIZE},
        crop_size={"height": IMAGE_SIZE, "width": IMAGE_SIZE},
        resample=Image.Resampling.BICUBIC,
        image_mean=list(_MEAN),
        image_std=list(_STD),
    )


class FreshBatches(Dataset):
    """Batch number ``i`` of a recipe: the same whoever asks, drawn when it is asked for."""

    def __init__(self, recipe: ClipRecipe, tokenizer: CLIPTokenizer, first: int) -> None:
        self.recipe, self.tokenizer, self.first = recipe, tokenizer, first

    def __len__(self) -> int:
        return self.recipe.all_steps - self.first

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        recipe, number = self.recipe, self.first + index
        rng = random.Random(f"{recipe.seed}/{number}")
        hardness = min(1.0, number / recipe.steps / recipe.ramp)
        drawn = scenes(rng, recipe.batch, hardness, recipe.crowds if number >= recipe.steps else 0.0)
        said = [talk.describe(scene, rng) for scene in drawn]
        pixels = np.stack([_pixels(picture(scene)) for scene in drawn])
        tokens = self.tokenizer(
            [saying.text for saying in said], padding=True, truncation=True, return_tensors="pt"
        )
        held, allowed = [talk.facts(scene) for scene in drawn], [saying.allows for saying in said]
        return {
            "pixels": torch.from_numpy(pixels),
            "true": torch.from_numpy(talk.truth(held, allowed)),
            "held": torch.from_numpy(talk.as_bits(held)),
            "allowed": torch.from_numpy(talk.as_bits(allowed)),
            **tokens,
        }


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)).transpose(2, 0, 1)


def contrastive_loss(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """CLIP's symmetric cross-entropy in which pairs that happen to be true are no negatives.

    Args:
        logits: scaled cosines, ``[B, B]``, pictures by captions.
        true: bool ``[B, B]``: the caption holds of the picture. The diagonal is the positive.
    """
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    logits = logits.masked_fill(true & ~own, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


class Tutor(torch.nn.Module):
    """Linear heads that must tell from an embedding what holds, slot by slot.

    Contrast alone first learns places, for hundreds of steps, and only then who does what; the
    tutor teaches all slots from the first step. It is thrown away when training ends.
    """

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.scale = math.sqrt(embedding)  # embeddings are of unit length: too short for a linear head
        self.image = torch.nn.Linear(embedding, 2 * talk.bit_count())
        self.text = torch.nn.Linear(embedding, 2 * talk.bit_count())

    def loss(
        self, image: torch.Tensor, text: torch.Tensor, held: torch.Tensor, allowed: torch.Tensor
    ) -> torch.Tensor:
        """Mean negative log-probability of what holds (pictures) or may be meant (captions).

        Figures are left to right in a picture, and in the order of mention in a caption.
        ``held``, ``allowed``: bool ``[B, 2, bit_count()]``.
        """
        return _slot_loss(self.image(self.scale * image.float()), held) + _slot_loss(
            self.text(self.scale * text.float()), allowed
        )


def _slot_loss(logits: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    logits, losses = logits.view(allowed.shape), []
    for start, stop in talk.slot_ranges():
        chances = logits[..., start:stop].log_softmax(-1).masked_fill(~allowed[..., start:stop], -torch.inf)
        known = allowed[..., start:stop].any(-1)
        losses.append(-chances[known].logsumexp(-1).mean())
    return torch.stack(losses).mean()


def _rate(recipe: ClipRecipe, step: int) -> float:
    """The learning rate: in each round it rises, then falls to 0 along a cosine."""
    steps, peak = recipe.steps, recipe.learning_rate
    if step >= recipe.steps:
        step, steps, peak = step - recipe.steps, recipe.crowd_steps, recipe.crowd_rate
    if step < recipe.warmup:
        return peak * (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, steps - recipe.warmup)
    return peak * 0.5 * (1 + math.cos(math.pi * done))


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
        if state["recipe"] != asdict(recipe):
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
    optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.98))
    if step:
        load_optimizer(optimizer, state_dir / f"step-{step}" / "optimizer.safetensors")
    workers = min(4, max(1, (os.cpu_count() or 1) - 1))
    loader = DataLoader(
        FreshBatches(recipe, tokenizer, step), batch_size=None, num_workers=workers, prefetch_factor=4
    )
    mean = torch.tensor(_MEAN, device=device).view(1, 3, 1, 1)
    std = torch.tensor(_STD, device=device).view(1, 3, 1, 1)
    columns = (*Progress.get_default_columns(), TimeRemainingColumn(), TextColumn("{task.fields[loss]}"))
    model.train()
    with Progress(*columns) as progress:
        bar = progress.add_task("training the embedded CLIP", total=recipe.all_steps, completed=step, loss="")
        for batch in loader:
            for group in optimizer.param_groups:
                group["lr"] = _rate(recipe, step)
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
            if step % 20 == 0 or step == recipe.all_steps:
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
            if step % recipe.save_every == 0 and step < recipe.all_steps:
                _checkpoint(state_dir, model, tutor, optimizer, step, recipe)
    model.save_pretrained(out)
    image_processor().save_pretrained(out)
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
    fresh.write_text(json.dumps({"step": step, "recipe": asdict(recipe)}))
    fresh.replace(pointer)
