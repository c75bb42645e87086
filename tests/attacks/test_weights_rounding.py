"""Rounding, pruning and scaling: the arithmetic by hand, and what each attack does to a whole model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from unrelate.attacks.base import WeightAttack
from unrelate.attacks.types import Criterion, Judge, Query, Scenario
from unrelate.attacks.weights.pruning import Pruning
from unrelate.attacks.weights.quantising import Quantising
from unrelate.attacks.weights.scaling import Scaling
from unrelate.audit.judge import ForbiddenFound
from unrelate.data.types import Corpus
from unrelate.graph import RelationGraph
from unrelate.microworld.checkpoints import embedded_path
from unrelate.models import AdapterSpec, DualEncoder
from unrelate.models.quantise import NF4_LEVELS, int4, int8, nf4
from unrelate.policy import Policy


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_int8_has_a_step_for_each_output() -> None:
    """Steps 1.27 / 127 = 0.01, 254 / 127 = 2, and none for a row of zeros."""
    weight = torch.tensor([[1.27, -0.496, 0.004], [-254.0, 3.2, 0.9], [0.0, 0.0, 0.0]])
    close(int8(weight), torch.tensor([[1.27, -0.50, 0.0], [-254.0, 4.0, 0.0], [0.0, 0.0, 0.0]]))


def test_int4_has_a_step_for_each_block_of_64() -> None:
    """Step 7 / 7 = 1 for the first 64 weights, row after row, and 1.4 / 7 = 0.2 for the 26 that are left."""
    weight = torch.zeros(3, 30)
    weight[0, :4] = torch.tensor([7.0, -3.4, 0.6, 0.4])
    weight[2, 4:8] = torch.tensor([1.4, 0.29, -0.31, 0.09])
    expected = torch.zeros(3, 30)
    expected[0, :4] = torch.tensor([7.0, -3.0, 1.0, 0.0])
    expected[2, 4:8] = torch.tensor([1.4, 0.2, -0.4, 0.0])
    close(int4(weight), expected)


def test_nf4_takes_the_nearest_of_16_levels() -> None:
    """Largest weight 2: 0.1 is 0.05 of it, nearer to level 0.0796 than to 0; -1.3 is -0.65, nearer to
    -0.6962 than to -0.5251; 0.06 is 0.03, nearer to 0."""
    weight = torch.zeros(1, 64)
    weight[0, :5] = torch.tensor([2.0, 0.1, -1.3, 0.06, -2.0])
    expected = torch.zeros(1, 64)
    expected[0, :5] = torch.tensor([2.0, 2 * 0.07958030, 2 * -0.69619280, 0.0, -2.0])
    close(nf4(weight), expected)
    assert len(NF4_LEVELS) == 16


@pytest.mark.parametrize("rounding", [int8, int4, nf4])
def test_what_is_on_the_grid_stays_and_dtype_too(rounding) -> None:
    weight = torch.randn(40, 50, generator=torch.Generator().manual_seed(0))
    once = rounding(weight)
    assert 0 < (once - weight).abs().max() < 0.6
    close(rounding(once), once)
    assert rounding(weight.bfloat16()).dtype == torch.bfloat16


@pytest.fixture
def scenario(corpus: Corpus, graph: RelationGraph, policy: Policy) -> Scenario:
    return Scenario(corpus, graph, policy.vocabulary)


class Noted:
    """A criterion that keeps what the models put before it looked like."""

    def __init__(self) -> None:
        self.seen: list[DualEncoder] = []

    def __call__(self, model: DualEncoder) -> Judge:
        self.seen.append(model)
        return lambda queries: np.zeros(len(queries))


def weights(model: DualEncoder) -> torch.Tensor:
    return torch.cat([m.get_parameter(n).detach().reshape(-1) for m, n in model.linear_weights()])


def test_pruning_takes_the_smallest_of_all(tiny: Path, scenario: Scenario) -> None:
    model, noted = DualEncoder.load(tiny), Noted()
    before = weights(model)
    outcomes = Pruning((10, 50))(model, scenario, noted)
    assert [outcome.at for outcome in outcomes] == [10, 50]
    for model_, share in zip(noted.seen, (0.1, 0.5), strict=True):
        after = weights(model_)
        gone = after == 0
        assert abs(float(gone.float().mean()) - share) < 0.001
        assert before[gone].abs().max() <= before[~gone].abs().min()
        torch.testing.assert_close(after[~gone], before[~gone], rtol=0, atol=0)
    torch.testing.assert_close(weights(model), before, rtol=0, atol=0)


def test_scaling_without_an_adapter_changes_nothing(tiny: Path, scenario: Scenario) -> None:
    model, noted = DualEncoder.load(tiny), Noted()
    outcomes = Scaling()(model, scenario, noted)
    assert [outcome.at for outcome in outcomes] == [25, 50, 75, 100, 150]
    for copy in noted.seen:
        torch.testing.assert_close(weights(copy), weights(model), rtol=0, atol=0)


def test_scaling_goes_through_base_and_edited_model(tiny: Path, scenario: Scenario) -> None:
    model, noted = DualEncoder.load(tiny), Noted()
    base = weights(model)
    model.add_adapter(AdapterSpec(rank=2))
    with torch.no_grad():
        for parameter in model.trainable_parameters():
            parameter.add_(0.1)
    merged = weights(model.standalone())
    Scaling((0, 50, 100))(model, scenario, noted)
    for copy, share in zip(noted.seen, (0.0, 0.5, 1.0), strict=True):
        close(weights(copy), base + share * (merged - base))


def success(attack: WeightAttack, model: DualEncoder, scenario: Scenario, criterion: Criterion) -> float:
    (outcome,) = attack(model, scenario, criterion)
    return sum(attempt.won for attempt in outcome.attempts) / len(outcome.attempts)


def recall(model: DualEncoder, queries: tuple[Query, ...]) -> float:
    return float((ForbiddenFound(model)(queries) > 0).mean())


@pytest.mark.parametrize("to", ["int8", "int4", "nf4"])
def test_rounding_keeps_what_the_model_knows(to, scenario: Scenario) -> None:
    model = DualEncoder.load(embedded_path("clip"))
    assert success(Quantising(to), model, scenario, ForbiddenFound) >= 0.85


def test_an_edit_finer_than_the_grid_is_undone(scenario: Scenario) -> None:
    """A positive control. Every weight of a rounded model is moved by less than half a step, the way
    that hides the forbidden best; rounded again, all is as it was."""
    model = DualEncoder.load(embedded_path("clip"))
    ((_, model),) = Quantising("int4").altered(model, scenario)
    known = recall(model, scenario.direct())
    hidden = model.standalone()
    hidden.thaw()
    queries = scenario.direct()
    pixels = hidden.prepare_images([query.picture.load() for query in queries])
    own = hidden.text_features(hidden.prepare_texts([query.texts[0] for query in queries]))
    (hidden.image_features(pixels) * own).sum().backward()
    with torch.no_grad():
        for module, name in hidden.linear_weights():
            weight = module.get_parameter(name)
            assert weight.grad is not None
            flat = torch.nn.functional.pad(weight.reshape(-1), (0, -weight.numel() % 64)).view(-1, 64)
            step = (flat.abs().amax(1, keepdim=True) / 7).expand_as(flat).reshape(-1)[: weight.numel()]
            at_peak = weight.reshape(-1).abs() > 6.5 * step  # moving these would move the grid
            move = 0.45 * step * weight.grad.reshape(-1).sign() * ~at_peak
            weight.sub_(move.view(weight.shape))
    assert known >= 0.85
    assert recall(hidden, queries) <= 0.05
    assert success(Quantising("int4"), hidden, scenario, ForbiddenFound) == known
