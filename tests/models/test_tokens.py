"""The gradient that a search over tokens follows, on both families."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from unrelate.models.dual_encoder import DualEncoder


def towards(goal: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda features: features @ goal


def table(encoder: DualEncoder) -> nn.Embedding:
    found = encoder.checkpoint.model.get_submodule("text_model.embeddings.token_embedding")
    assert isinstance(found, nn.Embedding)
    return found


def test_the_gradient_is_the_first_order_change(encoder: DualEncoder, captions: list[str]) -> None:
    """Moved a little way towards another token's embedding, the score changes as foretold."""
    ids = encoder.prepare_texts(captions[:2])
    goal = torch.nn.functional.normalize(torch.arange(encoder.embedding_dim).float() - 5, dim=0)
    foretold = encoder.token_gradients(ids, towards(goal))
    embedding, step, (row, place, token) = table(encoder), 1e-2, (1, 2, 5)
    assert foretold.shape == (*ids.shape, embedding.num_embeddings)

    def moved(by: float) -> float:
        def shift(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
            output = output.clone()
            output[row, place] += by * (embedding.weight[token] - embedding.weight[ids[row, place]])
            return output

        hook = embedding.register_forward_hook(shift)
        try:
            with torch.no_grad():
                return float(towards(goal)(encoder.text_features(ids))[row])
        finally:
            hook.remove()

    slope = (moved(step) - moved(-step)) / (2 * step)
    assert abs(slope) > 1e-3
    assert abs(slope - float(foretold[row, place, token])) < 0.02 * abs(slope) + 1e-4


def test_a_token_in_its_own_place_changes_nothing(encoder: DualEncoder, captions: list[str]) -> None:
    ids = encoder.prepare_texts(captions)
    change = encoder.token_gradients(ids, towards(torch.ones(encoder.embedding_dim)))
    torch.testing.assert_close(
        change.gather(-1, ids[..., None]), torch.zeros(*ids.shape, 1), atol=1e-5, rtol=0
    )


def test_nothing_is_left_behind(
    encoder: DualEncoder, captions: list[str], train_a_little: Callable[..., None]
) -> None:
    train_a_little(encoder)
    ids = encoder.prepare_texts(captions)
    before = encoder.embed_texts(captions)
    encoder.token_gradients(ids, towards(torch.ones(encoder.embedding_dim)))
    assert torch.equal(encoder.embed_texts(captions), before)
    assert all(parameter.grad is None for parameter in encoder.trainable_parameters())
    assert not table(encoder)._forward_hooks


def test_the_gradient_is_of_the_edited_model(
    encoder: DualEncoder, captions: list[str], train_a_little: Callable[..., None]
) -> None:
    ids, score = encoder.prepare_texts(captions), towards(torch.ones(encoder.embedding_dim))
    base = encoder.token_gradients(ids, score)
    train_a_little(encoder)
    edited = encoder.token_gradients(ids, score)
    assert not torch.allclose(edited, base, atol=1e-4)
    with encoder.base():
        torch.testing.assert_close(encoder.token_gradients(ids, score), base)


def test_ids_are_read_back(encoder: DualEncoder, captions: list[str]) -> None:
    said = [text.strip() for text in encoder.texts_of(encoder.prepare_texts(captions))]
    assert said == captions
