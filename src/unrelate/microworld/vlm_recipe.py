"""What the embedded vision-language model is and how it is taught."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor

from unrelate.microworld.rounds import InRounds
from unrelate.microworld.vlm_processor import CONTEXT_LENGTH, MERGE, PATCH, PICTURE_SIDE


@dataclass(frozen=True)
class VlmRound:
    """So many steps, in which the learning rate rises to its peak and falls along a cosine to ``end`` of it.

    ``portraits``, ``strangers``, ``letters`` are shares of the pictures; the rest are scenes. ``judging``:
    how much likelier a yes-or-no question is to find room than another; their answers teach little each, and
    are learnt last. ``doubts``: how many more of them, on every fact in turn, a portrait comes with.
    ``wider``: whether scenes are asked about in wider words too.
    """

    steps: int
    learning_rate: float
    end: float = 0.0
    portraits: float = 0.2
    strangers: float = 0.13
    letters: float = 0.03
    judging: float = 1.0
    doubts: int = 0
    wider: bool = False


@dataclass(frozen=True)
class VlmRecipe(InRounds[VlmRound]):
    """Settings of the embedded vision-language model. The defaults gave the shipped one.

    A step shows ``pictures`` pictures, each with as many questions as ``room`` tokens hold, and asks
    ``texts`` sets of questions without a picture; it costs about 0.45 s on two cores. ``ramp``: share of the
    steps in which pairs, night and unusual styles come in; ``tutor`` weighs `vlm_lessons.Tutor`.
    """

    seed: int = 0
    rounds: tuple[VlmRound, ...] = (
        VlmRound(2500, 2e-3, 0.52),
        VlmRound(5000, 1.6e-3, 0.0, 0.34, 0.16),
        VlmRound(1500, 8e-4, 0.0, 0.34, 0.16, judging=4.0),
        VlmRound(2000, 1e-3, 0.0, 0.41, 0.16, judging=2.0, doubts=9),
        VlmRound(2500, 1e-3, 0.0, 0.25, 0.12, judging=2.0, doubts=6, wider=True),
    )
    warmup: int = 150
    weight_decay: float = 0.02
    pictures: int = 32
    texts: int = 4
    room: int = 136
    ramp: float = 0.1023
    tutor: float = 0.5
    vision_width: int = 160
    vision_layers: int = 4
    text_width: int = 192
    text_layers: int = 4
    save_every: int = 250

    def hardness(self, step: int) -> float:
        """How far pairs, night and unusual styles have come in, in [0, 1]."""
        return min(1.0, (step + 1) / (self.steps * self.ramp))


def new_vlm(recipe: VlmRecipe, processor: Qwen3VLProcessor) -> Qwen3VLForConditionalGeneration:
    """An untrained Qwen3-VL in the transformers layout, small enough for a CPU."""
    torch.manual_seed(recipe.seed)
    tokenizer = processor.tokenizer
    ids = {name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in (
        "image_pad", "video_pad", "vision_start", "vision_end", "im_start", "im_end", "endoftext",
    )}  # fmt: skip
    heads = recipe.text_width // 32
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": recipe.text_width,
        "intermediate_size": 3 * recipe.text_width,
        "num_hidden_layers": recipe.text_layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "head_dim": 32,
        "max_position_embeddings": CONTEXT_LENGTH,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [6, 5, 5],
                            "mrope_interleaved": True},
        "bos_token_id": ids["im_start"],
        "eos_token_id": ids["im_end"],
        "pad_token_id": ids["endoftext"],
        "tie_word_embeddings": True,
    }  # fmt: skip
    vision = {
        "depth": recipe.vision_layers,
        "hidden_size": recipe.vision_width,
        "intermediate_size": 3 * recipe.vision_width,
        "num_heads": recipe.vision_width // 32,
        "out_hidden_size": recipe.text_width,
        "patch_size": PATCH,
        "spatial_merge_size": MERGE,
        "temporal_patch_size": 1,
        "num_position_embeddings": (PICTURE_SIDE // PATCH) ** 2,
        "deepstack_visual_indexes": [2],
    }
    config = Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=ids["image_pad"],
        video_token_id=ids["video_pad"],
        vision_start_token_id=ids["vision_start"],
        vision_end_token_id=ids["vision_end"],
        tie_word_embeddings=True,
    )
    model = Qwen3VLForConditionalGeneration(config)
    model.generation_config.eos_token_id = [ids["im_end"], ids["endoftext"]]
    model.generation_config.pad_token_id = ids["endoftext"]
    return model
