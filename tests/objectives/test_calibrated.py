"""The terms of the calibrated recipe, each against arithmetic done by hand (see conftest)."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import pytest
import torch
from torch import Tensor

from unrelate.objectives import Batch, Features, calibrated
from unrelate.objectives.calibrated import calibrated_terms

LEVEL = 0.1


def values(live: Features, reference: Features, batch: Batch) -> dict[str, float]:
    return {name: term.item() for name, term in calibrated_terms(live, reference, batch, LEVEL).items()}


def test_each_term_by_hand(live: Features, reference: Features, batch: Batch) -> None:
    """All times 10. The level is -0.1; the base had the safe edge's picture at (0, 1), not (1, 0).

    L3 = (0.8 + 0.1)² = 0.81. Ladv = (0 + 0.1)² / 2 = 0.005: the variant at -1 lies below the level.
    That picture's cosines with the six texts were 0.6 0.8 0 0.8 1 0, and are 0.8 0.6 1 0.6 0 -1:
    squared changes 0.04 0.04 1 0.04 1 1, their sum 3.12; its own (the second) is L1 = 0.04.
    L2 = L4 = 0: their cosines did not change. Lc = 3.12 over the 24 - 3 pairs that are not forbidden,
    plus twice the picture's squared distance 2 over the three that stay, and once more that of the one
    that moved most.
    """
    reference.image[1] = torch.tensor([0.0, 1.0])
    lc = 10 * (3.12 / 21 + 2 * 2 / 3 + 2)
    expected = {"L3": 8.1, "L2": 0.0, "L1": 0.4, "L4": 0.0, "Lc": lc, "Ladv": 0.05}
    terms = calibrated_terms(live, reference, batch, -0.1)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, rel=1e-5)


def test_what_stays_keeps_its_own_cosine(live: Features, reference: Features, batch: Batch) -> None:
    """The node's caption was (0, 1), cosine 1, and the neutral's (0.8, 0.6), cosine 0.96; they are
    0 and 1 now: L2 = 10 * 1, L4 = 10 * 0.04² = 0.016."""
    reference.text[2] = torch.tensor([0.0, 1.0])
    reference.text[3] = torch.tensor([0.8, 0.6])
    found = values(live, reference, batch)
    assert found["L2"] == pytest.approx(10)
    assert found["L4"] == pytest.approx(0.016, rel=1e-4)


def test_the_caption_that_moved_most_counts_once_more(
    live: Features, reference: Features, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node's caption moved by a squared distance of 2, the neutral's by less: the worst twentieth
    of four safe captions is one, and adds 10 * 2 to Lc."""
    reference.text[2] = torch.tensor([0.0, 1.0])
    reference.text[3] = torch.tensor([0.8, 0.6])
    whole = values(live, reference, batch)["Lc"]
    monkeypatch.setattr(calibrated, "_WORST_WEIGHT", 0.0)
    assert whole - values(live, reference, batch)["Lc"] == pytest.approx(10 * 2, rel=1e-5)


def test_every_term_is_0_at_its_aim(batch: Batch) -> None:
    """The unsafe texts leave the unsafe picture, e3, for the level, along e4, where nothing else is."""

    def at(cosine: float) -> Tensor:
        return torch.tensor([0.0, 0.0, cosine, sqrt(1 - cosine * cosine)])

    plane = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.6, 0.8, 0.0, 0.0]])
    image = torch.cat([at(1)[None], plane])
    before = Features(image, torch.stack([at(1), *plane, at(1), at(0.5)]))
    after = Features(image, torch.stack([at(LEVEL), *plane, at(LEVEL), at(LEVEL)]))
    assert values(after, before, batch) == pytest.approx(
        dict.fromkeys(values(after, before, batch), 0), abs=1e-6
    )
    assert values(before, before, batch)["L3"] == pytest.approx(10 * 0.9**2)


def test_below_the_level_nothing_is_pushed(live: Features, batch: Batch) -> None:
    def push(cosine: float) -> float:
        live.text[0] = torch.tensor([cosine, sqrt(1 - cosine * cosine)])
        return values(live, live, batch)["L3"]

    assert push(LEVEL + 0.3) == pytest.approx(10 * 0.3**2, rel=1e-4)
    assert push(LEVEL - 0.3) == 0
    assert push(LEVEL) == pytest.approx(0, abs=1e-6)


def test_an_unsafe_picture_keeps_its_likeness_to_safe_captions(
    live: Features, reference: Features, batch: Batch
) -> None:
    """The unsafe picture was at (0, 1). Its own move is free, but its cosines with the three safe
    captions were 0.8 0 0.8 and are 0.6 1 0.6: squared changes 0.04 + 1 + 0.04 over 21 pairs."""
    reference.image[0] = torch.tensor([0.0, 1.0])
    assert values(live, reference, batch)["Lc"] == pytest.approx(10 * 1.08 / 21, rel=1e-5)


def test_every_forbidden_pair_of_a_batch_is_pushed(live: Features, batch: Batch) -> None:
    """The second picture is forbidden as well, and so is each of the two with the other's caption:
    cosines 0.8 0.6 0.8 0.6, squared distances from 0.1: 0.49 0.25 0.49 0.25, their mean 0.37."""
    forbidden = batch.forbidden.clone()
    forbidden[:2, :2] = True
    assert values(live, live, replace(batch, forbidden=forbidden))["L3"] == pytest.approx(3.7, rel=1e-5)


def both_learn(live: Features) -> Features:
    return Features(live.image.clone().requires_grad_(), live.text.clone().requires_grad_())


def test_where_both_towers_learn_each_forgets_on_its_own(
    live: Features, reference: Features, batch: Batch
) -> None:
    """The unsafe picture was at (0, 1), where its caption's cosine was 0.6; it is 0.8 now, at (1, 0).

    L3, times 10: together 0.8, by text alone 0.6 (both to 0.1), by the picture alone 0.8, which may stay
    at 0.1 + 0.4 * 0.5 = 0.3: 0.49 + 0.25 + 0.25 = 0.99.
    """
    reference.image[0] = torch.tensor([0.0, 1.0])
    assert values(both_learn(live), reference, batch)["L3"] == pytest.approx(9.9, rel=1e-5)


def test_a_tower_alone_does_not_free_the_other(live: Features, reference: Features, batch: Batch) -> None:
    """Together the pair is at the level; but all of it was done by the picture, and the text is pushed on."""
    image, text = live.image.clone(), live.text.clone()
    image[0] = torch.tensor([sqrt(1 - LEVEL**2), LEVEL])
    text[0] = torch.tensor([0.0, 1.0])
    reference.image[0] = torch.tensor([0.0, 1.0])
    reference.text[0] = torch.tensor([0.0, 1.0])
    learnt = both_learn(Features(image, text))
    terms = calibrated_terms(learnt, reference, batch, LEVEL)
    assert terms["L3"].item() == pytest.approx(10 * 0.9**2, rel=1e-5)
    terms["L3"].backward()
    assert learnt.text.grad is not None
    assert learnt.text.grad[0].abs().sum() > 0


def test_what_stays_is_held_from_both_sides(live: Features, reference: Features, batch: Batch) -> None:
    """The safe edge's picture was at (0, 1). Its cosines with the texts, 3.12 of squared changes, count
    twice (with the live texts and with those of the base, which are the same) and are halved."""
    reference.image[1] = torch.tensor([0.0, 1.0])
    expected = 10 * (3.12 / 21 + 2 * 2 / 3 + 2)
    assert values(both_learn(live), reference, batch)["Lc"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("tuples", "times"), [(1, 1), (2, 2), (4, 4), (9, 4)])
def test_each_of_several_tuples_is_pushed_as_hard_as_one(
    live: Features, reference: Features, batch: Batch, tuples: int, times: int
) -> None:
    one, several = (values(live, reference, replace(batch, tuples=n)) for n in (1, tuples))
    assert several["L3"] == pytest.approx(times * one["L3"])
    assert several["Ladv"] == pytest.approx(times * one["Ladv"])
    assert several["Lc"] == one["Lc"]


def test_what_lies_between_captions_is_held(live: Features, reference: Features, batch: Batch) -> None:
    """Two mixtures, one of which moved by a squared distance of 2: their mean is 1, and the one that moved
    most counts once more: 10 * (1 + 2) on top of Lc, and nothing elsewhere."""
    before = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    plain = values(live, reference, batch)
    moved = replace(live, between=torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    found = values(moved, replace(reference, between=before), batch)
    assert found.pop("Lc") - plain.pop("Lc") == pytest.approx(30, rel=1e-5)
    assert found == plain
