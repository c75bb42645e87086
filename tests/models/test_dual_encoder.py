"""`DualEncoder` gives what transformers gives, on either side of an adapter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModel

from unrelate.models.dual_encoder import DualEncoder
from unrelate.models.spec import AdapterSpec

Plain = Callable[..., tuple[torch.Tensor, torch.Tensor]]
PutOn = Callable[..., None]


def both(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str]
) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        return (
            encoder.image_features(encoder.prepare_images(images)),
            encoder.text_features(encoder.prepare_texts(captions)),
        )


def test_features_are_those_of_transformers(
    folder: Path, encoder: DualEncoder, images: list[Image.Image], captions: list[str], plain: Plain
) -> None:
    ours = both(encoder, images, captions)
    theirs = plain(AutoModel.from_pretrained(folder), folder, images, captions)
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-5)
        assert mine.shape == (4, encoder.embedding_dim)
        # The rows differ, so that agreement says something.
        assert (torch.pdist(mine) > 0.01).all()


def test_gradients_are_those_of_transformers(
    folder: Path, encoder: DualEncoder, images: list[Image.Image], captions: list[str], train_a_little: PutOn
) -> None:
    train_a_little(encoder)
    pixels, ids = encoder.prepare_images(images), encoder.prepare_texts(captions)

    def gradients(image: torch.Tensor, text: torch.Tensor) -> list[torch.Tensor]:
        loss = (image * text).sum()
        return list(torch.autograd.grad(loss, encoder.trainable_parameters()))

    ours = gradients(encoder.image_features(pixels), encoder.text_features(ids))
    model = encoder._model  # the adapted module itself, run by transformers' own forward
    output = model(input_ids=ids, pixel_values=pixels)
    theirs = gradients(output.image_embeds, output.text_embeds)
    assert any(gradient.abs().max() > 1e-3 for gradient in theirs)
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-5)


def test_gradients_reach_the_pixels(encoder: DualEncoder, images: list[Image.Image]) -> None:
    pixels = encoder.prepare_images(images).requires_grad_()
    encoder.image_features(pixels)[:, 0].sum().backward()
    assert pixels.grad is not None
    assert pixels.grad.abs().max() > 0


def test_embedding_in_bulk_keeps_the_order(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str]
) -> None:
    image, text = both(encoder, images, captions)
    torch.testing.assert_close(encoder.embed_images(images, batch_size=3), image, rtol=0, atol=1e-5)
    twice = [*captions, *reversed(captions)]
    torch.testing.assert_close(
        encoder.embed_texts(twice, batch_size=2), torch.cat([text, text.flip(0)]), rtol=0, atol=1e-5
    )
    assert encoder.embed_texts([]).shape == (0, encoder.embedding_dim)
    assert encoder.embed_images([]).shape == (0, encoder.embedding_dim)


def test_a_picture_need_not_be_rgb(encoder: DualEncoder, images: list[Image.Image]) -> None:
    grey = images[0].convert("L")
    torch.testing.assert_close(
        encoder.prepare_images([grey]), encoder.prepare_images([grey.convert("RGB")]), rtol=0, atol=0
    )


def test_base_is_the_model_without_its_adapter(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str], train_a_little: PutOn
) -> None:
    before = both(encoder, images, captions)
    train_a_little(encoder)
    edited = both(encoder, images, captions)
    with encoder.base():
        with encoder.base():
            pass
        off = both(encoder, images, captions)  # still off after the inner one
    again = both(encoder, images, captions)
    for was, now, base, back in zip(before, edited, off, again, strict=True):
        assert (was - now).abs().max() > 0.01
        torch.testing.assert_close(base, was, rtol=0, atol=1e-6)
        torch.testing.assert_close(back, now, rtol=0, atol=0)


def test_adapter_comes_back_after_an_error(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str], train_a_little: PutOn
) -> None:
    train_a_little(encoder)
    edited = both(encoder, images, captions)
    with pytest.raises(RuntimeError, match="interrupted"), encoder.base():
        raise RuntimeError("interrupted")
    torch.testing.assert_close(both(encoder, images, captions), edited, rtol=0, atol=0)


def test_base_leaves_a_frozen_adapter_frozen(folder: Path, tmp_path: Path, train_a_little: PutOn) -> None:
    encoder = DualEncoder.load(folder)
    train_a_little(encoder)
    trainable = len(encoder.trainable_parameters())
    with encoder.base():
        pass
    assert len(encoder.trainable_parameters()) == trainable > 0
    encoder.save_adapter(tmp_path)
    frozen = DualEncoder.load(folder, adapter=tmp_path)
    with frozen.base():
        pass
    assert frozen.trainable_parameters() == []


def test_hash_is_of_the_base_weights_alone(
    folders: dict[str, Path], encoder: DualEncoder, train_a_little: PutOn
) -> None:
    fresh = DualEncoder.load(encoder.name).weights_hash()
    train_a_little(encoder)
    assert encoder.weights_hash() == fresh
    assert len({DualEncoder.load(folder).weights_hash() for folder in folders.values()}) == 2
    with torch.no_grad():
        changed = DualEncoder.load(encoder.name)
        changed._model.logit_scale.add_(1e-3)  # pyright: ignore
    assert changed.weights_hash() != fresh


def test_gradient_checkpointing_changes_no_gradient(
    folder: Path, images: list[Image.Image], captions: list[str], train_a_little: PutOn
) -> None:
    found, calls = [], []
    for checkpointing in (False, True):
        encoder = DualEncoder.load(folder)
        train_a_little(encoder)
        calls.append(0)

        def count(*_: object) -> None:
            calls[-1] += 1

        encoder._model.get_submodule("text_model.encoder.layers.0.mlp").register_forward_pre_hook(count)
        if checkpointing:
            encoder.enable_gradient_checkpointing()
        encoder.train()
        image = encoder.image_features(encoder.prepare_images(images))
        text = encoder.text_features(encoder.prepare_texts(captions))
        found.append(torch.autograd.grad((image * text).sum(), encoder.trainable_parameters()))
    assert calls == [1, 2]  # the block was run again in the backward pass
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_half_precision_keeps_adapter_and_outputs_in_float32(
    folder: Path, images: list[Image.Image], captions: list[str], train_a_little: PutOn, method: str
) -> None:
    encoder = DualEncoder.load(folder)
    train_a_little(encoder, method=method)
    whole, fingerprint = both(encoder, images, captions), encoder.weights_hash()
    encoder.compute_in(torch.bfloat16)
    image = encoder.image_features(encoder.prepare_images(images))
    text = encoder.text_features(encoder.prepare_texts(captions))
    for exact, rounded in zip(whole, (image, text), strict=True):
        assert rounded.dtype == torch.float32
        assert 0 < (exact - rounded).abs().max() < 0.05
    assert {parameter.dtype for parameter in encoder.trainable_parameters()} == {torch.float32}
    assert encoder.weights_hash() == fingerprint
    (image * text).sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.trainable_parameters())


def test_half_precision_is_autocast(
    folder: Path, images: list[Image.Image], captions: list[str], train_a_little: PutOn
) -> None:
    encoder = DualEncoder.load(folder)
    train_a_little(encoder)
    with torch.autocast("cpu", torch.bfloat16):
        autocast = both(encoder, images, captions)
    encoder.compute_in(torch.bfloat16)
    torch.testing.assert_close(both(encoder, images, captions), autocast, rtol=0, atol=1e-6)


def test_one_tower_leaves_the_other_as_it_was(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str], train_a_little: PutOn
) -> None:
    image, text = both(encoder, images, captions)
    train_a_little(encoder, towers="text")
    after_image, after_text = both(encoder, images, captions)
    torch.testing.assert_close(after_image, image, rtol=0, atol=0)
    assert (after_text - text).abs().max() > 0.01


def test_a_fresh_adapter_changes_nothing(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str]
) -> None:
    before = both(encoder, images, captions)
    encoder.add_adapter(AdapterSpec(layers=("attention", "mlp", "projection")))
    torch.testing.assert_close(both(encoder, images, captions), before, rtol=0, atol=1e-6)
