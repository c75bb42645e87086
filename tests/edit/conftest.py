"""A tiny model with a fresh adapter, and its examples made ready."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unrelate.data.types import Corpus
from unrelate.edit.loop import Training, train
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import RECIPES, Recipe
from unrelate.graph import RelationGraph
from unrelate.models import AdapterSpec, DualEncoder
from unrelate.objectives import Weights

Ready = Callable[[Recipe], tuple[DualEncoder, Prepared]]
# One edit in a folder: recipe, folder, settings of the loop -> the model and its losses, line by line.
Run = Callable[..., tuple[DualEncoder, list[dict[str, Any]]]]


@pytest.fixture
def ready(tiny: Path, graph: RelationGraph, corpus: Corpus) -> Ready:
    def make(recipe: Recipe) -> tuple[DualEncoder, Prepared]:
        encoder = DualEncoder.load(tiny)
        encoder.add_adapter(recipe.adapter, seed=0)
        return encoder, Prepared(encoder, corpus.part("train"), graph)

    return make


@pytest.fixture
def run(ready: Ready) -> Run:
    def edit(recipe: Recipe, folder: Path, **training: Any) -> tuple[DualEncoder, list[dict[str, Any]]]:
        folder.mkdir(exist_ok=True)
        encoder, prepared = ready(recipe)
        train(encoder, prepared, recipe, Training(**training), folder)
        return encoder, losses(folder)

    return edit


def losses(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]


@pytest.fixture
def paper() -> Recipe:
    return replace(RECIPES["paper"], batch=16, steps=4)


@pytest.fixture
def calibrated() -> Recipe:
    """The objective of that name; what else is set is no matter here."""
    spec = AdapterSpec(rank=4, layers=("attention", "mlp", "projection"))
    weights = Weights(a=2, b=2, d=2, g=1, l_adv=1)
    return Recipe("calibrated", "calibrated", weights, spec, 2e-3, batch=16, steps=4, variants=2)
