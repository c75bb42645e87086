"""What an attack is given, what it may do, and what comes out of it.

An attack knows neither files nor whether it has won: it searches, within a budget, for questions that
bring the forbidden back; the audit's criterion judges them (`unrelate.attacks.base`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol, TypeVar

import numpy as np

from unrelate.data.types import Corpus, Example, Picture
from unrelate.graph.types import RelationGraph
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

Family = Literal["text", "image", "weights", "representation", "generated"]
NeedsPixels = Literal["none", "asked", "trained"]
Threat = Literal["black box", "gradients", "weights", "activations"]
Model_contra = TypeVar("Model_contra", contravariant=True)
# A caption said otherwise, perhaps from the tuple that it states: (scenario, tuple, caption) -> caption.
# It is a key of a cache: a function of a module, or a frozen dataclass.
Rewrite = Callable[["Scenario", Triple, str], str]
_Sides = tuple[dict[Triple, str], tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Query:
    """One question to a model: of all these texts, does one that states the forbidden fit best?

    Args:
        item: which of the scenario's targets this is a try at.
        picture: what is shown; the target's own, or what an attack made of it.
        texts: statements of the forbidden; any of them counts. A generator is asked them as prompts.
        rivals: what the best of ``texts`` has to beat: the same bank's captions of what stays.
    """

    item: int
    picture: Picture = field(repr=False)
    texts: tuple[str, ...]
    rivals: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Budget:
    """What an attack may do.

    Args:
        words: the budget as people read it in the report.
        queries: the most questions it may ask of the model about one item while it searches, and the
            most tries at one item that are judged.
        epsilon: the most it may change any channel of any pixel of the picture as the model takes it
            in, in steps of 1/255. None: the picture may be changed in any way (``words`` says how).
    """

    words: str
    queries: int = 1
    epsilon: int | None = None


class Judge(Protocol):
    """The audit's criterion, bound to one model that does not change while it is asked."""

    def __call__(self, queries: Sequence[Query]) -> np.ndarray:
        """How far each query brings the forbidden back, ``[len(queries)]``; above 0 it is a breach."""
        ...


class Criterion(Protocol[Model_contra]):
    """What the audit hands to an attack: a judge for any model."""

    def __call__(self, model: Model_contra) -> Judge: ...


@dataclass(frozen=True)
class Attempt:
    """The best try at one item. ``margin`` is the judge's; for a probe, its distance from the border
    on the right side."""

    key: str
    triple: str
    text: str
    margin: float
    won: bool
    picture: Picture | None = field(default=None, repr=False)  # where the attack made one


@dataclass(frozen=True)
class Untried:
    """An item that an attack had no try at: neither won nor withstood."""

    key: str
    triple: str


@dataclass(frozen=True)
class Outcome:
    """What one attack reached against one model, item by item.

    ``at`` is the point on the attack's curve (examples relearnt on, layer probed, bits kept), if it
    has one; ``untried`` are the targets that its search came up with nothing for.
    """

    attempts: tuple[Attempt, ...]
    at: float | None = None
    untried: tuple[Untried, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """What is attacked: held-out pictures of the forbidden, and all that an attacker may know.

    Args:
        corpus: every example; an attacker has the training part too.
        graph: who neighbours whom.
        vocabulary: the words of the policy.
        seed: of everything an attack draws at random.
        most: the most targets; they are taken evenly from the corpus's part ``direct``.
    """

    corpus: Corpus
    graph: RelationGraph
    vocabulary: Vocabulary
    seed: int = 0
    most: int = 240

    @cached_property
    def targets(self) -> tuple[Example, ...]:
        """Held-out pictures of what is forbidden."""
        return evenly(self.corpus.part("direct"), self.most)

    def query(
        self, item: int, example: Example, *, picture: Picture | None = None, rewrite: Rewrite | None = None
    ) -> Query:
        """The usual question about an example, in its bank; or with another picture; or with every
        caption of the bank rewritten, so that still nothing but the tuple differs."""
        said, texts, rivals = self._sides(example.wording, rewrite)
        own = said[example.triple]
        return Query(item, picture or example.picture, tuple(dict.fromkeys((own, *texts))), rivals)

    def direct(self) -> tuple[Query, ...]:
        """The usual question about every target."""
        return tuple(self.query(item, example) for item, example in enumerate(self.targets))

    def _sides(self, wording: str, rewrite: Rewrite | None) -> _Sides:
        """A bank as it is asked: all of it, the captions that state the forbidden, and the others."""
        key = (wording, rewrite)
        if key not in self._kept:
            bank = self.corpus.banks[wording]
            said = {triple: rewrite(self, triple, text) if rewrite else text for triple, text in bank.items()}
            forbidden = self.graph.forbidden
            self._kept[key] = (
                said,
                tuple(text for triple, text in said.items() if triple in forbidden),
                tuple(text for triple, text in said.items() if triple not in forbidden),
            )
        return self._kept[key]

    @cached_property
    def _kept(self) -> dict[tuple[str, Rewrite | None], _Sides]:
        return {}


def evenly(examples: Sequence[Example], most: int) -> tuple[Example, ...]:
    """At most so many, as many of each tuple as of any other, in their order."""
    by_triple: dict[Triple, int] = {}
    ranked = []
    for place, example in enumerate(examples):
        turn = by_triple.get(example.triple, 0)
        by_triple[example.triple] = turn + 1
        ranked.append((turn, place))
    return tuple(examples[place] for place in sorted(place for _, place in sorted(ranked)[:most]))
