"""In adversarial rounds pictures forget further; the rest is as in the calibrated recipe."""

from __future__ import annotations

import pytest
import torch

from unrelate.objectives.calibrated import calibrated_terms
from unrelate.objectives.hardened import hardened_terms
from unrelate.objectives.types import Batch, Features

LEVEL = 0.1


@pytest.fixture
def learnt(live: Features, reference: Features) -> Features:
    """Both towers learn; the unsafe picture was at (0, 1) and is at (1, 0)."""
    reference.image[0] = torch.tensor([0.0, 1.0])
    return Features(live.image.clone().requires_grad_(), live.text.clone().requires_grad_())


def test_a_picture_may_keep_a_fifth_of_its_height(
    learnt: Features, reference: Features, batch: Batch
) -> None:
    """By the picture alone the cosine is 0.8 and was 0.6: it may stay at 0.1 + 0.2 * 0.5 = 0.2. With 0.49
    together and 0.25 by the text alone: 10 * (0.49 + 0.25 + 0.36)."""
    found = hardened_terms(learnt, reference, batch, LEVEL)
    assert found["L3"].item() == pytest.approx(11.0, rel=1e-5)


def test_what_stays_is_held_as_before(learnt: Features, reference: Features, batch: Batch) -> None:
    found = hardened_terms(learnt, reference, batch, LEVEL)
    expected = calibrated_terms(learnt, reference, batch, LEVEL)
    assert {n: found[n].item() for n in ("L1", "L2", "L4", "Lc")} == {
        n: expected[n].item() for n in ("L1", "L2", "L4", "Lc")
    }
    assert found["L3"] > expected["L3"]
