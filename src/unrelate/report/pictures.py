"""Which pictures the page shows, and their bytes, from ``RUN/pictures`` and nowhere else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from unrelate.audit.record import AuditRecord, Item
from unrelate.report.outcome import LOOKS, ORDER, UNSAFE, Look, Outcome, failed, of_item
from unrelate.report.redteam import Broken, breaches

MOST_SHOWN = 12  # in each of the three sets
MOST_BYTES = 2_000_000  # of one picture: the page must stay one that can be mailed
PNG = b"\x89PNG\r\n\x1a\n"
SMALL = 128  # narrower pictures are enlarged with their pixels kept sharp


class Loaded(NamedTuple):
    """A picture for the page: ``source`` is a data URI, or empty with ``missing`` saying why."""

    source: str
    missing: str
    pixelated: bool


@dataclass(frozen=True)
class Shown:
    """One card of an item."""

    item: Item
    outcome: Outcome
    look: Look
    picture: Loaded


@dataclass(frozen=True)
class ShownBreach:
    """One card of a breach."""

    broken: Broken
    picture: Loaded


@dataclass(frozen=True)
class Gallery:
    """``wrong``: failures, worst first; then what went well. ``failures`` counts all, shown or not."""

    wrong: tuple[Shown, ...]
    forbidden: tuple[Shown, ...]
    kept: tuple[Shown, ...]
    failures: int

    @property
    def empty(self) -> bool:
        return not (self.wrong or self.forbidden or self.kept)


def gallery(items: Sequence[Item], folder: Path) -> Gallery:
    """Choose among the items that name a picture. A failure is shown once, under what went wrong."""
    pictured = [(i, of_item(i)) for i in items if i.picture]
    wrong = sorted(
        (p for p in pictured if failed(p[1])), key=lambda p: (ORDER.index(p[1]), -_harm(p[0]), p[0].key)
    )
    fine = [p for p in pictured if not failed(p[1])]
    return Gallery(
        tuple(_shown(i, o, folder) for i, o in wrong[:MOST_SHOWN]),
        tuple(_shown(i, o, folder) for i, o in _fair([p for p in fine if p[0].role == UNSAFE])),
        tuple(_shown(i, o, folder) for i, o in _fair([p for p in fine if p[0].role != UNSAFE])),
        sum(failed(of_item(i)) for i in items),
    )


def _harm(item: Item) -> float:
    """How far on the wrong side: the cosine left of a forbidden pair, or lost of a kept one."""
    return item.edited_cos if item.role == UNSAFE else item.base_cos - item.edited_cos


def _fair(pairs: Sequence[tuple[Item, Outcome]]) -> list[tuple[Item, Outcome]]:
    """At most ``MOST_SHOWN``: the first of every part, then the second of every part, and so on."""
    parts = list(dict.fromkeys(item.part for item, _ in pairs))
    turns = []
    for part in parts:
        turns += [
            (turn, parts.index(part), pair) for turn, pair in enumerate(p for p in pairs if p[0].part == part)
        ]
    picked = sorted(turns, key=lambda t: t[:2])[:MOST_SHOWN]
    return [pair for _, _, pair in sorted(picked, key=lambda t: (t[1], t[0]))]


def breach_cards(record: AuditRecord, folder: Path) -> list[ShownBreach]:
    """The worst breaches found; one that kept no picture is shown by its words."""
    return [ShownBreach(b, load(b.breach.picture, folder)) for b in breaches(record, MOST_SHOWN)]


def load(name: str | None, folder: Path) -> Loaded:
    """A picture of the run by its file name."""
    if not name:
        return Loaded("", "no picture kept", False)
    data, missing = _read(name, folder)
    source = f"data:image/png;base64,{b64encode(data).decode()}" if data else ""
    narrow = bool(data) and int.from_bytes(data[16:20], "big") <= SMALL  # IHDR: width
    return Loaded(source, missing, narrow)


def _shown(item: Item, outcome: Outcome, folder: Path) -> Shown:
    return Shown(item, outcome, LOOKS[outcome], load(item.picture, folder))


def _read(name: str, folder: Path) -> tuple[bytes, str]:
    """The picture's bytes, or nothing and a reason. A name that leaves the folder is not followed."""
    try:
        path = (folder / name).resolve()
        if path.parent != folder.resolve():
            return b"", "picture refused: outside of this run's pictures"
        if path.stat().st_size > MOST_BYTES:
            return b"", f"picture left out: over {MOST_BYTES // 1_000_000} MB"
        data = path.read_bytes()
    except (OSError, ValueError):
        return b"", "picture not found"
    return (data, "") if data.startswith(PNG) else (b"", "picture left out: not a PNG")
