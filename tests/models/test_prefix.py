"""What is frozen, computed once and continued from, gives what the whole forward pass gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from PIL import Image

from unrelate.models.dual_encoder import DualEncoder
from unrelate.models.prefix import Prefix

PutOn = Callable[..., None]
# layers, last_layers, share of the three blocks and the projection that stays frozen
CASES = {
    "projections alone": (("projection",), None, 3 / 4),
    "last attention": (("attention",), 1, 2 / 4),
    "last two blocks": (("attention", "mlp", "projection"), 2, 1 / 4),
    "everything": (("attention", "mlp", "projection"), None, 0.0),
}


@pytest.mark.parametrize("case", CASES)
def test_continuing_is_exact(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str], train_a_little: PutOn, case: str
) -> None:
    layers, last_layers, share = CASES[case]
    train_a_little(encoder, layers=layers, last_layers=last_layers)
    assert encoder.frozen_share("image") == encoder.frozen_share("both") == share
    # A projection costs SigLIP's text tower one linear layer, as it does CLIP's.
    assert encoder.frozen_share("text") == share
    pixels, ids = encoder.prepare_images(images), encoder.prepare_texts(captions)
    ways = (
        (encoder.image_features(pixels), encoder.image_prefix(pixels), encoder.image_suffix),
        (encoder.text_features(ids), encoder.text_prefix(ids), encoder.text_suffix),
    )
    for whole, prefix, suffix in ways:
        assert not prefix.state.requires_grad
        continued = suffix(prefix)
        torch.testing.assert_close(continued, whole, rtol=0, atol=1e-5)
        wanted = torch.autograd.grad(whole[:, 0].sum(), encoder.trainable_parameters(), allow_unused=True)
        found = torch.autograd.grad(continued[:, 0].sum(), encoder.trainable_parameters(), allow_unused=True)
        assert any(gradient is not None and gradient.abs().max() > 1e-4 for gradient in wanted)
        for one, other in zip(found, wanted, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_kept_rows_make_any_batch(
    encoder: DualEncoder, images: list[Image.Image], captions: list[str], train_a_little: PutOn, case: str
) -> None:
    layers, last_layers, _ = CASES[case]
    train_a_little(encoder, layers=layers, last_layers=last_layers)
    image_rows = encoder.image_prefix(encoder.prepare_images(images)).rows()
    text_rows = encoder.text_prefix(encoder.prepare_texts(captions)).rows()
    chosen = [3, 0, 2]  # in another order, and in other company than they were computed in
    torch.testing.assert_close(
        encoder.image_suffix(Prefix.stack([image_rows[i] for i in chosen])),
        encoder.embed_images([images[i] for i in chosen]),
        rtol=0,
        atol=1e-5,
    )
    torch.testing.assert_close(
        encoder.text_suffix(Prefix.stack([text_rows[i] for i in chosen])),
        encoder.embed_texts([captions[i] for i in chosen]),
        rtol=0,
        atol=1e-5,
    )


def test_a_tower_without_adapter_is_frozen_whole(
    encoder: DualEncoder, images: list[Image.Image], train_a_little: PutOn
) -> None:
    train_a_little(encoder, towers="text")
    assert encoder.frozen_share("image") == 1.0
    assert encoder.frozen_share("text") == 0.0
    prefix = encoder.image_prefix(encoder.prepare_images(images))
    torch.testing.assert_close(prefix.state, encoder.embed_images(images), rtol=0, atol=0)
    torch.testing.assert_close(encoder.image_suffix(prefix), prefix.state, rtol=0, atol=0)


def test_the_base_continues_from_the_same_prefix(
    encoder: DualEncoder, images: list[Image.Image], train_a_little: PutOn
) -> None:
    base = encoder.embed_images(images)
    train_a_little(encoder, layers=("projection",))
    prefix = encoder.image_prefix(encoder.prepare_images(images))
    with encoder.base():
        torch.testing.assert_close(encoder.image_suffix(prefix), base, rtol=0, atol=1e-5)
    assert (encoder.image_suffix(prefix) - base).abs().max() > 0.01
