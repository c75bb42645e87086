"""The one training loop: what it leaves, and that how it is run changes nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from unrelate.data.types import Corpus
from unrelate.edit import prepare
from unrelate.edit.loop import Training, train
from unrelate.edit.optimizer_state import load_optimizer, save_optimizer
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import RECIPES, Recipe
from unrelate.errors import UserError
from unrelate.models import AdapterSpec, DualEncoder

Ready = Callable[[Recipe], tuple[DualEncoder, Prepared]]
Run = Callable[..., tuple[DualEncoder, list[dict[str, Any]]]]
WEIGHTS = Path("adapter", "adapter_model.safetensors")


def close(a: list[dict[str, Any]], b: list[dict[str, Any]], within: float = 1e-5) -> None:
    assert len(a) == len(b) > 0
    for one, other in zip(a, b, strict=True):
        assert one["step"] == other["step"]
        assert one["terms"] == pytest.approx(other["terms"], abs=within)


def test_what_an_edit_leaves(run: Run, paper: Recipe, tmp_path: Path) -> None:
    weighted = replace(paper, weights=replace(paper.weights, a=0.5, g=2.0))
    _, lines = run(weighted, tmp_path)
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    for line in lines:
        terms = line["terms"]
        assert set(terms) == {"L1", "L2", "L3", "L4", "Lc", "Ladv"}
        kept = 0.5 * terms["L2"] + terms["L1"] + terms["L4"] + 2 * terms["Lc"]
        assert line["total"] == pytest.approx(terms["L3"] + terms["Ladv"] + kept)
        assert line["lr"] == weighted.learning_rate
    assert all(torch.isfinite(value).all() for value in load_file(tmp_path / WEIGHTS).values())


def test_the_unsafe_cosine_goes_down(run: Run, paper: Recipe, tmp_path: Path) -> None:
    push = replace(RECIPES["push-only"], batch=paper.batch, steps=8)
    _, lines = run(push, tmp_path)
    assert lines[-1]["terms"]["L3"] < lines[0]["terms"]["L3"] - 0.01


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_and_another_others(
    run: Run, calibrated: Recipe, tmp_path: Path
) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(calibrated, tmp_path / name, seed=seed)
    a, b, c = ((tmp_path / name / "losses.jsonl").read_bytes() for name in "abc")
    assert a == b != c
    assert (tmp_path / "a" / WEIGHTS).read_bytes() == (tmp_path / "b" / WEIGHTS).read_bytes()


def test_with_the_adapter_off_it_is_the_base_to_the_bit(
    run: Run, calibrated: Recipe, corpus: Corpus, tiny: Path, tmp_path: Path
) -> None:
    encoder, _ = run(calibrated, tmp_path)
    captions = [e.caption for e in corpus.part("train")[:8]]
    pictures = [e.picture.load() for e in corpus.part("train")[:8]]
    untouched = DualEncoder.load(tiny)
    with encoder.base():
        assert torch.equal(encoder.embed_texts(captions), untouched.embed_texts(captions))
        assert torch.equal(encoder.embed_images(pictures), untouched.embed_images(pictures))
    assert not torch.equal(encoder.embed_texts(captions), untouched.embed_texts(captions))


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec", [AdapterSpec(layers=("projection",)), AdapterSpec(layers=("mlp",), last_layers=1)]
)
def test_keeping_the_frozen_part_changes_no_loss(
    spec: AdapterSpec, run: Run, calibrated: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(calibrated, adapter=spec, learning_rate=1e-2)
    kept, lines = run(recipe, tmp_path / "kept")
    monkeypatch.setattr(prepare, "_WORTH_KEEPING", 2.0)
    whole, others = run(recipe, tmp_path / "whole")
    close(lines, others)
    for name, value in kept.adapter_state().items():
        torch.testing.assert_close(value, whole.adapter_state()[name], atol=2e-3, rtol=0)


def test_one_tower_alone(run: Run, calibrated: Recipe, tmp_path: Path) -> None:
    encoder, lines = run(replace(calibrated, adapter=AdapterSpec(towers="text")), tmp_path)
    assert len(lines) == 4
    assert all("text" in name for name in encoder.adapter_state())


@pytest.mark.slow
def test_checkpointing_changes_no_loss(run: Run, calibrated: Recipe, tmp_path: Path) -> None:
    _, plain = run(calibrated, tmp_path / "plain")
    _, saving = run(calibrated, tmp_path / "saving", checkpointing=True)
    close(plain, saving)


@pytest.mark.slow
def test_micro_batches_give_the_same_losses(run: Run, paper: Recipe, tmp_path: Path) -> None:
    """Each role has an even number of rows in a batch of 16, so the paper's means are the same."""
    _, whole = run(paper, tmp_path / "whole")
    _, halves = run(paper, tmp_path / "halves", accumulate=2)
    close(whole, halves)


def test_more_micro_batches_than_a_role_has_rows_are_refused(run: Run, paper: Recipe, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"accumulate = 3[\s\S]*at most 2, in batches of 16"):
        run(paper, tmp_path, accumulate=3)


@pytest.mark.slow
def test_half_precision_follows_whole_precision(run: Run, calibrated: Recipe, tmp_path: Path) -> None:
    """And what was asked for in one edit does not stay for the next."""
    _, whole = run(calibrated, tmp_path / "whole")
    encoder, half = run(calibrated, tmp_path / "half", precision="bf16")
    close(whole, half, within=0.2)
    assert whole[0]["terms"] != half[0]["terms"]
    assert {value.dtype for value in encoder.adapter_state().values()} == {torch.float32}
    run(calibrated, tmp_path / "again")
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (tmp_path / "whole" / WEIGHTS).read_bytes()


def test_fp16_is_refused_where_there_is_none(run: Run, paper: Recipe, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'fp16' on a CPU[\s\S]*no or bf16"):
        run(paper, tmp_path, precision="fp16")


@pytest.mark.parametrize("wrong", [{"precision": "bf61"}, {"accumulate": 0}, {"save_every": 0}])
def test_settings_of_the_loop_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        Training(**wrong)
    assert str(next(iter(wrong.values()))) in caught.value.received


def test_a_loss_that_is_not_finite_names_step_and_batch_and_keeps_the_last_good_adapter(
    ready: Ready, paper: Recipe, tmp_path: Path
) -> None:
    """At this rate the first step's weights are so large that the second's features overflow; the
    weights that gave the last finite losses are the first ones."""
    recipe = replace(paper, learning_rate=1e30)
    encoder, prepared = ready(recipe)
    first = {name: value.clone() for name, value in encoder.adapter_state().items()}
    with pytest.raises(UserError) as caught:
        train(encoder, prepared, recipe, Training(save_every=1), tmp_path)
    assert "step 2" in caught.value.received
    assert "L3" in caught.value.received
    assert sum(e.key in caught.value.received for e in prepared.examples) == 8
    assert len((tmp_path / "losses.jsonl").read_text().splitlines()) == 1
    again = DualEncoder.load(encoder.name, adapter=tmp_path / "adapter")
    for name, value in again.adapter_state().items():
        assert torch.equal(value, first[name])


def test_the_rate_rises_and_falls(run: Run, paper: Recipe, tmp_path: Path) -> None:
    """Of 8 steps the first quarter rises to the full rate; then half a cosine over six steps."""
    _, lines = run(replace(paper, steps=8, warmup=0.25, decay=True, learning_rate=1.0e-3), tmp_path)
    shares = [line["lr"] / 1.0e-3 for line in lines]
    assert shares[:3] == pytest.approx([0.5, 1.0, 1.0])
    assert shares[5] == pytest.approx(0.5)
    assert all(a > b for a, b in pairwise(shares[2:]))
    assert shares[-1] > 0


def test_an_optimizer_goes_through_a_file(tmp_path: Path) -> None:
    def new() -> tuple[torch.nn.Linear, torch.optim.AdamW]:
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 2)
        return layer, torch.optim.AdamW(layer.parameters(), lr=0.1)

    def step(layer: torch.nn.Linear, optimizer: torch.optim.AdamW) -> None:
        optimizer.zero_grad()
        layer(torch.ones(1, 3)).square().sum().backward()
        optimizer.step()

    layer, optimizer = new()
    step(layer, optimizer)
    save_optimizer(optimizer, tmp_path / "state.safetensors")
    twin, other = new()
    twin.load_state_dict(layer.state_dict())
    load_optimizer(other, tmp_path / "state.safetensors")
    step(layer, optimizer)
    step(twin, other)
    assert torch.equal(layer.weight, twin.weight)
    assert torch.equal(layer.bias, twin.bias)
    assert other.state_dict()["state"][0]["step"].item() == 2
