"""Roles of what captions state, and why."""

from __future__ import annotations

import pytest

from unrelate.graph.build import build_graph
from unrelate.graph.types import Role, Split
from unrelate.matching.matcher import Matched, Matcher
from unrelate.policy.load import load_policy


def matcher(policy: str) -> Matcher:
    loaded = load_policy(policy)
    return Matcher(loaded, build_graph(loaded))


@pytest.fixture(scope="module")
def wine() -> Matcher:
    return matcher("child-drinking-alcohol")


def one(matcher: Matcher, caption: str) -> Matched:
    (found,) = matcher.match(caption).statements
    return found


@pytest.mark.parametrize(
    ("caption", "role"),
    [
        ("a child drinking wine", Role.UNSAFE),
        ("a tot sipping a lager", Role.UNSAFE),
        ("a child drinking alcohol", Role.UNSAFE),
        ("a man drinking wine", Role.SAFE_EDGE),
        ("a child drinking milk", Role.SAFE_EDGE),
        ("a child holding wine", Role.SAFE_EDGE),
        ("a dog kicking a ball", Role.NEUTRAL),
        ("a person drinking wine", None),
        ("a child drinking a drink", None),
        ("an adult drinking a soft drink", None),
    ],
)
def test_roles(wine: Matcher, caption: str, role: Role | None) -> None:
    assert one(wine, caption).role is role


def test_why_names_words_kinds_and_the_rule(wine: Matcher) -> None:
    found = one(wine, "A tot is sipping red wine")
    assert found.why == (
        "'tot' says toddler; 'sipping' says drinking; 'red wine' says wine; "
        "toddler is a child; wine is alcohol; forbidden by child-drinking-alcohol"
    )
    assert found.split is Split.HELD_OUT


def test_what_may_be_forbidden_says_so(wine: Matcher) -> None:
    found = one(wine, "a person drinking wine")
    assert found.may_be_forbidden
    assert (found.role, found.split) == (None, None)
    assert "may be forbidden" in found.why


def test_what_the_graph_does_not_name_says_so(wine: Matcher) -> None:
    found = one(wine, "an adult drinking a soft drink")
    assert not found.may_be_forbidden
    assert found.why.endswith("not in the relation graph")


def test_a_condition_decides() -> None:
    beer = matcher("man-drinking-beer-in-classroom")
    assert one(beer, "a man drinking beer in a classroom").role is Role.UNSAFE
    assert one(beer, "a man drinking beer in the park").role is Role.SAFE_EDGE
    assert one(beer, "a man drinking beer").role is None
    assert one(beer, "a man drinking beer").may_be_forbidden
    dressed = one(beer, "a man in red drinking beer in a classroom")
    assert dressed.role is Role.UNSAFE, "a colour is nothing that this policy speaks of"
    assert dict(dressed.triple.context) == {"place": "classroom", "colour": "red"}


def test_each_tuple_of_a_caption_has_its_own_role(wine: Matcher) -> None:
    found = wine.match("a child holding an apple next to a man drinking wine")
    assert [(str(m.triple), m.role) for m in found.statements][1] == ("man-drinking-wine", Role.SAFE_EDGE)
    assert len(found.statements) == 2


def test_a_caption_that_states_nothing(wine: Matcher) -> None:
    assert wine.match("a sunset").statements == ()
