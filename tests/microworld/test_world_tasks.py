"""Downstream tasks of the embedded world: nothing of the policy in them, and the base model can do them."""

from __future__ import annotations

import pytest

from unrelate.audit.utility import measure
from unrelate.graph import RelationGraph, build_graph
from unrelate.microworld.checkpoints import embedded_path
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.utility import world_tasks
from unrelate.models import DualEncoder
from unrelate.policy import load_policy

NAMES = ["world_place", "world_colour", "world_image_to_text", "world_text_to_image"]
NAMES += ["world_objects", "world_actors"]


@pytest.mark.parametrize("name", ["child-drinking-alcohol", "man-drinking-beer-in-classroom"])
def test_nothing_in_them_has_to_do_with_the_policy(name: str) -> None:
    policy = load_policy(name)
    tasks = world_tasks(build_graph(policy, seed=0), seed=0, most=60)
    assert [task.name for task in tasks] == NAMES
    words = policy.vocabulary
    forbidden = {"child-drinking-alcohol": ({"child", "toddler"}, {"wine", "beer", "cocktail"})}
    actors, objects = forbidden.get(name, ({"man"}, {"beer"}))
    phrases = [p for actor in actors for p in words.phrases("actors", actor)]
    phrases += [p for object_ in objects for p in words.phrases("objects", object_)]
    for task in tasks:
        said = [f" {way} " for ways in task.texts for way in ways]
        assert not [text for text in said for phrase in phrases if f" {phrase} " in text]
        for picture in task.pictures:
            assert isinstance(picture, DrawnPicture)
            assert not {f.actor for f in picture.scene.figures} & actors
            assert not {f.object for f in picture.scene.figures} & objects


def test_answers_are_what_was_drawn(graph: RelationGraph) -> None:
    tasks = {task.name: task for task in world_tasks(graph, seed=3, most=40)}
    where, found = tasks["world_place"], tasks["world_image_to_text"]
    assert where.pictures == found.pictures
    assert len({text for (text,) in found.texts}) == 40  # no two scenes are said alike
    for picture, right, own in zip(where.pictures, where.answers, found.answers, strict=True):
        assert isinstance(picture, DrawnPicture)
        (place,), (caption,) = right, own
        phrase = f" a {picture.scene.place}"
        assert all(way.endswith(phrase) for way in where.texts[place])
        assert found.texts[caption][0].endswith(phrase)
        assert str(picture.scene.figures[0].object) in found.texts[caption][0]


def test_the_same_seed_draws_the_same(graph: RelationGraph) -> None:
    assert world_tasks(graph, seed=1, most=20) == world_tasks(graph, seed=1, most=20)
    assert world_tasks(graph, seed=1, most=20) != world_tasks(graph, seed=2, most=20)


def test_the_base_model_can_do_them(graph: RelationGraph) -> None:
    """The control: what it could not do, it could not lose."""
    model = DualEncoder.load(embedded_path("clip"))
    for task in world_tasks(graph, seed=0, most=24):
        assert measure(model, task).mean() > 0.9
