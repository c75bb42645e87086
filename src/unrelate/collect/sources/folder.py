"""``folder:DIR``: a folder of pictures with captions.

    DIR/manifest.csv (or .jsonl)         as `unrelate edit --data` reads it
    DIR/.../metadata.csv (or .jsonl)     ``file_name`` and a caption: the Hugging Face layout
    DIR/.../NAME.jpg and NAME.txt        one text beside each picture

The first of these that is there speaks for the folder it lies in and for all below.
Names that begin with a dot are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from unrelate.collect.sources.reading import (
    LONGEST,
    SUFFIXES,
    called,
    decoded,
    encodable,
    key_of,
    licence_of,
    need_folder,
    path_in,
    picture_in,
    texts,
)
from unrelate.collect.sources.tables import caption_column, rows, triples_of
from unrelate.collect.types import Record
from unrelate.data.checks import inside, read_inside, refuse
from unrelate.data.decisions import read_decisions
from unrelate.data.manifest import MANIFESTS, read_manifest
from unrelate.data.pictures import BadPicture, Limits
from unrelate.data.reviewed import reviewed
from unrelate.errors import UserError

METADATA = ("metadata.csv", "metadata.jsonl")
ALLOWED = f"pictures with {MANIFESTS[0]}, {METADATA[0]}, or one NAME.txt beside each NAME.jpg"


@dataclass(frozen=True)
class FolderCaptions:
    """A folder of pictures, each with what somebody wrote of it.

    A manifest is read whole, as an edit reads it, and with the decisions made about it: what was rejected
    is left out, and what a model drew and nobody accepted is refused, since a record could not say so.
    The other two are read as a stream, one folder's names at a time.

    Args:
        path: the folder; nothing outside it is opened, and links to folders are not entered.
        contexts: further columns that a table may have, such as ``place``: handed on in the tuple.
    """

    path: Path
    contexts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return called("folder", self.path)

    def records(self) -> Iterator[Record]:
        """Every picture with a caption or a tuple; pictures of which nothing is said are passed over.

        Raises:
            UserError: there is no such folder, or nothing is said of any picture; a manifest with anything
                wrong, all of it; or the first row or text that cannot be read.
        """
        folder = need_folder(self.path, ALLOWED)
        found = self._manifest(folder) if _present(folder, MANIFESTS) else self._below(folder)
        some = False
        for record in found:
            some = True
            yield record
        if not some:
            raise UserError(f"no picture in '{folder}' has a caption", ALLOWED)

    def _manifest(self, folder: Path) -> Iterator[Record]:
        _inside_or_refuse(folder, folder / _present(folder, MANIFESTS))
        manifest = read_manifest(folder, self.contexts)
        manifest = reviewed(manifest, read_decisions(folder), unreviewed=False)
        refuse(folder, manifest, manifest.problems)
        for row in manifest.rows:
            where = f"{folder / manifest.name}:{row.line}"
            image, said = row.get("image"), row.get("caption")
            triples = triples_of(row.cells, self.contexts, where)
            key = row.get("pair") or key_of(image, said)
            yield Record(key, said, picture_in(folder, image), triples, row.get("licence"))

    def _below(self, folder: Path) -> Iterator[Record]:
        for place, below, names in os.walk(folder, onerror=_unreadable):
            below[:] = sorted(name for name in below if not name.startswith("."))
            here = Path(place)
            table = _present(here, METADATA)
            if table:
                below.clear()
                yield from self._metadata(folder, here / table)
            else:
                yield from _beside(folder, here, [name for name in names if not name.startswith(".")])

    def _metadata(self, folder: Path, table: Path) -> Iterator[Record]:
        """The rows of one table; its paths start where it lies."""
        _inside_or_refuse(folder, table)
        prefix = table.parent.relative_to(folder)
        column = ""
        for where, cells in rows(table):
            image = path_in(cells, "file_name", where)
            if not image:
                raise UserError("has no 'file_name'", "the path of a picture", where=where)
            triples = triples_of(cells, self.contexts, where)
            # JSON rows need not have the same keys; CSV rows do, and are looked through once.
            if not column or column not in cells:
                column = "" if triples else caption_column(cells, where)
            key = (prefix / PurePosixPath(image)).as_posix()
            base = Record(
                key_of(key, ""), "", picture_in(table.parent, image), triples, licence_of(cells, where)
            )
            said = texts(cells, column, where) if column else []
            yield from (replace(base, key=key_of(key, one), caption=one) for one in said)
            if triples and not said:
                yield base


def _present(folder: Path, names: tuple[str, ...]) -> str:
    """Which of these tables a folder has; empty if none.

    Raises:
        UserError: it has two.
    """
    found = [name for name in names if (folder / name).is_file()]
    if len(found) > 1:
        raise UserError(f"'{folder}' has {' and '.join(found)}", "one of them", "take one away")
    return found[0] if found else ""


def _beside(folder: Path, here: Path, names: list[str]) -> Iterator[Record]:
    """The pictures of one folder that have a text of their name beside them."""
    known = set(names)
    for name in sorted(names):
        stem, suffix = os.path.splitext(name)
        if suffix.lower() not in SUFFIXES or f"{stem}.txt" not in known:
            continue
        said = _said(folder, here / f"{stem}.txt")
        if said:
            image = (here / name).relative_to(folder).as_posix()
            yield Record(encodable(image), said, picture_in(folder, image))


def _said(folder: Path, path: Path) -> str:
    name = path.relative_to(folder).as_posix()
    try:
        raw = read_inside(folder, name, Limits(max_bytes=LONGEST))[1]
    except BadPicture as error:
        raise UserError(str(error), "a short text beside a picture", where=str(path)) from error
    return " ".join(decoded(raw, str(path)).removeprefix("\ufeff").split())


def _inside_or_refuse(folder: Path, table: Path) -> None:
    try:
        inside(folder, table.relative_to(folder).as_posix())
    except BadPicture as error:
        raise UserError(str(error), "a table in the folder itself", where=str(table)) from error


def _unreadable(error: OSError) -> None:
    raise UserError(f"cannot be read: {error.strerror}", where=str(error.filename)) from error
