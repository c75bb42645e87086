"""Further requests: what they are made of, and that each goes on top of the last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unrelate.attacks.types import Scenario
from unrelate.attacks.weights.sequential import Sequential, requests
from unrelate.data.types import Corpus
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, build_graph
from unrelate.graph.types import Role, Split
from unrelate.microworld.source import Amounts, MicroworldSource
from unrelate.models import DualEncoder
from unrelate.policy import Policy, load_policy


@pytest.fixture
def scenario(corpus: Corpus, graph: RelationGraph, policy: Policy) -> Scenario:
    return Scenario(corpus, graph, policy.vocabulary)


def test_a_request_shares_nothing_with_what_is_forbidden(scenario: Scenario) -> None:
    old = scenario.graph.forbidden
    taken = {slot for triple in old for slot in triple.slots()}
    for request in requests(scenario, 3):
        new = request.graph.forbidden
        assert not {slot for triple in new for slot in triple.slots()} & taken
        assert not old & {edge.triple for edge in request.graph.edges}
        assert not old & {example.triple for example in request.examples}
        assert not old & set(request.anchors.values())


def test_requests_differ(scenario: Scenario) -> None:
    pairs = [
        {(triple.actor, triple.relation) for triple in request.graph.forbidden}
        for request in requests(scenario, 4)
    ]
    assert all(len(pair) == 1 for pair in pairs)
    assert len(set.union(*pairs)) == 4


def test_examples_have_the_roles_of_the_new_graph(scenario: Scenario) -> None:
    (request,) = requests(scenario, 1)
    shown = {example.picture for example in scenario.corpus.part("train")}
    edges = {edge.triple: edge for edge in request.graph.edges}
    assert {e.role for e in request.examples} >= {Role.UNSAFE, Role.SAFE_EDGE, Role.NEUTRAL}
    for example in request.examples:
        edge = edges[example.triple]
        assert example.picture in shown
        assert example.role is edge.role
        assert edge.split is Split.TRAIN
        assert (example.triple in request.graph.forbidden) == (example.role is Role.UNSAFE)
        assert bool(example.variants) == (example.role is Role.UNSAFE)


@pytest.mark.slow
def test_a_policy_with_conditions_gets_requests_too() -> None:
    policy = load_policy("man-drinking-beer-in-classroom")
    graph = build_graph(policy, seed=0)
    amounts = Amounts(unsafe=8, safe_edge=40, node=8, neutral=60, audit=4)
    scenario = Scenario(MicroworldSource(amounts).corpus(graph, seed=0), graph, policy.vocabulary)
    (request,) = requests(scenario, 1)
    hidden = {triple.slots() for triple in graph.forbidden}
    assert not hidden & {example.triple.slots() for example in request.examples}
    assert {example.triple.context for example in request.examples} == {()}


def test_too_few_pictures_are_said_so(scenario: Scenario) -> None:
    with pytest.raises(UserError, match="for 99 further requests"):
        list(requests(scenario, 99))


@pytest.mark.slow
def test_each_request_goes_on_top_of_the_last(tiny: Path, scenario: Scenario) -> None:
    model = DualEncoder.load(tiny)
    captions = [example.caption for example in scenario.targets]
    before = model.embed_texts(captions)
    seen = []
    bases = []
    for at, edited in Sequential(requests=2, steps=2).altered(model, scenario):
        assert edited.has_adapter
        with edited.base():
            bases.append(edited.embed_texts(captions))
        seen.append(edited.embed_texts(captions))
        assert at == len(seen)
    torch.testing.assert_close(bases[0], before, rtol=0, atol=0)
    torch.testing.assert_close(bases[1], seen[0], rtol=0, atol=1e-5)
    assert (seen[0] - before).abs().max() > 1e-4
    assert (seen[1] - bases[1]).abs().max() > 1e-4
    assert not model.has_adapter
    torch.testing.assert_close(model.embed_texts(captions), before, rtol=0, atol=0)


def test_without_neutral_examples_there_is_no_request(scenario: Scenario) -> None:
    kept = tuple(e for e in scenario.corpus.examples if e.role is not Role.NEUTRAL)
    without = replace(scenario, corpus=replace(scenario.corpus, examples=kept))
    with pytest.raises(UserError, match="neutral training examples of 0 actors"):
        list(requests(without, 1))


def test_its_budget_can_be_read() -> None:
    assert Sequential().budget.words == "an unrelated request on top, 120 steps of the recipe calibrated each"
    assert Sequential(requests=3, steps=9).budget.words.startswith("3 unrelated requests on top, 9 steps")
