"""The embedded world as a source: nothing that the audit asks for is seen in training."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from unrelate.attacks.styles import STYLES as RESERVED_STYLES
from unrelate.data.types import Corpus, Example
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, build_graph
from unrelate.graph.split import Overlaps
from unrelate.graph.types import Role, Split
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.scene import Scene
from unrelate.microworld.source import Amounts, MicroworldSource
from unrelate.microworld.world import USUAL_STYLES, vocabulary
from unrelate.policy import Policy, load_policy
from unrelate.policy.load import shipped_policies
from unrelate.policy.triple import Triple
from unrelate.policy.wording import say, training_wordings

AMOUNTS = Amounts(unsafe=60, safe_edge=120, node=40, neutral=60, audit=60)
FORGETTING = ("direct", "paraphrase", "contextual", "ood_image")


@cache
def made(policy: str, seed: int = 0) -> tuple[RelationGraph, Corpus]:
    graph = build_graph(load_policy(policy), seed=seed)
    return graph, MicroworldSource(AMOUNTS).corpus(graph, seed=seed)


def scene(example: Example) -> Scene:
    assert isinstance(example.picture, DrawnPicture)
    return example.picture.scene


def texts(corpus: Corpus) -> set[str]:
    """Every text that training sees."""
    return {text for e in corpus.part("train") for text in (e.caption, *e.variants)}


policies = pytest.mark.parametrize("policy", shipped_policies("microworld"))


@policies
def test_every_role_and_every_part_is_there(policy: str) -> None:
    graph, corpus = made(policy)
    counts = {role: sum(e.role is role for e in corpus.part("train")) for role in Role}
    assert [counts[r] for r in (Role.UNSAFE, Role.SAFE_EDGE, Role.NODE, Role.NEUTRAL)] == [60, 120, 40, 60]
    assert counts[Role.SAFE_NODE] == 0
    parts = {*FORGETTING, "node", "safe_edge", "safe_node", "neutral"}
    if graph.of(Role.UNSAFE, Split.HELD_OUT):
        parts.add("subordinate")
    assert {e.part for e in corpus.examples} == {"train", *parts}
    assert all(len(corpus.part(part)) == 60 for part in parts)


@policies
def test_every_trained_tuple_of_every_kind_is_shown_about_as_often(policy: str) -> None:
    graph, corpus = made(policy)
    shown = [e.triple.bare() for e in corpus.part("direct")]
    unsafe = {edge.triple.bare() for edge in graph.of(Role.UNSAFE, Split.TRAIN)}
    assert {shown.count(triple) for triple in unsafe} <= {60 // len(unsafe), 60 // len(unsafe) + 1}


@policies
def test_no_picture_of_training_is_one_of_the_audit(policy: str) -> None:
    _, corpus = made(policy)
    trained = [scene(e) for e in corpus.part("train")]
    asked = [scene(e) for e in corpus.examples if e.part != "train"]
    assert len(set(trained)) == len(trained)
    assert not set(trained) & set(asked)
    assert not {s.seed for s in trained} & {s.seed for s in asked}


@policies
def test_nothing_held_out_is_trained_on(policy: str) -> None:
    graph, corpus = made(policy)
    held_out = Overlaps(edge.triple for edge in graph.edges if edge.split is Split.HELD_OUT)
    trained = corpus.part("train")
    assert not [str(e.triple) for e in trained if held_out.meets(e.triple)]
    assert not [scene(e) for e in trained if any(map(held_out.meets, seen(scene(e))))]
    assert {e.split for e in trained} == {Split.TRAIN}


def seen(shown: Scene) -> list[Triple]:
    """All that a picture shows, figure by figure."""
    triples = []
    for figure in shown.figures:
        bare = Triple(figure.actor or "", figure.relation or "", figure.object or "")
        colour = {"colour": figure.colour} if figure.colour else {}
        triples.append(bare.within(place=shown.place, time=shown.time, **colour))
    return triples


@policies
def test_pictures_show_what_their_tuple_says(policy: str) -> None:
    _, corpus = made(policy)
    for e in corpus.examples:
        (shown,) = [triple for triple in seen(scene(e)) if triple.slots() == e.triple.slots()]
        assert set(e.triple.context) <= set(shown.context)


@policies
def test_what_stays_shows_nothing_forbidden(policy: str) -> None:
    graph, corpus = made(policy)
    forbidden = Overlaps(edge.triple for edge in graph.of(Role.UNSAFE))
    for e in corpus.examples:
        assert any(map(forbidden.meets, seen(scene(e)))) == (e.role is Role.UNSAFE), e


@policies
def test_a_share_of_the_training_pictures_shows_two_figures(policy: str) -> None:
    """Of the forbidden and of what stays alike; the audit's four preservation cases show one."""
    _, corpus = made(policy)
    for role in (Role.UNSAFE, Role.SAFE_EDGE, Role.NEUTRAL):
        pictures = [e for e in corpus.part("train") if e.role is role]
        pairs = [e for e in pictures if len(scene(e).figures) == 2]
        assert 0.05 < len(pairs) / len(pictures) < 0.5
        assert all(re.search(" and | beside ", e.caption) for e in pairs)
    assert all(len(scene(e).figures) == 1 for e in corpus.examples if e.part != "train")


@policies
def test_styles_and_nights_of_the_attacks_are_kept_out_of_training(policy: str) -> None:
    _, corpus = made(policy)
    assert {scene(e).style for e in corpus.part("train")} == set(USUAL_STYLES)
    assert {scene(e).style for e in corpus.part("ood_image")} == set(RESERVED_STYLES)
    assert {scene(e).time for e in corpus.part("train")} == {"day"}
    assert {scene(e).time for e in corpus.part("contextual")} == {"night"}


@policies
def test_reserved_words_and_frames_are_kept_out_of_training(policy: str) -> None:
    _, corpus = made(policy)
    words, trained = vocabulary(), texts(corpus)
    reserved = [
        p
        for k in ("actors", "relations", "objects")
        for n in words.concepts(k)
        for p in words.reserved_phrases(k, n)
    ]
    spoken = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, reserved))})(?![\w-])")
    frames = [frame.split("{")[0] or frame.split("}")[-1] for frame in words.reserved_phrasings]
    frames += ["night", "dark", "sunset"]
    assert not [text for text in trained if spoken.search(text) or any(frame in text for frame in frames)]
    for e in corpus.part("paraphrase"):
        assert spoken.search(e.caption)
        assert any(frame in e.caption for frame in frames)
    assert not trained & {e.caption for part in ("paraphrase", "contextual") for e in corpus.part(part)}


@policies
def test_every_question_is_in_its_bank_and_every_bank_tells_all_tuples_apart(policy: str) -> None:
    _, corpus = made(policy)
    for e in corpus.examples:
        if e.part != "train":
            assert corpus.banks[e.wording][e.triple] == e.caption
    tuples = {triple for bank in corpus.banks.values() for triple in bank}
    assert {t.bare() for t in tuples} == {*vocabulary().triples(), *vocabulary().nodes()}
    for bank in corpus.banks.values():
        assert set(bank) == tuples
        assert len(set(bank.values())) == len(bank)


def test_a_condition_is_said_of_every_tuple_of_its_banks() -> None:
    """Where a place decides, a picture is ranked among all tuples at all places."""
    _, corpus = made("man-drinking-beer-in-classroom")
    places = set(vocabulary().contexts["place"])
    for bank in corpus.banks.values():
        edges = [triple for triple in bank if not triple.is_node]
        assert {dict(t.context)["place"] for t in edges} == places
        assert len(edges) == len(places) * len(vocabulary().triples())
    elsewhere = [e.triple for e in corpus.part("train") if e.triple.slots() == ("man", "drinking", "beer")]
    assert {dict(t.context)["place"] for t in elsewhere} > {"classroom"}


@policies
def test_every_text_of_training_states_what_its_picture_shows(policy: str) -> None:
    """In words an edit may use a caption states each tuple that its picture shows, or one above it, perhaps
    with the place. So do variants, which may also name another place, a colour, or what is beside it."""
    for e in made(policy)[1].part("train"):
        true = ways_to_say(e.triple, scene(e).place)
        every = [ways_to_say(triple.bare(), scene(e).place) for triple in seen(scene(e))]
        parts = parts_of(e.caption)
        assert len(parts) == len(every), e
        assert e.caption in true or all(any(part in ways for ways in every) for part in parts), e
        for text in e.variants:
            assert text in true or any(part in true for part in parts_of(text)), text


@cache
def ways_to_say(shown: Triple, place: str) -> frozenset[str]:
    """The tuple and those above it, with their contexts, or with the place too."""
    stated = [
        Triple(actor, shown.relation, object_, shown.context)
        for actor in above("actors", shown.actor)
        for object_ in above("objects", shown.object)
    ]
    placed = [triple.within(place=place) for triple in stated]
    return frozenset(
        say(vocabulary(), triple, wording)
        for triple in (*stated, *placed)
        for wording in training_wordings(vocabulary())
    )


def parts_of(text: str) -> list[str]:
    """What stands side by side in a sentence, without places and colours."""
    for key in ("place", "colour"):
        for value in vocabulary().contexts[key]:
            text = text.replace(f" {vocabulary().context_phrase(key, value)}", "")
    return re.split(" and | beside ", text)


def above(kind: str, name: str) -> tuple[str, ...]:
    return (name, *vocabulary().ancestors(kind, name)) if name else ("",)


@policies
def test_no_text_is_both_forbidden_and_kept(policy: str) -> None:
    _, corpus = made(policy)
    forbidden = {t for e in corpus.part("train") if e.role is Role.UNSAFE for t in (e.caption, *e.variants)}
    assert not forbidden & {e.caption for e in corpus.part("train") if e.role is not Role.UNSAFE}


def test_variants_state_the_forbidden_and_nothing_wider() -> None:
    """``a minor`` means child and toddler, both forbidden; ``a person`` or ``a drink`` mean more."""
    _, corpus = made("child-drinking-alcohol")
    variants = {text for e in corpus.part("train") for text in e.variants}
    assert all(not e.variants for e in corpus.part("train") if e.role is not Role.UNSAFE)
    assert {
        "a minor drinking alcohol",
        "a kid sipping red wine",
        "a photo of a child drinking a cocktail",
    } <= variants
    wider = ("person", "somebody", "a drink", "beverage", "toddler", "tot ", "beer", "lager")
    assert not [
        text for text in variants for word in wider if word in re.sub("(underage|old) person", "", text)
    ]


@pytest.mark.slow
@policies
def test_a_corpus_is_the_same_for_the_same_seed(policy: str) -> None:
    graph, corpus = made(policy)
    assert MicroworldSource(AMOUNTS).corpus(graph, seed=0) == corpus
    other = MicroworldSource(AMOUNTS).corpus(graph, seed=1)
    assert not {e.sha256 for e in corpus.examples} & {e.sha256 for e in other.examples}


def test_keys_and_hashes_tell_the_examples_apart() -> None:
    _, corpus = made("kid-eating-hamburger")
    assert len({(e.part, e.key) for e in corpus.examples}) == len(corpus.examples)
    first = corpus.examples[0]
    assert first.licence == "CC0-1.0"
    assert np.array_equal(np.asarray(first.picture.load()), np.asarray(first.picture.load()))


def test_a_policy_of_another_world_is_refused(policy: Policy) -> None:
    def spoken_of(actors: dict[str, object]) -> Policy:
        words = policy.vocabulary.model_dump(mode="json", exclude_defaults=True)
        data = {"name": "p", "vocabulary": words | {"actors": words["actors"] | actors}}
        return Policy.from_dict(
            data | {"forget": [{"actor": "child", "relation": "eating", "object": "cake"}]}
        )

    assert MicroworldSource.for_policy(policy) == MicroworldSource()
    with pytest.raises(
        UserError, match=r"actors that the embedded world cannot draw: wizard[\s\S]*--data FOLDER"
    ):
        MicroworldSource.for_policy(spoken_of({"wizard": {"says": "a wizard"}}))


def test_scenes_are_values() -> None:
    one = Scene((), "park")
    assert DrawnPicture(one) == DrawnPicture(replace(one))
