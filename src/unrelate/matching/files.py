"""Captions in a file of JSON lines, read as a stream: a file of ten million lines is never held whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from unrelate.data.manifest import Problem
from unrelate.errors import UserError

_SHOWN = 20  # lines that an error names


@dataclass
class CaptionFile:
    """``{"caption": ...}`` on each line; other keys are left alone, blank lines skipped.

    Bad lines are gathered while the file is read: ``problems`` holds the first of them, ``bad`` how many.
    """

    path: Path
    problems: list[Problem] = field(default_factory=list)
    bad: int = 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Line number and caption of each good line.

        Raises:
            UserError: the file cannot be read.
        """
        self.problems, self.bad = [], 0
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if number == 1:
                        line = line.removeprefix(b"\xef\xbb\xbf")
                    if line.isspace() or not line:
                        continue
                    caption = self._caption(number, line)
                    if caption is not None:
                        yield number, caption
        except OSError as error:
            raise UserError(
                f"cannot be read: {error.strerror}",
                "a file of JSON lines with 'caption'",
                "check the path",
                str(self.path),
            ) from error

    def check(self) -> int:
        """Read the whole file once; how many captions it has.

        Raises:
            UserError: it has bad lines, or no captions; every bad line is named, up to twenty.
        """
        count = sum(1 for _ in self)
        if self.bad:
            name = self.path.name
            lines = [f"    {name}:{problem.line}: {problem.what}" for problem in self.problems]
            if self.bad > len(lines):
                lines.append(f"    and {self.bad - len(lines)} more")
            head = f"{self.bad} problem{'s' if self.bad > 1 else ''} in '{self.path}'"
            raise UserError(
                "\n".join([head, *lines]),
                'a JSON object on each line, with text under "caption"',
                "mend these lines, or take them out",
            )
        if not count:
            raise UserError("has no captions", '{"caption": "..."} on each line', where=str(self.path))
        return count

    def _caption(self, number: int, line: bytes) -> str | None:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            return self._wrong(number, f"is not JSON ({error})")
        if not isinstance(entry, dict):
            return self._wrong(number, f"is not a JSON object but {type(entry).__name__}")
        caption = entry.get("caption")
        if caption is None:
            return self._wrong(number, "has no caption")
        if not isinstance(caption, str):
            return self._wrong(number, f"has {type(caption).__name__} under 'caption', not text")
        try:
            caption.encode()
        except UnicodeEncodeError:
            return self._wrong(number, "has half a character in its caption")
        return caption

    def _wrong(self, number: int, what: str) -> None:
        self.bad += 1
        if len(self.problems) < _SHOWN:
            self.problems.append(Problem(number, what))
