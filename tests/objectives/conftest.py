"""Four pictures in the plane, one of each role, and two more texts about the unsafe one."""

from __future__ import annotations

import pytest
import torch

from unrelate.objectives import Batch, Features


@pytest.fixture
def batch() -> Batch:
    """Rows: unsafe, safe edge, node, neutral. Forbidden: the unsafe picture with its three texts."""
    forbidden = torch.zeros(4, 6, dtype=torch.bool)
    forbidden[0, [0, 4, 5]] = True
    return Batch(
        unsafe=torch.tensor([True, False, False, False]),
        safe_edge=torch.tensor([False, True, False, False]),
        node=torch.tensor([False, False, True, False]),
        neutral=torch.tensor([False, False, False, True]),
        variant_of=torch.tensor([0, 0]),
        forbidden=forbidden,
        unsafe_text=torch.tensor([True, False, False, False, True, True]),
        conditional=torch.zeros(4, dtype=torch.bool),
    )


@pytest.fixture
def live() -> Features:
    """Cosines of the pictures with their own captions: 0.8, 0.6, 0, 1; of the first with the two
    variants: 0, -1."""
    return Features(
        torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]),
        torch.tensor([[0.8, 0.6], [0.6, 0.8], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0]]),
    )


@pytest.fixture
def reference(live: Features) -> Features:
    """A copy to change."""
    return Features(live.image.clone(), live.text.clone())
