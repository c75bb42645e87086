"""Tar files that hold a data set's samples, walked without reading what is in them."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob, has_magic
from itertools import islice
from pathlib import Path

from unrelate.collect.sources.extra import imported
from unrelate.collect.sources.reading import encodable, need_file
from unrelate.errors import UserError

MOST = 100_000
ALLOWED = "tar files on this machine: a path, a glob, or a range such as data-{000..009}.tar"
# What the library itself would start or fetch (``pipe:``, ``https:``, ...); one letter is a Windows drive.
_SCHEME = re.compile(r"^\s*([A-Za-z][A-Za-z0-9+.-]+:|-\s*$)")
_RANGE = re.compile(r"\{(-?\d+)\.\.(-?\d+)")
_META = re.compile(r"__[^/]*__($|/)")
_DAMAGED = (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, MemoryError, RecursionError)


@dataclass(frozen=True)
class Member:
    """Where a file lies in a tar."""

    shard: Path
    start: int
    size: int

    def read(self, most: int) -> bytes:
        """Its bytes.

        Raises:
            OSError: they are not there.
            ValueError: there are more than ``most``, or less than the tar says.
        """
        if self.size > most:
            raise ValueError(f"has {self.size} bytes; at most {most} are read")
        with self.shard.open("rb") as file:
            file.seek(self.start)
            data = file.read(self.size)
        if len(data) < self.size:
            raise ValueError("is cut short")
        return data


def shards(pattern: str) -> Iterator[tuple[str, Path]]:
    """The tar files that a pattern means, each with its path from the pattern's fixed part, in order.

    Raises:
        UserError: it means something else than files, too many, or a file that is not there.
    """
    braceexpand = imported("braceexpand", "webdataset:").braceexpand
    if any(abs(int(end) - int(start)) >= MOST for start, end in _RANGE.findall(pattern)):
        raise UserError(f"'{pattern}' means more than {MOST} files", ALLOWED)
    try:
        expanded = list(islice(braceexpand(pattern), MOST + 1))
    except ValueError as error:
        raise UserError(f"'{pattern}' has braces that do not match", ALLOWED) from error
    if len(expanded) > MOST:
        raise UserError(f"'{pattern}' means more than {MOST} files", ALLOWED)
    for one in [pattern, *expanded]:
        if _SCHEME.match(one) or "://" in one or "::" in one:
            raise UserError(
                f"'{one}' is an address or a command, not a file",
                ALLOWED,
                "fetch the files first; a pattern may neither start a program nor open an address",
            )
    fixed = os.path.dirname(re.split(r"[{*?\[]", pattern)[0])
    for one in expanded:
        found = sorted(glob(one)) if has_magic(one) else [one]
        if not found:
            raise UserError(f"there is no file '{one}'", ALLOWED)
        for name in found:
            yield (
                encodable(Path(os.path.relpath(name, fixed or ".")).as_posix()),
                need_file(Path(name), ALLOWED),
            )


def members(shard: Path) -> Iterator[tuple[str, Member]]:
    """The plain files in a tar, by name, without what is in them; links and the like are passed over.

    Raises:
        UserError: it is not an uncompressed tar, or is damaged or cut short. What comes before the fault
            has been given by then.
    """
    given = 0
    try:
        with tarfile.open(shard, "r:") as tar:
            while (found := tar.next()) is not None:
                tar.members.clear()  # pyright: ignore[reportAttributeAccessIssue]  (it would keep them all)
                if found.isreg() and not found.issparse() and not _META.match(found.name):
                    yield found.name, Member(shard, found.offset_data, found.size)
                given += 1
            _check_end(tar)
    except UserError:
        raise
    except _DAMAGED as error:
        raise UserError(
            f"is not a tar file, or is cut short after {given} members ({error})",
            "an uncompressed tar, since pictures are read in place",
            "unpack it first if it is compressed (gunzip), or fetch it again",
            str(shard),
        ) from error


def _check_end(tar: tarfile.TarFile) -> None:
    """A broken header in the middle ends a tar as an end does, in silence; only zeros may follow an end.

    Raises:
        tarfile.ReadError: something else follows.
    """
    file = tar.fileobj
    assert file is not None
    file.seek(tar.offset)
    if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(f"no header at byte {tar.offset}")
