"""Who stands beside the forbidden: harmless, never held out, and at times with all its words."""

from __future__ import annotations

import random

import pytest

from unrelate.data.company import Company
from unrelate.data.statements import may_be_forbidden
from unrelate.graph.build import build_graph
from unrelate.graph.types import Role, Split
from unrelate.policy.load import load_policy
from unrelate.policy.triple import Triple

POLICIES = ("child-drinking-alcohol", "kid-eating-hamburger", "man-drinking-beer-in-classroom")


def made(name: str, seed: int = 0) -> Company:
    policy = load_policy(name)
    return Company(policy.vocabulary, build_graph(policy, seed=seed))


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nobody_is_forbidden_or_held_out(name, seed):
    company = made(name, seed)
    rng = random.Random(0)
    pairs = [pair for _ in range(300) if (pair := company.bound_otherwise(rng))]
    told = {*company.figures, *(triple for pair in pairs for triple in pair)}
    held_out = {edge.triple.bare() for edge in company.graph.edges if edge.split is Split.HELD_OUT}
    assert len(company.figures) > 20
    assert len(pairs) > 200
    assert not told & held_out
    assert not [triple for triple in told if may_be_forbidden(company.words, triple, company.graph)]
    assert told <= set(company.words.triples())


@pytest.mark.parametrize("name", POLICIES)
def test_pairs_share_out_the_words_of_the_forbidden(name):
    company = made(name)
    forbidden = [edge.triple.bare() for edge in company.graph.of(Role.UNSAFE, Split.TRAIN)]
    rng = random.Random(0)
    for _ in range(300):
        pair = company.bound_otherwise(rng)
        if pair:
            slots = {name for triple in pair for name in triple.slots()}
            assert [near for near in forbidden if set(near.slots()) <= slots], pair


def test_half_of_the_pairs_are_near_misses():
    """A child holding wine beside a man drinking wine: both touch what only one of them may drink."""
    company = made(POLICIES[0])
    rng = random.Random(0)
    pairs = [pair for _ in range(400) if (pair := company.bound_otherwise(rng))]
    near = [(one, two) for one, two in pairs if one.actor == "child" and one.object == two.object]
    assert 0.35 < len(near) / len(pairs) < 0.65
    assert all(two.relation == "drinking" and one.relation != "drinking" for one, two in near)


def test_where_nothing_can_be_exchanged_there_is_no_pair():
    """A graph whose only edge is forbidden has nobody to stand beside it."""
    policy = load_policy(POLICIES[1])
    graph = build_graph(policy)
    unsafe = graph.of(Role.UNSAFE, Split.TRAIN)
    company = Company(policy.vocabulary, type(graph)(unsafe, graph.scope))
    assert company.figures == ()
    assert company.bound_otherwise(random.Random(0)) is None
    assert unsafe[0].triple == Triple("child", "eating", "hamburger")
