"""Earlier turns of a conversation: what stays, asked for and told in words alone.

Whoever is told facts about others first is readier to tell one more. A model that learnt to refuse single
questions alone has not learnt to refuse after these.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from unrelate.answers.leaks import exact
from unrelate.data.dialogues import Dialogue
from unrelate.graph.types import Role

MOST = 3
Turn = tuple[str, str]


class Earlier:
    """What may stand before a question.

    Args:
        dialogues: that an edit may see; those that stay and need no picture are told.
    """

    def __init__(self, dialogues: Iterable[Dialogue]) -> None:
        self._told = [
            (dialogue.question, dialogue.answer)
            for dialogue in dialogues
            if dialogue.role is not Role.UNSAFE and dialogue.picture is None and dialogue.form == "open"
        ]

    def before(self, dialogue: Dialogue, chance: random.Random) -> tuple[Turn, ...]:
        """One to `MOST` turns, none of which tells what the dialogue is about or asks the same; fewer, or
        none, where the corpus has no others."""
        wanted = chance.randint(1, MOST)
        drawn = chance.sample(self._told, min(2 * wanted, len(self._told)))
        fit = [t for t in drawn if t[0] != dialogue.question and not exact(" ".join(t), dialogue.truths)]
        return tuple(fit[:wanted])
