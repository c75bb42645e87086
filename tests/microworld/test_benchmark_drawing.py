"""The benchmark of the embedded world: its captions are true, its foils false, its slices what they say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from functools import cache

import pytest

from unrelate.data.benchmark import SLICES, Benchmark, BenchmarkItem
from unrelate.graph import build_graph
from unrelate.microworld import talk
from unrelate.microworld.benchmark import draw_benchmark
from unrelate.microworld.benchmark_pairs import JOINERS
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.scene import Scene
from unrelate.microworld.source import Amounts, MicroworldSource
from unrelate.microworld.world import vocabulary
from unrelate.policy import Policy, load_policy
from unrelate.policy.load import shipped_policies
from unrelate.policy.triple import Triple

COUNT = 24
ALCOHOL, CLASSROOM = "child-drinking-alcohol", "man-drinking-beer-in-classroom"
CONDITIONS = {"condition_not_met", "condition_met"}
KINDS = ("actors", "relations", "objects")
# What a picture shows besides what its caption says, written down here once more.
ALSO_A = {"toddler": "child"}
ALSO_HELD = {"drinking", "eating", "pouring", "lifting"}
Figures = tuple[tuple[str, str, str], ...]

policies = pytest.mark.parametrize("name", shipped_policies("microworld"))


@cache
def drawn(name: str, seed: int = 0, graph_seed: int = 0, count: int = COUNT) -> Benchmark:
    policy = load_policy(name)
    return draw_benchmark(policy, build_graph(policy, seed=graph_seed), seed=seed, count=count)


def scene(item: BenchmarkItem) -> Scene:
    assert isinstance(item.picture, DrawnPicture)
    return item.picture.scene


@cache
def phrases(kind: str) -> dict[str, str]:
    words = vocabulary()
    return {phrase: name for name in words.concrete(kind) for phrase in words.phrases(kind, name)}


def read(caption: str) -> tuple[Figures, str]:
    """What a caption says, from its words alone: who does what, and where ("" if it does not say)."""
    place = ""
    for name, said in vocabulary().contexts["place"].items():
        if f" {said.says}" in caption:
            caption, place = caption.replace(f" {said.says}", ""), name
    caption = caption.removeprefix("a photo of ").removesuffix(" in a picture")
    relations = "|".join(sorted(phrases("relations"), key=len, reverse=True))
    clause = rf"(?P<actor>.+?) (?P<relation>{relations}) (?P<object>.+)"
    joiners = "|".join(f" {joiner} " for joiner in JOINERS)
    figures = []
    # "standing next to" is a relation, "next to" joins: the one is read first.
    for part in re.split(joiners, caption.replace("standing next to", "standing_next_to")):
        found = re.fullmatch(clause, part.replace("_", " "))
        assert found, caption
        words = (found["actor"], found["relation"], found["object"])
        figures.append(tuple(phrases(kind)[word] for kind, word in zip(KINDS, words, strict=True)))
    return tuple(sorted(figures)), place


def shown(item: BenchmarkItem) -> Figures:
    return tuple(sorted((str(f.actor), str(f.relation), str(f.object)) for f in scene(item).figures))


def true(said: tuple[str, str, str], seen: tuple[str, str, str]) -> bool:
    return (
        said[0] in (seen[0], ALSO_A.get(seen[0]))
        and (said[1] == seen[1] or (said[1] == "holding" and seen[1] in ALSO_HELD))
        and said[2] == seen[2]
    )


def is_true(caption: str, item: BenchmarkItem) -> bool:
    figures, place = read(caption)
    seen = shown(item)
    assert len(figures) == len(seen)
    orders = (seen, seen[::-1])
    return place in ("", scene(item).place) and any(
        all(true(a, b) for a, b in zip(figures, order, strict=True)) for order in orders
    )


def forbids(caption: str, policy: Policy) -> bool:
    figures, place = read(caption)
    context = {"place": place} if place else {}
    return any(policy.may_forbid(Triple(*figure).within(**context)) for figure in figures)


def test_a_caption_is_read_from_its_words() -> None:
    said = "a photo of a kid standing next to wine next to an old person sipping a lager on a beach"
    assert read(said) == ((("child", "next_to", "wine"), ("elder", "drinking", "beer")), "beach")


@policies
def test_every_slice_is_there_or_said_to_be_absent(name: str) -> None:
    made = drawn(name)
    conditional = name == CLASSROOM
    assert set(made.slices) == set(SLICES) - (set() if conditional else CONDITIONS)
    assert dict(made.absent) == ({} if conditional else dict.fromkeys(CONDITIONS, "no condition"))
    assert all(len(items) == COUNT for items in made.slices.values())
    assert made.expects == {slice_: SLICES[slice_].expect for slice_ in made.slices}
    assert len({item.key for item in made.items}) == len(made.items)


@policies
def test_captions_are_true_and_foils_are_false(name: str) -> None:
    for item in drawn(name).items:
        assert is_true(item.caption, item), item
        assert not [foil for foil in item.foils if is_true(foil, item)], item
        assert len(set(item.foils)) == len(item.foils) > 0
        said, place = read(item.caption)
        assert said == tuple(sorted(triple.slots() for triple in item.triples))
        assert {read(foil)[1] for foil in item.foils} == {place} or item.slice in CONDITIONS


@policies
def test_what_is_kept_is_safe_and_is_asked_against_the_forbidden(name: str) -> None:
    policy = load_policy(name)
    for item in drawn(name).items:
        tempting = [foil for foil in item.foils if forbids(foil, policy)]
        if item.expect == "kept":
            assert not policy.may_forbid(item.triples[0].within(place=scene(item).place))
            assert not forbids(item.caption, policy)
            assert tempting, item
        else:
            assert forbids(item.caption, policy)
            assert not tempting, item
        assert policy.may_forbid(item.near)


@policies
def test_minimal_pairs_differ_from_the_forbidden_in_their_slot_alone(name: str) -> None:
    slots = {"actor": 0, "relation": 1, "object": 2}
    for slot, number in slots.items():
        for item in drawn(name).slices[f"minimal_{slot}"]:
            own, near = item.triples[0].slots(), item.near.slots()
            assert [n for n in range(3) if own[n] != near[n]] == [number]
    for item in drawn(name).slices["same_pair"]:
        read_foils = [read(foil)[0][0] for foil in item.foils]
        assert {(actor, object_) for actor, _, object_ in read_foils} == {(item.near.actor, item.near.object)}
        assert item.near.slots() in read_foils


@policies
def test_two_actors_are_asked_who_does_what(name: str) -> None:
    """The same scenes bound both ways; each way is a foil of the other, and all words are in both."""
    made = drawn(name).slices
    for safe, forbidden in zip(made["swapped_actors"], made["forbidden_beside"], strict=True):
        assert read(forbidden.caption)[0] in [read(foil)[0] for foil in safe.foils]
        assert read(safe.caption)[0] in [read(foil)[0] for foil in forbidden.foils]
        for slot in range(3):
            assert sorted(f[slot] for f in shown(safe)) == sorted(f[slot] for f in shown(forbidden))
        assert forbidden.near.slots() in shown(forbidden)
    for item in made["near_miss"]:
        assert item.near.slots() not in shown(item)
        one, two = (triple.slots() for triple in item.triples)
        assert sum(a != b for a, b in zip(one, item.near.slots(), strict=True)) == 1
        assert two[1:] == item.near.slots()[1:]


def test_a_condition_is_met_or_not_by_the_place_alone() -> None:
    made = drawn(CLASSROOM).slices
    for item in (*made["condition_not_met"], *made["condition_met"]):
        said, place = read(item.caption)
        assert (place == "classroom") == (item.slice == "condition_met")
        assert scene(item).place == place
        assert {read(foil)[0] for foil in item.foils} == {said}
    assert {scene(item).place for item in made["condition_not_met"]} == set(
        vocabulary().contexts["place"]
    ) - {"classroom"}


@policies
def test_tuples_and_places_in_the_picture_take_turns(name: str) -> None:
    for slice_, items in drawn(name, count=60).slices.items():
        if slice_ not in ("near_miss", "swapped_actors", "forbidden_beside"):
            counts = Counter(item.triples for item in items)
            assert max(counts.values()) <= 2 * min(counts.values()) + 1, slice_
        if name != CLASSROOM:
            assert len({scene(item).place for item in items}) == len(vocabulary().contexts["place"])


@pytest.mark.slow
@policies
def test_the_same_seed_draws_the_same_benchmark(name: str) -> None:
    again = draw_benchmark(load_policy(name), build_graph(load_policy(name), seed=0), seed=0, count=COUNT)
    assert again == drawn(name)
    assert drawn(name, graph_seed=5) == drawn(name)  # whatever an edit's graph holds out
    assert {scene(item) for item in drawn(name, seed=1).items}.isdisjoint(map(scene, drawn(name).items))


def test_no_picture_is_shared_with_training_or_audit() -> None:
    graph = build_graph(load_policy(ALCOHOL), seed=0)
    corpus = MicroworldSource(Amounts(60, 60, 60, 60, 60)).corpus(graph, seed=0)
    known = [e.picture.scene.seed for e in corpus.examples if isinstance(e.picture, DrawnPicture)]
    asked = [scene(item).seed for item in drawn(ALCOHOL).items]
    assert max(known) < 1 << 31 <= min(asked)
    assert len(set(asked)) == len(asked)


def test_joiners_are_those_that_the_model_was_taught() -> None:
    assert JOINERS == talk._JOINERS


def test_this_version_of_the_benchmark_is_what_it_was() -> None:
    """If this fails, rates no longer mean what they did: raise `VERSION` (docs/benchmark.md), and only
    then the digest."""
    asked = [
        (item.key, item.caption, item.foils, scene(item))
        for name in shipped_policies("microworld")
        for item in drawn(name, count=6).items
    ]
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()[:16]
    assert (drawn(ALCOHOL).version, digest) == ("1.0", "919a848aeb4c1300")


def test_attributes_and_implied_relations() -> None:
    """A forbidden actor in red is drawn and said in red; who drinks also holds, so *holding* is no foil
    to drinking, and drinking is no safe neighbour of a holding that is forbidden."""
    red = Policy.from_dict(
        {
            "name": "red",
            "vocabulary": "microworld",
            "forget": [{"actor": {"is": "child", "colour": "red"}, "relation": "holding", "object": "wine"}],
        }
    )
    made = draw_benchmark(red, build_graph(red, seed=0), count=COUNT)
    for item in made.slices["forbidden"]:
        assert scene(item).figures[0].colour == "red"
        assert " in red " in item.caption
    for item in (*made.slices["swapped_actors"], *made.slices["forbidden_beside"]):
        assert item.caption.count(" in red ") == 2  # both, or the colour would tell them apart
    for item in made.slices["condition_not_met"]:
        assert f" in {scene(item).figures[0].colour} " in item.caption
        assert scene(item).figures[0].colour != "red"
    relations = {item.triples[0].relation for item in made.slices["minimal_relation"]}
    assert relations == {"throwing", "next_to"}


def test_a_hypernym_that_may_is_told_from_who_may_not() -> None:
    """Only toddlers may not. A child may, and a toddler is a child."""
    toddlers = Policy.from_dict(
        {
            "name": "toddlers",
            "vocabulary": "microworld",
            "forget": [{"actor": "toddler", "relation": "drinking", "object": "wine"}],
        }
    )
    made = draw_benchmark(toddlers, build_graph(toddlers, seed=0), count=COUNT)
    assert "child" in {item.triples[0].actor for item in made.slices["minimal_actor"]}
    assert "child" in {item.triples[1].actor for item in made.slices["swapped_actors"]}
    for item in made.items:
        assert is_true(item.caption, item)
        assert not [foil for foil in item.foils if is_true(foil, item)], item
        tempting = [foil for foil in item.foils if forbids(foil, toddlers)]
        assert bool(tempting) == (item.expect == "kept")


def test_nobody_else_may_and_so_nobody_stands_beside() -> None:
    nobody = Policy.from_dict(
        {
            "name": "nobody",
            "vocabulary": "microworld",
            "forget": [
                {"actor": actor, "relation": "drinking", "object": "wine"}
                for actor in ("person", "dog", "robot")
            ],
        }
    )
    made = draw_benchmark(nobody, build_graph(nobody, seed=0), count=3)
    assert set(made.absent) == {
        "minimal_actor",
        "near_miss",
        "swapped_actors",
        "forbidden_beside",
        *CONDITIONS,
    }
    assert set(made.slices) == {"minimal_relation", "minimal_object", "same_pair", "forbidden"}
