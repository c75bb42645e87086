"""Gradient attacks on pixels: they climb, keep to their budget, and learn only from what they may see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, SiglipConfig, SiglipModel
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from unrelate.attacks.base import QueryAttack
from unrelate.attacks.image.aims import Aims, levels, rounded
from unrelate.attacks.image.pgd import PGD
from unrelate.attacks.image.universal import UniversalPGD
from unrelate.attacks.types import Outcome, Scenario
from unrelate.audit.judge import ForbiddenFound
from unrelate.data.types import Corpus
from unrelate.errors import UserError
from unrelate.graph import RelationGraph
from unrelate.graph.types import Role
from unrelate.microworld.checkpoints import embedded_path
from unrelate.models import DualEncoder
from unrelate.policy import Policy


@pytest.fixture(scope="module")
def scenario(policy: Policy, graph: RelationGraph, corpus: Corpus) -> Scenario:
    return Scenario(corpus, graph, policy.vocabulary, most=4)


@pytest.fixture(scope="module")
def siglip(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SigLIP that was never trained, with the words of the embedded world."""
    folder = tmp_path_factory.mktemp("tiny-siglip")
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    words = {"vocab_size": len(tokenizer), "max_position_embeddings": 32, "projection_size": 32}
    config = SiglipConfig(
        text_config={**tower, **words}, vision_config={**tower, "image_size": 32, "patch_size": 8}
    )
    torch.manual_seed(0)
    SiglipModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["clip", "siglip"])
def model(request: pytest.FixtureRequest, tiny: Path, siglip: Path) -> DualEncoder:
    return DualEncoder.load(tiny if request.param == "clip" else siglip)


@pytest.fixture(scope="module")
def base() -> DualEncoder:
    return DualEncoder.load(embedded_path("clip"))


def margins(outcome: Outcome) -> np.ndarray:
    return np.array([attempt.margin for attempt in outcome.attempts])


def shifts(outcome: Outcome, model: DualEncoder, attack: QueryAttack, scenario: Scenario) -> np.ndarray:
    """What was added to each target's own picture, in levels."""
    found = [attempt.picture for attempt in outcome.attempts]
    assert all(found)
    after = np.stack([np.asarray(p.load(), dtype=int) for p in found if p])
    own = [model.seen_picture(t.picture.load()) for t in attack.targets(scenario)]
    return after - np.stack([np.asarray(picture, dtype=int) for picture in own])


def test_the_aim_is_the_audits_own_margin(model: DualEncoder, scenario: Scenario) -> None:
    queries = scenario.direct()
    pixels = levels(model, [query.picture for query in queries])
    exact, smooth = Aims.of(model, queries).margins(model.pixel_features(pixels / 255))
    np.testing.assert_allclose(exact.numpy(), ForbiddenFound(model)(queries), atol=1e-5)
    assert smooth.requires_grad == pixels.requires_grad
    assert smooth.shape == exact.shape == (len(queries),)


def test_rounding_keeps_the_gradient() -> None:
    before = torch.tensor([-3.0, 10.4, 10.6, 300.0], requires_grad=True)
    after = rounded(before)
    assert after.tolist() == [0, 10, 11, 255]
    (slope,) = torch.autograd.grad(after.sum(), before)
    assert slope.tolist() == [0, 1, 1, 0]  # none where a level can go no further


def test_it_climbs_and_further_with_more_room(model: DualEncoder, scenario: Scenario) -> None:
    attack = PGD(epsilons=(1, 8), steps=6, batch=3)
    near, far = attack(model, scenario, ForbiddenFound)
    start = ForbiddenFound(model)(scenario.direct())
    assert (near.at, far.at) == (1, 8)
    assert (margins(near) > start).all()
    assert margins(far).mean() > margins(near).mean()
    for outcome, epsilon in ((near, 1), (far, 8)):
        assert np.abs(shifts(outcome, model, attack, scenario)).max() == epsilon


@pytest.mark.slow
def test_it_goes_the_same_way_again_and_more_steps_never_lose(tiny: Path, scenario: Scenario) -> None:
    model = DualEncoder.load(tiny)
    (short,) = PGD(steps=2)(model, scenario, ForbiddenFound)
    (again,) = PGD(steps=2)(model, scenario, ForbiddenFound)
    (longer,) = PGD(steps=6)(model, scenario, ForbiddenFound)
    (other,) = PGD(steps=2)(model, replace(scenario, seed=1), ForbiddenFound)
    assert short == again
    assert (margins(longer) >= margins(short)).all()
    assert (margins(other) != margins(short)).any()


def test_the_model_is_left_as_it_was(tiny: Path, scenario: Scenario) -> None:
    model = DualEncoder.load(tiny)
    before = ForbiddenFound(model)(scenario.direct())
    PGD(steps=1)(model, scenario, ForbiddenFound)
    np.testing.assert_array_equal(ForbiddenFound(model)(scenario.direct()), before)


@pytest.mark.slow
def test_pictures_of_safe_neighbours_are_pushed_towards_the_forbidden(
    base: DualEncoder, scenario: Scenario
) -> None:
    """The control on the same model: the base model, which knows what is forbidden, does not find it
    in these; what the push alone yields is fragility."""
    attack = PGD(epsilons=(8,), steps=5, of="safe neighbours")
    targets = attack.targets(scenario)
    assert len(targets) == len(scenario.targets)
    assert not {target.triple for target in targets} & scenario.graph.forbidden
    idle = replace(attack, steps=0)
    (before,), (after,) = idle(base, scenario, ForbiddenFound), attack(base, scenario, ForbiddenFound)
    assert (margins(before) < 0).all()
    assert (margins(after) > margins(before)).all()
    assert [attempt.triple for attempt in after.attempts] == [str(target.triple) for target in targets]


def test_the_base_model_finds_what_is_shown(base: DualEncoder, scenario: Scenario) -> None:
    """The positive control."""
    for attack in (PGD(steps=2), UniversalPGD(steps=2)):
        (outcome,) = attack(base, scenario, ForbiddenFound)
        assert all(attempt.won for attempt in outcome.attempts)


def test_one_change_serves_all_pictures(model: DualEncoder, scenario: Scenario) -> None:
    attack = UniversalPGD(epsilons=(8,), steps=8, batch=8)
    (outcome,) = attack(model, scenario, ForbiddenFound)
    added = shifts(outcome, model, attack, scenario)
    assert np.abs(added).max() == 8
    # Alike but where a level would leave its range.
    own = np.stack([np.asarray(model.seen_picture(t.picture.load()), dtype=int) for t in scenario.targets])
    inside = ((own >= 8) & (own <= 247)).all(0)
    assert inside.any()
    assert (np.ptp(added, axis=0)[inside] == 0).all()
    assert margins(outcome).mean() > ForbiddenFound(model)(scenario.direct()).mean()


def test_the_universal_change_hangs_on_training_pictures_alone(tiny: Path, scenario: Scenario) -> None:
    model, attack = DualEncoder.load(tiny), UniversalPGD(steps=3)
    (all_targets,) = attack(model, scenario, ForbiddenFound)
    (one_target,) = attack(model, replace(scenario, most=1), ForbiddenFound)
    assert one_target.attempts[0].picture == all_targets.attempts[0].picture

    examples = [e for e in scenario.corpus.examples if e.role is not Role.UNSAFE or e.part != "train"]
    untaught = replace(scenario, corpus=replace(scenario.corpus, examples=tuple(examples)))
    with pytest.raises(UserError, match="no training pictures"):
        attack(model, untaught, ForbiddenFound)
