"""What the collect room passes on: what is needed, what sources offer, and what a source is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from unrelate.graph.types import Role, Split
from unrelate.policy.triple import Triple


@dataclass(frozen=True)
class Need:
    """How many pairs of one tuple an edit wants, and how many are there.

    ``drawn``: whether pictures of it may be made or held at all (``pictures: never`` says no).
    """

    triple: Triple
    role: Role
    split: Split
    wanted: int
    have: int = 0
    drawn: bool = True

    @property
    def missing(self) -> int:
        return max(0, self.wanted - self.have) if self.drawn else 0


class SourceFailed(Exception):
    """One picture could not be had, for good: it was refused, or every attempt failed. Others may work.

    Args:
        why: one line for the report, without keys, addresses or what a service echoes of them.
        paid: whether the service charged for it nevertheless, so that it must never be asked again.
    """

    def __init__(self, why: str, *, paid: bool = False) -> None:
        super().__init__(why)
        self.why, self.paid = why, paid


@dataclass(frozen=True)
class Record:
    """One entry of data that exists.

    Args:
        key: names it within its source, the same in every run (a file's name, an id): what was taken
            is not taken again.
        caption: what somebody wrote of it; empty where ``triples`` says it instead.
        picture: reads the encoded bytes, and only when they are wanted; None where there is no picture.
            Raises `SourceFailed` if they cannot be read.
        triples: the tuples as annotated (Visual Genome), in the words of the annotation; usually empty.
        licence: as the data states it, empty if it does not.
    """

    key: str
    caption: str
    picture: Callable[[], bytes] | None = field(default=None, repr=False)
    triples: tuple[Triple, ...] = ()
    licence: str = ""


class Finder(Protocol):
    """Data that exists. It is read as a stream, once, in a fixed order."""

    @property
    def name(self) -> str:
        """What provenance calls it, such as ``coco:captions_val2017.json``; no path beyond the last part."""
        ...

    def records(self) -> Iterator[Record]:
        """Every entry.

        Raises:
            UserError: the data is not there, or not in its format; with the place.
        """
        ...


@runtime_checkable
class Drawer(Protocol):
    """Something that draws on request."""

    @property
    def name(self) -> str:
        """What provenance calls it, such as ``diffusers:tiny`` or ``openai``; never an address or a key."""
        ...

    @property
    def model(self) -> str:
        """The model that draws; empty where what is drawn is known by construction (the microworld), so
        that nobody need review it."""
        ...

    @property
    def licence(self) -> str: ...

    @property
    def paid(self) -> bool:
        """Whether a call costs money, so that a plan names it and a cap must hold."""
        ...

    def draw(
        self, triple: Triple, prompt: str, *, seed: int, spend: Callable[[], None] = lambda: None
    ) -> bytes:
        """An encoded picture (PNG, JPEG or WebP) of ``triple``, as ``prompt`` words it.

        Retries what is worth retrying by itself, and is safe to kill at any moment. Whoever is ``paid``
        calls ``spend`` before each request that may be charged, and lets through what it raises.

        Raises:
            SourceFailed: this one cannot be had.
            UserError: none can be had (a wrong key, an unknown model, no network): collecting stops, and
                what was collected stays.
        """
        ...


@dataclass(frozen=True)
class Pair:
    """A pair that counts, as the manifest will name it. ``image`` is its path in the folder, ``sha256``
    the hash of its bytes; ``name`` is what decisions know it by; ``why`` says why a caption that was found is
    taken to state the tuple."""

    name: str
    caption: str
    triple: Triple
    role: Role
    split: Split
    source: str
    licence: str
    image: str = ""
    sha256: str = ""
    model: str = ""
    prompt: str = ""
    seed: str = ""
    variants: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    why: str = ""
