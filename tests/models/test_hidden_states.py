"""What a tower holds stage by stage: the model's own hidden states, read where the tower is pooled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import torch
from PIL import Image
from torch import Tensor
from transformers import AutoTokenizer
from transformers.models.auto.image_processing_auto import AutoImageProcessor

from unrelate.models.dual_encoder import DualEncoder

PutOn = Callable[..., None]
TOWERS: tuple[Literal["text", "image"], ...] = ("text", "image")


def prepared(encoder: DualEncoder, tower: str, images: list[Image.Image], captions: list[str]) -> Tensor:
    return encoder.prepare_images(images) if tower == "image" else encoder.prepare_texts(captions)


@pytest.mark.parametrize("tower", TOWERS)
def test_the_stages_end_at_the_embedding(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str], tower: Literal["text", "image"]
) -> None:
    """Tokens, three blocks (the last with its norm), the embedding."""
    states = encoder.hidden_states(tower, prepared(encoder, tower, images, captions))
    assert [tuple(state.shape) for state in states] == [(4, 32)] * 4 + [(4, encoder.embedding_dim)]
    assert not any(state.requires_grad for state in states)
    whole = encoder.embed_images(images) if tower == "image" else encoder.embed_texts(captions)
    torch.testing.assert_close(states[-1], whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("tower", TOWERS)
def test_below_the_last_block_they_are_transformers_own(
    folder: Path,
    encoder: DualEncoder,
    images: list[Image.Image],
    captions: list[str],
    tower: Literal["text", "image"],
) -> None:
    """CLIP: captions at the end token, pictures at the first. SigLIP: the mean over all tokens."""
    states = encoder.hidden_states(tower, prepared(encoder, tower, images, captions))
    model = encoder.checkpoint.model
    if tower == "image":
        processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        output = model.get_submodule("vision_model")(
            **processor(images=images, return_tensors="pt"), output_hidden_states=True
        )
        ends = torch.zeros(4, dtype=torch.long)
    else:
        limit = model.config.text_config.max_position_embeddings
        ids = AutoTokenizer.from_pretrained(folder)(
            captions, padding="max_length", max_length=limit, truncation=True, return_tensors="pt"
        )
        output = model.get_submodule("text_model")(**ids, output_hidden_states=True)
        ends = ids["attention_mask"].sum(1) - 1 if "attention_mask" in ids else torch.zeros(4).long()
    for state, wanted in zip(states[:3], output.hidden_states[:3], strict=True):
        read = wanted[torch.arange(4), ends] if model.config.model_type == "clip" else wanted.mean(1)
        torch.testing.assert_close(state, read, rtol=0, atol=1e-5)


@pytest.mark.parametrize("tower", TOWERS)
def test_they_show_the_adapter_and_only_where_it_is(
    encoder: DualEncoder,
    images: list[Image.Image],
    captions: list[str],
    train_a_little: PutOn,
    tower: Literal["text", "image"],
) -> None:
    inputs = prepared(encoder, tower, images, captions)
    before = encoder.hidden_states(tower, inputs)
    train_a_little(encoder, last_layers=2)
    after = encoder.hidden_states(tower, inputs)
    with encoder.base():
        base = encoder.hidden_states(tower, inputs)
    moved = [float((one - two).abs().max()) for one, two in zip(before, after, strict=True)]
    assert moved[:2] == [0.0, 0.0]  # tokens and the block below
    assert min(moved[2:]) > 1e-3
    for one, two in zip(before, base, strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=1e-6)
