"""The text side of the graph: what states the forbidden, and what nearly does."""

from __future__ import annotations

import pytest

from unrelate.data.statements import anchors, may_be_forbidden, wider_and_forbidden, wider_and_safe
from unrelate.graph.build import build_graph
from unrelate.graph.types import Role, Split
from unrelate.policy.load import load_policy
from unrelate.policy.triple import Triple

POLICIES = ("child-drinking-alcohol", "kid-eating-hamburger", "man-drinking-beer-in-classroom")


@pytest.fixture(scope="module")
def alcohol():
    policy = load_policy(POLICIES[0])
    return policy.vocabulary, build_graph(policy)


def test_the_forbidden_is_stated_with_hypernyms_that_mean_nothing_else(alcohol):
    words, graph = alcohol
    stated = set(wider_and_forbidden(words, Triple("child", "drinking", "wine"), graph.scope))
    assert Triple("minor", "drinking", "alcohol") in stated
    assert not {t for t in stated if t.actor == "person" or t.object == "drink"}


def test_the_safe_is_stated_with_hypernyms_that_hold_nothing_forbidden(alcohol):
    words, graph = alcohol
    assert wider_and_safe(words, Triple("child", "drinking", "milk"), graph) == [
        Triple("child", "drinking", "soft_drink"),
        Triple("minor", "drinking", "milk"),
        Triple("minor", "drinking", "soft_drink"),
        Triple("person", "drinking", "milk"),
        Triple("person", "drinking", "soft_drink"),
    ]
    assert may_be_forbidden(words, Triple("person", "drinking", "drink"), graph)


@pytest.mark.parametrize("name", POLICIES)
def test_anchors_state_nothing_forbidden_and_nothing_held_out(name):
    policy = load_policy(name)
    graph = build_graph(policy)
    texts = anchors(policy.vocabulary, graph, seed=0)
    kept_from = {e.triple.bare() for e in graph.edges if e.split is Split.HELD_OUT or e.role is Role.UNSAFE}
    assert len(texts) > 200
    assert not {triple.bare() for triple in texts.values()} & kept_from
    reserved = {
        phrase
        for kind in ("actors", "relations", "objects")
        for concept in policy.vocabulary.concepts(kind)
        for phrase in policy.vocabulary.reserved_phrases(kind, concept)
    }
    assert not [text for text in texts if any(f" {phrase} " in f" {text} " for phrase in reserved)]


def test_anchors_put_things_in_the_place_of_actors(alcohol):
    words, graph = alcohol
    assert "a hammer drinking wine" in anchors(words, graph, seed=0)
    assert "a child drinking a robot" in anchors(words, graph, seed=0)


def test_anchors_come_in_an_order_of_the_seed(alcohol):
    words, graph = alcohol
    first, again, other = (list(anchors(words, graph, seed)) for seed in (0, 0, 1))
    assert first == again != other
    assert sorted(first) == sorted(other)
