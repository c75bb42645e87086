"""Adapters on generators: where they sit, off as if never put on, kept in PEFT's layout, worked in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModelForImageTextToText, PreTrainedModel

from unrelate.errors import UserError
from unrelate.models.chat import Ask
from unrelate.models.generator import Generator
from unrelate.models.generator_layers import target_modules
from unrelate.models.spec import GeneratorAdapterSpec

PutOn = Callable[..., None]
CLOSE = {"rtol": 0, "atol": 2e-5}


def scores(generator: Generator, asks: list[Ask], answers: list[str]) -> torch.Tensor:
    return torch.cat(generator.score(asks, answers))


def targets(generator: Generator, **spec: object) -> tuple[str, ...]:
    model = generator.model
    assert isinstance(model, PreTrainedModel)
    return target_modules(model, generator._layout, GeneratorAdapterSpec(**spec))  # pyright: ignore


def test_layers_are_the_language_models(generator: Generator) -> None:
    assert len(generator.layers) == 3
    assert generator.width == 32
    for layer, name in zip(generator.layers, generator.layer_names, strict=True):
        assert generator.model.get_submodule(name) is layer
        assert "language_model" in name


def test_targets_are_what_was_named(generator: Generator) -> None:
    language = targets(generator)
    assert len(language) == 3 * 7  # four of attention, three of the gated MLP
    assert all(name.startswith(generator.layer_names[0][:-1]) for name in language)
    assert targets(generator, layers=("attention",), last_layers=1) == tuple(
        f"{generator.layer_names[-1]}.self_attn.{part}_proj" for part in "qkvo"
    )
    image = targets(generator, towers="image")
    assert image
    assert not set(image) & set(language)
    assert not any("merger" in name or "projector" in name for name in image)
    projection = targets(generator, towers="image", layers=("projection",))
    assert projection
    assert all("merger" in name or "projector" in name for name in projection)
    both = targets(generator, towers="both", layers=("attention", "mlp", "projection"))
    assert set(both) == {*language, *image, *projection}
    linear = {name for name, part in generator.model.named_modules() if isinstance(part, nn.Linear)}
    assert linear - set(both) == {"lm_head"}


@pytest.mark.parametrize(("depth", "adapted"), [(1.0, [0, 1, 2]), (0.6, [0, 1]), (0.01, [0])])
def test_depth_counts_layers_from_the_first(generator: Generator, depth: float, adapted: list[int]) -> None:
    found = targets(generator, depth=depth)
    assert {name for name in generator.layer_names if any(one.startswith(f"{name}.") for one in found)} == {
        generator.layer_names[number] for number in adapted
    }
    last = targets(generator, depth=depth, last_layers=1)
    assert all(name.startswith(f"{generator.layer_names[adapted[-1]]}.") for name in last)


def test_a_spec_that_does_not_fit_is_named() -> None:
    shares = ({"depth": 0}, {"depth": 1.5})
    for wrong in ({"rank": 0}, {"towers": "text"}, {"layers": ("projection",)}, {"layers": ()}, *shares):
        with pytest.raises(UserError, match=next(iter(wrong))):
            GeneratorAdapterSpec(**wrong)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_off_it_is_the_reference_model(
    generator: Generator, asks: list[Ask], answers: list[str], teach_a_little: PutOn, method: str
) -> None:
    before, said = scores(generator, asks, answers), generator.generate(asks, max_new_tokens=4)
    states, digest = generator.hidden_states(asks), generator.weights_hash()
    generator.add_adapter(GeneratorAdapterSpec(method=method, rank=2))  # pyright: ignore[reportArgumentType]
    torch.testing.assert_close(scores(generator, asks, answers), before, **CLOSE)
    fresh = Generator.load(generator.name)
    teach_a_little(fresh, method=method)
    taught = scores(fresh, asks, answers)
    assert (taught - before).abs().max() > 0.05
    trainable = [p.requires_grad for p in fresh.model.parameters()]
    with fresh.base():
        with fresh.base():
            torch.testing.assert_close(scores(fresh, asks, answers), before, rtol=0, atol=0)
        torch.testing.assert_close(fresh.hidden_states(asks), states, rtol=0, atol=0)
        assert fresh.generate(asks, max_new_tokens=4) == said
    torch.testing.assert_close(scores(fresh, asks, answers), taught, rtol=0, atol=0)
    assert [p.requires_grad for p in fresh.model.parameters()] == trainable
    with pytest.raises(ZeroDivisionError), fresh.base():
        raise ZeroDivisionError
    torch.testing.assert_close(scores(fresh, asks, answers), taught, rtol=0, atol=0)
    assert fresh.weights_hash() == Generator.load(generator.name).weights_hash() == digest


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "dora"])
def test_plain_peft_reads_it_and_plain_transformers_the_merged(
    vlm: Path, tmp_path: Path, asks: list[Ask], answers: list[str], teach_a_little: PutOn, method: str
) -> None:
    generator = Generator.load(vlm)
    teach_a_little(generator, method=method)
    expected = scores(generator, asks, answers)
    batch = generator.batch(asks, answers)
    with torch.no_grad():
        own = generator.model(**batch.inputs).logits
    generator.save_adapter(tmp_path / "adapter")
    generator.export(tmp_path / "merged", merged=True)
    seen = batch.inputs["attention_mask"].bool()
    plain = PeftModel.from_pretrained(
        AutoModelForImageTextToText.from_pretrained(vlm), str(tmp_path / "adapter")
    )
    with torch.no_grad():
        torch.testing.assert_close(plain(**batch.inputs).logits[seen], own[seen], **CLOSE)
        whole = AutoModelForImageTextToText.from_pretrained(tmp_path / "merged")
        torch.testing.assert_close(whole(**batch.inputs).logits[seen], own[seen], rtol=0, atol=1e-4)
    again = Generator.load(tmp_path / "merged")
    assert not again.has_adapter
    torch.testing.assert_close(scores(again, asks, answers), expected, rtol=0, atol=1e-4)
    loaded = Generator.load(vlm, adapter=tmp_path / "adapter")
    torch.testing.assert_close(scores(loaded, asks, answers), expected, **CLOSE)
    assert loaded.trainable_parameters() == []


def test_copies_stand_apart_at_any_strength(
    generator: Generator, asks: list[Ask], answers: list[str], teach_a_little: PutOn
) -> None:
    before = scores(generator, asks, answers)
    teach_a_little(generator)
    after = scores(generator, asks, answers)
    torch.testing.assert_close(scores(generator.standalone(), asks, answers), after, rtol=0, atol=1e-4)
    torch.testing.assert_close(scores(generator.standalone(0.0), asks, answers), before, **CLOSE)
    with generator.base():
        base = generator.standalone()
    torch.testing.assert_close(scores(base, asks, answers), before, **CLOSE)
    with torch.no_grad():
        for module, name in base.linear_weights():
            module.get_parameter(name).mul_(2)
    assert (scores(base, asks, answers) - before).abs().max() > 0.05
    torch.testing.assert_close(scores(generator, asks, answers), after, rtol=0, atol=0)
    base.thaw()
    assert {p.dtype for p in base.trainable_parameters()} == {torch.float32}
    assert len(base.trainable_parameters()) == len(list(base.model.parameters()))


@pytest.mark.slow
def test_state_is_kept_and_put_back(generator: Generator, tmp_path: Path, teach_a_little: PutOn) -> None:
    with pytest.raises(UserError, match="no adapter"):
        generator.adapter_state()
    teach_a_little(generator)
    state = generator.adapter_state()
    with torch.no_grad():
        for parameter in generator.trainable_parameters():
            parameter.zero_()
    assert any((generator.adapter_state()[name] != kept).any() for name, kept in state.items())
    generator.restore_adapter(state)
    assert all(torch.equal(generator.adapter_state()[name], kept) for name, kept in state.items())
    with pytest.raises(UserError, match="second adapter"):
        generator.add_adapter(GeneratorAdapterSpec())
    generator.save_adapter(tmp_path)
    other = Generator.load(generator.name)
    other.load_adapter(tmp_path, trainable=True)
    assert len(other.trainable_parameters()) == len(generator.trainable_parameters()) > 0


def test_the_seed_decides_the_first_weights(vlm: Path) -> None:
    def first(seed: int) -> dict[str, torch.Tensor]:
        generator = Generator.load(vlm)
        generator.add_adapter(GeneratorAdapterSpec(rank=2), seed=seed)
        return generator.adapter_state()

    before = torch.get_rng_state()
    one, same, other = first(1), first(1), first(2)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_an_adapter_of_another_model_is_refused(
    vlm_folders: dict[str, Path], tmp_path: Path, teach_a_little: PutOn
) -> None:
    generator = Generator.load(vlm_folders["llava"])
    teach_a_little(generator)
    generator.save_adapter(tmp_path)
    with pytest.raises(UserError, match="adapter"):
        Generator.load(vlm_folders["qwen3_vl"], adapter=tmp_path)


@pytest.mark.slow
def test_checkpointing_changes_no_gradient(
    generator: Generator, asks: list[Ask], answers: list[str], teach_a_little: PutOn
) -> None:
    teach_a_little(generator)
    generator.train()
    found: list[list[torch.Tensor]] = []
    for _ in range(2):
        generator.token_logprobs(generator.batch(asks, answers)).sum().backward()
        found.append([p.grad.clone() for p in generator.trainable_parameters() if p.grad is not None])
        for parameter in generator.trainable_parameters():
            parameter.grad = None
        generator.enable_gradient_checkpointing()
    # LLaVA reads its image tower before the last block: what sits there has no gradient.
    assert len(found[0]) == len(found[1]) > len(generator.trainable_parameters()) / 2
    for plain, recomputed in zip(*found, strict=True):
        torch.testing.assert_close(plain, recomputed, rtol=1e-4, atol=1e-4)
