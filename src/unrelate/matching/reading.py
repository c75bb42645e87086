"""A caption -> the tuples that it states, with the words that state them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from unrelate.matching.chunker import Chunker
from unrelate.matching.clauses import read_clauses
from unrelate.matching.phrases import Lexicon
from unrelate.matching.state import Deed, State
from unrelate.matching.tokens import Token, tokens
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary


@dataclass(frozen=True)
class Statement:
    """A tuple that a caption states. ``evidence``: its words for that, in their order (``tot ... sipping ...
    red wine``); ``said``: those for actor, relation and object, one by one."""

    triple: Triple
    evidence: str
    said: tuple[str, str, str] = ("", "", "")


class Reader:
    """Reads captions in the words of one vocabulary.

    Rules, no statistical parser: what they do not understand is not stated (docs/matching.md says
    what they do). Safe to share between threads; a caption costs some tenths of a millisecond.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.lexicon = Lexicon(vocabulary)
        self._vocabulary = vocabulary
        self._chunker = Chunker(self.lexicon)
        self._takes = lru_cache(maxsize=None)(self._can_take)

    def read(self, caption: str) -> tuple[Statement, ...]:
        """The tuples that ``caption`` states, each once, in its order; none if it states none."""
        found = tokens(caption)
        chunks = self._chunker.chunks(found)
        clauses = read_clauses([t.text for t in found], chunks, self.lexicon.conditions)
        if not clauses.deeds:
            return ()
        scene = _by_clause(clauses)
        stated: dict[Triple, Statement] = {}
        for deed in clauses.deeds:
            if self._takes(deed.relation, deed.object.object):
                context = scene[deed.clause] | deed.object.contexts | deed.actor.contexts
                triple = Triple(deed.actor.actor, deed.relation, deed.object.object).within(**context)
                stated.setdefault(triple, _statement(triple, deed, caption, found))
        return tuple(stated.values())

    def _can_take(self, relation: str, object_: str) -> bool:
        """Whether some picture shows it: a relation takes what it says, and what lies above that."""
        below = self._vocabulary.concrete_under("objects", object_)
        return any(self._vocabulary.takes(relation, name) for name in below)


def _by_clause(clauses: State) -> dict[int, dict[str, str]]:
    """The contexts of each clause. A picture is of one scene: a place that no other place contradicts
    holds for the whole caption."""
    values: dict[str, set[str]] = defaultdict(set)
    for _, key, value in clauses.scene:
        values[key].add(value)
    found: dict[int, dict[str, str]] = {}
    for clause in range(clauses.clause + 1):
        here: dict[str, str] = {}
        for at, key, value in clauses.scene:
            if len(values[key]) == 1 or at == clause:
                here.setdefault(key, value)
        found[clause] = here
    return found


def _statement(triple: Triple, deed: Deed, caption: str, found: list[Token]) -> Statement:
    spans = (deed.actor.said, (deed.verb.start, deed.verb.end), deed.object.said)
    actor, relation, object_ = (_text(caption, found, span) for span in spans)
    in_order = [text for _, text in sorted(zip(spans, (actor, relation, object_), strict=True))]
    return Statement(triple, " ... ".join(in_order), (actor, relation, object_))


def _text(caption: str, found: list[Token], span: tuple[int, int]) -> str:
    return caption[found[span[0]].start : found[span[1] - 1].end]
