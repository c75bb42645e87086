"""Pictures in files that nobody vouches for: decoded within limits, the same way every time."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from unrelate.data.hashing import bytes_sha256
from unrelate.data.types import Picture
from unrelate.errors import UserError

# Pillow opens many more; some of those start other programs (EPS) or are not photographs.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")


@dataclass(frozen=True)
class Limits:
    """What a picture may cost to open: ``max_pixels`` decoded (width x height, read from the header
    before anything is decoded; 3 bytes each in memory) and ``max_bytes`` on disk."""

    max_pixels: int = 50_000_000
    max_bytes: int = 200_000_000


class BadPicture(Exception):
    """Why these bytes are not a picture that can be used; `checks` adds the row."""


def decode(data: bytes, limits: Limits) -> Image.Image:
    """The picture in RGB: first frame, turned as its EXIF says, transparency on white.

    Raises:
        BadPicture: empty, not a picture in one of `FORMATS`, too large, corrupt or cut short.
    """
    if not data:
        raise BadPicture("is empty (0 bytes)")
    with warnings.catch_warnings():
        # Pillow's own warning comes late (89 million pixels) and stops nothing; the limit below does.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(BytesIO(data), formats=FORMATS)
            width, height = image.size
        except Image.DecompressionBombError as error:
            raise BadPicture(f"is too large to open ({error})") from error
        except Exception as error:  # a broken header raises whatever the format's parser trips over
            raise BadPicture(f"is not a picture in one of {', '.join(FORMATS)}, or is corrupt") from error
        if width * height > limits.max_pixels:
            raise BadPicture(f"has {width} x {height} pixels; at most {limits.max_pixels} in all are opened")
        try:
            return _flat(ImageOps.exif_transpose(image))
        except Exception as error:  # so does a broken body
            raise BadPicture(f"is corrupt or cut short ({error})") from error


def _flat(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    shown = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")


@dataclass(frozen=True)
class FilePicture:
    """A picture in a file that has been checked, and is still the same file."""

    path: Path
    sha256: str
    limits: Limits = Limits()

    def load(self) -> Image.Image:
        """The picture in RGB.

        Raises:
            UserError: the file is gone, or is another than the one that was checked.
        """
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {self.path}: {error.strerror}", remedy="put it back") from error
        if bytes_sha256(data) != self.sha256:
            raise UserError(f"{self.path} has changed since it was checked", remedy="start the edit again")
        return decode(data, self.limits)


@dataclass(frozen=True)
class StyledPicture:
    """Another picture, seen through a filter (RASU section 4, out-of-distribution images)."""

    picture: Picture
    style: Callable[[Image.Image], Image.Image]

    def load(self) -> Image.Image:
        """The filtered picture in RGB."""
        return self.style(self.picture.load()).convert("RGB")
