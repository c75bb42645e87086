"""The full architectures, with random weights saved in the hub's layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import (
    AutoModel,
    CLIPConfig,
    CLIPModel,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    SiglipConfig,
    SiglipModel,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from unrelate.models.dual_encoder import DualEncoder

pytestmark = pytest.mark.slow


def full_size(kind: str, tokenizer: PreTrainedTokenizerBase) -> tuple[PreTrainedModel, object]:
    torch.manual_seed(0)
    if kind == "clip":  # the defaults are those of ViT-B/32
        config = CLIPConfig(text_config={"eos_token_id": tokenizer.eos_token_id})
        return CLIPModel(config), CLIPImageProcessorPil()
    return SiglipModel(SiglipConfig()), SiglipImageProcessorPil(size={"height": 224, "width": 224})


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_full_architecture(
    kind: str,
    folders: dict[str, Path],
    tmp_path: Path,
    images: list[Image.Image],
    captions: list[str],
    plain: Callable[..., tuple[torch.Tensor, torch.Tensor]],
    train_a_little: Callable[..., None],
) -> None:
    tokenizer = DualEncoder.load(folders[kind]).checkpoint.tokenizer
    model, processor = full_size(kind, tokenizer)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)  # pyright: ignore
    encoder = DualEncoder.load(tmp_path)
    image, text = plain(AutoModel.from_pretrained(tmp_path), tmp_path, images, captions)
    torch.testing.assert_close(encoder.embed_images(images), image, rtol=0, atol=1e-5)
    torch.testing.assert_close(encoder.embed_texts(captions), text, rtol=0, atol=1e-5)

    train_a_little(encoder, layers=("projection",))
    prefix = encoder.image_prefix(encoder.prepare_images(images))
    edited = encoder.embed_images(images)
    torch.testing.assert_close(encoder.image_suffix(prefix), edited, rtol=0, atol=1e-5)
    assert (edited - image).abs().max() > 1e-3
    encoder.export(tmp_path / "merged", merged=True)
    merged = DualEncoder.load(tmp_path / "merged")
    torch.testing.assert_close(merged.embed_images(images), edited, rtol=0, atol=1e-5)
