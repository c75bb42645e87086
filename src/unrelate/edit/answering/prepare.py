"""What does not change while an adapter learns: the base's view of every answer that training compares.

It is computed once, before the first step, in batches that do not depend on the steps, so that a resumed
run has the same to the bit. Where it would not fit (logits over a large vocabulary), it is computed at
each step instead, with the adapter off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from unrelate.data.dialogues import Dialogue
from unrelate.edit.answering.forward import outputs, pack, unpack
from unrelate.edit.answering.plan import Dialogues, Item
from unrelate.edit.answering.recipes import AnswerRecipe
from unrelate.errors import UserError
from unrelate.graph.types import Role
from unrelate.models.chat import Ask, Turn
from unrelate.models.generator import Generator
from unrelate.models.generator_batch import AnswerBatch
from unrelate.objectives.answers import Answers, Kind, Outputs

# Bytes of base outputs that are kept; beyond it they are computed again when they are needed.
_MOST_KEPT = 2**28
_ROWS = 32
_PUSHED = frozenset({Kind.FORGET, Kind.VARIANT})

# Which answer to what: an item without its kind.
_Key = tuple[int, str, str, tuple[Turn, ...]]
_LevelKey = tuple[str, str]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ready:
    """A micro-batch, read and padded, with whose tokens are whose."""

    items: tuple[Item, ...]
    batch: AnswerBatch
    answers: Answers


class PreparedAnswers:
    """Training dialogues ready for training, with what the base model makes of them.

    Args:
        items: all that will be asked for, in any step.

    Raises:
        UserError: the objective measures levels, and every question shares something with what is to
            be forgotten; or the model cannot read a dialogue.
    """

    def __init__(
        self,
        generator: Generator,
        corpus: Dialogues,
        recipe: AnswerRecipe,
        items: Sequence[Item],
        progress: Progress = lambda done, of: None,
    ) -> None:
        self.generator = generator
        self.dialogues = corpus.part("train")
        self._needs = recipe.objective.needs
        self._unrelated = recipe.unrelated
        self._kept: dict[_Key, Outputs] = {}
        self._levels: dict[_LevelKey, Tensor] = {}
        generator.train(False)
        with generator.base(), torch.no_grad():
            if self._needs.levels:
                self._measure_levels(items)
            self._keep_references(items, progress)

    def ready(self, items: Sequence[Item]) -> Ready:
        """Items as one padded batch, each with its roles and levels."""
        # Several are asked about one picture, which need not be drawn for each.
        pictures = {item.dialogue: self.dialogues[item.dialogue].ask()[1] for item in items}
        asks = [Ask(item.question, pictures[item.dialogue], history=item.before) for item in items]
        batch = self.generator.batch(asks, [item.answer for item in items])
        lengths = batch.answer.sum(1)
        row = torch.arange(len(items), device=lengths.device).repeat_interleave(lengths)
        ends = torch.zeros(len(row), dtype=torch.bool, device=row.device)
        ends[lengths.cumsum(0) - 1] = True
        levels = [self._level(item, int(n)) for item, n in zip(items, lengths.tolist(), strict=True)]
        kinds = tuple(item.kind for item in items)
        return Ready(tuple(items), batch, Answers(kinds, row, ends, torch.cat(levels).to(row.device)))

    def live(self, ready: Ready) -> Outputs:
        """What the model makes of a batch as it is now, with gradients."""
        return outputs(self.generator, ready.batch, self._needs)

    @torch.no_grad()
    def reference(self, ready: Ready) -> Outputs:
        """What the base model makes of it; NaN for answers that the objective does not compare."""
        compared = [n for n, item in enumerate(ready.items) if item.kind in self._needs.compared]
        lengths = ready.answers.lengths().tolist()
        if not compared:
            return Outputs(torch.full((sum(lengths),), torch.nan, device=ready.answers.row.device))
        if self._key(ready.items[compared[0]]) in self._kept:
            found = [self._kept[self._key(ready.items[n])] for n in compared]
        else:
            self.generator.train(False)
            try:
                with self.generator.base():
                    packed = outputs(self.generator, ready.batch.select(compared), self._needs)
            finally:
                self.generator.train(True)
            found = unpack(packed, [lengths[n] for n in compared])
        place = dict(zip(compared, found, strict=True))
        parts = [place[n] if n in place else _nothing(length, found[0]) for n, length in enumerate(lengths)]
        return _on(pack(parts), ready.answers.row.device)

    def _key(self, item: Item) -> _Key:
        return item.dialogue, item.question, item.answer, item.before

    def _level(self, item: Item, length: int) -> Tensor:
        if not self._needs.levels or item.kind not in _PUSHED:
            return torch.full((length,), torch.nan)
        return self._levels[self._level_key(item)]

    def _level_key(self, item: Item) -> _LevelKey:
        return str(self.dialogues[item.dialogue].triple.bare()), item.answer

    def _keep_references(self, items: Sequence[Item], progress: Progress) -> None:
        compared = {self._key(item): item for item in items if item.kind in self._needs.compared}
        keys = list(compared)
        for start in range(0, len(keys), _ROWS):
            chunk = keys[start : start + _ROWS]
            ready = self.ready([compared[key] for key in chunk])
            packed = _on(outputs(self.generator, ready.batch, self._needs), torch.device("cpu"))
            if start == 0 and _size(packed) / len(chunk) * len(keys) > _MOST_KEPT:
                return
            parts = unpack(packed, ready.answers.lengths().tolist())
            self._kept |= dict(zip(chunk, parts, strict=True))
            progress(start + len(chunk), len(keys))

    def _measure_levels(self, items: Sequence[Item]) -> None:
        """The mean log-probability that each token of an answer has after some unrelated questions."""
        wanted = {self._level_key(item): item for item in items if item.kind in _PUSHED}
        keys, each = list(wanted), self._unrelated
        for start in range(0, len(keys), max(1, _ROWS // each)):
            chunk = keys[start : start + max(1, _ROWS // each)]
            asks = [Ask(*other.ask()) for key in chunk for other in self._others(wanted[key])]
            answers = [wanted[key].answer for key in chunk for _ in range(each)]
            scored = self.generator.score(asks, answers, _ROWS)
            for number, key in enumerate(chunk):
                self._levels[key] = torch.stack(scored[number * each : (number + 1) * each]).mean(0)

    def _others(self, item: Item) -> list[Dialogue]:
        return unrelated_to(self.dialogues[item.dialogue], self.dialogues, self._unrelated)


def unrelated_to(dialogue: Dialogue, among: Sequence[Dialogue], count: int) -> list[Dialogue]:
    """``count`` dialogues that stay and share no concept with this one; the same whenever asked. Where
    there are fewer, some come twice.

    Raises:
        UserError: there is none.
    """
    concepts = {slot for slot in dialogue.triple.bare().slots() if slot}
    others = [d for d in among if d.role is not Role.UNSAFE and not concepts & set(d.triple.bare().slots())]
    if not others:
        raise UserError(
            f"training dialogues of which all share something with '{dialogue.triple}'",
            "some that are about neither its actor, nor its relation, nor its object",
            "add neutral dialogues",
        )
    seed = f"{dialogue.triple.bare()}/{dialogue.answer}"
    order = sorted(others, key=lambda other: hashlib.sha256(f"{seed}/{other.key}".encode()).digest())
    return [order[n % len(order)] for n in range(count)]


def _size(outputs: Outputs) -> int:
    """Bytes."""
    tensors = (outputs.logprobs, outputs.logits, outputs.hidden)
    return sum(tensor.nbytes for tensor in tensors if tensor is not None)


def _nothing(length: int, like: Outputs) -> Outputs:
    """NaN in the shape of another's outputs."""

    def nan(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.new_full((length, *tensor.shape[1:]), torch.nan)

    return Outputs(like.logprobs.new_full((length,), torch.nan), nan(like.logits), nan(like.hidden))


def _on(outputs: Outputs, device: torch.device) -> Outputs:
    parts = (outputs.logprobs, outputs.logits, outputs.hidden)
    logprobs, *others = (None if part is None else part.to(device) for part in parts)
    assert logprobs is not None
    return Outputs(logprobs, *others)
