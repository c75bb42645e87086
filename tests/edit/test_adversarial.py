"""Adversarial rounds: what was found is learnt, the books are kept, a killed round goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unrelate.data.types import Corpus
from unrelate.edit.adversarial import Found, round_of, train_rounds, with_found
from unrelate.edit.loop import Training, train
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import RECIPES, Recipe
from unrelate.graph import RelationGraph
from unrelate.graph.types import Role
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")
FOUND = Found({WINE: ("wine, a kid sipping it", "a cild drinking wine")})
TRAINING = Training(seed=3, save_every=2)


@pytest.fixture
def recipe(calibrated: Recipe) -> Recipe:
    """Eight steps, so that a round has two; with anchors."""
    return replace(calibrated, steps=8, anchors=4)


@pytest.fixture
def rounds(
    tiny: Path, corpus: Corpus, graph: RelationGraph, recipe: Recipe
) -> Callable[..., tuple[DualEncoder, list[int]]]:
    """A whole edit with rounds in a folder, as `unrelate.api.edit` does it; and the rounds searched."""

    def edit(
        folder: Path,
        *,
        count: int = 2,
        found: Callable[[int], Found] = lambda number: FOUND,
        killed_at: int | None = None,
    ) -> tuple[DualEncoder, list[int]]:
        folder.mkdir(exist_ok=True)
        model = DualEncoder.load(tiny)
        model.add_adapter(recipe.adapter, seed=3)
        prepared = Prepared(model, corpus.part("train"), graph, anchors=corpus.anchors)
        train(model, prepared, recipe, TRAINING, folder)
        searched: list[int] = []
        steps = 0

        def search(number: int) -> Found:
            searched.append(number)
            return found(number)

        def report(step: int, of: int, terms: dict[str, float]) -> None:
            nonlocal steps
            steps += 1
            if steps == killed_at:
                raise KeyboardInterrupt

        train_rounds(
            model,
            prepared,
            replace(recipe, adversarial_rounds=count),
            TRAINING,
            folder,
            search=search,
            report=report,
        )
        return model, searched

    return edit


def weights(model: DualEncoder) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in model.adapter_state().values()])


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_rounds_train_on_from_the_adapter_as_it_is(
    rounds: Callable[..., tuple[DualEncoder, list[int]]], tmp_path: Path
) -> None:
    none, _ = rounds(tmp_path / "none", count=0)
    two, searched = rounds(tmp_path / "two")
    again, _ = rounds(tmp_path / "again")
    assert searched == [1, 2]
    assert torch.equal(weights(two), weights(again))
    moved = (weights(two) - weights(none)).abs().max()
    assert 0 < moved < weights(none).abs().max()
    saved = [
        (tmp_path / name / "adapter" / "adapter_model.safetensors").read_bytes() for name in ("two", "again")
    ]
    assert saved[0] == saved[1]
    last = tmp_path / "two" / "rounds" / "2" / "adapter" / "adapter_model.safetensors"
    assert saved[0] == last.read_bytes()


@pytest.mark.slow
def test_the_losses_of_all_rounds_are_one_series(
    rounds: Callable[..., tuple[DualEncoder, list[int]]], tmp_path: Path
) -> None:
    rounds(tmp_path)
    written = lines(tmp_path)
    assert [line["step"] for line in written] == list(range(1, 13))
    assert [line.get("round") for line in written] == [None] * 8 + [1, 1, 2, 2]
    assert all("Ladv" in line["terms"] for line in written)  # pyright: ignore[reportOperatorIssue]


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_killed_round_goes_on_to_the_same_end(
    rounds: Callable[..., tuple[DualEncoder, list[int]]], tmp_path: Path, step: int
) -> None:
    whole, _ = rounds(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        rounds(tmp_path / "killed", killed_at=step)
    resumed, searched = rounds(tmp_path / "killed")
    assert torch.equal(weights(resumed), weights(whole))
    assert lines(tmp_path / "killed") == lines(tmp_path / "whole")
    assert searched == ([2] if step < 3 else [])  # what was found is read back


@pytest.mark.slow
def test_a_round_that_finds_nothing_trains_nothing(
    rounds: Callable[..., tuple[DualEncoder, list[int]]], tmp_path: Path
) -> None:
    none, _ = rounds(tmp_path / "none", count=0)
    nothing, searched = rounds(tmp_path / "nothing", found=lambda number: Found({WINE: ()}))
    assert searched == [1, 2]
    assert torch.equal(weights(nothing), weights(none))
    assert len(lines(tmp_path / "nothing")) == 8


def test_what_was_found_is_kept_as_it_was(tmp_path: Path) -> None:
    beer = Triple("man", "drinking", "beer", (("place", "classroom"),))
    found = Found({beer: ("a mаn drinking beer",)})
    assert Found.from_json(found.to_json()) == found


def test_found_statements_stand_among_the_variants_in_turn(corpus: Corpus) -> None:
    before = corpus.part("train")
    after = with_found(before, [FOUND])
    for old, new in zip(before, after, strict=True):
        if old.role is Role.UNSAFE and old.triple == WINE:
            assert new.variants[1::2] == old.variants
            assert set(new.variants[::2]) == set(FOUND.statements[WINE])
            counts = [new.variants[::2].count(text) for text in FOUND.statements[WINE]]
            assert max(counts) - min(counts) <= 1
        else:
            assert new == old


def test_what_was_found_last_stands_first(corpus: Corpus) -> None:
    example = next(e for e in corpus.part("train") if e.triple == WINE and e.role is Role.UNSAFE)
    later = Found({WINE: ("later",)})
    (changed,) = with_found([replace(example, variants=())], [FOUND, later])
    assert changed.variants == ("later", *FOUND.statements[WINE])


def test_a_round_is_a_quarter_of_the_recipe() -> None:
    assert round_of(replace(RECIPES["calibrated"], steps=400), 2000).steps == 100
    assert round_of(replace(RECIPES["paper"], steps=None, epochs=3, batch=32), 100).steps == 3
    assert round_of(replace(RECIPES["paper"], steps=1), 100).steps == 1
    assert round_of(RECIPES["paper"], 100).learning_rate == RECIPES["paper"].learning_rate / 2


def test_a_round_has_the_objective_that_the_recipe_names_for_it() -> None:
    assert round_of(RECIPES["hardened"], 100).objective == "hardened"
    assert round_of(RECIPES["picture-free"], 100).objective == "picture-free"
    assert round_of(RECIPES["paper"], 100).objective == "paper"
