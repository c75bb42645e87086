"""What each step asks: which dialogues, in whose words, with which answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from unrelate.data.batches import role_batches
from unrelate.data.dialogues import Dialogue
from unrelate.data.types import Example
from unrelate.edit.answering.recipes import AnswerRecipe
from unrelate.edit.earlier import Earlier
from unrelate.edit.holding import Held
from unrelate.edit.slips import Slips
from unrelate.errors import UserError
from unrelate.graph.types import Role
from unrelate.models.chat import Turn
from unrelate.objectives.answers import Kind

_KINDS = {Role.SAFE_EDGE: Kind.BOUNDARY, Role.NODE: Kind.NODE, Role.NEUTRAL: Kind.NEUTRAL}


class Dialogues(Held, Protocol):
    """What training needs of a corpus (`unrelate.data.dialogues.DialogueCorpus`)."""

    def refusal_for(self, dialogue: Dialogue, seed: int, question: str = "", *, settled: bool = False) -> str:
        """A refusal that fits a dialogue, asked in its own or in another wording; the same for the same."""
        ...


@dataclass(frozen=True)
class Item:
    """One answer to one question. ``dialogue``: index into the training dialogues, for its picture;
    ``before``: earlier turns."""

    kind: Kind
    dialogue: int
    question: str
    answer: str
    before: tuple[Turn, ...] = ()


# The items of the dialogues of one step, dialogue by dialogue.
Step = tuple[tuple[Item, ...], ...]


def steps_of(corpus: Dialogues, recipe: AnswerRecipe, seed: int) -> list[Step]:
    """Every step of a training, in order; the same for the same seed, whoever asks.

    Every method meets the same dialogues at the same step, and of each only the answers that its
    objective looks at. Each time a forgotten dialogue comes round it has the next of its variants and,
    unless the recipe's refusals are settled, another refusal.

    Raises:
        UserError: nothing to forget, or a batch too small for the roles.
    """
    train = corpus.part("train")
    count = recipe.steps or recipe.epochs * math.ceil(len(train) / recipe.batch)
    # `role_batches` looks at key, role and split alone, which dialogues and examples share.
    batches = role_batches(cast(Sequence[Example], train), batch_size=recipe.batch, steps=count, seed=seed)
    earlier, slips = Earlier(train, recipe.after, seed), Slips(recipe.slips, seed)
    met: Counter[int] = Counter()
    steps: list[Step] = []
    for number, rows in enumerate(batches):
        before, written = earlier.at(number), slips.at(number)
        dealt: list[tuple[Item, ...]] = []
        for row in rows:
            items = _items(corpus, train[row], row, met[row], recipe, seed, before, written)
            dealt.append(tuple(item for item in items if item.kind in recipe.objective.needs.kinds))
            met[row] += 1
        steps.append(tuple(items for items in dealt if items))
    return steps


def _items(
    corpus: Dialogues,
    dialogue: Dialogue,
    row: int,
    turn: int,
    recipe: AnswerRecipe,
    seed: int,
    before: Callable[[Dialogue], tuple[Turn, ...]],
    written: Callable[[str], str],
) -> list[Item]:
    """All that can be asked of one dialogue when it is met for the ``turn``-th time, from 0; its other
    wordings after what was said before, and as they were written."""
    if dialogue.role is not Role.UNSAFE:
        return [Item(_KINDS[dialogue.role], row, dialogue.question, dialogue.answer)]
    drawn = seed if recipe.settled else seed * 1_000_003 + turn

    def refusal(question: str) -> str:
        return corpus.refusal_for(dialogue, drawn, question, settled=recipe.settled)

    items = [
        Item(Kind.FORGET, row, dialogue.question, dialogue.answer),
        Item(Kind.REFUSAL, row, dialogue.question, refusal(dialogue.question)),
    ]
    said = before(dialogue)
    for number in range(recipe.variants if dialogue.variants else 0):
        question = dialogue.variants[(turn * recipe.variants + number) % len(dialogue.variants)]
        asked = written(question)
        items.append(Item(Kind.VARIANT, row, asked, dialogue.answer, said))
        items.append(Item(Kind.VARIANT_REFUSAL, row, asked, refusal(question), said))
    return items


def micro_batches(step: Step, parts: int) -> list[tuple[Item, ...]]:
    """A step in micro-batches; dialogues are dealt out in turn, so that every role is in each.

    Raises:
        UserError: there are not enough dialogues of some kind.
    """
    first = Counter(items[0].kind for items in step)
    if parts > min(first.values()):
        raise UserError(
            f"accumulate = {parts}, so that not every role would be in each micro-batch",
            f"at most {min(first.values())}, in batches of {len(step)}",
            "accumulate less, or take larger batches",
        )
    return [tuple(item for items in step[part::parts] for item in items) for part in range(parts)]
