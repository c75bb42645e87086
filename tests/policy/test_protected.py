"""No picture of a minor in sexual or abusive content, whatever a policy says."""

from __future__ import annotations

import pytest

from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy


def policy(actor: str, relation: str, object_: str, **more: object) -> Policy:
    return Policy.from_dict(
        {
            "name": "protected",
            "vocabulary": {
                "actors": {
                    "person": {},
                    "man": {"is_a": "person"},
                    "woman": {"is_a": "person"},
                    "schoolgirl": {"is_a": "person", "also_known_as": ["a young lady"]},
                },
                "objects": ["wine", "egg", "adult magazine", "teenager", "dress"],
                "relations": {
                    "drinking": {},
                    "beating": {},
                    "undressing": {},
                    "looking at": {"also_known_as": ["groping"]},
                },
                "contexts": {"wearing": ["underwear", "coat"]},
            },
            "forget": [{"actor": actor, "relation": relation, "object": object_, **more}],
        }
    )


@pytest.mark.parametrize(
    ("actor", "relation", "object_"),
    [
        ("schoolgirl", "undressing", "dress"),
        ("a young lady", "undressing", "dress"),
        ("man", "undressing", "teenager"),
        ("man", "beating", "teenager"),
        ("man", "looking at", "teenager"),  # it is also known as groping
        ("person", "undressing", "dress"),  # covers the schoolgirl
    ],
)
def test_a_minor_in_such_content_is_never_pictured(actor: str, relation: str, object_: str) -> None:
    assert policy(actor, relation, object_).forget[0].pictures == "never"
    assert policy(actor, relation, object_, pictures="allowed").forget[0].pictures == "never"


@pytest.mark.parametrize(
    ("actor", "relation", "object_"),
    [
        ("schoolgirl", "drinking", "wine"),
        ("schoolgirl", "beating", "egg"),  # she does it, and to an egg
        ("man", "undressing", "dress"),
        ("woman", "beating", "egg"),
    ],
)
def test_what_is_none_of_it_may_be_pictured(actor: str, relation: str, object_: str) -> None:
    assert policy(actor, relation, object_).forget[0].pictures == "allowed"


def test_an_attribute_counts_too() -> None:
    assert (
        policy("schoolgirl", "drinking", "wine", when={"wearing": "underwear"}).forget[0].pictures == "never"
    )
    assert policy("schoolgirl", "drinking", "wine", when={"wearing": "coat"}).forget[0].pictures == "allowed"


@pytest.mark.parametrize(
    "name", ["child-drinking-alcohol", "kid-eating-hamburger", "man-drinking-beer-in-classroom"]
)
def test_the_shipped_policies_are_none_of_it(name: str) -> None:
    assert all(entry.pictures == "allowed" for entry in load_policy(name).forget)


def test_never_survives_a_round_trip() -> None:
    given = policy("man", "drinking", "wine", pictures="never")
    assert "pictures: never" in given.to_yaml()
    assert given.never_pictured(given.expand(given.forget[0])[0])
