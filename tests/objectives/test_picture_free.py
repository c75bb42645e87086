"""What is forbidden under a condition goes part of the way; the rest as in the calibrated recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from unrelate.objectives.calibrated import calibrated_terms
from unrelate.objectives.picture_free import picture_free_terms
from unrelate.objectives.types import Batch, Features

LEVEL = 0.1


def test_without_a_condition_it_is_the_calibrated_objective(
    live: Features, reference: Features, batch: Batch
) -> None:
    reference.text[2] = torch.tensor([0.0, 1.0])
    found = picture_free_terms(live, reference, batch, LEVEL)
    expected = calibrated_terms(live, reference, batch, LEVEL)
    assert {k: v.item() for k, v in found.items()} == {k: v.item() for k, v in expected.items()}
    assert expected["L3"] > 0


def test_under_a_condition_a_part_of_the_height_may_stay(
    live: Features, reference: Features, batch: Batch
) -> None:
    """The unsafe pair was at 1 and is at 0.8; it may keep 0.1 + 0.6 * 0.9 = 0.64: L3 = 10 * 0.16².
    Of the variants one was at 0 and one at -1, below the level: nothing is asked of them."""
    batch = replace(batch, conditional=torch.tensor([True, False, False, False]))
    reference.text[0] = torch.tensor([1.0, 0.0])
    found = picture_free_terms(live, reference, batch, LEVEL)
    assert found["L3"].item() == pytest.approx(10 * 0.16**2, rel=1e-4)
    assert found["Ladv"].item() == pytest.approx(10 * (0.0 + 0.0) / 2, abs=1e-6)


def test_below_its_part_nothing_is_pushed(live: Features, batch: Batch) -> None:
    batch = replace(batch, conditional=torch.tensor([True, False, False, False]))
    reference = Features(live.image.clone(), live.text.clone())
    reference.text[0] = torch.tensor([1.0, 0.0])
    live.text[0] = torch.tensor([0.6, 0.8])
    assert picture_free_terms(live, reference, batch, LEVEL)["L3"].item() == 0
