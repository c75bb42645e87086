"""What a model holds and expects inside a batch: log-probabilities of answers, states of its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from unrelate.models.generator_batch import AnswerBatch
from unrelate.models.generator_layers import Layout
from unrelate.models.generator_positions import keeps_last_logits


def last_logits(model: PreTrainedModel, batch: AnswerBatch, count: int) -> Tensor:
    """Logits [B, count, V] of the last so many columns: with padding in front, all answers are there."""
    told = {"logits_to_keep": count} if keeps_last_logits(model) else {}
    return model(**batch.inputs, **told, use_cache=False).logits[:, -count:]


def logprobs(model: PreTrainedModel, batch: AnswerBatch) -> Tensor:
    """[B, T] float32: ``log p(token | all before it)`` on answer tokens, 0 elsewhere."""
    longest = int(batch.answer.sum(1).max())
    logits = last_logits(model, batch, longest + 1)[:, :-1].float()
    tokens = batch.inputs["input_ids"][:, -longest:]
    chosen = logits.gather(-1, tokens[..., None])[..., 0] - logits.logsumexp(-1)
    answer = batch.answer[:, -longest:]
    values = torch.where(answer, chosen, torch.zeros_like(chosen))
    return torch.nn.functional.pad(values, (batch.answer.shape[1] - longest, 0))


def states_at(model: PreTrainedModel, layout: Layout, batch: AnswerBatch, at: Tensor) -> Tensor:
    """[B, L + 1, W] float32 on the CPU: what enters the first layer and what leaves each, at column
    ``at`` [B]. Hooks that were there before, and change a layer's output, are seen."""
    rows = torch.arange(len(at), device=at.device)
    kept = states(model, layout.layers, batch, lambda one: one[rows, at].detach().float().cpu())
    return torch.stack(kept, dim=1)


def states(
    model: nn.Module, layers: Iterable[nn.Module], batch: AnswerBatch, pick: Callable[[Tensor], Tensor]
) -> list[Tensor]:
    """Of what enters the first layer, and of what leaves each, ``[B, T, W]``, what ``pick`` takes; with
    gradients where they are enabled."""
    kept: list[Tensor] = []

    def entering(module: object, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        kept.append(pick(args[0] if args else kwargs["hidden_states"]))

    def leaving(module: object, args: object, output: Tensor | tuple[Tensor, ...]) -> None:
        kept.append(pick(hidden_of(output)))

    every = list(layers)
    with ExitStack() as hooks:
        hooks.callback(every[0].register_forward_pre_hook(entering, with_kwargs=True).remove)
        for layer in every:
            hooks.callback(layer.register_forward_hook(leaving).remove)
        last_logits(model, batch, 1)  # pyright: ignore[reportArgumentType]
    return kept


def hidden_of(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """A layer gives its hidden states, or a tuple that begins with them: that differs by architecture."""
    return output if isinstance(output, Tensor) else output[0]
