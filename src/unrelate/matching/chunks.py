"""What a caption is cut into before its clauses are read: noun phrases, verbs, and what joins them."""

from __future__ import annotations

from dataclasses import dataclass, field

from unrelate.matching.phrases import Verb


@dataclass(slots=True)
class Chunk:
    """One phrase, of tokens ``start`` to ``end`` (exclusive).

    ``kind``: ``noun``, ``verb`` (a relation of the vocabulary), ``other`` (another verb), ``be``,
    ``have``, ``do``, ``modal``, ``to``, ``not``, ``prep``, ``and``, ``or``, ``but``, ``sub``
    (while, where...), ``rel`` (who...), ``comma``, ``break``, ``query``, ``veil`` (if...).
    """

    kind: str
    start: int
    end: int
    word: str = ""


@dataclass(slots=True)
class NounPhrase(Chunk):
    """``actor`` and ``object``: what its head names, "" if nothing known.

    ``said``: the tokens that name it. ``person``: an unknown one who could act. ``measured``: a glass of it.
    """

    actor: str = ""
    object: str = ""
    said: tuple[int, int] = (0, 0)
    plural: bool = False
    person: bool = False
    negated: bool = False
    measured: bool = False
    pronoun: str = ""
    owner: str = ""  # the actor in *the child's birthday*
    stranger: bool = False  # an actor's word in it names someone else: *the child actor*
    contexts: dict[str, str] = field(default_factory=dict)
    modifiers: tuple[str, ...] = ()


@dataclass(slots=True)
class VerbChunk(Chunk):
    verb: Verb | None = None
    forms: frozenset[str] = frozenset()
    unreal: bool = False
    glued: bool = False
