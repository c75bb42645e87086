"""What an adversarial round of training learns from: statements that find the forbidden all the same.

They are searched for on training pictures, in words that an edit may use: held-out pictures, reserved
words and settings stay the audit's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from unrelate.attacks.base import Meter
from unrelate.attacks.text.evolution import Evolution, Speech
from unrelate.attacks.text.tasks import training_tasks
from unrelate.attacks.types import Criterion
from unrelate.data.types import Corpus
from unrelate.edit.adversarial import Found
from unrelate.graph.types import RelationGraph
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary


@dataclass(frozen=True)
class RedTeam:
    """Attacks a model that is being edited.

    Args:
        corpus: its training part is searched on.
        graph: who neighbours whom.
        words: the policy's vocabulary.
        criterion: the audit's.
        seed: of the search; each round draws anew.
        most: the most statements a tuple and round.
        evolution: how the statements are bred; never with reserved words.
    """

    corpus: Corpus = field(repr=False)
    graph: RelationGraph = field(repr=False)
    words: Vocabulary = field(repr=False)
    criterion: Criterion[DualEncoder] = field(repr=False)
    seed: int = 0
    most: int = 24
    evolution: Evolution = field(default_factory=lambda: Evolution(reserved=False))

    def __call__(self, model: DualEncoder, number: int) -> Found:
        """What round ``number`` finds: statements that win a training picture."""
        if self.evolution.reserved:
            raise ValueError("reserved words are the audit's: rounds of training must not use them")
        speech = Speech.of(self.words, self.graph, reserved=False)
        meter = Meter(self.criterion(model), self.evolution.queries)
        said: dict[Triple, tuple[str, ...]] = {}
        every = training_tasks(
            self.corpus,
            self.graph,
            self.words,
            pictures=self.evolution.pictures,
            most=self.evolution.tuples,
        )
        for task in every:
            rng = random.Random(f"round/{self.seed}/{number}/{task.triple}")
            bred = self.evolution.prompts(speech, task, meter, rng)
            won = [statement.text for statement, margin in bred if margin > 0]
            said[task.triple] = tuple(won[: self.most])
        return Found(said)
