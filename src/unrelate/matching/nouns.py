"""A noun phrase, where it stands in its clause: a new subject, an antecedent, who does what is in it."""

from __future__ import annotations

from unrelate.matching.chunks import NounPhrase, VerbChunk
from unrelate.matching.objects import group_from
from unrelate.matching.state import State


def read_noun(state: State, at: int) -> int:
    before = state.at(at - 1)
    group, end = group_from(state.chunks, at)
    for noun in group:
        state.note(noun)
    glued = _compound(state, at)
    if glued is not None:
        return glued
    if state.other_verb is not None and before is state.other_verb:
        if any(n.actor or n.person or n.pronoun for n in group):
            state.near = group
        state.any = group
        state.helpers.clear()
        for who, earlier, fact in state.pending:  # lifting and then dropping a hammer
            if earlier.verb:
                state.say(who, earlier, earlier.verb.relation, group, fact)
        state.pending.clear()
        return end
    if state.gap is not None or (
        isinstance(before, NounPhrase) and state.head_end == at and not state.after_comma
    ):
        state.gap = state.gap if state.gap is not None else state.any
        state.embedded = state.near = group
        state.helpers -= {"be", "have"}
        return end
    follows = state.at(end)
    known = any(n.actor or n.person or n.pronoun for n in group)
    acts = follows is not None and follows.kind in ("verb", "other", "be", "have", "do", "modal")
    if (
        state.dressed
        and state.joined
        and state.main
        and not state.verb_seen
        and group[0].actor
        and state.near == state.main
    ):
        group = (*state.main, *group)  # a man in red and a woman
    if state.joined and state.verb_seen and (known or acts):
        state.clause += 1
        state.veil = state.unreal = state.denied = False
    if known or acts or not state.main:
        if not (state.after_comma and state.main and not known):
            state.main, state.main_done, state.verb_seen = group, False, False
        state.near = group
        state.pending.clear()
        for verb, relation, things in state.fronted if state.after_comma else ():
            state.say(group, verb, relation, things, True)
        state.fronted.clear()
    state.any = group
    state.helpers.clear()
    state.after_comma = state.joined = False
    state.head_end, state.dressed = end, False
    return end


def _compound(state: State, at: int) -> int | None:
    """*a wine-drinking child*."""
    noun, verb, who = state.chunks[at], state.at(at + 1), state.at(at + 2)
    if not (isinstance(noun, NounPhrase) and isinstance(verb, VerbChunk) and verb.glued):
        return None
    if not (isinstance(who, NounPhrase) and verb.verb and "ing" in verb.forms and noun.object):
        return None
    state.note(who)
    state.say((who,), verb, verb.verb.relation, (noun,), True)
    state.main = state.near = state.any = (who,)
    state.main_done = state.verb_seen = False
    return at + 3
