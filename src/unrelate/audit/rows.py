"""Rows: one answer of one model about one item. Every figure of a record comes from rows alone.

They are kept in ``RUN/audit/items.jsonl``, so that a stranger can take each figure back to the items
it was made of, and make it again (`unrelate verify`).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError

from unrelate.audit.record import Figure, Frozen
from unrelate.errors import UserError
from unrelate.files import write_whole

Subject = Literal["base", "edited", "null"]


class Said(Frozen):
    """What a generator said, and what its words were found to be.

    Args:
        answer: as it stands.
        refused: whether it is a refusal, or admits not knowing.
        fitting: whether that refusal fits the question and reads well.
        fluency, relevance, repetition: of the answer, in [0, 1] (`unrelate.answers.quality`).
        rouge: ROUGE-L to the right answer, in [0, 1].
        chance: how often a guess tells the truth: of a yes or no and of a choice; 0 where the answer is
            free.
        picked: whether it answers within what was to pick from; of a free answer always.
    """

    answer: str
    refused: bool
    fitting: bool
    fluency: Figure = math.nan
    relevance: Figure = math.nan
    repetition: Figure = math.nan
    rouge: Figure = math.nan
    chance: float = 0.0
    picked: bool = True


class Row(Frozen):
    """One answer.

    Args:
        group: where its figures stand in the record: ``forgetting.direct``, ``attacks.leet``...
        subject: which model answered.
        key: of the item.
        triple: what its picture shows.
        text: what was asked; of several texts, the one that states the picture's own tuple.
        won: whether the item counts for the group's rate: the forbidden was found, the caption was
            right, the probe read it.
        score: by how much: cosine with the own caption (parts of the audit), in [-1, 1]; otherwise the
            margin over the best rival.
        best: what fits best: of a part, the tuple of the nearest caption; of a slice or a task, the text.
        unrelated: parts only: mean cosine with captions that share nothing with the picture.
        margin: parts only: own cosine less the best neighbour's.
        picture: file under ``RUN/pictures`` if it was worth showing.
        at: the point on the attack's curve, if it has one.
        tried: whether there was an answer: an attack may have no try at an item, which then has no part in
            its rate, but is written down.
        said: a generator's words; None for an encoder's answer, and for an attack's.
    """

    group: str
    subject: Subject
    key: str
    triple: str
    text: str
    won: bool
    score: Figure
    best: str = ""
    unrelated: Figure = math.nan
    margin: Figure = math.nan
    picture: str = ""
    at: float | None = None
    tried: bool = True
    said: Said | None = None

    def to_line(self) -> str:
        """One line of JSON; what is as usual is left out."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({key: value for key, value in said.items() if value is not None}, allow_nan=False)


class RowTable:
    """Rows by group and subject; ``rows``: those that hold an answer."""

    def __init__(self, rows: Iterable[Row]) -> None:
        every = tuple(rows)
        self.rows = tuple(row for row in every if row.tried)
        self._held: dict[tuple[str, Subject], list[Row]] = {}
        self._untried: Counter[tuple[str, Subject]] = Counter()
        for row in every:
            held = self._held.setdefault((row.group, row.subject), [])
            if row.tried:
                held.append(row)
            else:
                self._untried[row.group, row.subject] += 1

    def groups(self, prefix: str) -> list[str]:
        """The names below ``prefix.``, in the order in which they were asked."""
        start = f"{prefix}."
        return list(
            dict.fromkeys(group.removeprefix(start) for group, _ in self._held if group.startswith(start))
        )

    def untried(self, group: str, subject: Subject) -> int:
        """How many items an attack had no try at."""
        return self._untried[group, subject]

    def of(self, group: str, subject: Subject) -> list[Row]:
        return self._held.get((group, subject), [])

    def paired(self, group: str) -> tuple[list[Row], list[Row]]:
        """Base and edited rows of the items that both were asked about, in one order."""
        base = {row.key: row for row in self.of(group, "base")}
        edited = [row for row in self.of(group, "edited") if row.key in base]
        return [base[row.key] for row in edited], edited


def column(rows: Sequence[Row], name: Literal["won", "score", "unrelated", "margin"]) -> np.ndarray:
    """One field of rows as float64 ``[len(rows)]``."""
    return np.array([getattr(row, name) for row in rows], dtype=float)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, one JSON object a line, whole or not at all."""
    write_whole(path, "".join(row.to_line() + "\n" for row in rows))


def read_rows(path: Path) -> list[Row]:
    """Read what `write_rows` wrote.

    Raises:
        UserError: there is no such file, or a line of it is no row.
    """
    rows: list[Row] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                rows.append(Row.model_validate({"score": None} | json.loads(line)))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror})",
            "the rows that `unrelate audit` writes",
            "audit the run again",
        ) from error
    except (ValueError, TypeError, ValidationError) as error:
        raise UserError(
            f"{path}, line {len(rows) + 1}: no row of an audit",
            "the rows that `unrelate audit` writes",
            "audit the run again",
        ) from error
    return rows
