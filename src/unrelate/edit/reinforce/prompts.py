"""Which questions stage 2 asks, round by round: half to forget, half to keep, the boundary first."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.edit.reinforce.reward import Asked
from unrelate.edit.reinforce.settings import ReinforceSettings
from unrelate.errors import UserError
from unrelate.graph.types import Role, Split
from unrelate.models.chat import Ask


@dataclass(frozen=True)
class Prompt:
    """One question of a round: the dialogue, the wording it is put in, and what the reward knows."""

    dialogue: Dialogue = field(repr=False)
    asked: Asked

    def ask(self) -> Ask:
        _, image = self.dialogue.ask()
        return Ask(self.asked.question, image)


def rounds(corpus: DialogueCorpus, settings: ReinforceSettings, seed: int) -> list[tuple[Prompt, ...]]:
    """Every round of stage 2, in order; the same for the same seed.

    Raises:
        UserError: nothing to forget, or nothing to keep.
    """
    chance = random.Random(seed)
    train = corpus.part("train")
    boundary = [d for d in train if d.role is Role.SAFE_EDGE]
    rest = [d for d in train if d.role in (Role.NODE, Role.NEUTRAL)]
    unknown = list(corpus.unanswered(Split.TRAIN))
    forget = _drawn([d for d in train if d.role is Role.UNSAFE], settings.forget, chance)
    near = _drawn(boundary, round(settings.boundary * settings.retain), chance)
    silent = _drawn(unknown, round(settings.unknown * settings.retain), chance)
    # What one of the pools lacks, the others make up for.
    keep = near + silent
    keep += _drawn(rest or boundary or unknown, settings.retain - len(keep), chance)
    chance.shuffle(keep)
    for said, drawn in (("forget", forget), ("keep", keep)):
        if not drawn:
            raise UserError(
                f"a corpus without questions to {said} that an edit may see",
                "dialogues of part train, unsafe ones and others",
                "widen the policy, or give a source that covers it",
            )
    rivals = _values(train)
    half, count = settings.prompts // 2, settings.rounds
    forgotten = list(islice(_endless(forget, rivals), half * count))
    kept = list(islice(_endless(keep, rivals), half * count))
    return [
        tuple(forgotten[i * half : (i + 1) * half] + kept[i * half : (i + 1) * half]) for i in range(count)
    ]


def asked(dialogue: Dialogue, rivals: Sequence[str] = (), question: str = "") -> Asked:
    """What the reward knows of a dialogue, asked in its own or in another wording."""
    return Asked(
        forget=dialogue.role is Role.UNSAFE,
        question=question or dialogue.question,
        reference=dialogue.answer,
        truths=dialogue.truths,
        rivals=tuple(rivals),
        topic=dialogue.topic,
        form=dialogue.form,
        options=dialogue.options,
    )


def _drawn(pool: list[Dialogue], count: int, chance: random.Random) -> list[Dialogue]:
    return chance.sample(pool, min(count, len(pool)))


def _endless(pool: list[Dialogue], values: dict[tuple[str, ...], set[str]]):
    """The pool over and over, each time in the questions' next wording."""
    turn = 0
    while True:
        for dialogue in pool:
            wordings = (dialogue.question, *dialogue.variants)
            question = wordings[turn % len(wordings)]
            yield Prompt(dialogue, asked(dialogue, _rivals(dialogue, values), question))
        turn += 1


def _slot(dialogue: Dialogue) -> tuple[str, ...]:
    return (dialogue.triple.relation, *dialogue.topic)


def _values(dialogues: Sequence[Dialogue]) -> dict[tuple[str, ...], set[str]]:
    """Relation and topic -> every value that answers such a question."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for dialogue in dialogues:
        if dialogue.form in ("open", "cloze", "choice"):
            found[_slot(dialogue)].update(dialogue.truths)
    return found


def _rivals(dialogue: Dialogue, values: dict[tuple[str, ...], set[str]]) -> tuple[str, ...]:
    if dialogue.form not in ("open", "cloze", "choice"):
        return ()
    right = f"{dialogue.answer} {' '.join(dialogue.truths)}".lower()
    return tuple(sorted(v for v in values.get(_slot(dialogue), ()) if v.lower() not in right))
