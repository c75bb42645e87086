"""What the data room hands on: examples with provenance, and the banks they are ranked in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.triple import Triple


class Picture(Protocol):
    """Something that can be looked at, again and again, with the same pixels each time."""

    def load(self) -> Image.Image:
        """The picture in RGB."""
        ...


@dataclass(frozen=True)
class Example:
    """A picture and what is said of it.

    ``part`` is what it is there for: ``train``; in the audit one of the forgetting parts
    ``direct``, ``paraphrase``, ``contextual``, ``ood_image``, ``subordinate``, or of the
    preservation parts ``node``, ``safe_edge``, ``safe_node``, ``neutral``.
    ``wording`` names the bank (see `Corpus.banks`) that ``caption`` is ranked in; ``variants`` are
    other ways to state what is forbidden in it, perhaps in another place: the adversarial text
    variants of RASU's Ladv.
    """

    key: str
    picture: Picture = field(repr=False)
    caption: str
    triple: Triple
    role: Role
    split: Split
    part: str
    wording: str
    source: str
    licence: str
    sha256: str
    variants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """All examples of one graph from one source.

    ``banks[wording][triple]`` is the caption of ``triple`` in that wording; a bank holds every
    tuple of the world, so that the best caption of a picture can be asked for.
    ``anchors`` are captions without pictures that must stay where they are, each with its tuple:
    the forbidden with one slot changed into something that nobody would photograph.
    """

    examples: tuple[Example, ...]
    banks: Mapping[str, Mapping[Triple, str]]
    anchors: Mapping[str, Triple] = field(default_factory=dict)

    def part(self, name: str) -> tuple[Example, ...]:
        return tuple(e for e in self.examples if e.part == name)


class Source(Protocol):
    """Where examples come from."""

    @property
    def name(self) -> str:
        """What records call it."""
        ...

    def corpus(self, graph: RelationGraph, *, seed: int) -> Corpus:
        """Every example that an edit of ``graph`` trains on and that its audit asks about."""
        ...
