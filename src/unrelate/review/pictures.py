"""Pictures as a browser gets them: decoded within limits and drawn afresh, never the bytes that came in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from unrelate.data.checks import check_picture
from unrelate.data.pictures import BadPicture, Limits
from unrelate.errors import UserError
from unrelate.review.pairs import Pair

# A side in pixels: what a screen shows, and no more.
LONGEST = 1280
# Up to here a picture stays exact (PNG); above it, JPEG is a tenth of the bytes.
EXACT = 512 * 512
KEPT = 48


@dataclass(frozen=True)
class Shown:
    """A picture on its way to a browser."""

    media: str
    content: bytes


class Gallery:
    """The pictures of a folder's pairs; the last `KEPT` are kept as they were encoded.

    Args:
        folder: where the manifest lies; nothing outside it is opened.
        limits: how large a picture may be.
    """

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self._folder, self._limits = folder, limits or Limits()
        self._kept = lru_cache(KEPT)(self._encode)

    def show(self, pair: Pair) -> Shown:
        """Raises:
        BadPicture: what is wrong with the path or the file; or it is not the one that was collected.
        """
        return self._kept(pair.image, pair.sha256)

    def _encode(self, name: str, sha256: str) -> Shown:
        file = check_picture(self._folder, name, self._limits)
        if sha256 and file.sha256 != sha256.lower():
            raise BadPicture("has changed since it was collected")
        try:
            image = file.load()
        except UserError as error:
            raise BadPicture(error.received) from error
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        # Comments and colour profiles are the stranger's bytes too.
        image.info.clear()
        out = BytesIO()
        if image.width * image.height <= EXACT:
            image.save(out, "PNG")
            return Shown("image/png", out.getvalue())
        image.save(out, "JPEG", quality=90)
        return Shown("image/jpeg", out.getvalue())
