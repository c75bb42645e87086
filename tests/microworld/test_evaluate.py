"""How well a model knows the embedded world, measured on models whose knowledge is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from unrelate.microworld import evaluate
from unrelate.microworld.evaluate import Figure95, evaluate_clip, top1, top1_two_actor, two_actor_candidates
from unrelate.microworld.sampler import tuples
from unrelate.microworld.scene import Scene
from unrelate.microworld.talk import triple_of
from unrelate.microworld.world import vocabulary
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL, paraphrases, say

Meaning = Callable[[Triple], tuple[str, ...]]


class Knows:
    """An encoder that reads scenes and captions off, as far as ``meaning`` lets it."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning, self.numbers = meaning, {}
        words = vocabulary()
        self.said = {say(words, t, w): (t,) for t in tuples() for w in (USUAL, *paraphrases(words))}

    def embed_images(self, scenes: Sequence[Scene]) -> Tensor:
        return torch.stack([self._vector(tuple(triple_of(f) for f in scene.figures)) for scene in scenes])

    def embed_texts(self, captions: Sequence[str]) -> Tensor:
        return torch.stack([self._vector(self._read(caption)) for caption in captions])

    def _read(self, caption: str) -> tuple[Triple, ...]:
        if caption in self.said:
            return self.said[caption]
        parts = caption.split(" next to ")
        # "standing next to" holds the joiner too, so the cut is where both sides are sentences.
        cuts = [(" next to ".join(parts[:i]), " next to ".join(parts[i:])) for i in range(1, len(parts))]
        one, two = next((a, b) for a, b in cuts if a in self.said and b in self.said)
        return (*self.said[one], *self.said[two])

    def _vector(self, triples: tuple[Triple, ...]) -> Tensor:
        known = tuple(self.meaning(triple) for triple in triples)
        seed = self.numbers.setdefault(known, len(self.numbers))
        return torch.nn.functional.normalize(
            torch.randn(64, generator=torch.Generator().manual_seed(seed)), dim=0
        )


@pytest.fixture(autouse=True)
def scenes_are_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "picture", lambda scene: scene)


def knows(meaning: Meaning) -> DualEncoder:
    return cast(DualEncoder, cast(Any, Knows(meaning)))


def test_a_model_that_knows_all_is_always_right() -> None:
    figures = evaluate_clip(knows(lambda triple: triple.slots()), count=40, seed=1)
    assert set(figures) == {"top1", "top1_two_actor", "top1_paraphrase"}
    assert {figure.value for figure in figures.values()} == {1.0}
    assert [figures[name].count for name in ("top1", "top1_two_actor", "top1_paraphrase")] == [40, 10, 20]
    assert figures["top1"].low == pytest.approx(0.05 ** (1 / 40))


def test_a_model_blind_to_actors_is_seldom_right() -> None:
    """Seven actors look alike to it: it names one of seven, always the same."""
    found = top1(knows(lambda triple: triple.slots()[1:]), 200, 3)
    assert 0.05 < found.value < 0.25
    assert found.low < found.value < found.high


def test_a_model_that_knows_no_binding_fails_on_pairs() -> None:
    """To a bag of words the right caption and the swapped ones are one: a tie is not an answer."""

    class Bag(Knows):
        def _vector(self, triples: tuple[Triple, ...]) -> Tensor:
            slots = sorted(slot for triple in triples for slot in triple.slots())
            return super()._vector((Triple("|".join(slots)),))

    assert top1_two_actor(knows(lambda triple: triple.slots()), 40, 2).value == 1
    assert top1_two_actor(cast(DualEncoder, cast(Any, Bag(lambda triple: triple.slots()))), 40, 2).value < 0.1


def test_the_candidates_of_a_pair() -> None:
    rng = random.Random(4)
    one, two = Triple("child", "eating", "cake"), Triple("man", "holding", "ball")
    options = two_actor_candidates(rng, one, two)
    assert options[0] == (one, two)
    assert (Triple("man", "eating", "cake"), Triple("child", "holding", "ball")) in options
    assert len(options) > 60
    for pair in options[1:]:
        assert set(pair) != {one, two}
        assert set(pair) <= set(tuples())


def test_a_share_with_its_interval() -> None:
    figure = Figure95.of([1.0] * 30 + [0.0] * 10)
    assert figure.value == 0.75
    assert figure.low == pytest.approx(0.75 - 0.134, abs=0.03)
    assert figure.high == pytest.approx(0.75 + 0.134, abs=0.03)
    assert figure.count == 40
