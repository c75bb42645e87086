"""What a text model writes for the attack `generator`: asked once, kept, and read by every job.

All models are asked the same prompts then, although a service may answer otherwise each time; what was
paid for is not asked for again after a failure, or by a later audit of the run; and who doubts a prompt
can read how it came about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from unrelate.attacks.text.generator import Writer
from unrelate.edit.settings import text_hash
from unrelate.errors import UserError
from unrelate.files import write_whole


@dataclass(frozen=True)
class Author:
    """The text model.

    Args:
        name: as the user gave it: a hub id, a folder, or URL#MODEL of a chat service.
        weights: their hash; "" for a service, of which nobody knows.
    """

    name: str
    weights: str = ""

    @property
    def shown(self) -> str:
        """Its name in a record, which may be published: without folders and addresses."""
        url, _, model = self.name.partition("#")
        if "://" in url:
            return f"{model} (a chat service)"
        return Path(self.name).name if Path(self.name).is_dir() else self.name

    @property
    def hash(self) -> str:
        """Alike for those whose replies may stand for each other's."""
        return self.weights or text_hash(self.name)


@dataclass(frozen=True)
class Transcript:
    """A writer that says again what it once said.

    Args:
        path: one JSON object a line: ``author``, ``seed``, ``request``, ``reply``.
        author: whose replies are meant; those of others stay in the file and are not used.
        writer: asked for what is not there yet; None: it all has to be there.
    """

    path: Path
    author: Author
    writer: Writer | None = None

    @property
    def name(self) -> str:
        return self.author.shown

    def __call__(self, request: str, seed: int) -> str:
        """The reply, which is on disk before it is handed out.

        Raises:
            UserError: the file is no transcript, or lacks this reply and there is nobody to ask.
        """
        asked = (self._whose, seed, request)
        if asked not in self._said:
            if self.writer is None:
                raise UserError(
                    f"{self.path} without a reply that {self.name} gave",
                    "the transcript as the audit left it",
                    "run the same audit again",
                )
            self._said[asked] = self.writer(request, seed)
            self._keep()
        return self._said[asked]

    def _keep(self) -> None:
        fields = ("author", "seed", "request", "reply")
        lines = (
            dict(zip(fields, (json.loads(whose), seed, request, reply), strict=True))
            for (whose, seed, request), reply in self._said.items()
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, "".join(json.dumps(line) + "\n" for line in lines))

    @cached_property
    def _whose(self) -> str:
        return json.dumps({"hash": self.author.hash, "name": self.author.shown}, sort_keys=True)

    @cached_property
    def _said(self) -> dict[tuple[str, int, str], str]:
        if not self.path.exists():
            return {}
        said = {}
        try:
            for line in self.path.read_text(encoding="utf-8").splitlines():
                held = json.loads(line)
                whose = json.dumps(held["author"], sort_keys=True)
                said[whose, int(held["seed"]), str(held["request"])] = str(held["reply"])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{self.path}, line {len(said) + 1}: no reply of a text model",
                "the transcript as the audit left it",
                "delete the file; what it held is asked for again",
            ) from error
        return said
