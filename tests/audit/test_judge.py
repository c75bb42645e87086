"""The encoder's judge: what it has embedded it keeps, for itself and for those that start from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
import torch
from PIL import Image

from unrelate.attacks.types import Query
from unrelate.audit.embedded import Embedded
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


@pytest.fixture
def known(model: Counting) -> Embedded:
    """What the usual question needs."""
    known = Embedded(cast(DualEncoder, model))
    known.pictures([DOT])
    known.texts(["wine", "milk"])
    return known


def test_what_is_known_is_not_embedded_again(model: Counting, known: Embedded) -> None:
    assert sorted(model.asked) == ["milk", "picture", "wine"]
    model.asked.clear()
    assert ForbiddenFound(cast(DualEncoder, model), known)([USUAL, OTHER]).tolist() == pytest.approx([1, 0.8])
    assert model.asked == ["vino"]


def test_what_starts_from_the_known_leaves_it_as_it_was(model: Counting, known: Embedded) -> None:
    """So that what many attacks ask does not pile up in what all of them start from."""
    for _ in range(2):
        model.asked.clear()
        ForbiddenFound(cast(DualEncoder, model), known)([OTHER])
        assert model.asked == ["vino"]


def test_each_is_embedded_once_and_comes_in_the_order_asked(model: Counting) -> None:
    embedded = Embedded(cast(DualEncoder, model))
    assert embedded.texts(["wine", "milk", "wine"]).tolist() == [[1, 0], [0, 1], [1, 0]]
    assert embedded.pictures([DOT, DOT]).tolist() == [[1, 0], [1, 0]]
    embedded.texts(["milk"])
    assert model.asked == ["wine", "milk", "picture"]
