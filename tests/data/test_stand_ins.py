"""What is never pictured has stand-ins: made of neighbours alone, and read as the tuple itself."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from PIL import Image

from unrelate.data.folder import FolderSource
from unrelate.data.pictures import StyledPicture
from unrelate.data.stand_ins import StandIn, neighbours_by_kind, seen_through, stand_in
from unrelate.data.types import Example
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, Role, Split, build_graph
from unrelate.microworld.source import Amounts, MicroworldSource
from unrelate.microworld.world import render
from unrelate.policy import Policy, load_policy
from unrelate.policy.triple import Triple
from unrelate.reproduce.picture_free import without_pictures

NAMES = ("child-drinking-alcohol", "man-drinking-beer-in-classroom")
WINE = Triple("child", "drinking", "wine")
FEW = Amounts(unsafe=12, safe_edge=60, node=6, neutral=12, audit=12)


@pytest.fixture(scope="module", params=NAMES)
def policy(request: pytest.FixtureRequest) -> Policy:
    return without_pictures(load_policy(request.param))


@pytest.fixture(scope="module")
def graph(policy: Policy) -> RelationGraph:
    return build_graph(policy)


@pytest.fixture(scope="module")
def trained(graph: RelationGraph) -> tuple[Example, ...]:
    return MicroworldSource(FEW).corpus(graph, seed=0).part("train")


def test_the_graph_knows_what_is_never_pictured(graph: RelationGraph) -> None:
    assert graph.never == graph.forbidden
    assert not build_graph(load_policy(NAMES[0])).never


def test_training_holds_no_picture_of_the_forbidden(trained: tuple[Example, ...]) -> None:
    """Every part of a stand-in is the picture of a safe training example that differs in one part."""
    safe = {e.picture: e.triple for e in trained if e.role is Role.SAFE_EDGE}
    forbidden = [example for example in trained if example.role is Role.UNSAFE]
    assert forbidden
    for example in forbidden:
        assert isinstance(example.picture, StandIn)
        for part in example.picture.pictures:
            near = safe[part]
            apart = sum(a != b for a, b in zip(near.slots(), example.triple.slots(), strict=True))
            apart += len(set(example.triple.context) - set(near.context))
            assert apart == 1
    with pytest.raises(UserError, match="never drawn"):
        forbidden[0].picture.load()


def test_the_audit_of_the_embedded_world_asks_with_pictures(graph: RelationGraph) -> None:
    corpus = MicroworldSource(FEW).corpus(graph, seed=0)
    assert not any(isinstance(e.picture, StandIn) for e in corpus.examples if e.part != "train")


def test_the_base_model_reads_a_stand_in_as_the_tuple() -> None:
    """At least four in five, and far more than a single neighbour's picture (none)."""
    from unrelate.assembly import load_model
    from unrelate.models.looking import embed_pictures

    chosen = without_pictures(load_policy(NAMES[0]))
    graph = build_graph(chosen)
    corpus = MicroworldSource(FEW).corpus(graph, seed=0)
    forbidden = [example for example in corpus.part("train") if example.role is Role.UNSAFE]
    model, bank = load_model("embedded:clip", "cpu"), corpus.banks["usual"]
    texts = model.embed_texts(list(bank.values()))

    def right(pictures: list, triples: list[Triple]) -> float:
        best = (embed_pictures(model, pictures) @ texts.T).argmax(1).tolist()
        return sum(tuple(bank)[b] == t for b, t in zip(best, triples, strict=True)) / len(triples)

    triples = [example.triple for example in forbidden]
    assert right([example.picture for example in forbidden], triples) >= 0.8
    ones = [e.picture.pictures[0] for e in forbidden if isinstance(e.picture, StandIn)]
    assert right(ones, triples) <= 0.2


def test_one_kind_of_neighbour_is_too_few(trained: tuple[Example, ...]) -> None:
    triple = next(example.triple for example in trained if example.role is Role.UNSAFE)
    kinds = neighbours_by_kind(triple, [e for e in trained if e.role is Role.SAFE_EDGE])
    assert len(kinds) >= 2
    only = dict(list(kinds.items())[:1])
    with pytest.raises(UserError, match="too few neighbours"):
        stand_in(triple, only, random.Random(0))


def test_a_change_is_made_to_every_part(trained: tuple[Example, ...]) -> None:
    picture = next(example.picture for example in trained if isinstance(example.picture, StandIn))
    changed = seen_through(picture, lambda part: StyledPicture(part, Image.Image.copy))
    assert isinstance(changed, StandIn)
    assert all(isinstance(part, StyledPicture) for part in changed.pictures)


def folder_of(path: Path, graph: RelationGraph, *, forbidden: bool = False) -> Path:
    """Pictures of neighbours, a few of each; and of the forbidden, if asked for."""
    path.mkdir()
    rows = []
    roles = (Role.SAFE_EDGE, Role.NODE, *([Role.UNSAFE] if forbidden else []))
    for edge in (edge for role in roles for edge in graph.of(role)):
        for seed in range(2):
            triple = edge.triple
            place = dict(triple.context).get("place", "park")
            image, caption = render(
                triple.actor or None, triple.relation or None, triple.object or None, place=place, seed=seed
            )
            name = f"{len(rows)}.png"
            image.save(path / name)
            slots = dict(zip(("actor", "relation", "object"), triple.slots(), strict=True))
            where = {} if triple.is_node else {"place": place}
            rows.append({"image": name, "caption": f"{caption} {len(rows)}", **slots, **where})
    with (path / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["image", "caption", "actor", "relation", "object", "place"])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.slow
def test_a_folder_without_the_forbidden_can_be_edited_on(
    tmp_path: Path, policy: Policy, graph: RelationGraph
) -> None:
    corpus = FolderSource(folder_of(tmp_path / "f", graph), policy).corpus(graph, seed=0)
    for part, split in (("train", Split.TRAIN), ("direct", Split.HELD_OUT)):
        shown = [e for e in corpus.part(part) if e.role is Role.UNSAFE]
        assert shown
        assert all(isinstance(e.picture, StandIn) and e.split is split for e in shown)
    assert corpus.part("paraphrase")
    pictures = {
        split: {e.picture for e in corpus.examples if e.role is Role.SAFE_EDGE and e.split is split}
        for split in Split
    }
    for example in (*corpus.part("train"), *corpus.part("direct")):
        if isinstance(example.picture, StandIn):
            assert set(example.picture.pictures) <= pictures[example.split]


@pytest.mark.slow
def test_a_folder_that_holds_the_forbidden_is_refused(
    tmp_path: Path, policy: Policy, graph: RelationGraph
) -> None:
    folder = folder_of(tmp_path / "f", graph, forbidden=True)
    with pytest.raises(UserError, match="pictures: never"):
        FolderSource(folder, policy).corpus(graph, seed=0)
