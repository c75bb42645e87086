"""What a generator's decoder holds on the way, and ways to change it there: hooks, gone at the end.

*Residual stream after layer i*: what ``generator.layers[i]`` returns, ``[B, T, width]``. The matrix that
writes last into it is that layer's down projection, ``generator.layers[i].mlp.down_proj``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from unrelate.errors import UserError
from unrelate.models.generator_reading import hidden_of, states

if TYPE_CHECKING:
    from unrelate.models.generator import AnswerBatch, Generator

# Hidden states [B, T, width] -> what is added to them, of the same shape (or one that broadcasts to it).
Addition = Callable[[Tensor], Tensor]


class _Enough(Exception):
    """What was wanted has been computed: the layers above are not run."""


def layer_at(generator: Generator, layer: int) -> nn.Module:
    """Raises `UserError` where there is no such decoder layer."""
    if not 0 <= layer < len(generator.layers):
        raise UserError(f"decoder layer {layer}", f"0 to {len(generator.layers) - 1}", "choose another layer")
    return generator.layers[layer]


def down_projection(generator: Generator, layer: int) -> nn.Module:
    """The matrix ``[width, inner]`` that ends a decoder layer's MLP, an adapter's wrapping included.

    Raises:
        UserError: no such layer, or its MLP has no such matrix (a mixture of experts).
    """
    try:
        return layer_at(generator, layer).get_submodule("mlp.down_proj")
    except AttributeError:
        raise UserError(
            f"decoder layer {layer} of {generator.name} without mlp.down_proj",
            "a decoder whose layers end in one matrix, as Qwen's, Llama's and Mistral's do",
            "choose the gated form, which changes no weight",
        ) from None


@torch.no_grad()
def states_at(generator: Generator, batch: AnswerBatch, columns: Tensor) -> Tensor:
    """The residual stream after every layer at some positions: ``[layers, B, P, width]``, float32, CPU.

    Args:
        columns: long ``[B, P]``, positions in each row, of which none may be padding.
    """
    rows, columns = torch.arange(len(columns)).unsqueeze(1).to(generator.device), columns.to(generator.device)
    # The first is what enters the decoder.
    _, *found = states(
        generator.model, generator.layers, batch, lambda hidden: hidden[rows, columns].float().cpu()
    )
    return torch.stack(found)


@torch.no_grad()
def layer_states(generator: Generator, batch: AnswerBatch, layer: int) -> Tensor:
    """The residual stream after one layer, ``[B, T, width]``; what lies above is not run."""
    found: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        found.append(hidden_of(output).detach())
        raise _Enough

    _run(generator, batch, [layer_at(generator, layer).register_forward_hook(keep)])
    return found[0]


@torch.no_grad()
def projection_inputs(generator: Generator, batch: AnswerBatch, layer: int) -> Tensor:
    """What a layer's down projection is given, ``[B, T, inner]``; what lies above is not run."""
    found: list[Tensor] = []

    def keep(_module: nn.Module, inputs: Any) -> None:
        found.append(inputs[0].detach())
        raise _Enough

    _run(generator, batch, [down_projection(generator, layer).register_forward_pre_hook(keep)])
    return found[0]


@contextmanager
def adding(generator: Generator, layer: int, addition: Addition) -> Iterator[None]:
    """Within it, ``addition(h)`` is added to the residual stream after ``layer``, at every position.

    Nothing is remembered between passes and no position looks at another, so one pass over a prompt and
    an answer, a padded batch, and generation token by token with a cache give the same.
    """

    def change(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        hidden = hidden_of(output)
        changed = hidden + addition(hidden).to(hidden.dtype)
        return changed if isinstance(output, Tensor) else (changed, *output[1:])

    with _hooked(layer_at(generator, layer).register_forward_hook(change)):
        yield


@contextmanager
def widened(generator: Generator, layer: int, down: Tensor, up: Tensor) -> Iterator[None]:
    """Within it, a layer's down projection is ``W + up @ down``, without a weight being touched.

    Args:
        down: ``[rank, inner]``. up: ``[width, rank]``.
    """

    def change(_module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        given = inputs[0]
        first, second = (m.to(given.device, torch.float32) for m in (down, up))
        return output + ((given.float() @ first.T) @ second.T).to(output.dtype)

    with _hooked(down_projection(generator, layer).register_forward_hook(change)):
        yield


def writes_as_it_is(generator: Generator, batch: AnswerBatch, layer: int) -> bool:
    """Whether what a down projection adds to its output arrives unchanged in the residual stream.

    Not so where a norm stands between them (Gemma 3). Measured on ``batch``, within 2 %.
    """
    with generator.base():
        before = layer_states(generator, batch, layer)
        push = torch.zeros_like(before[0, 0])
        push[0] = before.float().std() + 1

        def change(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            return output + push

        with _hooked(down_projection(generator, layer).register_forward_hook(change)):
            after = layer_states(generator, batch, layer)
    real = batch.inputs["attention_mask"].bool()
    moved = (after - before).float()[real]
    return bool((moved - push.float()).norm(dim=-1).max() <= 0.02 * push.float().norm())


@contextmanager
def _hooked(handle: Any) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()


def _run(generator: Generator, batch: AnswerBatch, handles: Sequence[Any]) -> None:
    try:
        generator.model(**batch.inputs, use_cache=False)
    except _Enough:
        pass
    finally:
        for handle in handles:
            handle.remove()
