"""The embedded world as a source of dialogues: scenes under one vocabulary, people under the other."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from unrelate.data.dialogues import DialogueCorpus
from unrelate.data.refusals import ABSENCE, DECLINING
from unrelate.errors import UserError
from unrelate.graph.types import RelationGraph
from unrelate.microworld import people
from unrelate.microworld.dialogue_facts import FactDialogues
from unrelate.microworld.dialogue_making import DialogueAmounts, New
from unrelate.microworld.dialogue_scenes import SceneDialogues
from unrelate.microworld.dialogue_worlds import absent, refused
from unrelate.microworld.source import MicroworldSource
from unrelate.policy.schema import Policy


@dataclass(frozen=True)
class MicroworldDialogues:
    """Draws and words the dialogues of a graph. No question that is trained on is asked by the audit, but
    for part ``direct``, which asks just what was trained.

    Args:
        world: ``scenes`` (``vocabulary: microworld``) or ``people`` (``vocabulary: people``).
        amounts: how many.
    """

    world: Literal["scenes", "people"] = "scenes"
    amounts: DialogueAmounts = field(default_factory=DialogueAmounts)
    name: str = "microworld"

    @classmethod
    def for_policy(cls, policy: Policy, amounts: DialogueAmounts | None = None) -> MicroworldDialogues:
        """A source for a policy that speaks of the embedded world.

        Raises:
            UserError: the policy's concepts are not those that can be drawn, or its facts are not those
                that the embedded model was taught.
        """
        amounts = amounts or DialogueAmounts()
        if not policy.vocabulary.facts:
            MicroworldSource.for_policy(policy)
            return cls("scenes", amounts)
        known = set(people.vocabulary().triples())
        other = [str(triple) for triple in policy.vocabulary.triples() if triple not in known]
        if other:
            more = f" and {len(other) - 3} more" if len(other) > 3 else ""
            raise UserError(
                f"policy '{policy.name}' has facts that the embedded world does not know: "
                f"{', '.join(other[:3])}{more}",
                "the facts of `vocabulary: people`",
                "give dialogues of your own: --data FOLDER (docs/data.md)",
            )
        return cls("people", amounts)

    def corpus(self, graph: RelationGraph, *, seed: int) -> DialogueCorpus:
        """Every dialogue that an edit of ``graph`` trains on and that its audit asks."""
        people = self.world == "people"
        new = New(set())
        maker = (FactDialogues if people else SceneDialogues)(graph, self.amounts, new)
        trained = tuple(maker.train(random.Random(f"dialogues/train/{seed}")))
        asked = tuple(maker.audit(trained, random.Random(f"dialogues/audit/{seed}")))
        natural = random.Random(f"dialogues/natural/{seed}")
        return DialogueCorpus(
            examples=(*trained, *asked),
            refusals=ABSENCE if people else DECLINING,
            absent=tuple(absent(new, self.amounts.absent, natural)),
            refused=tuple(refused(new, self.amounts.refused, natural)),
        )
