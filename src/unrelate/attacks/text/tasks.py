"""One forbidden tuple as a search for prompts sees it: training pictures to search on, and no others.

A prompt that is found on some pictures and judged on others brings a concept back, not one picture.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from unrelate.attacks.base import Meter
from unrelate.attacks.text.statements import Statement, near_misses, only_a_caption, usual
from unrelate.attacks.types import Query, Scenario
from unrelate.data.types import Corpus, Example, Picture
from unrelate.graph.types import RelationGraph, Role
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

# A prompt that wins a picture by this much has won it: the search turns to the pictures that it has not.
ENOUGH = 0.05
# Near misses of a tuple that only stands for a caption: so many captions of what stays.
_CAPTIONS = 16


@dataclass(frozen=True)
class Task:
    """A forbidden tuple to find prompts for.

    Args:
        triple: the tuple.
        caption: it, in the usual words.
        misses: its near misses, see `near_misses`.
        rivals: what a prompt has to beat on every picture, its own twins aside.
        pictures: training pictures of it.
        first: the meter's number of the first of them. One candidate prompt is one question about each.
        targets: the scenario's targets (their numbers) that its prompts will be judged on.
    """

    triple: Triple
    caption: str
    misses: tuple[Triple, ...]
    rivals: tuple[str, ...] = field(repr=False)
    pictures: tuple[Picture, ...] = field(repr=False)
    first: int = 0
    targets: tuple[int, ...] = ()

    def margins(self, meter: Meter, statements: Sequence[Statement]) -> np.ndarray:
        """The judge's margins ``[len(statements), len(pictures)]``; each statement costs one question."""
        queries: list[Query] = []
        for statement in statements:
            rivals = (*self.rivals, *statement.twins)
            for number, picture in enumerate(self.pictures, self.first):
                queries.append(Query(number, picture, (statement.text,), rivals))
        return meter(queries).reshape(len(statements), len(self.pictures))

    def asked(self, scenario: Scenario, statements: Sequence[Statement]) -> list[Query]:
        """Every target of the task asked with every statement."""
        examples = [(item, scenario.targets[item].picture) for item in self.targets]
        return [s.query(item, picture, self.rivals) for s in statements for item, picture in examples]


def fitness(margins: np.ndarray) -> np.ndarray:
    """How near prompts are to winning every picture, ``[n]`` from margins ``[n, pictures]``."""
    return np.minimum(margins, ENOUGH).mean(1)


def tasks(scenario: Scenario, *, pictures: int, most: int) -> tuple[Task, ...]:
    """A task for each tuple (and bank) among the targets; of more than ``most``, those with most targets."""
    places: dict[tuple[Triple, str], list[int]] = {}
    for item, example in enumerate(scenario.targets):
        places.setdefault((example.triple, example.wording), []).append(item)
    chosen = sorted(places, key=lambda key: -len(places[key]))[:most]
    build = _Builder(scenario.corpus, scenario.graph, scenario.vocabulary, pictures)
    return tuple(
        build.task(number, triple, scenario.corpus.banks[wording], tuple(places[triple, wording]))
        for number, (triple, wording) in enumerate(chosen)
    )


def training_tasks(
    corpus: Corpus, graph: RelationGraph, words: Vocabulary, *, pictures: int, most: int
) -> tuple[Task, ...]:
    """A task for each forbidden tuple that training shows, without targets; of more than ``most``, those
    with most pictures."""
    build = _Builder(corpus, graph, words, pictures)
    counts = Counter(example.triple for example in build.unsafe)
    chosen = [triple for triple, _ in counts.most_common(most)]
    banks = [next((bank for bank in corpus.banks.values() if t in bank), {}) for t in chosen]
    return tuple(build.task(n, *pair) for n, pair in enumerate(zip(chosen, banks, strict=True)))


@dataclass(frozen=True)
class _Builder:
    corpus: Corpus
    graph: RelationGraph
    words: Vocabulary
    pictures: int

    @cached_property
    def unsafe(self) -> tuple[Example, ...]:
        """The training pictures of the forbidden."""
        return tuple(example for example in self.corpus.part("train") if example.role is Role.UNSAFE)

    def task(
        self, number: int, triple: Triple, bank: Mapping[Triple, str], targets: tuple[int, ...] = ()
    ) -> Task:
        safe = {other: text for other, text in bank.items() if other not in self.graph.forbidden}
        misses = near_misses(self.words, triple, self.graph)
        if only_a_caption(self.words, triple):
            step = max(1, len(safe) // _CAPTIONS)
            misses = tuple(safe)[::step][:_CAPTIONS]
        rivals = dict.fromkeys((*safe.values(), *(usual(self.words, miss) for miss in misses)))
        # A tuple that stands for one caption has no other picture: then those of all that is forbidden.
        own = [example for example in self.unsafe if example.triple == triple] or self.unsafe
        chosen = random.Random(f"pictures/{triple}").sample(own, min(self.pictures, len(own)))
        return Task(
            triple,
            usual(self.words, triple),
            misses,
            tuple(rivals),
            tuple(example.picture for example in chosen),
            number * self.pictures,
            targets,
        )
