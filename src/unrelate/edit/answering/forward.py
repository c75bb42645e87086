"""A batch of answers through a generator: what objectives look at, packed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unrelate.models.generator import Generator
from unrelate.models.generator_batch import AnswerBatch
from unrelate.models.generator_reading import hidden_of, last_logits
from unrelate.objectives.answers import Needs, Outputs


def outputs(generator: Generator, batch: AnswerBatch, needs: Needs) -> Outputs:
    """Log-probabilities of the answer tokens, and logits and states where ``needs`` asks for them.

    With gradients where they are enabled. Padding stands in front, so that the last columns hold every
    answer, and only their logits are computed.
    """
    longest = int(batch.answer.sum(1).max())
    answer = batch.answer[:, -longest:]
    states: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
        states.append(hidden_of(output)[:, -longest - 1 : -1][answer].float())

    hook = None if needs.depth is None else layer_at(generator, needs.depth).register_forward_hook(keep)
    try:
        every = last_logits(generator.model, batch, longest + 1)[:, :-1]  # pyright: ignore[reportArgumentType]
    finally:
        if hook is not None:
            hook.remove()
    logits = every[answer].float()
    tokens = batch.inputs["input_ids"][:, -longest:][answer]
    logprobs = logits.gather(-1, tokens[:, None])[:, 0] - logits.logsumexp(-1)
    return Outputs(logprobs, logits if needs.distributions else None, states[0] if states else None)


def layer_at(generator: Generator, depth: float) -> nn.Module:
    """The decoder layer with a share ``depth``, in (0, 1], of the layers up to and with it."""
    layers = generator.layers
    return layers[max(1, round(depth * len(layers))) - 1]


def pack(parts: list[Outputs]) -> Outputs:
    """Outputs of several answers, one after the other."""

    def joined(found: list[Tensor | None]) -> Tensor | None:
        tensors = [tensor for tensor in found if tensor is not None]
        return torch.cat(tensors) if tensors else None

    logprobs = torch.cat([part.logprobs for part in parts])
    return Outputs(logprobs, joined([part.logits for part in parts]), joined([part.hidden for part in parts]))


def unpack(packed: Outputs, lengths: list[int]) -> list[Outputs]:
    """The reverse of `pack`: one for each answer, of so many tokens."""

    def parts(tensor: Tensor | None) -> list[Tensor | None]:
        return [None] * len(lengths) if tensor is None else list(tensor.split(lengths))

    columns = (packed.logprobs.split(lengths), parts(packed.logits), parts(packed.hidden))
    return [Outputs(*answer) for answer in zip(*columns, strict=True)]
