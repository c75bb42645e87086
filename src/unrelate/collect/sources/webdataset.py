"""``webdataset:PATTERN``: shards of samples in tar files, in the format of the webdataset library."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unrelate.collect.sources.extra import imported
from unrelate.collect.sources.reading import (
    LIMITS,
    LONGEST,
    SUFFIXES,
    decoded,
    encodable,
    licence_of,
    parsed,
    texts,
)
from unrelate.collect.sources.shards import ALLOWED, Member, members, shards
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError


@dataclass(frozen=True)
class WebDatasetShards:
    """Samples of a picture with a ``.txt``, or a ``.json`` with a ``caption``, and perhaps a ``licence``.

    The library says which members are one sample; this opens the tars itself, and decodes nothing but
    text, so that no member is unpickled, no program started and no address opened. Pictures are
    read in place when they are wanted, so the shards must not be compressed.

    Args:
        pattern: a path, a glob, or a range such as ``data-{000..009}.tar``.
    """

    pattern: str

    @property
    def name(self) -> str:
        last = re.split(r"[/\\]", self.pattern.rstrip("/"))[-1]
        return f"webdataset:{encodable(last)}"

    def records(self) -> Iterator[Record]:
        """Every sample with a caption, shard by shard; its key is ``shard/sample``.

        Raises:
            UserError: the pattern means no files, or no sample has a caption; a shard that is damaged, or
                holds a text that cannot be read, with the sample.
        """
        some = False
        for within, shard in shards(self.pattern):
            for sample in _samples(shard):
                for record in _records(within, shard, sample):
                    some = True
                    yield record
        if not some:
            raise UserError(
                f"no sample in '{self.pattern}' has a caption", "a .txt or .json beside a picture"
            )


def _samples(shard: Path) -> Iterator[Mapping[str, object]]:
    """The members of one tar by sample: ``__key__``, and suffix -> member."""
    group_by_keys = imported("webdataset.tariterators", "webdataset:").group_by_keys
    files = ({"fname": name, "data": member, "__url__": ""} for name, member in members(shard))
    try:
        yield from group_by_keys(files)
    except UserError as error:  # the library adds to every error what it was at
        raise UserError(error.received, error.allowed, error.remedy, error.where) from error
    except ValueError as error:
        raise UserError(f"is not a WebDataset: {error.args[0]}", ALLOWED, where=str(shard)) from error


def _records(within: str, shard: Path, sample: Mapping[str, object]) -> Iterator[Record]:
    name = encodable(str(sample["__key__"]))
    key, where = f"{within}/{name}", f"{shard}: {name}"
    picture = next((found for end in SUFFIXES if (found := _member(sample, end[1:]))), None)
    words, about = _member(sample, "txt"), _member(sample, "json")
    entry = parsed(_text(about, f"{where}.json"), f"{where}.json") if about else {}
    if words:
        said = [" ".join(_text(words, f"{where}.txt").split())]
    else:
        said = texts(entry, "caption", f"{where}.json")
    licence = licence_of(entry, f"{where}.json")
    for turn, one in enumerate(one for one in said if one):
        yield Record(
            f"{key}/{turn}" if turn else key,
            one,
            _reads(picture, f"{within}/{name}") if picture else None,
            licence=licence,
        )


def _member(sample: Mapping[str, object], suffix: str) -> Member | None:
    found = sample.get(suffix)
    return found if isinstance(found, Member) else None


def _text(member: Member, where: str) -> str:
    try:
        return decoded(member.read(LONGEST), where).removeprefix("\ufeff")
    except UserError:
        raise
    except (OSError, ValueError) as error:
        raise UserError(str(error), "a short text", where=where) from error


def _reads(member: Member, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return member.read(LIMITS.max_bytes)
        except (OSError, ValueError) as error:
            raise SourceFailed(f"{name!r} {getattr(error, 'strerror', None) or error}") from error

    return read
