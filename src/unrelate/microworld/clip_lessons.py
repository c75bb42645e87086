"""One batch of the embedded CLIP's training, and what is to be learnt from it."""

from __future__ import annotations

import math
import random

import numpy as np
import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import Dataset
from transformers import CLIPTokenizer

from unrelate.microworld import talk
from unrelate.microworld.clip_recipe import IMAGE_SIZE, ClipRecipe
from unrelate.microworld.sampler import scenes
from unrelate.microworld.world import picture


class FreshBatches(Dataset):
    """Batch number ``i`` of a recipe: the same whoever asks, drawn when it is asked for."""

    def __init__(self, recipe: ClipRecipe, tokenizer: CLIPTokenizer, first: int) -> None:
        self.recipe, self.tokenizer, self.first = recipe, tokenizer, first

    def __len__(self) -> int:
        return self.recipe.steps - self.first

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        recipe, number = self.recipe, self.first + index
        rng = random.Random(f"{recipe.seed}/{number}")
        crowds = recipe.round_of(number)[0].crowds
        drawn = scenes(rng, recipe.batch, recipe.hardness(number), crowds, frozenset(recipe.without))
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
