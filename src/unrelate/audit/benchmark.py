"""The compositional benchmark put to an encoder: of caption and foils, does the caption fit best?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor

from unrelate.audit import figures
from unrelate.audit.record import Slice
from unrelate.audit.rows import Row, RowTable, Subject, column
from unrelate.audit.statistics import interval, mean
from unrelate.data.benchmark import Benchmark
from unrelate.models.looking import embed_pictures

GROUP = "benchmark"
_ROWS = 64


class Encoder(Protocol):
    """What is asked of a model: a `DualEncoder`, or anything else that puts both into one space."""

    def embed_images(self, images: Sequence[Image.Image]) -> Tensor:
        """Unit vectors ``[len(images), D]``."""
        ...

    def embed_texts(self, captions: Sequence[str]) -> Tensor:
        """Unit vectors ``[len(captions), D]``."""
        ...


def benchmark_rows(
    model: Encoder,
    benchmark: Benchmark,
    subject: Subject,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Row]:
    """One row an item, in the benchmark's order, with the model as it is (adapter on or off).

    ``score``: cosine of the picture with its own caption, less the highest with a foil, in [-2, 2].
    ``won``: that is above 0. ``best``: whichever fits best of caption and foils.
    """
    items = benchmark.items
    texts = list(dict.fromkeys(text for item in items for text in (item.caption, *item.foils)))
    place = {text: number for number, text in enumerate(texts)}
    embedded = model.embed_texts(texts)
    rows = []
    for start in range(0, len(items), _ROWS):
        asked = items[start : start + _ROWS]
        pictures = embed_pictures(model, [item.picture for item in asked])
        for item, picture in zip(asked, pictures, strict=True):
            said = (item.caption, *item.foils)
            cosines = embedded[[place[text] for text in said]] @ picture
            margin = float(cosines[0] - cosines[1:].max())
            rows.append(
                Row(
                    group=f"{GROUP}.{item.slice}",
                    subject=subject,
                    key=item.key,
                    triple=item.shown,
                    text=item.caption,
                    won=margin > 0,
                    score=margin,
                    best=said[int(torch.argmax(cosines))],
                )
            )
        progress(len(rows), len(items))
    return rows


def compared(benchmark: Benchmark, base: Iterable[Row], edited: Iterable[Row]) -> dict[str, Slice]:
    """Base and edited model side by side, slice by slice, as `audit.json` has it."""
    table = RowTable([*base, *edited])
    return {name: figures.slice_(table, name, expect) for name, expect in benchmark.expects.items()}


def rates(benchmark: Benchmark, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """One model's answers: slice -> ``{"expect", "rate", "ci95", "count"}``.

    ``rate`` is the share of items found, in [0, 1]; ``ci95`` its interval over items.
    """
    found = {}
    for name, expect in benchmark.expects.items():
        won = column([row for row in rows if row.group == f"{GROUP}.{name}"], "won")
        found[name] = {"expect": expect, "rate": mean(won), "ci95": list(interval(won)), "count": len(won)}
    return found


def chance(benchmark: Benchmark) -> dict[str, float]:
    """The rate of an encoder that knows nothing, slice by slice, in (0, 0.5]."""
    return {name: sum(item.chance for item in items) / len(items) for name, items in benchmark.slices.items()}
