"""Relearning: the model trained on, for one pass over a few examples. Does the forbidden come back?

What was only hidden comes back from a few examples, even from some that do not show it: of its
neighbours, or of anything. The same lessons are given to the base model (control: it must not lose the
forbidden by them) and to one that never learnt the forbidden (null). Any model learns from enough
examples of the forbidden itself: that curve is to be compared, not to stay at 0.

The attacker takes the loss that such models are pre-trained with: CLIP's symmetric cross-entropy, or
SigLIP's sigmoid of every pair. Pairs that may both be true (the same caption, the same tuple) are no
negatives of each other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from unrelate.attacks.base import WeightAttack
from unrelate.attacks.types import Budget, NeedsPixels, Scenario
from unrelate.data.types import Example, Picture
from unrelate.errors import UserError
from unrelate.graph.types import Role
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple
from unrelate.policy.tuples import overlap

_ROLES: Mapping[str, tuple[Role, ...]] = {
    "forgotten": (Role.UNSAFE,),
    "neighbours": (Role.SAFE_EDGE, Role.NODE),
    "unrelated": (Role.NEUTRAL,),
}


@dataclass(frozen=True)
class Pair:
    """A picture and what is said of it."""

    picture: Picture
    caption: str
    triple: Triple


@dataclass(frozen=True)
class Relearning(WeightAttack):
    """One pass over training examples of one kind, all weights trainable.

    AdamW at a constant rate, so that the first N examples are the attack with N, whatever follows.
    Where there are fewer pictures than examples asked for they come again, with the next of their
    captions (pictures of the forbidden have many, those of anything else one).

    Pairs of the forbidden all say the same, and a contrastive loss has nothing to set them against; so
    each comes with a companion, an example of anything that is not forbidden. An attacker has those in
    plenty, and they do not count among the N.

    Args:
        of: what the examples show: the forbidden, its neighbours in the graph (safe edges and nodes), or
            what has nothing to do with it.
        points: of its curve: after how many examples the model is asked; rising.
        rate: AdamW's. As strong as the embedded model bears: after 200 unrelated examples its base still
            has 98 % of neutral and 93 % of safe-node pictures right, at 1e-4 92 and 82 %. Below it
            less comes back (at 3e-5 nothing after 100 examples of the forbidden); above it the model
            loses more than it regains. Larger models take less: try 1e-5.
        batch: most pairs a step.
    """

    of: Literal["forgotten", "neighbours", "unrelated"]
    points: tuple[int, ...] = (50, 100, 200, 500, 1000)
    rate: float = 5e-5
    needs_pixels: ClassVar[NeedsPixels] = "trained"
    batch: int = 32
    curve: ClassVar[str] = "examples"

    @property
    def budget(self) -> Budget:
        beside = ", each with one of anything safe beside it" if self.of == "forgotten" else ""
        return Budget(
            f"one pass over up to {self.points[-1]} training examples ({self.of}){beside}; all weights, "
            f"AdamW at {self.rate:g}, {self.batch} pairs a step"
        )

    def altered(self, model: DualEncoder, scenario: Scenario) -> Iterator[tuple[float | None, DualEncoder]]:
        rng = random.Random(f"relearning/{self.of}/{scenario.seed}")
        train, count = scenario.corpus.part("train"), self.points[-1]
        lessons = taught([e for e in train if e.role in _ROLES[self.of]], count, rng, self.of)
        beside: Sequence[Pair] = ()
        if self.of == "forgotten":
            beside = taught([e for e in train if e.role is not Role.UNSAFE], count, rng, "safe")
        copy = model.standalone()
        learner = Learner(copy, self.rate)
        for start, stop in pairwise((0, *self.points)):
            for rows in _even(start, stop, self.batch // 2 if beside else self.batch):
                learner.step([*lessons[rows], *beside[rows]])
            yield stop, copy


class Learner:
    """Trains all weights of a model on, step by step, with the loss of its pre-training.

    In evaluation mode: without dropout the same lessons give the same weights.
    """

    def __init__(self, model: DualEncoder, rate: float) -> None:
        self._model = model
        model.thaw()
        self._optimizer = torch.optim.AdamW(model.trainable_parameters(), lr=rate)

    def step(self, pairs: Sequence[Pair]) -> None:
        """One step on one batch."""
        image = self._model.image_features(self._model.prepare_images([p.picture.load() for p in pairs]))
        text = self._model.text_features(self._model.prepare_texts([p.caption for p in pairs]))
        logits = self._model.logits(image, text)
        true = both_true(pairs).to(logits.device)
        loss = sigmoid_loss(logits, true) if self._model.pairwise else ranking_loss(logits, true)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()


def both_true(pairs: Sequence[Pair]) -> Tensor:
    """Bool ``[B, B]``: row's picture and column's caption may belong together."""
    return torch.tensor(
        [[a.caption == b.caption or overlap(a.triple, b.triple) for b in pairs] for a in pairs]
    )


def ranking_loss(logits: Tensor, true: Tensor) -> Tensor:
    """CLIP's symmetric cross-entropy, ``[B, B]`` pictures by captions; what is true off the diagonal is
    left out."""
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    logits = logits.masked_fill(true & ~own, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def sigmoid_loss(logits: Tensor, true: Tensor) -> Tensor:
    """SigLIP's: every pair for itself, summed for each picture and averaged over them; what is true off
    the diagonal is left out."""
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    each = functional.softplus(torch.where(own, -logits, logits))
    return each.masked_fill(true & ~own, 0.0).sum(1).mean()


def taught(examples: Sequence[Example], count: int, rng: random.Random, kind: str) -> list[Pair]:
    """``count`` pairs, round after round through the examples in one random order; in every round each
    picture comes with the next of its captions.

    Raises:
        UserError: there are no examples.
    """
    if not examples:
        raise UserError(
            f"no {kind} training examples to learn again from",
            "at least one",
            "add such rows to the data, or leave the attack out",
        )
    order, pairs = rng.sample(list(examples), len(examples)), []
    for number in range(count):
        turn, place = divmod(number, len(order))
        example = order[place]
        captions = (example.caption, *example.variants)
        pairs.append(Pair(example.picture, captions[turn % len(captions)], example.triple))
    return pairs


def _even(start: int, stop: int, most: int) -> Iterator[slice]:
    """The places from ``start`` to ``stop`` in equal batches of at most ``most``."""
    count = -(-(stop - start) // most)
    edges = [start + (stop - start) * number // count for number in range(count + 1)]
    return (slice(a, b) for a, b in pairwise(edges))
