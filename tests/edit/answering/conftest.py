"""Tiny generators: one with random weights, and one that knows the small world by heart."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unrelate.data.dialogues import DialogueCorpus
from unrelate.edit.answering.loop import train_answers
from unrelate.edit.answering.recipes import ANSWER_RECIPES, AnswerRecipe
from unrelate.edit.loop import Training
from unrelate.models.generator import Generator
from unrelate.models.spec import GeneratorAdapterSpec

from . import small_talk

# One training in a folder: recipe, folder, settings of the loop -> the generator and its losses by line.
Run = Callable[..., tuple[Generator, list[dict[str, Any]]]]


def _tiny_vlm() -> ModuleType:
    """The checkpoints of tests/models, which is no package that could be imported from here."""
    path = Path(__file__).parents[2] / "models" / "tiny_vlm.py"
    spec = importlib.util.spec_from_file_location("tiny_vlm_of_models", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _tiny_vlm().save(tmp_path_factory.mktemp("untaught"), "qwen3_vl")


@pytest.fixture(scope="session", params=["qwen3_vl", "qwen2_5_vl", "llava"])
def architecture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of each architecture."""
    return _tiny_vlm().save(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def taught(untaught: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, trained until it gives every answer of the small world."""
    generator = Generator.load(untaught)
    small_talk.teach(generator, small_talk.corpus().examples, steps=150)
    folder = tmp_path_factory.mktemp("taught")
    generator.export(folder, merged=True)
    return folder


@pytest.fixture(scope="session")
def corpus() -> DialogueCorpus:
    return small_talk.corpus()


@pytest.fixture
def quick() -> AnswerRecipe:
    """The relation-aware objective, four steps of eight dialogues."""
    adapter = GeneratorAdapterSpec(rank=2, dropout=0.2)
    return replace(ANSWER_RECIPES["relation_aware"], steps=4, batch=8, adapter=adapter)


@pytest.fixture
def run(untaught: Path, corpus: DialogueCorpus) -> Run:
    usual = corpus

    def edit(
        recipe: AnswerRecipe,
        folder: Path,
        base: Path = untaught,
        corpus: DialogueCorpus = usual,
        **training: Any,
    ) -> tuple[Generator, list[dict[str, Any]]]:
        generator = Generator.load(base)
        generator.add_adapter(recipe.adapter)
        train_answers(generator, corpus, recipe, Training(**training), folder)
        return generator, losses(folder)

    return edit


def losses(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]
