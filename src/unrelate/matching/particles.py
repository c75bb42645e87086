"""What stands between nouns and verbs: helpers, negations, prepositions, conjunctions, relative pronouns."""

from __future__ import annotations

from unrelate.matching import words as w
from unrelate.matching.chunks import Chunk, NounPhrase, VerbChunk
from unrelate.matching.objects import group_from
from unrelate.matching.state import NOBODY, State


def read_particle(state: State, at: int, chunk: Chunk) -> int:
    kind = chunk.kind
    if kind in ("be", "have", "do", "modal", "to"):
        state.helpers.add(kind)
        if chunk.word.endswith(("n't", "cannot")):
            state.helpers.add("not")
        if chunk.word in ("been", "being", "be"):
            state.helpers.add("be")
    elif kind == "not":
        if chunk.word == "instead":
            return _skip_alternative(state, at)
        following = state.at(at + 1)
        if isinstance(following, NounPhrase):
            following.negated = True
        else:
            state.helpers.add("not")
    elif kind == "prep":
        return _preposition(state, at, chunk)
    elif kind in ("and", "but", "or", "sub"):
        state.joined, state.after_comma = True, False
        if kind == "but":
            state.denied = state.unreal = False
        if kind in ("sub", "but"):
            state.main_done = True
            state.clause += kind == "sub"
            state.other_verb = None
            if kind == "sub":
                state.unreal = state.denied = False
    elif kind == "rel":
        following = state.at(at + 1)
        if isinstance(following, NounPhrase):
            state.gap = state.any
        else:
            known = [n for n in state.any if n.actor or n.person]
            state.relative = tuple(known) or (state.near if chunk.word == "who" else state.any)
        state.after_comma = False
    elif kind == "whose":
        if isinstance(state.at(at + 1), NounPhrase):
            state.relative = NOBODY
            return at + 2
    elif kind == "comma":
        state.after_comma, state.other_verb = True, None
        state.helpers.clear()
        state.relative = None
    elif kind == "veil":
        state.veil = True
    return at + 1


def _skip_alternative(state: State, at: int) -> int:
    """*instead of a man*, *rather than drinking wine*: as if it were not there."""
    following = state.at(at + 1)
    if isinstance(following, VerbChunk):
        state.helpers.add("not")
        return at + 1
    return at + 2 if isinstance(following, NounPhrase) else at + 1


def _preposition(state: State, at: int, chunk: Chunk) -> int:
    following = state.at(at + 1)
    if isinstance(following, VerbChunk):
        if chunk.word in ("off", "out", "up", "down", "over", "away"):
            return at + 1
        state.helpers.add("prep")
        return at + 1
    if not isinstance(following, NounPhrase):
        return at + 1
    state.note(following)
    group, end = group_from(state.chunks, at + 1, actors=True)
    following.negated = following.negated or chunk.word in ("without", "about", "against")
    condition = state.condition(chunk.word, following)
    if condition is not None:
        if not (following.negated or "not" in state.helpers):
            state.apply(condition)
            state.dressed = True
        return _past_clothes(state, at + 2)
    state.dressed = False
    if following.actor or following.person or following.pronoun:
        state.near = group
        for noun in group[1:]:
            state.note(noun)
    else:
        end = at + 2
    state.any = group
    return end


def _past_clothes(state: State, at: int) -> int:
    """*in a red shirt* and blue jeans: past what else is worn."""
    joint, noun = state.at(at), state.at(at + 1)
    if joint is not None and joint.kind == "and" and isinstance(noun, NounPhrase):
        last = state.row[noun.end - 1]
        if {last, last.removesuffix("s")} & w.GARMENTS:
            return at + 2
    return at
