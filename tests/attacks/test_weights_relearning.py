"""Relearning: its losses by hand, its lessons, and that it brings back what was hardly hidden."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unrelate.attacks.types import Scenario
from unrelate.attacks.weights.relearning import (
    Learner,
    Pair,
    Relearning,
    both_true,
    ranking_loss,
    sigmoid_loss,
    taught,
)
from unrelate.audit.judge import ForbiddenFound
from unrelate.data.types import Corpus
from unrelate.edit.loop import Training, train
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import recipe_named
from unrelate.errors import UserError
from unrelate.graph import RelationGraph
from unrelate.graph.types import Role
from unrelate.microworld.checkpoints import embedded_path
from unrelate.microworld.source import Amounts, MicroworldSource
from unrelate.models import DualEncoder
from unrelate.policy import Policy
from unrelate.policy.triple import Triple


@pytest.fixture
def scenario(corpus: Corpus, graph: RelationGraph, policy: Policy) -> Scenario:
    return Scenario(corpus, graph, policy.vocabulary)


def test_ranking_loss_by_hand() -> None:
    """Rows: log(1 + e^-2) and log(1 + e^-1); columns: log(1 + e^-1.5) twice; each half."""
    logits = torch.tensor([[2.0, 0.0], [0.5, 1.5]])
    rows = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))) / 2
    columns = (math.log(1 + math.exp(-1.5)) + math.log(1 + math.exp(-1.5))) / 2
    free = torch.eye(2, dtype=torch.bool)
    assert float(ranking_loss(logits, free)) == pytest.approx((rows + columns) / 2)
    assert float(ranking_loss(logits, torch.ones(2, 2, dtype=torch.bool))) == 0  # nothing to set against


def test_sigmoid_loss_by_hand() -> None:
    """Each pair for itself: -log s(2), -log s(-0), -log s(-0.5), -log s(1.5); by two pictures."""

    def cost(z: float) -> float:
        return math.log(1 + math.exp(-z))

    logits = torch.tensor([[2.0, 0.0], [0.5, 1.5]])
    free = torch.eye(2, dtype=torch.bool)
    expected = (cost(2) + cost(0) + cost(-0.5) + cost(1.5)) / 2
    assert float(sigmoid_loss(logits, free)) == pytest.approx(expected)
    one = free | torch.tensor([[False, True], [False, False]])
    assert float(sigmoid_loss(logits, one)) == pytest.approx((cost(2) + cost(-0.5) + cost(1.5)) / 2)


def test_pairs_that_may_both_be_true_are_no_negatives(corpus: Corpus) -> None:
    picture, wine = corpus.examples[0].picture, Triple("child", "drinking", "wine")
    pairs = [
        Pair(picture, "a child drinking wine", wine),
        Pair(picture, "a kid sipping wine", wine.within(place="park")),  # may be the same scene
        Pair(picture, "a child in a kitchen", wine.within(place="kitchen")),  # not the second's
        Pair(picture, "a person drinking", Triple("man", "drinking", "milk")),
        Pair(picture, "a person drinking", Triple("woman", "drinking", "juice")),  # the same words
    ]
    expected = torch.tensor(
        [[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]]
    )
    assert torch.equal(both_true(pairs), expected.bool())


def test_lessons_go_round_with_other_captions(corpus: Corpus) -> None:
    unsafe = [e for e in corpus.part("train") if e.role is Role.UNSAFE]
    pairs = taught(unsafe, 2 * len(unsafe) + 3, random.Random(0), "forgotten")
    first, second = pairs[: len(unsafe)], pairs[len(unsafe) : 2 * len(unsafe)]
    assert {p.picture for p in first} == {p.picture for p in second} == {e.picture for e in unsafe}
    captions = {e.picture: e for e in unsafe}
    for one, two in zip(first, second, strict=True):
        assert one.picture == two.picture
        assert one.caption == captions[one.picture].caption
        assert two.caption == captions[one.picture].variants[0]
    shorter = taught(unsafe, 5, random.Random(0), "forgotten")
    assert shorter == pairs[:5]  # the first N are the same however many follow


@pytest.mark.parametrize(
    ("of", "roles"),
    [("neighbours", {Role.SAFE_EDGE, Role.NODE}), ("unrelated", {Role.NEUTRAL}), ("forgotten", set(Role))],
)
def test_each_kind_is_taught_its_own_examples(
    of, roles: set[Role], tiny: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_picture = {e.picture: e for e in scenario.corpus.part("train")}
    steps: list[list[Role]] = []
    monkeypatch.setattr(
        Learner, "step", lambda self, pairs: steps.append([by_picture[p.picture].role for p in pairs])
    )
    list(Relearning(of, points=(10, 50)).altered(DualEncoder.load(tiny), scenario))
    assert all(set(step) <= roles for step in steps)
    assert all(len(step) <= 32 for step in steps)
    taught_ = [role for step in steps for role in step]
    if of == "forgotten":  # as many beside them, in every step, and these do not count
        assert all(step.count(Role.UNSAFE) * 2 == len(step) for step in steps)
        assert taught_.count(Role.UNSAFE) == 50
    else:
        assert len(taught_) == 50


def test_a_curve_is_one_pass_and_leaves_the_model(tiny: Path, scenario: Scenario) -> None:
    model = DualEncoder.load(tiny)
    captions = [e.caption for e in scenario.targets]
    before = model.embed_texts(captions)
    seen = {}
    for at, copy in Relearning("neighbours", points=(20, 40), rate=1e-3).altered(model, scenario):
        seen[at] = copy.embed_texts(captions)
    ((_, alone),) = Relearning("neighbours", points=(20,), rate=1e-3).altered(model, scenario)
    torch.testing.assert_close(seen[20], alone.embed_texts(captions), rtol=0, atol=0)
    assert (seen[40] - seen[20]).abs().max() > 1e-3
    assert (seen[20] - before).abs().max() > 1e-3
    torch.testing.assert_close(model.embed_texts(captions), before, rtol=0, atol=0)
    assert model.trainable_parameters() == []


@pytest.mark.slow
def test_a_learner_learns(tiny: Path, scenario: Scenario) -> None:
    model = DualEncoder.load(tiny)
    pairs = taught(scenario.corpus.part("train"), 16, random.Random(0), "any")
    images = [pair.picture.load() for pair in pairs]

    def loss() -> float:
        with torch.no_grad():
            text = model.embed_texts([pair.caption for pair in pairs])
            return float(ranking_loss(model.logits(model.embed_images(images), text), both_true(pairs)))

    before, learner = loss(), Learner(model, 3e-3)
    for _ in range(20):
        learner.step(pairs)
    assert loss() < 0.8 * before


def test_no_such_examples_are_said_so(tiny: Path, scenario: Scenario) -> None:
    kept = tuple(e for e in scenario.corpus.examples if e.role is not Role.NEUTRAL)
    without = replace(scenario, corpus=replace(scenario.corpus, examples=kept))
    with pytest.raises(UserError, match="no unrelated training examples"):
        list(Relearning("unrelated").altered(DualEncoder.load(tiny), without))


@pytest.mark.slow
def test_what_was_hardly_hidden_comes_back(graph: RelationGraph, policy: Policy, tmp_path: Path) -> None:
    """A positive control: a few steps of push-only, which RASU's own table shows to be shallow."""
    corpus = MicroworldSource(Amounts(unsafe=150, safe_edge=200, node=20, neutral=40, audit=40)).corpus(
        graph, seed=0
    )
    scenario = Scenario(corpus, graph, policy.vocabulary)
    model = DualEncoder.load(embedded_path("clip"))
    recipe = replace(recipe_named("push-only"), steps=8)
    model.add_adapter(recipe.adapter, seed=0)
    train(model, Prepared(model, corpus.part("train")[::2], graph), recipe, Training(seed=0), tmp_path)

    def recall(shown: DualEncoder) -> float:
        return float((ForbiddenFound(shown)(scenario.direct()) > 0).mean())

    hidden = recall(model)
    regained = {}
    for of in ("forgotten", "neighbours"):
        ((_, copy),) = Relearning(of, points=(200,)).altered(model, scenario)
        regained[of] = recall(copy)
    print(hidden, regained)
    assert hidden <= 0.3
    assert regained["forgotten"] >= 0.8
    assert regained["neighbours"] >= hidden + 0.3
