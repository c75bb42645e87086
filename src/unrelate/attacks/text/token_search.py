"""Gradient-guided token search: a few tokens around the forbidden caption, chosen to bring it back.

HotFlip (Ebrahimi et al. 2018) and GCG (Zou et al. 2023), turned to retrieval. The gradient says which
tokens might help, a batch of prompts with one or two of them exchanged is put to the model, the best is
gone on from. Departures: the caption itself stays whole, so that the prompt states the forbidden; it is
searched for on training pictures of the tuple, and judged on others; a prompt has to beat its own twins
(see `statements`), or a string that is near every picture would win; and only tokens that come back when
their text is read again are kept, so that what is found can be typed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from unrelate.attacks.base import Meter, QueryAttack
from unrelate.attacks.text.statements import Statement, usual
from unrelate.attacks.text.tasks import ENOUGH, Task, fitness, tasks
from unrelate.attacks.types import Budget, Family, Query, Scenario, Threat
from unrelate.models import DualEncoder
from unrelate.models.looking import embed_pictures
from unrelate.policy.vocabulary import Vocabulary

# What stands where no token has been chosen yet: the first of these that is one token of the model's.
_FILLERS = ("!", ".", "x", "the", "in", "a")
# How many draws a prompt that can be typed is worth, and how often two tokens are exchanged at once.
_DRAWS, _TWO_AT_ONCE = 30, 0.3


@dataclass(frozen=True)
class TokenSearch(QueryAttack[DualEncoder]):
    """One prompt a forbidden tuple, from the gradients of the text tower.

    Args:
        queries: prompts that may be put to the model for one tuple, the caption alone included; with 1
            it is the caption alone.
        tokens: so many are added, half of them before the caption, the others behind it.
        pictures: training pictures of the tuple that the search goes by.
        batch: prompts between two gradients.
        top: exchanges are drawn from so many tokens at each place, those that the gradient likes best.
        tuples: the most tuples that are attacked.
    """

    queries: int = 200
    tokens: int = 6
    pictures: int = 12
    batch: int = 20
    top: int = 64
    tuples: int = 8
    family: ClassVar[Family] = "text"
    threat: ClassVar[Threat] = "gradients"
    heavy: ClassVar[bool] = True

    @property
    def budget(self) -> Budget:
        words = (
            f"gradients; {self.tokens} tokens around the caption, one prompt a tuple, the best of "
            f"{self.queries} on {self.pictures} training pictures"
        )
        return Budget(words, queries=self.queries)

    def search(self, model: DualEncoder, scenario: Scenario, meter: Meter) -> Iterator[Query]:
        for task in tasks(scenario, pictures=self.pictures, most=self.tuples):
            rng = random.Random(f"tokens/{scenario.seed}/{task.triple}")
            best = self.prompts(model, scenario.vocabulary, task, meter, rng)[0]
            yield from task.asked(scenario, [best])

    def prompts(
        self, model: DualEncoder, words: Vocabulary, task: Task, meter: Meter, rng: random.Random
    ) -> list[Statement]:
        """The prompts that were gone on from, the best first, the caption alone the last."""
        plain = Statement(task.caption, {usual(words, miss): miss for miss in task.misses})
        start = fitness(task.margins(meter, [plain]))[0]
        kept = [(start, plain)]
        frame = _Frame.around(model, task.caption, self.tokens) if self.queries > 1 else None
        if frame is None:
            return [plain]
        now, reached = frame.start, -torch.inf
        score, asked, seen = _Score(model, task), 1, {frame.start}
        while asked < self.queries:
            places = frame.liked(score.gradient(frame.ids(now)), self.top)
            batch = frame.exchanges(now, places, min(self.batch, self.queries - asked), seen, rng)
            if not batch:
                break
            statements = [frame.statement(tokens, task, words) for tokens in batch]
            fit = fitness(task.margins(meter, statements))
            asked += len(batch)
            best = int(fit.argmax())
            if fit[best] > reached:
                now, reached = batch[best], fit[best]
                kept.append((fit[best], statements[best]))
        return [statement for _, statement in sorted(kept, key=lambda pair: -pair[0])]


class _Score:
    """How near a prompt is to the task's pictures, as a function that gradients can be taken of."""

    def __init__(self, model: DualEncoder, task: Task) -> None:
        self._model = model
        self._pictures = embed_pictures(model, task.pictures)
        self._beaten = (self._pictures @ model.embed_texts(task.rivals).T).amax(1)

    def __call__(self, prompts: Tensor) -> Tensor:
        """[B, D] -> [B]; a picture that is won counts no further."""
        margins = prompts.cpu() @ self._pictures.T - self._beaten
        return margins.clamp(max=ENOUGH).mean(1)

    def gradient(self, ids: Tensor) -> Tensor:
        """What each token in each place would change, [T, V]."""
        return self._model.token_gradients(ids, self)[0]


@dataclass(frozen=True)
class _Frame:
    """A caption between free tokens. ``outer`` are the ids around every text: start, end, padding.

    Free tokens are given in one tuple, those before the caption first.
    """

    model: DualEncoder
    caption: str
    middle: tuple[int, ...]
    before: int
    start: tuple[int, ...]
    outer: frozenset[int]

    @staticmethod
    def around(model: DualEncoder, caption: str, tokens: int) -> _Frame | None:
        """The frame, with a filler in every free place; None if the model reads no filler as one token,
        or has no room for them."""
        outer = frozenset(model.prepare_texts([""])[0].tolist())
        alone = [i for i in model.prepare_texts([caption])[0].tolist() if i not in outer]
        before = tokens // 2
        for filler in _FILLERS:
            filled = " ".join([*[filler] * before, caption, *[filler] * (tokens - before)])
            ids = [i for i in model.prepare_texts([filled])[0].tolist() if i not in outer]
            middle = tuple(ids[before : len(ids) - (tokens - before)])
            start = (*ids[:before], *ids[len(ids) - (tokens - before) :])
            frame = _Frame(model, caption, middle, before, start, outer)
            if len(middle) == len(alone) and frame.is_typed_back(start):
                return frame
        return None

    def inner(self, tokens: Sequence[int]) -> list[int]:
        """The ids of a prompt without those around it."""
        return [*tokens[: self.before], *self.middle, *tokens[self.before :]]

    def ids(self, tokens: Sequence[int]) -> Tensor:
        """The ids [1, T] of a prompt."""
        return self.model.prepare_texts([self.text(tokens)])

    def sides(self, tokens: Sequence[int]) -> tuple[str, str]:
        """What stands before the caption, and behind it."""
        before, behind = tokens[: self.before], tokens[self.before :]
        return self._said(before), self._said(behind)

    def _said(self, tokens: Sequence[int]) -> str:
        return self.model.texts_of(torch.tensor([tokens]))[0].strip() if tokens else ""

    def text(self, tokens: Sequence[int]) -> str:
        before, behind = self.sides(tokens)
        return f"{before} {self.caption} {behind}".strip()

    def is_typed_back(self, tokens: Sequence[int]) -> bool:
        """Whether the prompt's text is read as these very tokens."""
        read = self.ids(tokens)[0].tolist()
        return [i for i in read if i not in self.outer] == self.inner(tokens)

    def statement(self, tokens: Sequence[int], task: Task, words: Vocabulary) -> Statement:
        before, behind = self.sides(tokens)
        twins = {f"{before} {usual(words, miss)} {behind}".strip(): miss for miss in task.misses}
        return Statement(self.text(tokens), twins)

    def liked(self, gradient: Tensor, top: int) -> Tensor:
        """The tokens [free places, top] that the gradient [T, V] promises most of."""
        length = len(self.inner(self.start))
        read = self.ids(self.start)[0].tolist()
        first = next(place for place, i in enumerate(read) if i not in self.outer)
        inside = gradient[first : first + length]
        free = torch.cat([inside[: self.before], inside[self.before + len(self.middle) :]])
        free[:, list(self.outer)] = -torch.inf
        return free.topk(min(top, free.shape[1]), dim=1).indices

    def exchanges(
        self, now: tuple[int, ...], liked: Tensor, count: int, seen: set[tuple[int, ...]], rng: random.Random
    ) -> list[tuple[int, ...]]:
        """At most ``count`` prompts that were not tried (``seen``, which is added to), each one or two
        liked tokens away from ``now``."""
        found: list[tuple[int, ...]] = []
        for _ in range(count * _DRAWS):
            if len(found) == count:
                break
            tokens = list(now)
            for place in rng.sample(range(len(now)), min(len(now), 1 + (rng.random() < _TWO_AT_ONCE))):
                tokens[place] = int(liked[place, rng.randrange(liked.shape[1])])
            drawn = tuple(tokens)
            if drawn not in seen:
                seen.add(drawn)
                if self.is_typed_back(drawn):
                    found.append(drawn)
        return found
