"""``coco:CAPTIONS.json,IMAGES``: captions in the format of COCO (Lin et al. 2014; Chen et al. 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from unrelate.collect.sources.entries import Entry, entries
from unrelate.collect.sources.reading import (
    called,
    key_of,
    need_file,
    need_folder,
    number_or_text,
    path_in,
    picture_in,
    text,
)
from unrelate.collect.types import Record
from unrelate.errors import UserError

ALLOWED = "a file of COCO captions: an object with 'images' and 'annotations'"


class _Image(NamedTuple):
    file: str
    licence: str


@dataclass(frozen=True)
class CocoCaptions:
    """Pictures with several captions each; one record a caption, in the order of ``annotations``.

    The file is read three times, as a stream: for its licences, its images and its annotations. The names
    of the images stay in memory, about 200 bytes each; captions do not.

    Args:
        path: such as ``captions_val2017.json``.
        images: the folder that each ``file_name`` is a path from; nothing outside it is opened.
    """

    path: Path
    images: Path

    @property
    def name(self) -> str:
        return called("coco", self.path)

    def records(self) -> Iterator[Record]:
        """Every caption with its picture; its key is ``image id/annotation id``. Empty ones are passed over.

        Raises:
            UserError: no such file or folder; or it is not JSON, is cut short, or is not of this format,
                with the entry. A file that is cut short is refused before anything is given.
        """
        path = need_file(self.path, ALLOWED)
        folder = need_folder(self.images, "the folder with the pictures that the file names")
        images = _images(path, _licences(path))
        some = False
        for where, entry in entries(path, "annotations", "coco:"):
            named = number_or_text(entry, "image_id", where)
            if named not in images:
                raise UserError(f"is of image {named!r}, which 'images' does not have", where=where)
            if entry.get("caption") is None:
                raise UserError("has no 'caption'", "captions, not instances or keypoints", where=where)
            some = True
            said = text(entry, "caption", where)
            if said:
                own = number_or_text(entry, "id", where)
                key = f"{named}/{own}" if own else key_of(named, said)
                image = images[named]
                yield Record(key, said, picture_in(folder, image.file), licence=image.licence)
        if not some:
            raise UserError("has no 'annotations'", ALLOWED, where=str(path))


def _licences(path: Path) -> dict[str, str]:
    """Number -> name and address, as the file states them."""
    return {
        number_or_text(entry, "id", where): _licence(entry, where)
        for where, entry in entries(path, "licenses", "coco:")
    }


def _licence(entry: Entry, where: str) -> str:
    name, address = text(entry, "name", where), text(entry, "url", where)
    return f"{name} ({address})" if name and address else name or address


def _images(path: Path, licences: dict[str, str]) -> dict[str, _Image]:
    images = {}
    for where, entry in entries(path, "images", "coco:"):
        named, file = number_or_text(entry, "id", where), path_in(entry, "file_name", where)
        if not named or not file:
            raise UserError("has no 'id' or no 'file_name'", ALLOWED, where=where)
        images[named] = _Image(file, licences.get(number_or_text(entry, "license", where), ""))
    if not images:
        raise UserError("has no 'images'", ALLOWED, where=str(path))
    return images
