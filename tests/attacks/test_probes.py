"""A probe reads what is there, calls the rest chance, and is never asked what it was taught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from unrelate.attacks.probe_lessons import NEAREST, Lesson, caption_lesson, picture_lesson
from unrelate.attacks.probes import LEAST, CaptionProbe, PictureProbe, ProbeAttack
from unrelate.attacks.types import Outcome, Scenario
from unrelate.data.types import Corpus, Example
from unrelate.graph import RelationGraph, build_graph
from unrelate.graph.types import Role, Split
from unrelate.microworld.checkpoints import embedded_path
from unrelate.microworld.source import Amounts, MicroworldSource
from unrelate.models import DualEncoder
from unrelate.policy import Policy, load_policy
from unrelate.policy.triple import Triple

EMBEDDED = embedded_path("clip")


@pytest.fixture(scope="module")
def scenario(policy: Policy, graph: RelationGraph) -> Scenario:
    amounts = Amounts(unsafe=40, safe_edge=60, node=0, neutral=0, audit=48)
    return Scenario(MicroworldSource(amounts).corpus(graph, seed=0), graph, policy.vocabulary)


def unjudged(model: Any) -> Any:
    raise AssertionError("a probe asks no criterion")


def accuracies(probe: ProbeAttack, model: Any, scenario: Scenario) -> list[float]:
    return [float(np.mean([a.won for a in o.attempts])) for o in probe(model, scenario, unjudged)]


@dataclass(frozen=True)
class Dot:
    red: int

    def load(self) -> Image.Image:
        return Image.new("RGB", (2, 2), (self.red, 0, 0))


class Layers:
    """Three layers: the first tells nothing, the second only noise, the third who is forbidden."""

    def __init__(self, forbidden: dict[str, bool] | None = None) -> None:
        self.forbidden = forbidden or {}
        self.noise = torch.Generator().manual_seed(0)

    def prepare_images(self, images: Sequence[Image.Image]) -> Tensor:
        reds = [cast("tuple[int, int, int]", image.getpixel((0, 0)))[0] for image in images]
        return torch.tensor([red % 2 for red in reds])

    def prepare_texts(self, captions: Sequence[str]) -> Tensor:
        return torch.tensor([int(self.forbidden[caption]) for caption in captions])

    def hidden_states(self, tower: str, inputs: Tensor) -> list[Tensor]:
        noise = torch.randn(len(inputs), 3, generator=self.noise)
        return [torch.ones(len(inputs), 2), noise, noise + 20 * inputs[:, None]]


def with_dots(scenario: Scenario) -> Scenario:
    """The same examples, their pictures odd where forbidden."""
    examples = tuple(
        replace(e, picture=Dot(2 * (n % 100) + (e.role is Role.UNSAFE)))
        for n, e in enumerate(scenario.corpus.examples)
    )
    return replace(scenario, corpus=replace(scenario.corpus, examples=examples))


@pytest.mark.parametrize("probe", [PictureProbe(), CaptionProbe()])
def test_it_reads_what_is_there_and_nothing_else(probe: ProbeAttack, scenario: Scenario) -> None:
    scenario = with_dots(scenario)
    lesson = probe.lesson(scenario)
    model = Layers({reading.text: reading.forbidden for reading in (*lesson.train, *lesson.test)})
    outcomes = probe(cast(DualEncoder, model), scenario, unjudged)
    assert [outcome.at for outcome in outcomes] == [0.0, 1.0, 2.0]
    nothing, noise, all_of_it = (np.mean([a.won for a in o.attempts]) for o in outcomes)
    assert nothing == 0.5  # one answer for all, right for one side
    assert 0.3 < noise < 0.7
    assert all_of_it == 1.0
    for outcome in outcomes[1:]:
        assert len(outcome.attempts) == len(lesson.test)
        assert all(a.won == (a.margin > 0) for a in outcome.attempts)


def kinds_of(scenario: Scenario, lesson: Lesson) -> Counter[str]:
    kinds = {edge.triple: edge.kind for edge in scenario.graph.edges}
    return Counter(
        kinds.get(r.triple) or kinds[r.triple.bare()]
        for r in (*lesson.train, *lesson.test)
        if not r.forbidden
    )


@pytest.mark.parametrize("name", ["child-drinking-alcohol", "man-drinking-beer-in-classroom"])
@pytest.mark.parametrize("lesson_of", [picture_lesson, caption_lesson])
def test_both_sides_weigh_the_same_and_nothing_is_asked_that_was_taught(name: str, lesson_of: Any) -> None:
    policy = load_policy(name)
    graph = build_graph(policy, seed=0)
    amounts = Amounts(unsafe=40, safe_edge=60, node=0, neutral=0, audit=48)
    scenario = Scenario(MicroworldSource(amounts).corpus(graph, seed=0), graph, policy.vocabulary)
    lesson = lesson_of(scenario, 24)
    for readings in (lesson.train, lesson.test):
        assert sum(r.forbidden for r in readings) * 2 == len(readings) >= 2 * LEAST
    assert len(lesson.train) == 48
    assert {r.forbidden for r in lesson.train if r.triple in graph.forbidden} == {True}
    assert not {r.key for r in lesson.train} & {r.key for r in lesson.test}
    safe = [{r.triple for r in readings if not r.forbidden} for readings in (lesson.train, lesson.test)]
    assert not safe[0] & safe[1]
    kinds = kinds_of(scenario, lesson)
    assert set(kinds) <= set(NEAREST)
    assert max(kinds.values()) <= 2 * min(kinds.values())


def test_sentences_are_taught_in_usual_words_and_asked_in_reserved_ones(scenario: Scenario) -> None:
    lesson = caption_lesson(scenario, 60)
    words = scenario.vocabulary
    reserved = [phrase for kind in ("actors", "relations") for name in words.concepts(kind)
                for phrase in words.reserved_phrases(kind, name)]  # fmt: skip
    assert not any(phrase in reading.text for reading in lesson.train for phrase in reserved)
    for side in (True, False):
        asked = [r.text for r in lesson.test if r.forbidden is side]
        assert sum(any(phrase in text for phrase in reserved) for text in asked) > len(asked) / 4
    texts = [reading.text for reading in (*lesson.train, *lesson.test)]
    assert len(set(texts)) == len(texts)


@pytest.mark.slow
def test_the_embedded_model_is_read_and_one_that_knows_nothing_less(scenario: Scenario, tiny: Path) -> None:
    """The control: what the base model knows, the probe finds; a picture's first token, before it has
    looked at anything, tells nothing."""
    base, untaught = DualEncoder.load(EMBEDDED), DualEncoder.load(tiny)
    for probe in (PictureProbe(), CaptionProbe()):
        known, chance = accuracies(probe, base, scenario), accuracies(probe, untaught, scenario)
        assert known[-1] > 0.8
        assert known[-1] > chance[-1] + 0.1
        assert known[0] < 0.65
    assert accuracies(PictureProbe(), base, scenario)[0] == 0.5


@pytest.mark.slow
def test_it_is_repeatable_and_leaves_the_model_alone(scenario: Scenario, tiny: Path) -> None:
    model = DualEncoder.load(tiny)
    before = model.embed_texts(["a child drinking wine"])
    assert CaptionProbe()(model, scenario, unjudged) == CaptionProbe()(model, scenario, unjudged)
    assert torch.equal(model.embed_texts(["a child drinking wine"]), before)


def told(number: int, role: Role, part: str) -> Example:
    """A row of a folder that gives a caption and a role, and no tuple."""
    split = Split.TRAIN if part == "train" else Split.HELD_OUT
    caption = f"{'somebody' if role is Role.UNSAFE else 'nobody'} smokes near pump {number}"
    dot, triple = Dot(role is Role.UNSAFE), Triple(actor=caption)
    return Example(f"{part}-{number}-{role}", dot, caption, triple, role, split, part, "usual", "", "", "")


def captioned(scenario: Scenario, count: int) -> Scenario:
    """So many such rows of either side, to learn from and to be asked about."""
    parts = {"train": (Role.UNSAFE, Role.SAFE_EDGE), "direct": (Role.UNSAFE,), "safe_edge": (Role.SAFE_EDGE,)}
    sides = [(role, part) for part, roles in parts.items() for role in roles]
    examples = [
        told(100 * place + n, role, part) for place, (role, part) in enumerate(sides) for n in range(count)
    ]
    return replace(
        scenario, corpus=Corpus(tuple(examples), {"usual": {e.triple: e.caption for e in examples}})
    )


@pytest.mark.parametrize("probe", [PictureProbe(), CaptionProbe()])
def test_rows_that_give_a_role_and_no_tuple_are_read_too(probe: ProbeAttack, scenario: Scenario) -> None:
    scenario = captioned(scenario, LEAST)
    lesson = probe.lesson(scenario)
    assert all(r.forbidden == ("somebody" in r.text) for r in (*lesson.train, *lesson.test))
    model = Layers({r.text: r.forbidden for r in (*lesson.train, *lesson.test)})
    assert accuracies(probe, model, scenario)[-1] == 1.0


def test_where_examples_are_missing_it_says_so(scenario: Scenario) -> None:
    few = captioned(scenario, LEAST - 1)
    assert "7 examples of the forbidden" in PictureProbe().lacks(few)
    assert not PictureProbe().lacks(captioned(scenario, LEAST))
    outcomes: tuple[Outcome, ...] = PictureProbe()(cast(DualEncoder, Layers()), few, unjudged)
    assert outcomes == ()
