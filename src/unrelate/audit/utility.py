"""Downstream utility: base and edited model at tasks that have nothing to do with the policy.

RASU section 5.4 asks for zero-shot classification and retrieval. Preservation asks about what stands
closest to the forbidden; this asks about all the rest that a model is used for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from unrelate.audit import figures
from unrelate.audit.benchmark import Encoder
from unrelate.audit.record import Utility
from unrelate.audit.rows import Row, RowTable, Subject, column
from unrelate.data.tasks import UtilityTask
from unrelate.data.types import Picture

GROUP = "utility"
_ROWS = 64


def utility_rows(
    model: Encoder,
    tasks: Sequence[UtilityTask],
    subject: Subject,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Row]:
    """One row a question, task by task, with the model as it is (adapter on or off).

    ``score``: the highest cosine with something right less the highest with something wrong, in
    [-2, 2]; nan where nothing is wrong. ``won``: that is above 0, or nothing is wrong. ``best``: what
    fits best: a text, or the key of a picture. What tasks share is embedded once.
    """
    seen, rows = _Seen(model), list[Row]()
    for number, task in enumerate(tasks, start=1):
        rows += _rows(task, subject, seen.cosines(task))
        progress(number, len(tasks))
    return rows


def measure(model: Encoder, task: UtilityTask) -> np.ndarray:
    """Which questions of a task the model answers rightly: 1 or 0, ``[questions]``. The mean is its
    top-1 accuracy, or its recall at 1."""
    return column(utility_rows(model, [task], "base"), "won")


def compared(tasks: Iterable[UtilityTask], base: Iterable[Row], edited: Iterable[Row]) -> dict[str, Utility]:
    """Base and edited model side by side, task by task, as `audit.json` has it."""
    table = RowTable([*base, *edited])
    return {task.name: figures.utility(table, task.name, task.kind) for task in tasks}


class _Seen:
    """What one model, which must not change meanwhile, makes of pictures and texts; each asked once."""

    def __init__(self, model: Encoder) -> None:
        self._model = model
        self._pictures: dict[Picture, Tensor] = {}
        self._texts: dict[str, Tensor] = {}

    def cosines(self, task: UtilityTask) -> Tensor:
        """``[questions, options]``"""
        cosines = self._looked_at(task.pictures) @ self._said(task.texts).T
        return cosines.T if task.kind == "text to image" else cosines

    def _looked_at(self, pictures: Sequence[Picture]) -> Tensor:
        fresh = [picture for picture in dict.fromkeys(pictures) if picture not in self._pictures]
        for start in range(0, len(fresh), _ROWS):
            rows = fresh[start : start + _ROWS]
            found = self._model.embed_images([picture.load() for picture in rows])
            self._pictures.update(zip(rows, found, strict=True))
        return torch.stack([self._pictures[picture] for picture in pictures])

    def _said(self, texts: Sequence[Sequence[str]]) -> Tensor:
        """One unit vector a text: the mean over the ways to say it."""
        ways = dict.fromkeys(way for ways in texts for way in ways)
        fresh = [way for way in ways if way not in self._texts]
        if fresh:
            self._texts.update(zip(fresh, self._model.embed_texts(fresh), strict=True))
        means = [torch.stack([self._texts[way] for way in ways]).mean(0) for ways in texts]
        return functional.normalize(torch.stack(means), dim=-1)


def _rows(task: UtilityTask, subject: Subject, cosines: Tensor) -> Iterable[Row]:
    texts = [ways[0] for ways in task.texts]
    of_texts = task.kind == "text to image"
    keys, options = (texts, task.keys) if of_texts else (task.keys, texts)
    for key, right, row in zip(keys, task.answers, cosines, strict=True):
        among = torch.tensor([number in right for number in range(len(options))])
        margin = float(row[among].max() - row[~among].max()) if not among.all() else math.nan
        yield Row(
            group=f"{GROUP}.{task.name}",
            subject=subject,
            key=key,
            triple="",
            text=key if of_texts else texts[min(right)],
            won=not margin <= 0,
            score=margin,
            best=options[int(row.argmax())],
        )
