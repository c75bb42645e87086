"""The pairs of a collected folder, as a reviewer is shown them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from unrelate.data.manifest import COLUMNS, MANIFESTS, SLOTS, Row, read_manifest
from unrelate.errors import UserError
from unrelate.policy.load import load_policy

POLICY = "policy.yaml"
_SHOWN = ("role", "split", "source", "licence", "model", "prompt", "seed")


@dataclass(frozen=True)
class Pair:
    """One row that can be decided about.

    Args:
        name: the manifest's word for it.
        image: its path from the folder.
        sha256: of the picture as it was collected; empty where nobody took it down.
        caption: as collected.
        slots: actor, relation and object; empty where not given.
        contexts: such as place -> kitchen.
        about: role, split, source, licence, model, prompt, seed; those that are given.
        checks: what is doubtful about it, one by one.
        variants: other ways to say the caption.
    """

    name: str
    image: str
    sha256: str
    caption: str
    slots: tuple[str, ...]
    contexts: Mapping[str, str]
    about: Mapping[str, str]
    checks: tuple[str, ...]
    variants: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """What is to be reviewed, and what a reviewer has to know of the rest (``notes``)."""

    folder: Path
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...]


def read_pairs(folder: Path) -> Pairs:
    """The pairs of a folder as `unrelate collect` leaves it, in the manifest's order.

    Raises:
        UserError: no folder, no manifest, no row, no row with a pair's name, or two rows with one name.
    """
    manifest = read_manifest(folder, _context_keys(folder))
    path = folder / manifest.name
    if not manifest.rows and manifest.problems:
        first = manifest.problems[0]
        remedy = "collect pairs into this folder, or mend its manifest"
        where = f"{path}:{first.line}" if first.line else str(path)
        raise UserError(first.what, "a row for each picture", remedy, where)
    pairs = [_pair(row) for row in manifest.rows if row.get("pair") and row.get("image")]
    lines: dict[str, int] = {}
    for row in manifest.rows:
        name = row.get("pair")
        if name and lines.setdefault(name, row.line) != row.line:
            raise UserError(
                f"pair '{name}' is also in line {lines[name]}",
                "one name a row, since a decision is made about a name",
                "give one of them another name",
                f"{path}:{row.line}",
            )
    if not pairs:
        raise UserError(
            "has no row with a pair's name and an image",
            "rows with a column 'pair', as `unrelate collect` writes them",
            "give each row a name of its own under 'pair'",
            str(path),
        )
    notes = []
    left = len(manifest.rows) - len(pairs)
    if left:
        notes.append(f"{_rows(left)} without a pair's name or an image cannot be reviewed and are not shown")
    if manifest.problems:
        first = manifest.problems[0]
        more = f", and {len(manifest.problems) - 1} more" if len(manifest.problems) > 1 else ""
        notes.append(f"{manifest.name}:{first.line} {first.what}{more}")
    return Pairs(folder, tuple(pairs), tuple(notes))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _pair(row: Row) -> Pair:
    checks = (one.strip() for one in row.get("checks").split(";"))
    return Pair(
        name=row.get("pair"),
        image=row.get("image"),
        sha256=row.get("sha256"),
        caption=row.get("caption"),
        slots=tuple(row.get(slot) for slot in SLOTS),
        contexts={key: word for key, word in row.cells.items() if key not in COLUMNS and word},
        about={key: row.get(key) for key in _SHOWN if row.get(key)},
        checks=tuple(one for one in checks if one),
        variants=row.variants,
    )


def _context_keys(folder: Path) -> tuple[str, ...]:
    """The policy's, or without a policy every column that is no other: a reviewer loses nothing by it."""
    if (folder / POLICY).is_file():
        return tuple(load_policy(folder / POLICY).vocabulary.contexts)
    found: dict[str, None] = {}
    for name in MANIFESTS:
        try:
            text = (folder / name).read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            continue  # `read_manifest` says what is wrong
        for key in _header(text) if name.endswith(".csv") else _keys(text):
            if key not in COLUMNS and not key.startswith("_"):
                found[key] = None
    return tuple(found)


def _header(text: str) -> list[str]:
    try:
        first = next((row for row in csv.reader(StringIO(text, newline="")) if any(row)), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in first]


def _keys(text: str) -> list[str]:
    found: dict[str, None] = {}
    for line in text.split("\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue  # `read_manifest` says so
        if isinstance(entry, dict):
            found |= dict.fromkeys(entry)
    return list(found)
