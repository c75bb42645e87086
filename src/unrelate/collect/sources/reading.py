"""What the finding sources share: files that nobody vouches for, read as a stream and within limits."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from unrelate.collect.types import SourceFailed
from unrelate.data.checks import read_inside
from unrelate.data.hashing import text_sha256
from unrelate.data.pictures import BadPicture, Limits
from unrelate.errors import UserError

# Bytes of one line, or of one text beside a picture: far more than a caption, far less than memory.
LONGEST = 1_000_000
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
LICENCES = ("licence", "license")
LIMITS = Limits()


def called(kind: str, path: Path) -> str:
    """What provenance calls a source: its kind and the last part of its path, wherever that lies."""
    return f"{kind}:{encodable(os.path.basename(os.path.abspath(path)))}"


def encodable(name: str) -> str:
    """A file's name as text that UTF-8 can hold, whatever bytes it has on disk."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def need_file(path: Path, what: str) -> Path:
    """The path, if a file lies there.

    Raises:
        UserError: nothing lies there, or something that one cannot read to its end.
    """
    try:
        found = stat.S_ISREG(path.stat().st_mode)  # a named pipe would wait for ever
    except (OSError, ValueError):
        found = False
    if not found:
        raise UserError(f"there is no file '{path}'", what)
    return path


def need_folder(path: Path, what: str) -> Path:
    """The path, if a folder lies there.

    Raises:
        UserError: there is none.
    """
    if not path.is_dir():
        raise UserError(f"there is no folder '{path}'", what)
    return path


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text, numbered from 1, each with its end; no more than one is in memory.

    Raises:
        UserError: it cannot be read, is not UTF-8, or has a line of more than `LONGEST` bytes.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST + 1):
                number += 1
                if len(raw) > LONGEST:
                    raise UserError(
                        f"has a line of more than {LONGEST} bytes",
                        "one entry a line",
                        where=f"{path}:{number}",
                    )
                yield number, decoded(raw, f"{path}:{number}").removeprefix("\ufeff" if number == 1 else "")
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from error


def decoded(raw: bytes, where: str) -> str:
    """Bytes as text.

    Raises:
        UserError: they are not UTF-8.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError("is not UTF-8", "text in UTF-8", "save it as UTF-8", where) from error


def parsed(text: str, where: str) -> dict[str, object]:
    """A JSON object.

    Raises:
        UserError: it is no JSON, or another kind of it.
    """
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"is not JSON ({error})", "a JSON object", where=where) from error
    if not isinstance(entry, dict):
        raise UserError(f"is not a JSON object but {type(entry).__name__}", where=where)
    return entry


def text(entry: Mapping[str, object], key: str, where: str) -> str:
    """What an entry says under a key, blanks run together; empty where it says nothing.

    Raises:
        UserError: something else than text is there, or text with half a character, which nothing
            downstream could write.
    """
    return _text(entry.get(key), key, where)


def texts(entry: Mapping[str, object], key: str, where: str) -> list[str]:
    """The same where there may be a list of texts; those that are empty are left out.

    Raises:
        UserError: there is something else.
    """
    value = entry.get(key)
    several = value if isinstance(value, list) else [value]
    return [said for one in several if (said := _text(one, key, where))]


def number_or_text(entry: Mapping[str, object], key: str, where: str) -> str:
    """An identifier as text; empty where there is none.

    Raises:
        UserError: it is neither a whole number nor text.
    """
    value = entry.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        return str(value)
    return _text(value, key, where)


def path_in(entry: Mapping[str, object], key: str, where: str) -> str:
    """A file's name as written, since blanks in it count; empty where there is none.

    Raises:
        UserError: it is not text.
    """
    text(entry, key, where)
    return str(entry.get(key) or "").strip()


def _text(value: object, key: str, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(f"has {type(value).__name__} under '{key}', not text", where=where)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserError(f"has half a character under '{key}'", where=where) from error
    return " ".join(value.split())


def licence_of(entry: Mapping[str, object], where: str) -> str:
    """The licence that an entry states, in either spelling."""
    return next((said for key in LICENCES if (said := text(entry, key, where))), "")


def key_of(name: str, said: str) -> str:
    """A key for one of perhaps several captions of one picture, that holds whatever line it stands in."""
    return f"{encodable(name)}#{text_sha256(said)[:12]}"


def picture_in(folder: Path, name: str, limits: Limits = LIMITS) -> Callable[[], bytes]:
    """Reads a picture that data name, when it is called, and nothing that lies outside ``folder``."""

    def read() -> bytes:
        try:
            return read_inside(folder, name, limits)[1]
        except BadPicture as error:
            raise SourceFailed(f"{name!r} {error}") from error

    return read
