"""Pictures as the model takes them in, and gradients to their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from unrelate.errors import UserError
from unrelate.models import DualEncoder


def _levels(encoder: DualEncoder, images: list[Image.Image]) -> torch.Tensor:
    seen = [np.array(encoder.seen_picture(image)) for image in images]
    return torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2) / 255


def test_a_seen_picture_is_of_the_models_size_and_prepared_like_the_picture_itself(
    encoder: DualEncoder, images: list[Image.Image]
) -> None:
    for image in (*images, images[1].convert("L")):
        seen = encoder.seen_picture(image)
        assert (seen.size, seen.mode) == ((32, 32), "RGB")
        # The processor rounds to 8 bits when it resizes, so that nothing is lost.
        torch.testing.assert_close(encoder.prepare_images([seen]), encoder.prepare_images([image]))


def test_what_is_seen_stays_when_seen_again(encoder: DualEncoder, images: list[Image.Image]) -> None:
    seen = encoder.seen_picture(images[2])
    assert encoder.seen_picture(seen).tobytes() == seen.tobytes()


def test_pixels_give_the_features_that_pictures_give(encoder: DualEncoder, images: list[Image.Image]) -> None:
    features = encoder.pixel_features(_levels(encoder, images))
    torch.testing.assert_close(features, encoder.embed_images(images), atol=1e-5, rtol=1e-5)


def test_gradients_reach_the_pixels_and_point_uphill(encoder: DualEncoder, images: list[Image.Image]) -> None:
    levels = _levels(encoder, images).requires_grad_(True)
    aim = encoder.embed_texts(["dog"])[0]
    before = encoder.pixel_features(levels) @ aim
    (slope,) = torch.autograd.grad(before.sum(), levels)
    assert (slope.flatten(1).abs().amax(1) > 0).all()
    after = encoder.pixel_features(levels.detach() + 1e-3 * slope.sign()) @ aim
    assert (after > before).all()


def test_a_processor_that_crops_away_what_it_resized_is_refused(
    folders: dict[str, Path], tmp_path: Path, images: list[Image.Image]
) -> None:
    for file in folders["clip"].iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "preprocessor_config.json").unlink()
    CLIPImageProcessorPil(
        size={"shortest_edge": 40}, crop_size={"height": 32, "width": 32}, do_center_crop=True
    ).save_pretrained(tmp_path)
    encoder = DualEncoder.load(tmp_path)
    with pytest.raises(UserError, match="32 x 32"):
        encoder.seen_picture(images[3])
