"""A benchmark put to encoders: by hand, to the embedded model, and from a folder as from memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import torch
from PIL import Image
from torch import Tensor

from unrelate.audit.benchmark import benchmark_rows, chance, compared, rates
from unrelate.data.benchmark import SLICES, Benchmark, BenchmarkItem
from unrelate.data.benchmark_files import read_benchmark, write_benchmark
from unrelate.graph import RelationGraph
from unrelate.microworld.benchmark import draw_benchmark
from unrelate.microworld.checkpoints import embedded_path
from unrelate.models import DualEncoder
from unrelate.policy import Policy
from unrelate.policy.triple import Triple


@dataclass(frozen=True)
class Dot:
    red: int

    def load(self) -> Image.Image:
        return Image.new("RGB", (2, 2), (self.red, 0, 0))


class Table:
    """An encoder in one dimension: pictures by their red, captions by their words."""

    def __init__(self, pictures: dict[int, float], captions: dict[str, float]) -> None:
        self.pictures, self.captions = pictures, captions

    def embed_images(self, images: Sequence[Image.Image]) -> Tensor:
        reds = [cast("tuple[int, int, int]", image.getpixel((0, 0)))[0] for image in images]
        return torch.tensor([[self.pictures[red]] for red in reds])

    def embed_texts(self, captions: Sequence[str]) -> Tensor:
        return torch.tensor([[self.captions[caption]] for caption in captions])


def item(number: int, slice_: str, caption: str, *foils: str) -> BenchmarkItem:
    return BenchmarkItem(
        key=f"{slice_}-{number}",
        slice=slice_,
        expect=SLICES[slice_].expect,
        picture=Dot(number),
        caption=caption,
        foils=foils,
        triples=(Triple("child", "drinking", "milk"),),
        near=Triple("child", "drinking", "wine"),
    )


ITEMS = (
    item(1, "same_pair", "high", "low"),
    item(2, "same_pair", "middle", "low", "high"),
    item(3, "same_pair", "middle", "even", "low"),
    item(4, "forbidden", "high", "low"),
)
BENCHMARK = Benchmark("1.0", "policy", "", 0, ITEMS)
CAPTIONS = {"high": 0.8, "middle": 0.5, "even": 0.5, "low": 0.1}


def test_each_answer_by_hand() -> None:
    """1: 0.8 beats 0.1. 2: 0.5 is below 0.8. 3: 0.5 is even with its foil, and even is not found. 4:
    the picture looks the other way, so the lowest caption fits best."""
    rows = benchmark_rows(Table({1: 1.0, 2: 1.0, 3: 1.0, 4: -1.0}, CAPTIONS), BENCHMARK, "base")
    assert [row.won for row in rows] == [True, False, False, False]
    assert [row.score for row in rows] == pytest.approx([0.7, -0.3, 0.0, -0.7])
    assert [row.best for row in rows] == ["high", "high", "middle", "low"]
    assert [row.group for row in rows] == ["benchmark.same_pair"] * 3 + ["benchmark.forbidden"]
    assert {row.subject for row in rows} == {"base"}
    assert rows[0].triple == "child-drinking-milk"
    found = rates(BENCHMARK, rows)
    assert list(found) == ["same_pair", "forbidden"]
    assert found["same_pair"]["expect"] == "kept"
    assert found["same_pair"]["rate"] == pytest.approx(1 / 3)
    assert found["same_pair"]["count"] == 3
    low, high = found["same_pair"]["ci95"]
    assert low == 0 < 1 / 3 < high <= 1
    assert found["forbidden"] == {"expect": "forgotten", "rate": 0.0, "ci95": [0.0, 0.95], "count": 1}
    assert chance(BENCHMARK)["same_pair"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 3) / 3)


def test_base_and_edited_side_by_side() -> None:
    base = benchmark_rows(Table(dict.fromkeys((1, 2, 3, 4), 1.0), CAPTIONS), BENCHMARK, "base")
    edited = benchmark_rows(Table({1: 1.0, 2: 1.0, 3: 1.0, 4: -1.0}, CAPTIONS), BENCHMARK, "edited")
    slices = compared(BENCHMARK, base, edited)
    assert slices["forbidden"].expect == "forgotten"
    assert (slices["forbidden"].base_rate, slices["forbidden"].edited_rate) == (1.0, 0.0)
    assert slices["same_pair"].base_rate == slices["same_pair"].edited_rate == pytest.approx(1 / 3)
    assert slices["same_pair"].count == 3


def test_a_model_that_answers_nothing_finds_nothing() -> None:
    rows = benchmark_rows(Table(dict.fromkeys((1, 2, 3, 4), math.nan), CAPTIONS), BENCHMARK, "edited")
    assert not any(row.won for row in rows)


def test_a_benchmark_from_a_folder_scores_as_it_did_in_memory(
    tiny: Path, policy: Policy, graph: RelationGraph, tmp_path: Path
) -> None:
    made = draw_benchmark(policy, graph, count=2)
    write_benchmark(made, tmp_path / "out")
    model = DualEncoder.load(tiny)
    told: list[tuple[int, int]] = []
    in_memory = benchmark_rows(model, made, "base", lambda done, of: told.append((done, of)))
    assert benchmark_rows(model, read_benchmark(tmp_path / "out"), "base") == in_memory
    assert told[-1] == (len(made.items), len(made.items))


@pytest.mark.slow
def test_the_embedded_model_knows_every_slice_and_an_untrained_one_none(
    tiny: Path, policy: Policy, graph: RelationGraph
) -> None:
    """The control: what a model does not find before an edit shows nothing after it."""
    made = draw_benchmark(policy, graph, count=12)
    knows = rates(made, benchmark_rows(DualEncoder.load(embedded_path("clip")), made, "base"))
    guesses = rates(made, benchmark_rows(DualEncoder.load(tiny), made, "base"))
    assert min(slice_["rate"] for slice_ in knows.values()) >= 0.75
    assert max(slice_["rate"] for slice_ in guesses.values()) <= 0.5
