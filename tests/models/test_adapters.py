"""Adapters land where they are told, and plain peft and transformers can read what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from unrelate.errors import UserError
from unrelate.models.adapters import target_modules
from unrelate.models.dual_encoder import DualEncoder
from unrelate.models.spec import AdapterSpec
from unrelate.models.towers import FAMILIES

Plain = Callable[..., tuple[torch.Tensor, torch.Tensor]]
PutOn = Callable[..., None]


def targets(encoder: DualEncoder, spec: AdapterSpec) -> tuple[str, ...]:
    return target_modules(encoder._model, FAMILIES[encoder._model.config.model_type], spec)


def adapted(encoder: DualEncoder) -> set[str]:
    return {name.split(".lora_A")[0] for name in encoder._model.state_dict() if ".lora_A" in name}


@pytest.mark.parametrize(
    ("settings", "count", "sample"),
    [
        ({"layers": ("attention",)}, 2 * 3 * 4, "text_model.encoder.layers.0.self_attn.q_proj"),
        ({"layers": ("mlp",), "towers": "image"}, 3 * 2, "vision_model.encoder.layers.2.mlp.fc2"),
        (
            {"layers": ("attention",), "last_layers": 1},
            2 * 4,
            "vision_model.encoder.layers.2.self_attn.out_proj",
        ),
    ],
)
def test_adapters_sit_on_the_modules_named(
    encoder: DualEncoder, settings: dict[str, object], count: int, sample: str
) -> None:
    spec = AdapterSpec(**settings)  # pyright: ignore[reportArgumentType]
    wanted = targets(encoder, spec)
    assert len(wanted) == len(set(wanted)) == count
    assert sample in wanted
    encoder.add_adapter(spec)
    assert adapted(encoder) == set(wanted)


def test_projections_are_the_last_step_of_each_tower(folders: dict[str, Path]) -> None:
    spec = AdapterSpec(layers=("projection",))
    assert set(targets(DualEncoder.load(folders["clip"]), spec)) == {"visual_projection", "text_projection"}
    siglip = DualEncoder.load(folders["siglip"])
    siglip.add_adapter(spec)
    assert adapted(siglip) == {"text_model.head", "vision_model.head.mlp.fc1", "vision_model.head.mlp.fc2"}


@pytest.mark.parametrize(
    ("settings", "received", "allowed"),
    [
        ({"method": "lorra"}, "lorra", "lora, dora"),
        ({"towers": "vision"}, "vision", "both, text, image"),
        ({"layers": ("attn",)}, "attn", "attention, mlp, projection"),
        ({"layers": ()}, "layers", "at least one"),
        ({"rank": 0}, "rank = 0", "at least 1"),
        ({"alpha": 0.0}, "alpha = 0.0", "greater than 0"),
        ({"dropout": 1.0}, "dropout = 1.0", "[0, 1)"),
        ({"image_dropout": -0.1}, "image_dropout = -0.1", "[0, 1)"),
        ({"last_layers": 0}, "last_layers = 0", "at least 1"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], received: str, allowed: str) -> None:
    with pytest.raises(UserError) as caught:
        AdapterSpec(**settings)  # pyright: ignore[reportArgumentType]
    assert received in caught.value.received
    assert allowed in caught.value.allowed
    assert caught.value.remedy


def test_a_tower_with_fewer_layers_is_adapted_whole(encoder: DualEncoder) -> None:
    encoder.add_adapter(AdapterSpec(last_layers=40))
    found = adapted(encoder)
    assert {name.split("layers.")[1].split(".")[0] for name in found if "layers." in name} == {"0", "1", "2"}


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_image_tower_may_have_a_dropout_of_its_own(encoder: DualEncoder, share: float) -> None:
    """Shown by what it does: without dropout, two passes in training mode are the same."""
    encoder.add_adapter(AdapterSpec(dropout=0.5, image_dropout=share, layers=("attention", "projection")))
    for parameter in encoder.trainable_parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    pixels, ids = torch.rand(2, 3, 32, 32), encoder.prepare_texts(["a cat", "a dog"])
    encoder.train()
    with torch.no_grad():
        pictures = [encoder.image_features(pixels) for _ in range(2)]
        captions = [encoder.text_features(ids) for _ in range(2)]
    assert torch.equal(*pictures) == (share == 0)
    assert not torch.equal(*captions)


def test_the_seed_fixes_the_first_weights_and_nothing_else(folder: Path) -> None:
    states = []
    for seed in (1, 1, 2):
        encoder = DualEncoder.load(folder)
        torch.manual_seed(9)
        encoder.add_adapter(AdapterSpec(), seed=seed)
        drawn = torch.rand(1)
        states.append(encoder.adapter_state())
        torch.manual_seed(9)
        assert torch.rand(1) == drawn
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "dora"])
def test_plain_peft_and_plain_transformers_give_the_same(
    folder: Path,
    images: list[Image.Image],
    captions: list[str],
    tmp_path: Path,
    plain: Plain,
    train_a_little: PutOn,
    method: str,
) -> None:
    encoder = DualEncoder.load(folder)
    train_a_little(encoder, method=method)
    ours = encoder.embed_images(images), encoder.embed_texts(captions)
    base = plain(AutoModel.from_pretrained(folder), folder, images, captions)
    assert all((mine - other).abs().max() > 0.01 for mine, other in zip(ours, base, strict=True))

    encoder.export(tmp_path / "adapter", merged=False)
    assert {path.name for path in (tmp_path / "adapter").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    peft = PeftModel.from_pretrained(AutoModel.from_pretrained(folder), tmp_path / "adapter")
    torch.testing.assert_close(plain(peft.eval(), folder, images, captions), ours, rtol=0, atol=1e-5)

    encoder.export(tmp_path / "merged", merged=True)
    whole = AutoModel.from_pretrained(tmp_path / "merged", use_safetensors=True)
    torch.testing.assert_close(plain(whole, tmp_path / "merged", images, captions), ours, rtol=0, atol=1e-5)
    again = DualEncoder.load(tmp_path / "merged")
    torch.testing.assert_close(again.embed_images(images), ours[0], rtol=0, atol=1e-5)
    assert not list((tmp_path / "merged").glob("*.bin"))

    # Merging was done on a copy.
    torch.testing.assert_close(encoder.embed_images(images), ours[0], rtol=0, atol=0)
    assert encoder.has_adapter


def test_an_adapter_read_back_is_the_same(
    folder: Path, images: list[Image.Image], captions: list[str], tmp_path: Path, train_a_little: PutOn
) -> None:
    encoder = DualEncoder.load(folder)
    train_a_little(encoder, last_layers=2)
    encoder.save_adapter(tmp_path)
    used = DualEncoder.load(folder, adapter=tmp_path)
    torch.testing.assert_close(used.embed_texts(captions), encoder.embed_texts(captions), rtol=0, atol=0)
    assert used.frozen_share("text") == encoder.frozen_share("text") == 1 / 4
    assert used.trainable_parameters() == []
    resumed = DualEncoder.load(folder)
    resumed.load_adapter(tmp_path, trainable=True)
    assert len(resumed.trainable_parameters()) == len(encoder.trainable_parameters())


def test_weights_can_be_set_back(
    encoder: DualEncoder, images: list[Image.Image], train_a_little: PutOn
) -> None:
    train_a_little(encoder)
    kept, before = encoder.adapter_state(), encoder.embed_images(images)
    with torch.no_grad():
        for parameter in encoder.trainable_parameters():
            parameter.mul_(2)
    assert not torch.equal(encoder.embed_images(images), before)
    encoder.restore_adapter(kept)
    torch.testing.assert_close(encoder.embed_images(images), before, rtol=0, atol=0)
    with pytest.raises(UserError, match="another adapter"):
        encoder.restore_adapter({})


def test_an_adapter_that_is_not_there_or_does_not_fit(
    folders: dict[str, Path], tmp_path: Path, train_a_little: PutOn
) -> None:
    clip = DualEncoder.load(folders["clip"])
    train_a_little(clip)
    clip.save_adapter(tmp_path / "clip")
    with pytest.raises(UserError, match="a second adapter"):
        clip.add_adapter(AdapterSpec())
    with pytest.raises(UserError, match=r"without adapter_config\.json"):
        DualEncoder.load(folders["clip"], adapter=tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"cannot be put on this model|of another model"):
        DualEncoder.load(folders["siglip"], adapter=tmp_path / "clip")

    weights = tmp_path / "clip" / "adapter_model.safetensors"
    state = load_file(weights)
    state.pop(sorted(state)[0])
    save_file(state, weights)
    with pytest.raises(UserError, match="of another model"):
        DualEncoder.load(folders["clip"], adapter=tmp_path / "clip")
    weights.write_bytes(b"damaged")
    with pytest.raises(UserError, match="cannot be put on this model"):
        DualEncoder.load(folders["clip"], adapter=tmp_path / "clip")
    weights.unlink()
    (tmp_path / "clip" / "adapter_model.bin").write_bytes(b"pickled")
    with pytest.raises(UserError) as caught:
        DualEncoder.load(folders["clip"], adapter=tmp_path / "clip")
    assert "safe_serialization" in caught.value.remedy


def test_without_an_adapter(encoder: DualEncoder, images: list[Image.Image], tmp_path: Path) -> None:
    assert encoder.trainable_parameters() == []
    with pytest.raises(UserError, match="no adapter"):
        encoder.save_adapter(tmp_path)
    features = encoder.embed_images(images)
    with encoder.base():
        torch.testing.assert_close(encoder.embed_images(images), features, rtol=0, atol=0)
    encoder.export(tmp_path / "whole", merged=True)
    again = DualEncoder.load(tmp_path / "whole")
    assert again.weights_hash() == encoder.weights_hash()


def test_rounded_weights_are_not_exported(
    encoder: DualEncoder, tmp_path: Path, train_a_little: PutOn
) -> None:
    train_a_little(encoder)
    encoder.compute_in(torch.bfloat16)
    with pytest.raises(UserError, match="rounded"):
        encoder.export(tmp_path, merged=True)
    encoder.save_adapter(tmp_path)  # the adapter itself is whole
    saved = load_file(tmp_path / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in saved.values()} == {torch.float32}
    assert (
        json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == encoder.name
    )
