"""Training the embedded CLIP: the losses by hand, and a training that is killed and gone on with."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import CLIPModel, CLIPTokenizer

from unrelate.errors import UserError
from unrelate.microworld import clip_training, talk
from unrelate.microworld.clip_lessons import FreshBatches, Tutor, contrastive_loss
from unrelate.microworld.clip_recipe import ClipRecipe, Round
from unrelate.microworld.clip_training import train_clip
from unrelate.microworld.tokenizer import CONTEXT_LENGTH, train_tokenizer
from unrelate.models import DualEncoder

TINY = ClipRecipe(
    rounds=(Round(2, 1e-3), Round(2, 5e-4, crowds=0.5)),
    batch=8,
    save_every=2,
    warmup=2,
    vision_width=32,
    vision_layers=1,
    text_width=32,
    text_layers=1,
    embedding=16,
)


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(tiny)


@pytest.fixture
def quick(tokenizer: CLIPTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_training, "train_tokenizer", lambda seed: tokenizer)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_killed_and_gone_on_with_it_ends_in_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    train_clip(whole, TINY)
    checkpoint = clip_training.write_state

    def killed(*arguments: object) -> None:
        checkpoint(*arguments)  # pyright: ignore[reportArgumentType]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(clip_training, "write_state", killed)
        with pytest.raises(KeyboardInterrupt):
            train_clip(part, TINY)
    assert not (part / "model.safetensors").exists()
    train_clip(part, TINY)
    assert (part / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert (part / "training.jsonl").read_text() == (whole / "training.jsonl").read_text()
    first = load_file(whole / "training" / "step-2" / "model.safetensors")
    last = load_file(whole / "model.safetensors")
    assert any(not torch.equal(first[name], last[name]) for name in last)

    assert isinstance(CLIPModel.from_pretrained(whole), CLIPModel)
    assert DualEncoder.load(whole).embed_texts(["a child"]).shape == (1, 16)
    with pytest.raises(UserError, match="other settings"):
        train_clip(part, replace(TINY, seed=1))


def test_every_round_rises_to_its_peak_and_falls_to_nothing() -> None:
    recipe = replace(TINY, rounds=(Round(100, 1e-3), Round(50, 5e-4, crowds=0.5)), warmup=10)
    assert recipe.steps == 150
    assert [recipe.round_of(step) for step in (0, 99, 100, 149)] == [
        (recipe.rounds[0], 0),
        (recipe.rounds[0], 99),
        (recipe.rounds[1], 0),
        (recipe.rounds[1], 49),
    ]
    assert recipe.rate(9) == recipe.rate(10) == 1e-3
    assert recipe.rate(110) == 5e-4
    assert recipe.rate(0) == pytest.approx(1e-4)
    assert recipe.rate(99) < 1e-6 > recipe.rate(149)
    with pytest.raises(IndexError):
        recipe.rate(150)


def test_a_shorter_training_keeps_the_rounds_in_proportion() -> None:
    short = ClipRecipe().shortened(70)
    assert [part.steps for part in short.rounds] == [30, 24, 16]
    assert [part.crowds for part in short.rounds] == [part.crowds for part in ClipRecipe().rounds]
    assert ClipRecipe().shortened(1).steps == 1


def test_batches_are_the_same_whoever_asks(tokenizer: CLIPTokenizer) -> None:
    """Batch 3 is batch 3, whether the training began at 0 or was gone on with at 2."""
    one, other = FreshBatches(TINY, tokenizer, 0), FreshBatches(TINY, tokenizer, 2)
    assert (len(one), len(other)) == (4, 2)
    again, same = one[3], other[1]
    assert set(again) == {"pixels", "true", "held", "allowed", "input_ids", "attention_mask"}
    for name, value in again.items():
        assert torch.equal(value, same[name])
    assert not torch.equal(one[2]["pixels"], again["pixels"])
    assert again["pixels"].shape == (8, 3, 64, 64)
    assert again["true"].diagonal().all()


def test_contrast_by_hand() -> None:
    """Two pairs, logits 2 0 / 0 2: each row and each column costs log(1 + e^-2). Where the second caption
    is true of the first picture as well, the logit between them does not count: that row and that
    column cost nothing, and half of the sum is left."""
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    each = math.log1p(math.exp(-2))
    own = torch.eye(2, dtype=torch.bool)
    assert contrastive_loss(logits, own).item() == pytest.approx(each)
    both = own.clone()
    both[0, 1] = True
    assert contrastive_loss(logits, both).item() == pytest.approx(each / 2)


def test_the_tutor_costs_nothing_when_it_is_sure_and_right() -> None:
    """Heads that say nothing give log(number of values) for each slot, on the mean."""
    tutor = Tutor(16)
    for parameter in tutor.parameters():
        torch.nn.init.zeros_(parameter)
    held = torch.zeros(1, 2, talk.bit_count(), dtype=torch.bool)
    for start, _ in talk.slot_ranges():
        held[0, 0, start] = True
    embedding = torch.ones(1, 16)
    blank = sum(math.log(stop - start) for start, stop in talk.slot_ranges()) / len(talk.slot_ranges())
    assert tutor.loss(embedding, embedding, held, held).item() == pytest.approx(2 * blank, rel=1e-5)
    for head in (tutor.image, tutor.text):
        with torch.no_grad():
            head.bias.copy_(50.0 * held.flatten())
    assert tutor.loss(embedding, embedding, held, held).item() == pytest.approx(0, abs=1e-5)


@pytest.mark.slow
def test_the_tokenizer_reads_anything_and_is_the_same_each_time(tokenizer: CLIPTokenizer) -> None:
    assert train_tokenizer().get_vocab() == tokenizer.get_vocab()
    assert tokenizer.eos_token_id != 2
    assert tokenizer.model_max_length == CONTEXT_LENGTH
    for text in ("a child drinking wine", "Ein Kind, naïve? 100 %!", "\N{WINE GLASS}"):
        ids = tokenizer(text)["input_ids"]
        assert (ids[0], ids[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
        assert tokenizer.eos_token_id not in ids[1:-1]
    words = tokenizer("a child drinking wine")["input_ids"][1:-1]
    assert tokenizer.convert_ids_to_tokens(words) == ["a</w>", "child</w>", "drinking</w>", "wine</w>"]
