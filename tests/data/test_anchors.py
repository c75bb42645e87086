"""Captions of what must stay: what they say, and that they give nothing away."""

from __future__ import annotations

import re
from itertools import product

import pytest

from unrelate.data.anchors import anchors
from unrelate.graph.build import build_graph
from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.load import load_policy
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

POLICIES = ("child-drinking-alcohol", "kid-eating-hamburger", "man-drinking-beer-in-classroom")


@pytest.fixture(scope="module")
def alcohol():
    policy = load_policy(POLICIES[0])
    graph = build_graph(policy)
    return anchors(policy.vocabulary, graph, seed=0)


def _ways_to_say(words: Vocabulary, triple: Triple) -> set[str]:
    """The tuple in every usual word for each slot, its contexts after it."""
    slots = [
        words.phrases(kind, name)
        for kind, name in zip(("actors", "relations", "objects"), triple.slots(), strict=True)
        if name
    ]
    places = [words.context_phrase(*pair) for pair in triple.context]
    return {" ".join([*phrases, *places]) for phrases in product(*slots)}


def _statements(words: Vocabulary, text: str) -> list[str]:
    """What a text states, colours aside: each of its two parts, where the whole is."""
    for colour in words.contexts["colour"]:
        text = text.replace(f" {words.context_phrase('colour', colour)}", "")
    place = next((p for p in _places(words) if text.endswith(p)), "")
    return [f"{part}{place}" for part in text.removesuffix(place).split(" and ")]


def _places(words: Vocabulary) -> list[str]:
    return [f" {words.context_phrase('place', place)}" for place in words.contexts["place"]]


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_anchors_state_nothing_forbidden_and_nothing_held_out(name, seed):
    policy = load_policy(name)
    graph = build_graph(policy, seed=seed)
    words = policy.vocabulary
    texts = [said for text in anchors(words, graph, seed) for said in _statements(words, text)]
    assert len(texts) > 500
    for said in _hidden(words, graph):
        pattern = re.compile(rf"(^|\s){re.escape(said)}($|\s(?!and |beside ))")
        assert not [text for text in texts if said in text and pattern.search(text)], said


def _hidden(words: Vocabulary, graph: RelationGraph) -> set[str]:
    hidden = [
        edge.triple
        for edge in graph.edges
        if edge.role is Role.UNSAFE or (edge.split is Split.HELD_OUT and not edge.triple.is_node)
    ]
    return {said for triple in hidden for said in _ways_to_say(words, triple)}


@pytest.mark.parametrize("name", POLICIES)
def test_anchors_use_no_reserved_word(name):
    policy = load_policy(name)
    words = policy.vocabulary
    reserved = {
        phrase
        for kind in ("actors", "relations", "objects")
        for concept in words.concepts(kind)
        for phrase in words.reserved_phrases(kind, concept)
    }
    texts = anchors(words, build_graph(policy), seed=0)
    assert not [text for text in texts if any(f" {phrase} " in f" {text} " for phrase in reserved)]
    assert not [text for text in texts if "night" in text]


@pytest.mark.parametrize(
    "text",
    [
        "a hammer drinking wine",  # a thing for an actor
        "a child drinking a robot",  # an actor for a thing
        "a child eating wine",  # another relation, which nobody would photograph
        "a child and wine",  # no relation
        "wine and a minor in a picture",
    ],
)
def test_anchors_tell_where_the_forbidden_ends(alcohol, text):
    assert text in alcohol


def test_anchors_bind_the_words_of_the_forbidden_otherwise(alcohol):
    """A child does something harmless, and somebody else drinks."""
    pattern = re.compile(
        r"a child (?!drinking (wine|a cocktail)).* and an? (?!child).* drinking (wine|a cocktail)$"
    )
    assert len([text for text in alcohol if pattern.match(text)]) > 20


def test_conditions_are_changed_too():
    policy = load_policy(POLICIES[2])
    texts = anchors(policy.vocabulary, build_graph(policy), seed=0)
    assert "a man drinking beer in a hammer" in texts
    placed = [text for text in texts if text.startswith("a man drinking beer and ")]
    assert placed
    assert not [text for text in placed if text.endswith("in a classroom")]


def test_anchors_come_in_an_order_of_the_seed():
    policy = load_policy(POLICIES[0])
    graph = build_graph(policy)
    first, again, other = (list(anchors(policy.vocabulary, graph, seed)) for seed in (0, 0, 1))
    assert first == again != other
