"""Examples of what a folder of pictures must not hold: said in words, with stand-ins for pictures."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from unrelate.data.asking import Speaker, bank_of
from unrelate.data.company import Company
from unrelate.data.hashing import text_sha256
from unrelate.data.sentences import SENTENCES, forbidden_sentences
from unrelate.data.stand_ins import neighbours_by_kind, stand_in
from unrelate.data.types import Example, Picture
from unrelate.errors import UserError
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL, training_wordings

# How many stand-ins are made to train on, over all tuples, and to ask about, of each.
_TRAINED, _ASKED = 320, 40


def unpictured(
    graph: RelationGraph, speaker: Speaker, examples: Sequence[Example], *, seed: int
) -> Iterator[Example]:
    """Examples of every forbidden tuple without pictures: to train on, made of the safe neighbours that
    are trained on, and to ask about, made of those that are held out.

    Raises:
        UserError: a tuple to train on has too few neighbours among the examples. One to ask about is left
            out then; the audit says what it could not ask.
    """
    near = {split: [e for e in examples if e.role is Role.SAFE_EDGE and e.split is split] for split in Split}
    edges = [edge for edge in graph.of(Role.UNSAFE) if edge.triple in graph.never]
    trained = [edge for edge in edges if edge.split is Split.TRAIN]
    maker = _Maker(speaker, Company(speaker.vocabulary, graph), seed)
    for edge in trained:
        yield from maker.train(edge.triple, near[Split.TRAIN], max(1, _TRAINED // len(trained)))
    for edge in edges:
        yield from maker.asked(edge, near[Split.HELD_OUT])


class _Maker:
    def __init__(self, speaker: Speaker, company: Company, seed: int) -> None:
        self._speaker, self._company, self._seed = speaker, company, seed

    def train(self, triple: Triple, safe: Sequence[Example], count: int) -> Iterator[Example]:
        rng = random.Random(f"unpictured/{self._seed}/{triple}")
        kinds = neighbours_by_kind(triple, safe)
        wordings = training_wordings(self._speaker.vocabulary)
        usual = self._speaker.forbidden(triple)
        for number in range(count):
            caption = self._speaker.say(triple, rng.choice(wordings) if number % 2 else USUAL)
            said = (*usual, *forbidden_sentences(self._company, triple, SENTENCES, rng))
            picture = stand_in(triple, kinds, rng)
            yield self._example(
                f"train-{triple}-{number}", triple, caption, picture, Split.TRAIN, "train", said
            )

    def asked(self, edge: GraphEdge, safe: Sequence[Example]) -> Iterator[Example]:
        rng = random.Random(f"unpictured/asked/{self._seed}/{edge.triple}")
        kinds = neighbours_by_kind(edge.triple, safe)
        part = "direct" if edge.split is Split.TRAIN else "subordinate"
        for number in range(_ASKED):
            try:
                picture = stand_in(edge.triple, kinds, rng)
            except UserError:
                return
            caption = self._speaker.say(edge.triple)
            name = f"{part}-{edge.triple}-{number}"
            yield self._example(name, edge.triple, caption, picture, Split.HELD_OUT, part, ())

    def _example(
        self,
        key: str,
        triple: Triple,
        caption: str,
        picture: Picture,
        split: Split,
        part: str,
        said: Sequence[str],
    ) -> Example:
        return Example(
            key=key,
            picture=picture,
            caption=caption,
            triple=triple,
            role=Role.UNSAFE,
            split=split,
            part=part,
            wording=bank_of(USUAL, triple),
            source="stand-in",
            licence="",
            sha256=text_sha256(f"{self._seed}/{key}"),
            variants=tuple(text for text in dict.fromkeys(said) if text != caption),
        )
