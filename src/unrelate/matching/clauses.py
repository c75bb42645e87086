"""Chunks -> who does what to what: one caption, read from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from unrelate.matching.chunks import Chunk, NounPhrase, VerbChunk
from unrelate.matching.nouns import read_noun
from unrelate.matching.particles import read_particle
from unrelate.matching.phrases import Conditions
from unrelate.matching.state import State
from unrelate.matching.verbs import read_other_verb, read_verb


def read_clauses(row: Sequence[str], chunks: Sequence[Chunk], conditions: Conditions) -> State:
    """All that the caption with these words states. What is asked (*should a child drink?*) is not."""
    state = State(row, chunks, conditions)
    at = sentence = 0
    while at < len(chunks):
        chunk = chunks[at]
        if chunk.kind == "query":
            state.deeds = [deed for deed in state.deeds if deed.verb.start < sentence]
        if chunk.kind in ("break", "query"):
            state.clause += 1
            sentence = chunk.end
            state.restart()
            at += 1
        elif isinstance(chunk, NounPhrase):
            at = read_noun(state, at)
        elif isinstance(chunk, VerbChunk):
            at = read_verb(state, at, chunk) if chunk.verb else read_other_verb(state, at, chunk)
        else:
            at = read_particle(state, at, chunk)
    return state
