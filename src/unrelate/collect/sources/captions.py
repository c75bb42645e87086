"""``captions:FILE``: captions with or without pictures, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unrelate.collect.sources.reading import (
    called,
    key_of,
    licence_of,
    lines,
    need_file,
    number_or_text,
    path_in,
    picture_in,
    texts,
)
from unrelate.collect.sources.tables import rows
from unrelate.collect.types import Record
from unrelate.errors import UserError

ALLOWED = "a .txt with one caption a line, or a .jsonl with objects that have a 'caption'"


@dataclass(frozen=True)
class Captions:
    """A text of captions, or a JSONL with ``caption`` and perhaps ``image``, ``licence`` and ``id``.

    One line is in memory at a time, however many there are. A key is the entry's ``id``, which must not
    be given twice; without one it is made of picture and caption, so that lines may be moved and added,
    and an entry that is there twice counts once.

    Args:
        path: a ``.txt`` or ``.jsonl`` in UTF-8. ``image`` is a path from its folder; nothing outside that is
            opened. Other keys are not read.
    """

    path: Path

    @property
    def name(self) -> str:
        return called("captions", self.path)

    def records(self) -> Iterator[Record]:
        """Every caption; empty ones are passed over.

        Raises:
            UserError: no such file, another kind of file, no caption in it at all, or a line that is not
                UTF-8, not a JSON object, or without a caption.
        """
        path = need_file(self.path, ALLOWED)
        read = {".txt": _plain, ".jsonl": _objects}.get(path.suffix.lower())
        if read is None:
            raise UserError(f"'{path}' is neither .txt nor .jsonl", ALLOWED)
        some = False
        for record in read(path):
            some = True
            yield record
        if not some:
            raise UserError("has no captions", ALLOWED, where=str(path))


def _plain(path: Path) -> Iterator[Record]:
    for _, line in lines(path):
        said = " ".join(line.split())
        if said:
            yield Record(key_of("", said), said)


def _objects(path: Path) -> Iterator[Record]:
    for where, entry in rows(path):
        if entry.get("caption") is None:
            raise UserError("has no 'caption'", ALLOWED, where=where)
        named, image = number_or_text(entry, "id", where), path_in(entry, "image", where)
        licence = licence_of(entry, where)
        for turn, said in enumerate(texts(entry, "caption", where)):
            key = (f"{named}/{turn}" if turn else named) if named else key_of(image, said)
            yield Record(key, said, picture_in(path.parent, image) if image else None, licence=licence)
