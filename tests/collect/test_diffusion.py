"""A tiny pipeline with random weights, built and saved here, in the layout in which the hub keeps them."""

from __future__ import annotations

import json
import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from unrelate.collect.sources.diffusion import DiffusersDrawer
from unrelate.collect.types import SourceFailed
from unrelate.errors import UserError
from unrelate.policy.triple import Triple

diffusers: Any = pytest.importorskip("diffusers")
WINE = Triple("child", "drinking", "wine")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TINY: Any = {"steps": 2, "size": "32x32", "device": "cpu"}


def tokenizer(folder: Path) -> CLIPTokenizer:
    """One token a letter."""
    words = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: n for n, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)


def pipeline(folder: Path, **checker: Any) -> Any:
    torch.manual_seed(0)
    held = tokenizer(folder)
    text = CLIPTextConfig(
        vocab_size=len(held),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=52,
        eos_token_id=53,
        pad_token_id=53,
    )
    blocks = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
    return diffusers.StableDiffusionPipeline(
        tokenizer=held,
        text_encoder=CLIPTextModel(text),
        unet=diffusers.UNet2DConditionModel(
            sample_size=16,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=16,
            attention_head_dim=4,
            **blocks,
        ),
        vae=diffusers.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, **blocks
        ),
        scheduler=diffusers.DDIMScheduler(clip_sample=False, steps_offset=1),
        **({"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False} | checker),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pipelines")
    pipeline(made / "words").save_pretrained(made / "tiny")
    return made / "tiny"


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(picture), formats=["PNG"]))


@pytest.mark.slow
def test_a_seed_and_a_prompt_say_what_is_drawn(folder: Path) -> None:
    one, again = DiffusersDrawer(str(folder), **TINY), DiffusersDrawer(str(folder), **TINY)
    state = torch.random.get_rng_state()
    first = one.draw(WINE, "a child", seed=7)
    assert one.draw(WINE, "a child", seed=7) == first == again.draw(WINE, "a child", seed=7)
    assert one.draw(WINE, "a child", seed=8) != first
    assert one.draw(WINE, "a glass of wine", seed=7) != first
    assert torch.equal(torch.random.get_rng_state(), state)
    assert pixels(first).shape == (32, 32, 3)
    assert pixels(first).std() > 1


@pytest.mark.slow
def test_steps_guidance_and_size_are_the_pipelines(folder: Path) -> None:
    drawn = {
        steps_guidance: DiffusersDrawer(
            str(folder), "cpu", steps=steps_guidance[0], guidance=steps_guidance[1], size="40x24"
        ).draw(WINE, "a child", seed=0)
        for steps_guidance in ((2, None), (3, None), (2, 0.0), (2, 7.5))
    }
    assert drawn[2, None] == drawn[2, 7.5]  # what Stable Diffusion takes by itself
    assert len(set(drawn.values())) == 3
    assert {pixels(picture).shape for picture in drawn.values()} == {(24, 40, 3)}
    own = DiffusersDrawer(str(folder), "cpu", steps=1).draw(WINE, "a child", seed=0)
    assert pixels(own).shape == (32, 32, 3)  # sample_size x what the autoencoder shrinks


def test_a_picture_without_numbers_is_none(folder: Path) -> None:
    with pytest.raises(SourceFailed, match="overflowed"):
        DiffusersDrawer(str(folder), guidance=1e30, **TINY).draw(WINE, "a child", seed=0)


def test_what_a_pipeline_does_not_take_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffusers.StableDiffusionPipeline, "__call__", lambda self, prompt, generator: None)
    with pytest.raises(UserError, match=r"diffusers:tiny cannot draw .*num_inference_steps"):
        DiffusersDrawer(str(folder), "cpu", steps=2).draw(WINE, "a child", seed=0)


def test_nothing_is_printed(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    DiffusersDrawer(str(folder), **TINY).draw(WINE, "a child", seed=0)
    assert "".join(capfd.readouterr()) == ""


def test_it_is_called_by_its_last_name_only(folder: Path) -> None:
    one = DiffusersDrawer(str(folder))
    assert (one.name, one.model, one.paid) == ("diffusers:tiny", "tiny", False)
    assert str(folder.parent) not in repr(one) + one.licence
    hub = DiffusersDrawer("some-org/some-model")
    assert (hub.name, hub.model) == ("diffusers:some-model", "some-org/some-model")


@pytest.mark.parametrize("threshold", [-1.0, 1.0])
def test_the_safety_checker_stays_on(tmp_path: Path, threshold: float) -> None:
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        vision_config=small | {"image_size": 32, "patch_size": 16}, text_config=small, projection_dim=16
    )
    checker = StableDiffusionSafetyChecker(config)
    torch.nn.init.constant_(checker.concept_embeds_weights, threshold)
    torch.nn.init.constant_(checker.special_care_embeds_weights, 1.0)
    size = {"height": 32, "width": 32}
    seen = CLIPImageProcessor(size=size, crop_size=size)
    pipeline(
        tmp_path / "words", safety_checker=checker, feature_extractor=seen, requires_safety_checker=True
    ).save_pretrained(tmp_path / "checked")
    one = DiffusersDrawer(str(tmp_path / "checked"), **TINY)
    if threshold > 0:
        assert one.draw(WINE, "a child", seed=0)
    else:
        with pytest.raises(SourceFailed, match=r"^blacked out by the pipeline's safety checker$") as raised:
            one.draw(WINE, "a child", seed=0)
        assert not raised.value.paid


def test_pickled_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "pickled"))
    for weights in copy.rglob("*.safetensors"):
        weights.unlink()
        name = "pytorch_model.bin" if weights.name == "model.safetensors" else f"{weights.stem}.bin"
        torch.save({}, weights.with_name(name))
    with pytest.raises(UserError, match="cannot be loaded"):
        DiffusersDrawer(str(copy), **TINY).draw(WINE, "a child", seed=0)


def test_code_that_comes_with_a_pipeline_is_not_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    code = f"open({str(ran)!r}, 'w').close()\nfrom diffusers import StableDiffusionPipeline as Mine\n"
    for what in ("_class_name", "unet"):
        copy = Path(shutil.copytree(folder, tmp_path / what))
        index = json.loads((copy / "model_index.json").read_text())
        index[what] = ["mine", "Mine"]
        (copy / "model_index.json").write_text(json.dumps(index))
        (copy / "mine.py").write_text(code)
        (copy / "unet" / "mine.py").write_text(code)
        with pytest.raises(UserError, match=r"cannot be loaded.*contains custom code"):
            DiffusersDrawer(str(copy), **TINY).draw(WINE, "a child", seed=0)
        assert not ran.exists()


def test_what_is_no_pipeline_is_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    for model in (str(tmp_path / "empty"), str(tmp_path / "absent"), "no-such/pipeline"):
        with pytest.raises(UserError, match="cannot be loaded") as raised:
            DiffusersDrawer(model, device="cpu").draw(WINE, "a child", seed=0)
        assert "safetensors" in raised.value.allowed
    with pytest.raises(UserError, match="on no-such-device"):
        DiffusersDrawer(str(folder), device="no-such-device").draw(WINE, "a child", seed=0)


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"guidance": -1.0},
        {"guidance": float("nan")},
        {"size": "512"},
        {"size": "0x512"},
        {"size": "511x512"},
        {"model": ""},
    ],
)
def test_numbers_out_of_range(options: dict[str, Any]) -> None:
    allowed: dict[str, Any] = {"model": "some-org/some-model", "steps": 1, "guidance": 0.0, "size": "8x8"}
    DiffusersDrawer(**allowed)
    with pytest.raises(UserError):
        DiffusersDrawer(**(allowed | options))


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(UserError, match="without the library 'diffusers'") as raised:
        DiffusersDrawer(str(folder), **TINY).draw(WINE, "a child", seed=0)
    assert raised.value.remedy == "pip install 'unrelate[collect]'"
