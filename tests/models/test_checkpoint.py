"""What cannot be loaded is refused with what was found, what is allowed and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from unrelate.errors import UserError
from unrelate.models.dual_encoder import DualEncoder


@pytest.fixture
def copied(folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders["clip"], tmp_path / "model"))


def refusal(name: str | Path) -> UserError:
    with pytest.raises(UserError) as caught:
        DualEncoder.load(name)
    assert caught.value.allowed
    assert caught.value.remedy
    return caught.value


def edit_config(folder: Path, change: Callable[[dict], object]) -> None:
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


def test_a_folder_that_is_not_there(copied: Path) -> None:
    error = refusal(copied.with_name("modle"))
    assert "no folder here" in error.received
    assert error.remedy == "did you mean 'model'?"


@pytest.mark.parametrize("name", ["", "no-such-owner/no-such-model", "not a hub id"])
def test_a_hub_id_that_cannot_be_had(name: str) -> None:
    assert "hub id" in refusal(name).allowed


def test_a_file_is_not_a_folder(copied: Path) -> None:
    assert "file" in refusal(copied / "model.safetensors").received


def test_pickled_weights_are_refused_with_the_way_out(copied: Path) -> None:
    state = load_file(copied / "model.safetensors")
    (copied / "model.safetensors").unlink()
    torch.save(state, copied / "pytorch_model.bin")
    error = refusal(copied)
    assert "pytorch_model.bin" in error.received
    assert "save_pretrained" in error.remedy


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("config.json", "without config.json"),
        ("model.safetensors", "without weights"),
        ("tokenizer.json", "without a tokenizer"),
        ("preprocessor_config.json", "without an image processor"),
    ],
)
def test_an_incomplete_folder(copied: Path, file: str, complaint: str) -> None:
    (copied / file).unlink()
    assert complaint in refusal(copied).received


@pytest.mark.parametrize(
    "file", ["config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"]
)
def test_a_damaged_file(copied: Path, file: str) -> None:
    (copied / file).write_bytes((copied / file).read_bytes()[:40])
    refusal(copied)


def test_weights_that_lack_a_tensor(copied: Path) -> None:
    state = load_file(copied / "model.safetensors")
    del state["visual_projection.weight"]
    save_file(state, copied / "model.safetensors", metadata={"format": "pt"})
    error = refusal(copied)
    assert "lack 1 tensors" in error.received
    assert "visual_projection.weight" in error.received


def test_weights_of_another_shape(copied: Path) -> None:
    edit_config(copied, lambda config: config.update(projection_dim=8))
    refusal(copied)


@pytest.mark.parametrize("kind", ["bert", "clip_text_model", "siglip_vision_model"])
def test_a_model_that_is_no_dual_encoder(copied: Path, kind: str) -> None:
    edit_config(copied, lambda config: config.update(model_type=kind))
    error = refusal(copied)
    assert kind in error.received
    assert "clip, siglip" in error.allowed


def test_variable_resolution_is_refused_by_name(copied: Path) -> None:
    edit_config(copied, lambda config: config.update(model_type="siglip2"))
    error = refusal(copied)
    assert "NaFlex" in error.received
    assert "google/siglip2-base-patch16-224" in error.remedy


def test_a_siglip_without_its_head(folders: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders["siglip"], tmp_path / "model"))
    edit_config(copy, lambda config: config["vision_config"].update(vision_use_head=False))
    assert "no pooling head" in refusal(copy).received


def test_an_end_token_that_the_tokenizer_does_not_write(copied: Path) -> None:
    edit_config(copied, lambda config: config["text_config"].update(eos_token_id=7))
    error = refusal(copied)
    assert "pools at token 7" in error.received
    assert "eos_token_id" in error.remedy


def test_a_tokenizer_of_another_model(copied: Path) -> None:
    def shrink(config: dict) -> None:
        config["text_config"].update(vocab_size=50)

    edit_config(copied, shrink)
    state = load_file(copied / "model.safetensors")
    name = "text_model.embeddings.token_embedding.weight"
    state[name] = state[name][:50].clone()
    save_file(state, copied / "model.safetensors", metadata={"format": "pt"})
    assert "ids below 50" in refusal(copied).allowed
