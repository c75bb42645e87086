"""Earlier turns of a conversation: what stays, asked for and told in words alone.

Whoever is told facts about others first is readier to tell one more. A model that learnt to refuse single
questions alone has not learnt to refuse after these.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import islice

from unrelate.answers.leaks import exact
from unrelate.data.dialogues import Dialogue
from unrelate.graph.types import Role
from unrelate.models.chat import Turn

MOST = 3


class Earlier:
    """What is said before the questions of a training's steps.

    Args:
        dialogues: that an edit may see; those that stay and need no picture are told.
        share: of the steps in which anything is said before, in [0, 1].
        seed: whoever asks for the same seed and share has it in the same steps, and with a smaller share in
            some of these.
    """

    def __init__(self, dialogues: Iterable[Dialogue], share: float, seed: int) -> None:
        self._share, self._seed = share, seed
        self._told = [
            (dialogue.question, dialogue.answer)
            for dialogue in dialogues
            if dialogue.role is not Role.UNSAFE and dialogue.picture is None and dialogue.form == "open"
        ]

    def at(self, step: int) -> Callable[[Dialogue], tuple[Turn, ...]]:
        """What is said before each question of a step, drawn anew for each that is asked about.

        Something before every one or before none: one long conversation would pad all that it shares a batch
        with. It is one to `MOST` turns, none of which tells what the dialogue is about or asks the same;
        fewer, or none, where there are no others.
        """
        chance = random.Random(f"after/{self._seed}/{step}")
        if chance.random() >= self._share:
            return lambda dialogue: ()
        return lambda dialogue: self._drawn(dialogue, chance)

    def _drawn(self, dialogue: Dialogue, chance: random.Random) -> tuple[Turn, ...]:
        wanted = chance.randint(1, MOST)
        drawn = chance.sample(self._told, min(2 * wanted, len(self._told)))
        fit = (t for t in drawn if t[0] != dialogue.question and not exact(" ".join(t), dialogue.truths))
        return tuple(islice(fit, wanted))
