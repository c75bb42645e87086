"""Captions by a language model: only those that state the tuple count, and none is asked for twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from unrelate.collect.captioning import CAPTIONS, Captioner
from unrelate.collect.types import Need
from unrelate.collect.wording import Scenes
from unrelate.graph import RelationGraph, Role, Split, build_graph
from unrelate.policy import Policy, load_policy
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")
REPLY = """1. A kid is sipping red wine in the evening
2. A child drinks milk
3. Wine is being drunk by a child
4. A child is not drinking wine
5. "A child drinking wine next to a man eating cake"
"""
SOUND = ("A kid is sipping red wine in the evening", "Wine is being drunk by a child")


@dataclass
class Writer:
    """Replies the same to every request, and counts them."""

    name: str = "writer"
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: str, seed: int) -> str:
        self.asked.append(request)
        return REPLY

    def weights_hash(self) -> str:
        return ""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("child-drinking-alcohol")


@pytest.fixture(scope="module")
def graph(policy: Policy) -> RelationGraph:
    return build_graph(policy)


def test_only_what_states_the_tuple_and_nothing_else_counts(
    tmp_path: Path, policy: Policy, graph: RelationGraph
) -> None:
    captioner = Captioner(Writer(), policy, graph, tmp_path)
    assert captioner.captions(WINE) == SOUND
    assert captioner.dropped == 3


def test_a_reply_is_kept(tmp_path: Path, policy: Policy, graph: RelationGraph) -> None:
    Captioner(Writer(), policy, graph, tmp_path).captions(WINE)
    with (tmp_path / CAPTIONS).open("ab") as file:
        file.write(b'{"model": "writer", "request": "cut sh')
    again = Writer()
    captioner = Captioner(again, policy, graph, tmp_path)
    assert captioner.captions(WINE) == SOUND
    assert again.asked == []
    captioner.captions(Triple("child", "drinking", "cocktail"))
    last = Writer()
    Captioner(last, policy, graph, tmp_path).captions(Triple("child", "drinking", "cocktail"))
    assert (len(again.asked), last.asked) == (1, [])


def test_a_node_is_said_in_one_way(tmp_path: Path, policy: Policy, graph: RelationGraph) -> None:
    writer = Writer()
    assert Captioner(writer, policy, graph, tmp_path).captions(Triple("child")) == ()
    assert writer.asked == []


def test_a_scene_says_who_worded_it(tmp_path: Path, policy: Policy, graph: RelationGraph) -> None:
    captioner = Captioner(Writer(), policy, graph, tmp_path)
    scenes = Scenes(policy.vocabulary, graph, captioner=captioner)
    need = Need(WINE, Role.UNSAFE, Split.TRAIN, 30)
    drawn = [scenes.of(need, number) for number in range(30)]
    worded = {(scene.caption in SOUND, scene.worded_by) for scene in drawn}
    assert worded == {(True, "writer"), (False, "")}
