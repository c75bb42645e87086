"""Copies whose weights may be changed: they behave alike, at any strength of the adapter, and are apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from unrelate.errors import UserError
from unrelate.models.dual_encoder import DualEncoder

PutOn = Callable[..., None]


def outputs(encoder: DualEncoder, images: list[Image.Image], captions: list[str]) -> torch.Tensor:
    return torch.cat([encoder.embed_images(images), encoder.embed_texts(captions)])


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_it_behaves_as_the_model_does_now(
    encoder: DualEncoder,
    images: list[Image.Image],
    captions: list[str],
    train_a_little: PutOn,
    method: str,
) -> None:
    bare = encoder.standalone()
    before = outputs(encoder, images, captions)
    torch.testing.assert_close(outputs(bare, images, captions), before, rtol=0, atol=0)
    train_a_little(encoder, method=method)
    edited = outputs(encoder, images, captions)
    assert (edited - before).abs().max() > 0.01  # else nothing is shown
    copy = encoder.standalone()
    assert not copy.has_adapter
    torch.testing.assert_close(outputs(copy, images, captions), edited, rtol=0, atol=1e-5)
    with encoder.base():
        base = encoder.standalone()
    torch.testing.assert_close(outputs(base, images, captions), before, rtol=0, atol=0)
    assert base.weights_hash() == encoder.weights_hash() == bare.weights_hash()
    torch.testing.assert_close(outputs(encoder, images, captions), edited, rtol=0, atol=0)


def test_strength_scales_what_the_adapter_adds(encoder: DualEncoder, train_a_little: PutOn) -> None:
    base = weights(encoder.standalone())
    train_a_little(encoder)
    whole = weights(encoder.standalone())
    for strength in (0.0, 0.25, 1.5):
        scaled = weights(encoder.standalone(strength))
        for name, weight in scaled.items():
            expected = base[name] + strength * (whole[name] - base[name])
            torch.testing.assert_close(weight, expected, rtol=0, atol=1e-6)


def test_an_adapter_that_is_scaled_adds_so_much(encoder: DualEncoder, train_a_little: PutOn) -> None:
    train_a_little(encoder)
    expected = weights(encoder.standalone(0.4))
    encoder.scale_adapter(0.4)
    for name, weight in weights(encoder.standalone()).items():
        torch.testing.assert_close(weight, expected[name], rtol=0, atol=1e-6)


def test_changing_the_copy_leaves_the_model(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str], train_a_little: PutOn
) -> None:
    train_a_little(encoder)
    edited = outputs(encoder, images, captions)
    copy = encoder.standalone()
    with torch.no_grad():
        for module, name in copy.linear_weights():
            module.get_parameter(name).mul_(2)
    assert (outputs(copy, images, captions) - edited).abs().max() > 0.01
    torch.testing.assert_close(outputs(encoder, images, captions), edited, rtol=0, atol=0)


def test_linear_weights_are_all_matrices_that_inputs_meet(encoder: DualEncoder) -> None:
    found = encoder.linear_weights()
    # Two towers of three blocks with six matrices each. CLIP: two projections. SigLIP: the text head,
    # and in the pooling head the attention's two matrices and the MLP's two.
    assert len(found) == 2 * 3 * 6 + (5 if encoder.pairwise else 2)
    assert all(module.get_parameter(name).ndim == 2 for module, name in found)
    assert not any(isinstance(module, (nn.Embedding, nn.Conv2d, nn.LayerNorm)) for module, _ in found)


def test_thawed_every_weight_learns_in_float32(folder: Path, images: list[Image.Image]) -> None:
    copy = DualEncoder.load(folder, dtype=torch.bfloat16).standalone()
    assert copy.trainable_parameters() == []
    copy.thaw()
    assert {p.dtype for p in copy.trainable_parameters()} == {torch.float32}
    text = copy.text_features(copy.prepare_texts(["dog", "a child"]))
    image = copy.image_features(copy.prepare_images(images[:2]))
    copy.logits(image, text).diagonal().sum().backward()
    learning = [p for p in copy.trainable_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert len(learning) > 0.9 * len(copy.trainable_parameters())


def test_logits_are_the_models_own(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str]
) -> None:
    image, text = encoder.embed_images(images), encoder.embed_texts(captions)
    model = encoder.merged()
    scale = model.get_parameter("logit_scale").exp()
    bias = model.get_parameter("logit_bias") if encoder.pairwise else 0
    ids, pixels = encoder.prepare_texts(captions), encoder.prepare_images(images)
    with torch.no_grad():
        expected = model(input_ids=ids, pixel_values=pixels).logits_per_image
        logits = encoder.logits(image, text)
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-3)
    torch.testing.assert_close(logits, image @ text.T * scale + bias)


def test_rounded_weights_are_not_copied(encoder: DualEncoder) -> None:
    encoder.compute_in(torch.bfloat16)
    with pytest.raises(UserError, match="rounded"):
        encoder.standalone()


def weights(encoder: DualEncoder) -> dict[str, torch.Tensor]:
    return dict(encoder.merged().named_parameters())
