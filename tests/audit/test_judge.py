"""The encoder's judge: what it has embedded it keeps, for itself and for those that start from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
import torch
from PIL import Image

from unrelate.attacks.types import Query
from unrelate.audit.judge import ForbiddenFound
from unrelate.models import DualEncoder

VECTORS = {"wine": [1.0, 0.0], "vino": [0.8, 0.6], "milk": [0.0, 1.0]}


class Counting:
    """An encoder of three texts and of pictures that all look like wine; it counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def embed_texts(self, texts: Sequence[str]) -> torch.Tensor:
        self.asked += texts
        return torch.tensor([VECTORS[text] for text in texts]).reshape(-1, 2)

    def embed_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        self.asked += ["picture"] * len(images)
        return torch.tensor([[1.0, 0.0]] * len(images)).reshape(-1, 2)


class Dot:
    def load(self) -> Image.Image:
        return Image.new("RGB", (1, 1))


DOT = Dot()
USUAL, OTHER = Query(0, DOT, ("wine",), ("milk",)), Query(0, DOT, ("vino",), ("milk",))


@pytest.fixture
def model() -> Counting:
    return Counting()


def test_the_margin_is_the_best_statement_less_the_best_rival(model: Counting) -> None:
    judge = ForbiddenFound(cast(DualEncoder, model))
    assert judge([USUAL, OTHER]).tolist() == pytest.approx([1.0, 0.8])


def test_what_another_judge_has_embedded_is_not_embedded_again(model: Counting) -> None:
    usual = ForbiddenFound(cast(DualEncoder, model))
    usual([USUAL])
    assert sorted(model.asked) == ["milk", "picture", "wine"]
    model.asked.clear()
    assert ForbiddenFound(cast(DualEncoder, model), usual)([USUAL, OTHER]).tolist() == pytest.approx([1, 0.8])
    assert model.asked == ["vino"]


def test_what_starts_from_a_judge_leaves_it_as_it_was(model: Counting) -> None:
    """So that what many attacks ask does not pile up in the one that all of them start from."""
    usual = ForbiddenFound(cast(DualEncoder, model))
    usual([USUAL])
    for _ in range(2):
        model.asked.clear()
        ForbiddenFound(cast(DualEncoder, model), usual)([OTHER])
        assert model.asked == ["vino"]
