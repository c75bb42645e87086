"""``visual-genome:relationships.json,IMAGES``: relations that people annotated (Krishna et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unrelate.collect.sources.entries import entries
from unrelate.collect.sources.reading import (
    called,
    key_of,
    need_file,
    need_folder,
    number_or_text,
    picture_in,
    text,
    texts,
)
from unrelate.collect.types import Record
from unrelate.errors import UserError
from unrelate.policy.triple import Triple

ALLOWED = "relationships.json of Visual Genome: a list of images, each with its 'relationships'"
# Its pictures come in two archives; people unpack them side by side, or into one folder.
FOLDERS = ("", "VG_100K", "VG_100K_2")


@dataclass(frozen=True)
class VisualGenome:
    """Pictures with the relations seen in them, ``subject predicate object``; one record a relation.

    The records of one picture follow one another. Words are as annotated; where an object has several
    names, the first is taken. One picture's relations are in memory at a time. The file states no
    licences, so the records have none.

    Args:
        path: ``relationships.json`` of any version, with ``name`` or ``names``.
        images: the folder with ``IMAGE_ID.jpg``, or with `FOLDERS` of them; nothing outside it is opened.
    """

    path: Path
    images: Path

    @property
    def name(self) -> str:
        return called("visual-genome", self.path)

    def records(self) -> Iterator[Record]:
        """Every relation, whose key is ``image id/relationship id``; those without all three words are
        passed over.

        Raises:
            UserError: no such file or folder; or it is not JSON, is cut short, or is not of this format,
                with the entry.
        """
        path = need_file(self.path, ALLOWED)
        folder = need_folder(self.images, "the folder with the pictures of Visual Genome")
        some = False
        for where, entry in entries(path, "", "visual-genome:"):
            some = True
            named = number_or_text(entry, "image_id" if "image_id" in entry else "id", where)
            if not named.isdecimal() or len(named) > 30:
                raise UserError("has no number under 'image_id'", ALLOWED, where=where)
            relations = entry.get("relationships")
            if not isinstance(relations, list):
                raise UserError("has no list under 'relationships'", ALLOWED, where=where)
            for turn, relation in enumerate(relations):
                yield from _record(named, relation, _picture(folder, named), f"{where}.relationships[{turn}]")
        if not some:
            raise UserError("has no images", ALLOWED, where=str(path))


def _record(named: str, relation: object, picture: Callable[[], bytes], where: str) -> Iterator[Record]:
    if not isinstance(relation, dict):
        raise UserError(f"is not a JSON object but {type(relation).__name__}", where=where)
    own = number_or_text(relation, "relationship_id" if "relationship_id" in relation else "id", where)
    words = (
        _called(relation, "subject", where),
        text(relation, "predicate", where),
        _called(relation, "object", where),
    )
    if all(words):
        said = " ".join(words)
        key = f"{named}/{own}" if own else key_of(named, said)
        yield Record(key, said, picture, (Triple(*words),))


def _called(relation: dict[str, object], role: str, where: str) -> str:
    """What the subject or the object is called, in either version's field."""
    thing = relation.get(role)
    if not isinstance(thing, dict):
        raise UserError(f"has no JSON object under '{role}'", ALLOWED, where=where)
    for field in ("name", "names"):
        if found := texts(thing, field, f"{where}.{role}"):
            return found[0]
    return ""


def _picture(folder: Path, named: str) -> Callable[[], bytes]:
    """Reads the picture from the first folder that has it, when it is called."""

    def read() -> bytes:
        names = [f"{place}/{named}.jpg" if place else f"{named}.jpg" for place in FOLDERS]
        found = next((name for name in names if (folder / name).exists()), names[0])
        return picture_in(folder, found)()

    return read
