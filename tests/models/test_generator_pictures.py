"""A picture goes through a frozen image tower once, and all that comes out is as it would be without."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unrelate.models.chat import Ask
from unrelate.models.generator import Generator
from unrelate.models.generator_pictures import keep_pictures

PutOn = Callable[..., None]
Asks = Sequence[Ask]
Said = Sequence[str]
TOWERS = ("visual", "vision_tower")
# How many different pictures are among the asks.
DIFFERENT = 4


@contextmanager
def counted(generator: Generator) -> Iterator[list[int]]:
    """Within it, the number of pictures in each pass through the image tower."""
    passes: list[int] = []
    tower = next(m for name, m in generator.checkpoint.model.named_modules() if name.endswith(TOWERS))

    def count(_module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        grids = kwargs.get("grid_thw")
        passes.append(len(args[0]) if grids is None else len(grids))

    hook = tower.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield passes
    finally:
        hook.remove()


def logprobs(generator: Generator, asks: Asks, answers: Said) -> Tensor:
    with torch.no_grad():
        return generator.token_logprobs(generator.batch(asks, answers))


def test_a_picture_passes_once_and_nothing_changes(
    generator: Generator, asks: Asks, answers: Said, teach_a_little: PutOn
) -> None:
    base = logprobs(generator, asks, answers)
    teach_a_little(generator, towers="language", layers=("attention", "mlp"))
    with counted(generator) as passes:
        edited = logprobs(generator, asks, answers)
    assert passes == [DIFFERENT + 1]  # one is asked about twice
    written = generator.generate(asks, max_new_tokens=4)
    generator.keep_pictures()
    with counted(generator) as passes:
        torch.testing.assert_close(logprobs(generator, asks, answers), edited, rtol=0, atol=1e-5)
        with generator.base():
            torch.testing.assert_close(logprobs(generator, asks, answers), base, rtol=0, atol=1e-5)
        assert generator.generate(asks, max_new_tokens=4) == written
        assert generator.generate(asks[::-1], max_new_tokens=4) == written[::-1]
    assert passes == [DIFFERENT]
    assert (edited - base).abs().max() > 0.01  # else nothing is shown


def test_new_pictures_pass_beside_known_ones(generator: Generator, asks: Asks, answers: Said) -> None:
    plain = logprobs(generator, asks, answers)
    generator.keep_pictures()
    with counted(generator) as passes:
        logprobs(generator, asks[:2], answers[:2])
        torch.testing.assert_close(logprobs(generator, asks, answers), plain, rtol=0, atol=1e-5)
        logprobs(generator, asks[1:2], answers[1:2])  # words alone
    assert passes == [1, DIFFERENT - 1]


def test_gradients_are_the_same(
    generator: Generator, asks: Asks, answers: Said, teach_a_little: PutOn
) -> None:
    teach_a_little(generator, towers="language", layers=("attention", "mlp"))

    def gradients() -> list[Tensor]:
        total = generator.token_logprobs(generator.batch(asks, answers)).sum()
        return list(torch.autograd.grad(total, generator.trainable_parameters()))

    plain = gradients()
    generator.keep_pictures()
    with torch.inference_mode():
        generator.token_logprobs(generator.batch(asks, answers))
    for kept, expected in zip(gradients(), plain, strict=True):
        torch.testing.assert_close(kept, expected, rtol=1e-4, atol=1e-4)


def test_a_tower_with_an_adapter_is_run_every_time(
    generator: Generator, asks: Asks, answers: Said, teach_a_little: PutOn
) -> None:
    generator.keep_pictures()
    with counted(generator) as passes:
        base = logprobs(generator, asks, answers)
        teach_a_little(generator, towers="image", layers=("attention",))
        edited = logprobs(generator, asks, answers)
        with generator.base():
            again = logprobs(generator, asks, answers)
    assert (edited - base).abs().max() > 1e-3
    torch.testing.assert_close(again, base, rtol=0, atol=1e-5)
    assert passes == [DIFFERENT, DIFFERENT + 1, DIFFERENT + 1]


def test_a_tower_that_is_trained_is_run_every_time(generator: Generator, asks: Asks, answers: Said) -> None:
    generator.keep_pictures()
    with counted(generator) as passes:
        logprobs(generator, asks, answers)
        generator.thaw()
        logprobs(generator, asks, answers)
    assert passes == [DIFFERENT, DIFFERENT + 1]


@pytest.mark.parametrize("edited", [False, True])
def test_a_copy_remembers_nothing(
    generator: Generator, asks: Asks, answers: Said, teach_a_little: PutOn, edited: bool
) -> None:
    if edited:
        teach_a_little(generator, towers="language", layers=("attention", "mlp"))
    generator.keep_pictures()
    before = logprobs(generator, asks, answers)
    copy = generator.standalone()
    with torch.no_grad():
        for name, weight in copy.model.named_parameters():
            if any(f"{tower}." in name for tower in TOWERS):
                weight.mul_(0.5)
    changed = logprobs(copy, asks, answers)
    torch.testing.assert_close(logprobs(generator, asks, answers), before, rtol=0, atol=0)
    assert (changed - before).abs().max() > 0.01
    torch.testing.assert_close(logprobs(copy, asks, answers), changed, rtol=0, atol=0)


def test_what_does_not_fit_is_computed_anew(generator: Generator, asks: Asks, answers: Said) -> None:
    plain = logprobs(generator, asks, answers)
    keep_pictures(generator.checkpoint.model, most=0)
    with counted(generator) as passes:
        for _ in range(2):
            torch.testing.assert_close(logprobs(generator, asks, answers), plain, rtol=0, atol=1e-5)
    assert passes == [DIFFERENT, DIFFERENT]


def test_to_ask_for_it_twice_forgets_nothing(generator: Generator, asks: Asks, answers: Said) -> None:
    generator.keep_pictures()
    with counted(generator) as passes:
        logprobs(generator, asks, answers)
        generator.keep_pictures()
        logprobs(generator, asks, answers)
    assert passes == [DIFFERENT]


def test_a_result_of_an_unknown_form_is_left_as_it_is(
    generator: Generator, asks: Asks, answers: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner: Any = [m for m in generator.model.modules() if hasattr(type(m), "get_image_features")][-1]
    own = type(owner).get_image_features
    calls: list[SimpleNamespace] = []

    def other(self: nn.Module, *args: object, **kwargs: object) -> SimpleNamespace:
        found = own(self, *args, **kwargs)
        deep = getattr(found, "deepstack_features", None)
        joined = SimpleNamespace(pooler_output=torch.cat(list(found.pooler_output)), deepstack_features=deep)
        calls.append(joined)
        return joined

    monkeypatch.setattr(type(owner), "get_image_features", other)
    generator.keep_pictures()
    batch = generator.batch(asks, answers)
    pixels = {n: batch.inputs[n] for n in ("pixel_values", "image_grid_thw") if n in batch.inputs}
    assert owner.get_image_features(**pixels) is calls[-1]
    before = len(calls)
    assert owner.get_image_features(**pixels) is calls[-1]
    assert len(calls) == before + 1  # and is not tried again


def test_a_tower_that_drops_out_is_run_every_time_while_it_is_trained(
    generator: Generator, asks: Asks, answers: Said
) -> None:
    tower = next(m for name, m in generator.model.named_modules() if name.endswith(TOWERS))
    tower.add_module("late", nn.Dropout(0.1))
    generator.keep_pictures()
    generator.train()
    with counted(generator) as passes:
        for _ in range(2):
            logprobs(generator, asks, answers)
        generator.train(False)
        for _ in range(2):
            logprobs(generator, asks, answers)
    assert passes == [DIFFERENT + 1, DIFFERENT + 1, DIFFERENT]
