"""What `edit_step.py` runs on: ViT-B/32 with random weights, noise for pictures, plain captions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from unrelate.data.types import Example
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.policy.triple import Triple

START, END = "<|startoftext|>", "<|endoftext|>"
# Role -> (actor, relation, object) of its captions, and how they begin.
SAID: dict[Role, tuple[str, str, str]] = {
    Role.UNSAFE: ("child", "drinking", "wine"),
    Role.SAFE_EDGE: ("child", "drinking", "milk"),
    Role.NODE: ("child", "", ""),
    Role.NEUTRAL: ("dog", "chasing", "ball"),
}
BEGINNINGS = ("a", "a photo of a", "a picture of a small", "a drawing that shows a")
PLACES = ("", "in the park", "on a street at night", "in a bright kitchen")


def caption(role: Role, number: int) -> str:
    """Three to thirteen words, as captions are."""
    actor, relation, thing = SAID[role]
    words = (BEGINNINGS[number % 4], actor, relation, thing, PLACES[number // 4 % 4])
    return " ".join(word for word in words if word)


@dataclass(frozen=True)
class Noise:
    """A picture of 224 x 224 that a number stands for."""

    number: int

    def load(self) -> Image.Image:
        squares = np.random.default_rng(self.number).integers(0, 256, (14, 14, 3), dtype=np.uint8)
        return Image.fromarray(squares).resize((224, 224), Image.Resampling.NEAREST)


def make_examples(count: int) -> tuple[Example, ...]:
    """``count`` training pairs, the four roles in turn; each unsafe one with one text variant."""
    roles = tuple(SAID)
    return tuple(_example(roles[number % len(roles)], number) for number in range(count))


def _example(role: Role, number: int) -> Example:
    turn = number // len(SAID)
    return Example(
        key=f"noise-{number}",
        picture=Noise(number),
        caption=caption(role, turn),
        triple=Triple(*SAID[role]),
        role=role,
        split=Split.TRAIN,
        part="train",
        wording="plain",
        source="noise",
        licence="CC0-1.0",
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        variants=(f"{caption(role, turn + 1)} now",) if role is Role.UNSAFE else (),
    )


def make_graph(examples: tuple[Example, ...]) -> RelationGraph:
    """The four tuples, each in its role."""
    held = {example.triple: example.role for example in examples}
    edges = (GraphEdge(triple, role, role.value, Split.TRAIN) for triple, role in held.items())
    return RelationGraph(tuple(edges), scope=())


def make_checkpoint(folder: Path, *, small: bool) -> None:
    """`CLIPConfig`'s defaults, which are ViT-B/32's, with random weights in the hub's layout.

    One word is one token, as it is for common words in CLIP's own vocabulary.
    """
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    torch.manual_seed(0)
    shape = {"text_config": tower, "vision_config": tower, "projection_dim": 16} if small else {}
    CLIPModel(CLIPConfig(**shape)).save_pretrained(folder)
    words = sorted(
        {word for role in SAID for turn in range(16) for word in caption(role, turn).split()} | {"now"}
    )
    vocabulary = {word: number for number, word in enumerate(words)} | {START: 49406, END: 49407}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=END))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, 49406), (END, 49407)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        unk_token=END,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)
