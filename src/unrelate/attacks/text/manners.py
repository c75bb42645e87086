"""Manners of speaking: what an evolutionary search varies, applied alike to the forbidden and its twins."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from unrelate.attacks.text.statements import only_a_caption
from unrelate.data.company import Company
from unrelate.data.spelling import any_slip, slipped
from unrelate.graph.types import RelationGraph
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

# How a sentence may place the three things; contexts follow. The first is the usual order.
_ORDERS = ("{actor} {relation} {object}", "{object}, {actor} {relation} it", "{relation} {object}, {actor}")
_MOST_STRAYS, _MOST_SLIPS = 4, 3


@dataclass(frozen=True)
class Repertoire:
    """All that a manner may be made of.

    Args:
        words: the vocabulary.
        reserved: whether the words and frames that are kept for the attacks may be used.
        frames: sentences around the tuple; ``{}`` is the tuple, ``{place}`` a place.
        contexts: what may be added of place, time and colour: the forbidden is no less so.
        beside: things that may stand next to it all.
        strays: words that may stand anywhere, meaning nothing.
    """

    words: Vocabulary
    reserved: bool
    frames: tuple[str, ...]
    contexts: tuple[tuple[str, str], ...]
    beside: tuple[str, ...]
    strays: tuple[str, ...]

    @staticmethod
    def of(words: Vocabulary, graph: RelationGraph, *, reserved: bool) -> Repertoire:
        """What a vocabulary offers; with ``reserved`` also what no edit may use."""
        frames = (*words.phrasings, *(words.reserved_phrasings + words.settings if reserved else ()))
        beside = tuple(words.phrases("objects", t.object)[0] for t in Company(words, graph).things)
        contexts = tuple(
            (key, value)
            for key in words.contexts
            # Night is what the contextual attack adds.
            if reserved or key != "time"
            for value in words.contexts[key]
        )
        said = " ".join((*frames, *beside, *(words.context_phrase(*pair) for pair in contexts)))
        strays = tuple(sorted(set(re.findall(r"[^\W\d_]+", said.replace("{place}", "")))))
        return Repertoire(words, reserved, frames, contexts, beside, strays)

    def phrase(self, kind: str, name: str, choice: int) -> str:
        known = self.words.phrases(kind, name)
        if self.reserved:
            known += self.words.reserved_phrases(kind, name)
        return known[choice % len(known)]


@dataclass(frozen=True)
class Manner:
    """One way of saying any tuple.

    Args:
        phrases: which of the phrases for actor, relation and object; wraps around.
        frame: the sentence around.
        context: places, times and colours added, where the tuple has none of its own.
        beside: a thing named after it all, or "".
        order: which of the word orders.
        strays: words in front and behind.
        slips: slips of the pen, each with a number that says where.
    """

    phrases: tuple[int, int, int] = (0, 0, 0)
    frame: str = "{}"
    context: tuple[tuple[str, str], ...] = ()
    beside: str = ""
    order: int = 0
    strays: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    slips: tuple[tuple[str, int], ...] = ()

    def say(self, triple: Triple, repertoire: Repertoire) -> str:
        """The sentence for a tuple. One that stands for a caption is that caption, in this frame."""
        words = repertoire.words
        context = dict(self.context) | dict(triple.context)
        core, worn = triple.actor, ""
        if not only_a_caption(words, triple):
            worn = words.context_phrase("colour", context.pop("colour")) if "colour" in context else ""
            actor, relation, object_ = (
                repertoire.phrase(kind, name, choice) if name else ""
                for kind, name, choice in zip(KINDS, triple.slots(), self.phrases, strict=True)
            )
            actor = f"{actor} {worn}".strip()
            core = _ORDERS[self.order].format(actor=actor, relation=relation, object=object_)
        place = context.pop("place", "") if "{place}" in self.frame else ""
        parts = [core, f"and {self.beside}" if self.beside else ""]
        parts += [words.context_phrase(*pair) for pair in sorted(context.items()) if pair[0] != "colour"]
        where = words.context_phrase("place", place) if place else ""
        framed = self.frame.replace("{place}", where).replace("{}", " ".join(p for p in parts if p))
        for kind, number in self.slips:
            framed = slipped(framed, kind, number)
        return " ".join([*self.strays[0], *framed.split(), *self.strays[1]])


def varied(manner: Manner, repertoire: Repertoire, rng: random.Random) -> Manner:
    """The manner with one thing changed."""
    words = rng.choices(repertoire.strays, k=rng.randint(0, _MOST_STRAYS))
    cut = rng.randint(0, len(words))
    ways: Mapping[str, Callable[[], Any]] = {
        "phrases": lambda: tuple(rng.randrange(8) for _ in KINDS),
        "frame": lambda: rng.choice(repertoire.frames),
        "context": lambda: _some_contexts(repertoire, rng),
        "beside": lambda: rng.choice(("", *repertoire.beside)),
        "order": lambda: rng.randrange(len(_ORDERS)),
        "strays": lambda: (tuple(words[:cut]), tuple(words[cut:])),
        "slips": lambda: tuple(any_slip(rng) for _ in range(rng.randint(0, _MOST_SLIPS))),
    }
    name = rng.choice(sorted(ways))
    return replace(manner, **{name: ways[name]()})


def crossed(one: Manner, two: Manner, rng: random.Random) -> Manner:
    """A child: each thing from either parent."""
    taken = {field.name: getattr(rng.choice((one, two)), field.name) for field in fields(Manner)}
    return Manner(**taken)


def _some_contexts(repertoire: Repertoire, rng: random.Random) -> tuple[tuple[str, str], ...]:
    """At most one value of each key, each key half of the time."""
    by_key: dict[str, list[str]] = {}
    for key, value in repertoire.contexts:
        by_key.setdefault(key, []).append(value)
    return tuple((key, rng.choice(values)) for key, values in by_key.items() if rng.random() < 0.5)
