"""Base and edited model before the same questions: one answer an item."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from unrelate.audit.embedded import Embedded
from unrelate.data.types import Corpus, Example
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple


@dataclass(frozen=True)
class Answers:
    """What one model made of the examples, row by row.

    ``cos``: cosine with the own caption, in [-1, 1]. ``best``: the tuple whose caption, of the whole
    bank in the example's wording, is nearest. ``right``: whether that is the picture's own tuple; for a
    picture of what is forbidden, whether it is any forbidden tuple (beer found as wine is found).
    ``unrelated``: mean cosine with the captions whose tuples share no concept with the picture.
    ``margin``: own cosine less the best among tuples that differ in exactly one slot.
    """

    cos: np.ndarray
    best: tuple[Triple, ...]
    right: np.ndarray
    unrelated: np.ndarray
    margin: np.ndarray


def ask(
    model: DualEncoder,
    corpus: Corpus,
    examples: Sequence[Example],
    forbidden: Collection[Triple] = (),
    known: Embedded | None = None,
) -> Answers:
    """Embed every example and rank it in its bank, with the model as it is (adapter on or off).

    ``known``: of the same model; what it has embedded is not embedded again.
    """
    embedded = Embedded(model, known)
    pictures = embedded.pictures([e.picture for e in examples])
    own = embedded.texts([e.caption for e in examples])
    cos = (pictures * own).sum(-1).numpy()
    best: list[Triple] = [Triple()] * len(examples)
    unrelated, margin = np.zeros(len(examples)), np.zeros(len(examples))
    for wording in dict.fromkeys(e.wording for e in examples):
        rows = [number for number, e in enumerate(examples) if e.wording == wording]
        triples = tuple(corpus.banks[wording])
        texts = embedded.texts([corpus.banks[wording][t] for t in triples])
        ranked = _Ranked(triples, pictures[rows] @ texts.T)
        for place, row in enumerate(rows):
            best[row], unrelated[row], margin[row] = ranked.of(place, examples[row].triple, float(cos[row]))
    right = np.array(
        [
            b == e.triple or (b in forbidden and e.triple in forbidden)
            for b, e in zip(best, examples, strict=True)
        ]
    )
    return Answers(cos, tuple(best), right, unrelated, margin)


class _Ranked:
    """Cosines of some pictures with one whole bank, ``[pictures, bank]``."""

    def __init__(self, triples: tuple[Triple, ...], cosines: Tensor) -> None:
        self.triples = triples
        self.cosines = cosines.numpy()
        self.slots = {
            name: np.array([getattr(t, name) for t in triples]) for name in ("actor", "relation", "object")
        }
        self.contexts = np.array([str(t.context) for t in triples])
        self._masks: dict[Triple, tuple[np.ndarray, np.ndarray]] = {}

    def of(self, row: int, triple: Triple, own: float) -> tuple[Triple, float, float]:
        if triple not in self._masks:
            self._masks[triple] = self._neighbours(triple)
        far, near = self._masks[triple]
        line = self.cosines[row]
        unrelated = float(line[far].mean()) if far.any() else float("nan")
        margin = own - float(line[near].max()) if near.any() else float("nan")
        return self.triples[int(line.argmax())], unrelated, margin

    def _neighbours(self, triple: Triple) -> tuple[np.ndarray, np.ndarray]:
        same = np.zeros(len(self.triples), dtype=int)
        differ = np.zeros(len(self.triples), dtype=int)
        for name, column in self.slots.items():
            equal = column == getattr(triple, name)
            same += equal & (column != "")
            differ += ~equal
        differ += self.contexts != str(triple.context)
        return same == 0, differ == 1
