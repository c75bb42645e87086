"""The folder that collecting fills, written so that a kill at any moment loses nothing.

    policy.yaml      the policy it was collected for
    pictures/        every picture once, named by its hash
    manifest.jsonl   the pairs that count, as `unrelate edit --data` reads them
    seen.jsonl       every entry of a source that was dealt with: what became of it, and its picture

A line is appended and on the disk before anything depends on it. A picture that was paid for is in
``seen.jsonl`` before it is looked at, so that it is never asked for again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from unrelate.collect.journal import read_lines
from unrelate.collect.types import Pair
from unrelate.data.hashing import bytes_sha256, text_sha256
from unrelate.data.journal import append_line
from unrelate.errors import UserError
from unrelate.files import write_whole
from unrelate.graph.types import Role, Split
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple

MANIFEST, SEEN, PICTURES = "manifest.jsonl", "seen.jsonl", "pictures"
_SUFFIX = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"GIF8": ".gif", b"BM": ".bmp"}

_OTHER = ".img"


class Store:
    """One folder of pairs, held by one collector at a time.

    Raises:
        UserError: the folder holds something else, another policy's pairs, or another collector.
    """

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder = folder
        _check(folder, policy)
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / ".collecting.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(
                f"another `unrelate collect` is writing into {folder}", remedy="wait for it, or stop it"
            ) from error
        if not (folder / "policy.yaml").exists():
            write_whole(folder / "policy.yaml", policy.to_yaml().encode())
        self._contexts = tuple(policy.vocabulary.contexts)
        self.seen: dict[str, dict[str, Any]] = {
            line["key"]: line for line in read_lines(folder / SEEN, "key")
        }
        self._rows = list(read_lines(folder / MANIFEST, "_for"))
        self._names = {row["pair"] for row in self._rows}

    def close(self) -> None:
        self._lock.release()

    def pairs(self) -> Iterator[Pair]:
        """What the manifest lists, oldest first."""
        for row in self._rows:
            context = tuple(sorted((key, row[key]) for key in self._contexts if key in row))
            yield Pair(
                name=row["pair"],
                caption=row["caption"],
                triple=Triple(row.get("actor", ""), row.get("relation", ""), row.get("object", ""), context),
                role=Role(row["role"]),
                split=Split(row["split"]),
                source=row["source"],
                licence=row["licence"],
                image=row["image"],
                sha256=row["sha256"],
            )

    def has(self, name: str) -> bool:
        """Whether a pair is listed."""
        return name in self._names

    def have(self) -> Counter[tuple[Triple, Split]]:
        """How many pairs there are of each tuple (as the graph knows it) in each split."""
        return Counter((_triple_of(row["_for"]), Split(row["split"])) for row in self._rows)

    def note(self, key: str, /, **what: Any) -> None:
        """Write down what became of a source's entry."""
        line = what | {"key": key}
        append_line(self.folder / SEEN, line)
        self.seen[key] = line

    def keep_picture(self, data: bytes) -> Path:
        """Save a picture's bytes as they came, in a file named by their SHA-256."""
        suffix = next((s for magic, s in _SUFFIX.items() if data.startswith(magic)), _OTHER)
        path = self.folder / PICTURES / f"{bytes_sha256(data)}{suffix}"
        if not path.exists():
            write_whole(path, data)
        return path

    def picture(self, digest: str) -> bytes | None:
        """The bytes of a kept picture; None if they are gone."""
        # Tried one by one: a folder of many pictures takes long to list.
        named = (self.folder / PICTURES / f"{digest}{suffix}" for suffix in (*_SUFFIX.values(), _OTHER))
        path = next((path for path in named if path.is_file()), None)
        return path.read_bytes() if path else None

    def add(self, pair: Pair, wanted: Triple) -> bool:
        """Append a pair, unless it is there. ``wanted`` is the graph's tuple that it counts for."""
        if pair.name in self._names:
            return False
        slots = dict(zip(("actor", "relation", "object"), pair.triple.slots(), strict=True))
        row = {
            "pair": pair.name,
            "image": pair.image,
            "caption": pair.caption,
            **{slot: name for slot, name in slots.items() if name},
            **{key: value for key, value in pair.triple.context if key in self._contexts},
            "role": pair.role.value,
            "split": pair.split.value,
            "source": pair.source,
            "licence": pair.licence,
            "model": pair.model,
            "prompt": pair.prompt,
            "seed": pair.seed,
            "sha256": pair.sha256,
            "checks": "; ".join(pair.checks),
            "variants": list(pair.variants),
            "_why": pair.why,
            "_for": [*wanted.slots(), [list(held) for held in wanted.context]],
        }
        append_line(self.folder / MANIFEST, row)
        self._rows.append(row)
        self._names.add(pair.name)
        return True


def pair_name(source: str, key: str, triple: Triple) -> str:
    """What decisions know a pair by: the same for the same entry of the same source."""
    return text_sha256(f"{source}\n{key}\n{triple}")[:16]


def _triple_of(said: Any) -> Triple:
    actor, relation, object_, context = said
    return Triple(actor, relation, object_, tuple((key, value) for key, value in context))


def _check(folder: Path, policy: Policy) -> None:
    if folder.is_file():
        raise UserError(f"{folder} is a file", "a folder", "give another --out")
    held = folder / "policy.yaml"
    if held.is_file():
        if load_policy(held).to_yaml() != policy.to_yaml():
            raise UserError(
                f"{folder} was collected for another policy, or another version of it",
                "the same policy, to go on",
                f"give another --out, or collect under {held}",
            )
    elif folder.is_dir() and any(path.name != ".collecting.lock" for path in folder.iterdir()):
        raise UserError(
            f"{folder} is not empty and was not made by `unrelate collect`",
            "an empty or new folder",
            "give another --out",
        )
