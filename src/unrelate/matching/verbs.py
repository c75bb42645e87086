"""A verb: who does it, to what, and whether that is said to happen.

A participle (*drinking*) belongs to the nearest actor before it, a finite verb (*drinks*, *is
drinking*) to the subject of its clause, one after *and* to the subject of the verb before. Where an
unknown person stands nearer (*a child with his mother drinking wine*), nobody is said to do it.
"""

from __future__ import annotations

from unrelate.matching import words as w
from unrelate.matching.chunks import NounPhrase, VerbChunk
from unrelate.matching.objects import Objects, group_from
from unrelate.matching.state import NOBODY, Group, State


def read_other_verb(state: State, at: int, verb: VerbChunk) -> int:
    """A verb that the vocabulary does not know: it may hold the next one in the air."""
    group = _subject(state, verb, passive=False)
    if verb.unreal and not {"modal", "not"} <= state.helpers:  # she *cannot stop* eating
        state.unreal = True
    if verb.word in w.LETTING and state.helpers & {"not", "to"}:
        state.unreal = True
    if verb.forms & {"third", "past"} or state.helpers & {"be", "have", "do", "modal"}:
        state.main_done = state.main_done or (state.relative is None and group == state.main)
    state.subject = group or state.subject
    state.verb_seen, state.other_verb, state.relative = True, verb, None
    state.after_comma = state.joined = False
    state.helpers.clear()
    return at + 1


def read_verb(state: State, at: int, verb: VerbChunk) -> int:
    assert verb.verb is not None
    agents = _agents(state, at, verb)
    passive = agents is not None
    group = _subject(state, verb, passive=passive)
    fact = _is_fact(state, verb)
    state.denied = not fact
    if not passive:
        state.subject = group
    reduced = passive and not state.helpers & {"be", "have"}
    if state.relative is None and state.embedded is None and not reduced and _finite(state, verb):
        state.main_done = True
    if state.main is None:
        state.main = group
    state.verb_seen, state.other_verb = True, None
    gap, state.gap, state.embedded, state.relative = state.gap, None, None, None
    state.helpers.clear()
    state.after_comma = state.joined = False
    if agents is not None:
        for noun in agents[0]:
            state.note(noun)
        state.say(agents[0], verb, verb.verb.relation, group, fact)
        if agents[0]:
            state.near = state.any = agents[0]
        return max(agents[1], at + 1)
    found = Objects(state.row, state.chunks).after(at, verb)
    if found.waits:
        state.pending.append((group, verb, fact))
        return found.end
    for noun in found.nouns:
        state.note(noun)
    for noun in found.others:
        state.note(noun)
    nouns: Group = tuple(n for n in found.nouns if not n.negated)
    if not (found.nouns or found.others) and gap:
        nouns = gap
    relation = _with_tail(state, verb, found.nouns, found.end)
    state.say(group, verb, relation, nouns, fact)
    if not group and state.main in (None, NOBODY) and fact and "ing" in verb.forms:
        state.fronted.append((verb, relation, nouns))
    for who, earlier, held in state.pending:
        if earlier.verb:
            state.say(who, earlier, earlier.verb.relation, nouns, held)
    state.pending.clear()
    if found.nouns or found.others:
        state.any = found.nouns or found.others
        state.head_end = found.end
    actors = tuple(n for n in (*found.nouns, *found.others) if n.actor or n.person)
    if actors:
        state.near = actors
    return max(found.end, at + 1)


def _with_tail(state: State, verb: VerbChunk, nouns: Group, end: int) -> str:
    """*tipping wine out* is tipping out."""
    assert verb.verb is not None
    stop = nouns[-1].end if nouns else verb.end
    for tail, relation in verb.verb.tails:
        if tuple(state.row[stop : stop + len(tail)]) == tail:
            return relation
    return verb.verb.relation


def _finite(state: State, verb: VerbChunk) -> bool:
    return bool(state.helpers & {"be", "have", "do", "modal"} or verb.forms & {"third", "past"})


def _subject(state: State, verb: VerbChunk, *, passive: bool) -> Group:
    if state.relative is not None:
        return state.relative
    if state.embedded is not None and not passive:
        return state.embedded
    if passive:
        return _passive_subject(state, verb)
    if state.joined and state.subject:
        return state.subject
    if state.after_comma and state.main is not None:
        return state.main
    bare = (verb.forms & {"third", "past"} and "ing" not in verb.forms) or state.helpers & {
        "be",
        "have",
        "do",
    }
    if bare and state.main is not None and not state.main_done:
        return state.main
    return state.near


def _passive_subject(state: State, verb: VerbChunk) -> Group:
    bare = state.helpers & {"be", "have"}
    if (bare or state.after_comma) and state.main is not None:
        return state.main
    return state.any


def _is_fact(state: State, verb: VerbChunk) -> bool:
    if state.veil or state.helpers & {"not", "to", "modal", "prep"}:
        return False
    if state.unreal:
        free = state.joined and (state.helpers & {"be", "have"} or "third" in verb.forms)
        if not free:
            return False
        state.unreal = False
    return not (
        state.denied and state.joined and not (state.helpers & {"be", "have"} or "third" in verb.forms)
    )


def _agents(state: State, at: int, verb: VerbChunk) -> tuple[Group, int] | None:
    """By whom, if the verb is passive; no one if that is not said. None: it is active."""
    if "participle" not in verb.forms or ("have" in state.helpers and "be" not in state.helpers):
        return None
    after = state.at(at + 1)
    if isinstance(after, NounPhrase) and "be" not in state.helpers:
        return None
    for j in range(at + 1, min(at + 7, len(state.chunks))):
        chunk = state.chunks[j]
        if chunk.kind == "prep" and chunk.word == "by" and isinstance(state.at(j + 1), NounPhrase):
            group, end = group_from(state.chunks, j + 1, actors=True)
            for noun_at in range(at + 1, j):
                noun, before = state.chunks[noun_at], state.chunks[noun_at - 1]
                if isinstance(noun, NounPhrase) and before.kind == "prep":
                    condition = state.condition(before.word, noun)
                    if condition:
                        state.apply(condition)
            if any(n.actor or n.person for n in group) or "be" in state.helpers:
                return group, end
            continue
        if chunk.kind in ("noun", "prep"):
            continue
        if chunk.kind == "verb" and j == at + 2 and state.chunks[at + 1].kind == "and":
            continue
        break
    return (NOBODY, at + 1) if "be" in state.helpers else None
