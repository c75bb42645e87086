"""Pictures as a model takes them in: of its own size, before their channels are shifted and scaled.

An attack that changes single pixels has to change these: what it does to a photograph of other size is
lost when the photograph is made smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers.image_processing_utils import BaseImageProcessor

from unrelate.errors import UserError


@dataclass(frozen=True)
class PixelScale:
    """What a processor does to the channels of a picture of the model's size: ``pixels * gain + offset``.

    ``gain`` and ``offset`` are [3, 1, 1], for pixels in [0, 1].
    """

    gain: Tensor
    offset: Tensor

    @classmethod
    def of(cls, processor: BaseImageProcessor) -> PixelScale:
        """Read off a black picture and a white one, so that it holds for any processor."""
        ends = [Image.new("RGB", (64, 64), shade) for shade in ("black", "white")]
        prepared = processor(images=ends, return_tensors="pt")["pixel_values"].float()
        middle = prepared.shape[-1] // 2
        black, white = prepared[:, :, middle, middle, None, None]
        return cls(gain=white - black, offset=black)

    def __call__(self, pixels: Tensor) -> Tensor:
        """[B, 3, H, W] in [0, 1] -> what the image tower takes, with gradients."""
        return pixels * self.gain.to(pixels.device) + self.offset.to(pixels.device)


def seen(processor: BaseImageProcessor, image: Image.Image) -> Image.Image:
    """A picture resized and cropped by a processor, 8 bits a channel.

    Raises:
        UserError: the processor would change the result again (it crops to less than it resizes to).
    """
    taken = _resized(processor, image)
    picture = Image.fromarray(np.ascontiguousarray(taken))
    if not np.array_equal(_resized(processor, picture), taken):
        raise UserError(
            f"an image processor that changes a picture of {picture.width} x {picture.height} pixels, "
            "which is the model's own size",
            "a processor that resizes to the size it crops to",
            "give `size` and `crop_size` in preprocessor_config.json the same length, "
            "or leave out attacks on single pixels",
        )
    return picture


def _resized(processor: BaseImageProcessor, image: Image.Image) -> np.ndarray:
    """Levels [H, W, 3], uint8."""
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    raw = processor(images=[rgb], return_tensors="pt", do_rescale=False, do_normalize=False)["pixel_values"]
    return raw[0].permute(1, 2, 0).to(torch.uint8).numpy()
