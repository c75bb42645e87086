"""What the embedded CLIP is and how it is taught: sizes, rounds and the pictures' preparation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from unrelate.microworld.rounds import InRounds
from unrelate.microworld.tokenizer import CONTEXT_LENGTH
from unrelate.policy.triple import Triple

IMAGE_SIZE = 64
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class Round:
    """So many steps, in which the learning rate rises to its peak and falls to 0 along a cosine.

    ``crowds``: how often a pair of figures comes with all its rivals, which teaches who does what.
    """

    steps: int
    learning_rate: float
    crowds: float = 0.0

    @property
    def end(self) -> float:
        """The share of the peak that the rate ends at."""
        return 0.0


@dataclass(frozen=True)
class ClipRecipe(InRounds[Round]):
    """Settings of the embedded CLIP. The defaults gave the shipped one.

    Steps buy accuracy and cost about 0.8 s each on two cores. ``ramp`` is the share of the first
    round in which pairs, night and unusual styles come in; ``tutor`` weighs `Tutor`. ``without``:
    concrete tuples, perhaps with their place, that it never sees or reads: what an oracle of
    forgetting never learnt.
    """

    seed: int = 0
    rounds: tuple[Round, ...] = (Round(3000, 1e-3), Round(2400, 7e-4, 0.36), Round(1600, 5e-4, 0.36))
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
    without: tuple[Triple, ...] = ()

    def hardness(self, step: int) -> float:
        """How far pairs, night and unusual styles have come in, in [0, 1]."""
        return min(1.0, step / self.rounds[0].steps / self.ramp)


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
        image_mean=list(MEAN),
        image_std=list(STD),
    )
