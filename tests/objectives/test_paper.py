"""RASU's six terms, each against arithmetic done by hand (see conftest for the cosines)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from unrelate.objectives import Batch, Features
from unrelate.objectives.paper import mean_where, paper_terms


def values(live: Features, reference: Features, batch: Batch) -> dict[str, float]:
    return {name: term.item() for name, term in paper_terms(live, reference, batch).items()}


def test_each_term_by_hand(live: Features, reference: Features, batch: Batch) -> None:
    """Cosines of the pictures with their own captions: 0.8, 0.6, 0, 1.

    L3 = 0.8, the unsafe pair's cosine; L1 = 1 - 0.6; L2 = 1 - 0; L4 = 1 - 1.
    Ladv: the variants' cosines with the unsafe picture are 0 and -1: their mean is -0.5.
    Lc: of what stays, only the safe edge's picture moved, from (0, 1) to (1, 0): squared distance 2,
    over three pairs that stay: 2/3. That the unsafe picture moved too does not count.
    """
    reference.image[1] = torch.tensor([0.0, 1.0])
    reference.image[0] = torch.tensor([0.0, 1.0])
    expected = {"L3": 0.8, "L2": 1.0, "L1": 0.4, "L4": 0.0, "Lc": 2 / 3, "Ladv": -0.5}
    assert values(live, reference, batch) == pytest.approx(expected)


def test_consistency_counts_captions_as_well(live: Features, reference: Features, batch: Batch) -> None:
    """The neutral caption turned from (1, 0) to (0.6, 0.8): 0.4² + 0.8² = 0.8, over three: 0.8/3."""
    reference.text[3] = torch.tensor([1.0, 0.0])
    assert values(live, reference, batch)["Lc"] == pytest.approx(0.8 / 3)


def test_terms_are_means_over_their_role(live: Features, batch: Batch) -> None:
    """With rows 0 and 1 both unsafe, L3 is the mean of 0.8 and 0.6; no safe edge is left, so L1 = 0."""
    first_two = torch.tensor([True, True, False, False])
    found = values(live, live, replace(batch, unsafe=first_two, safe_edge=~first_two & first_two))
    assert found["L3"] == pytest.approx(0.7)
    assert found["L1"] == 0.0


def test_a_pull_is_0_at_its_aim_and_a_push_has_no_floor(batch: Batch) -> None:
    """What stays lies on its caption, where the base had it; what is unsafe stands opposite: -1."""
    image = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.6, 0.8]])
    opposite = -image[:1]
    here = Features(image, torch.cat([opposite, image[1:], opposite, opposite]))
    expected = {"L3": -1, "L2": 0, "L1": 0, "L4": 0, "Lc": 0, "Ladv": -1}
    assert values(here, here, batch) == pytest.approx(expected, abs=1e-6)


def test_without_variants_ladv_is_0_with_a_gradient_of_0(live: Features, batch: Batch) -> None:
    image = live.image.clone().requires_grad_()
    own = Features(live.image, live.text[:4])
    none = replace(batch, variant_of=torch.tensor([], dtype=torch.long))
    term = paper_terms(Features(image, own.text), own, none)["Ladv"]
    term.backward()
    assert term.item() == 0
    assert image.grad is not None
    assert torch.equal(image.grad, torch.zeros_like(image))


def test_mean_where() -> None:
    numbers = torch.tensor([1.0, 3.0, 8.0])
    assert mean_where(numbers, torch.tensor([True, True, False])).item() == 2
    assert mean_where(numbers, torch.tensor([False, False, False])).item() == 0
