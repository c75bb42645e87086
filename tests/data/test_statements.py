"""The text side of the graph: what states the forbidden, and what nearly does."""

from __future__ import annotations

import random
import re

import pytest

from unrelate.data.company import Company
from unrelate.data.sentences import dressed, forbidden_sentences
from unrelate.data.statements import may_be_forbidden, wider_and_forbidden, wider_and_safe
from unrelate.graph.build import build_graph
from unrelate.graph.types import Role, Split
from unrelate.policy.load import load_policy
from unrelate.policy.triple import Triple
from unrelate.policy.wording import say

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


def test_forbidden_sentences_state_the_forbidden_beside_what_is_no_neighbour(alcohol):
    """In each sentence one part has a forbidden actor and object, and nobody else; what stands beside it is
    a thing that is neither a drink (forbidden, or a partner that may be held out), or somebody harmless."""
    words, graph = alcohol
    wine = Triple("child", "drinking", "wine")
    company = Company(words, graph)
    harmless = {say(words, triple) for triple in company.figures}
    things = {say(words, triple) for triple in company.things}
    sentences = forbidden_sentences(company, wine, 400, random.Random(0))
    assert any(re.match(r"a child in \w+ drinking wine (in|on) a \w+$", text) for text in sentences)
    beside = []
    for sentence in sentences:
        parts = re.split(" and | beside ", sentence)
        stated = [part for part in parts if part not in harmless | things]
        assert len(stated) == 1, sentence
        assert re.search(r"\b(wine|alcohol|alcoholic drink|booze)\b", stated[0]), sentence
        assert re.search(r"\b(child|kid|minor|underage person)\b", stated[0]), sentence
        assert not re.search(r"\b(man|woman|elder|dog|robot|toddler|milk|juice|night)\b", stated[0]), sentence
        beside += [part for part in parts if part is not stated[0]]
    assert set(beside) <= harmless | things
    assert set(beside) & harmless
    assert set(beside) & things


def test_a_conditional_tuple_gets_no_wider_sentences():
    policy = load_policy(POLICIES[2])
    graph = build_graph(policy)
    beer = graph.of(Role.UNSAFE)[0].triple
    assert forbidden_sentences(Company(policy.vocabulary, graph), beer, 50, random.Random(0)) == []


def test_bystanders_are_no_end_of_the_forbidden_and_no_held_out_partner(alcohol):
    words, graph = alcohol
    things = {triple.object for triple in Company(words, graph).things}
    assert "hammer" in things
    held = {
        edge.triple.object
        for edge in graph.of(Role.SAFE_EDGE, Split.HELD_OUT)
        if edge.kind == "other object" and edge.triple.actor == "child"
    }
    assert held
    assert not things & (held | {"wine", "cocktail", "beer"})


def test_what_a_world_with_conditions_says_always_has_them(alcohol):
    words, _ = alcohol
    milk = Triple("man", "drinking", "milk")
    said = [dressed(words, milk, ("place",), random.Random(seed)) for seed in range(20)]
    assert all("place" in dict(triple.context) for triple in said)
    assert {"colour" in dict(triple.context) for triple in said} == {True, False}
    kept = dressed(words, milk.within(place="park"), ("place",), random.Random(0))
    assert dict(kept.context)["place"] == "park"
