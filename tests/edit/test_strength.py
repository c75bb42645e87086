"""How much of an adapter is kept: as little as brings the forbidden to the level of unrelated pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import acos, cos, sin
from typing import cast

import pytest
import torch
from PIL import Image
from torch import Tensor

from unrelate.data.types import Corpus
from unrelate.edit.strength import settled_strength
from unrelate.graph.types import Role
from unrelate.models import DualEncoder

LEVEL = 0.1


class Turned:
    """Pictures that stand at cosine ``before`` to every text, and are turned away in proportion to the
    adapter, at full strength to ``after``."""

    def __init__(self, before: float, after: float) -> None:
        self.before, self.after, self.strength = before, after, 1.0

    def adapter_state(self) -> dict[str, Tensor]:
        return {"strength": torch.tensor(self.strength)}

    def restore_adapter(self, state: dict[str, Tensor]) -> None:
        self.strength = float(state["strength"])

    def scale_adapter(self, strength: float) -> None:
        self.strength *= strength

    @contextmanager
    def base(self) -> Iterator[None]:
        worn, self.strength = self.strength, 0.0
        yield
        self.strength = worn

    def embed_images(self, images: Sequence[Image.Image]) -> Tensor:
        angle = torch.tensor(acos(self.before + self.strength * (self.after - self.before)))
        return torch.stack([angle.cos(), angle.sin()]).expand(len(images), 2)

    def embed_texts(self, captions: Sequence[str]) -> Tensor:
        """What speaks of a child; all else stands at `LEVEL` to the base's pictures."""
        away = acos(self.before) + acos(LEVEL)
        rows = [[1.0, 0.0] if "child" in caption else [cos(away), sin(away)] for caption in captions]
        return torch.tensor(rows)


def settle(corpus: Corpus, before: float, after: float) -> tuple[float, Turned]:
    model = Turned(before, after)
    return settled_strength(cast(DualEncoder, model), corpus), model  # it has all that is asked for here


@pytest.mark.parametrize(
    ("after", "strength"),
    [
        # A little below the level, as the base stands 0.8 above it: (0.9 - (0.1 - 0.06 * 0.8)) / 1.0.
        (-0.1, 0.85),
        (0.05, 1.0),
        (0.3, 1.0),  # never gets there: all of it is kept
        (-1.0, 0.5),  # over-erasure; less than half is another edit
    ],
)
def test_the_least_that_reaches_the_level(corpus: Corpus, after: float, strength: float) -> None:
    found, model = settle(corpus, before=0.9, after=after)
    assert found == pytest.approx(strength, abs=1e-9)
    assert model.strength == 1.0  # as it was


def test_nothing_forbidden_to_go_by(corpus: Corpus) -> None:
    safe = tuple(e for e in corpus.examples if e.role is not Role.UNSAFE)
    assert settle(replace(corpus, examples=safe), before=0.9, after=-0.1)[0] == 1.0


def test_what_was_tried_is_told(corpus: Corpus) -> None:
    told: list[tuple[int, int]] = []
    model = cast(DualEncoder, Turned(0.9, -0.1))
    settled_strength(model, corpus, lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert all(done <= of for done, of in told)
