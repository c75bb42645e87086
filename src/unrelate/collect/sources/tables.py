"""Rows of CSV and JSONL files of others, whose columns are not ours to prescribe; read as a stream."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from unrelate.collect.sources.reading import lines, parsed, text
from unrelate.data.manifest import SLOTS
from unrelate.errors import UserError
from unrelate.policy.triple import Triple

# What people call the column with the caption, the surest first.
CAPTIONS = ("caption", "text", "captions")

Cells = Mapping[str, object]


def rows(path: Path) -> Iterator[tuple[str, Cells]]:
    """Each row with the place to look, ``file:line``; blank lines are passed over.

    Raises:
        UserError: it is not text in UTF-8, or a line is not CSV or JSON.
    """
    return _csv(path) if path.suffix.lower() == ".csv" else _jsonl(path)


def _jsonl(path: Path) -> Iterator[tuple[str, Cells]]:
    for number, line in lines(path):
        if line.strip():
            where = f"{path}:{number}"
            yield where, parsed(line, where)


def _csv(path: Path) -> Iterator[tuple[str, Cells]]:
    reader = csv.reader((line for _, line in lines(path)), strict=True)
    header: list[str] = []
    while True:
        where = f"{path}:{reader.line_num + 1}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"is not CSV ({error})", where=where) from error
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            twice = sorted({column for column in header if header.count(column) > 1})
            if twice:
                raise UserError(f"has two columns '{twice[0]}'", where=where)
        elif len(cells) != len(header):
            raise UserError(f"has {len(cells)} cells under {len(header)} columns", where=where)
        else:
            yield where, dict(zip(header, cells, strict=True))


def caption_column(columns: Collection[str], where: str) -> str:
    """The column that holds the caption.

    Raises:
        UserError: none is called as one of `CAPTIONS`.
    """
    for name in CAPTIONS:
        if name in columns:
            return name
    raise UserError(
        f"has no column for the caption; its columns are {', '.join(map(str, columns))}",
        f"one of {', '.join(CAPTIONS)}",
        "call the column with the caption so",
        where,
    )


def triples_of(cells: Cells, contexts: Collection[str], where: str) -> tuple[Triple, ...]:
    """The tuple that a row gives in columns, in its context and in the row's own words, if it gives one."""
    actor, relation, thing = (text(cells, slot, where) for slot in SLOTS)
    if not (actor or relation or thing):
        return ()
    held = {key: said for key in contexts if (said := text(cells, key, where))}
    return (Triple(actor, relation, thing).within(**held),)
