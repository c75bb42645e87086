"""Terms into one loss: weighted, and switched off."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unrelate.errors import UserError
from unrelate.objectives import OBJECTIVES, Batch, Features, Weights, total
from unrelate.objectives.paper import paper_terms
from unrelate.objectives.types import WEIGHT_OF


def test_the_total_by_hand(live: Features, batch: Batch) -> None:
    """Nothing moved, so Lc = 0: 0.8 + 2 * 1.0 + 3 * 0.4 + 4 * 0.0 + 5 * 0 + 6 * (-0.5) = 1.0."""
    weights = Weights(a=2, b=3, d=4, g=5, l_adv=6)
    assert total(paper_terms(live, live, batch), weights).item() == pytest.approx(1.0)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("term", WEIGHT_OF)
def test_a_term_switched_off_neither_counts_nor_has_a_gradient(name: str, term: str, batch: Batch) -> None:
    """The whole loss is one term alone plus the loss without it; and so is its gradient."""
    before = Features(_unit(4, seed=0), _unit(6, seed=1))

    def gradient(weights: Weights) -> tuple[float, Tensor]:
        image, text = _unit(4, seed=2).requires_grad_(), _unit(6, seed=3)
        loss = total(OBJECTIVES[name](Features(image, text), before, batch, -0.9), weights)
        loss.backward()
        assert image.grad is not None
        return loss.item(), image.grad

    off = dict.fromkeys(WEIGHT_OF.values(), 0.0)
    whole, whole_gradient = gradient(Weights())
    alone, own_gradient = gradient(Weights(**(off | {WEIGHT_OF[term]: 1.0})))
    rest, rest_gradient = gradient(Weights(**{WEIGHT_OF[term]: 0.0}))
    assert alone != 0
    assert own_gradient.abs().max() > 0
    assert whole == pytest.approx(alone + rest, rel=1e-5)
    torch.testing.assert_close(whole_gradient, own_gradient + rest_gradient, atol=1e-5, rtol=1e-5)


def test_a_term_switched_off_may_be_anything() -> None:
    terms = {name: torch.tensor(1.0) for name in WEIGHT_OF} | {"L4": torch.tensor(float("nan"))}
    assert total(terms, Weights(d=0)).item() == 5


@pytest.mark.parametrize("wrong", [{"a": -1.0}, {"g": float("nan")}, dict.fromkeys(WEIGHT_OF.values(), 0.0)])
def test_weights_that_make_no_loss_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match="0 or more"):
        Weights(**wrong)


def _unit(rows: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(rows, 3, generator=generator), dim=-1)
