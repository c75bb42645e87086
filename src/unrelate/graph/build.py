"""From a policy to its relation graph: every tuple with a role and a split (RASU section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator

from unrelate.errors import UserError
from unrelate.graph.neighbours import (
    OTHER_ACTOR,
    Ends,
    Neighbour,
    elsewhere,
    nearby,
    neutrals,
    nodes,
    safe_edges,
    safe_nodes,
)
from unrelate.graph.people import UNRELATED, People
from unrelate.graph.split import Overlaps, check_no_leak, held_out_partners
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.policy.checks import is_held_out
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple


def build_graph(policy: Policy, *, seed: int = 0) -> RelationGraph:
    """All that an edit under this policy touches, each tuple exactly once.

    The nearest reason wins: unsafe, kept by policy, safe edges kind by kind, nodes, safe nodes,
    neutral. ``seed`` chooses which neighbours are held out, and nothing else.

    Raises:
        UserError: what one forbidden tuple holds out is all that another has to train on.
    """
    unsafe = _unsafe(policy)
    tuples = tuple(edge.triple for edge in unsafe)
    ends = Ends.of(tuples)
    kept = [_kept(t) for t in dict.fromkeys(t for entry in policy.keep for t in policy.expand(entry))]
    always = Overlaps(edge.triple for edge in kept)
    facts = policy.vocabulary.facts
    people = People.of(policy, ends, {edge.triple.actor for edge in kept}, seed) if facts else None
    near = _safe_edges(policy, seed, always, people)
    new = [
        GraphEdge(triple, Role.SAFE_NODE, "relation on new nodes", Split.HELD_OUT, edge)
        for triple, edge in safe_nodes(policy, tuples, ends)
        if not always.meets(triple)
    ]
    closer = _unique([*unsafe, *kept, *near, *new])
    held_out = Overlaps(edge.triple for edge in closer if edge.split is Split.HELD_OUT)
    around = [
        GraphEdge(triple, Role.SAFE_EDGE, "nearby", split, _nearest(triple, tuples))
        for triple in _around(policy, ends, held_out)
        for split in [_split(policy, triple, people)]
        if not held_out.meets(triple) and not (split is Split.HELD_OUT and always.meets(triple))
    ]
    alone = [
        GraphEdge(
            t, Role.NODE, "actor alone" if t.actor else "object alone", _split(policy, t), _end(t, tuples)
        )
        for t in nodes(policy, ends)
    ]
    neutral = _neutral(policy, ends, seed, always, people)
    edges = _unique([*unsafe, *kept, *near, *around, *alone, *new, *neutral])
    never = frozenset(triple for triple in tuples if policy.never_pictured(triple))
    graph = RelationGraph(edges, policy.scope(), never, people.held_out if people else None)
    check_no_leak(graph)
    return graph


def _unsafe(policy: Policy) -> tuple[GraphEdge, ...]:
    """The concrete forbidden edges. What one entry holds out, no other entry trains on."""
    held = _held_out(policy)
    edges = []
    for entry in policy.forget:
        concrete = policy.expand(entry)
        if all(held.meets(triple) for triple in concrete):
            raise UserError(
                f"nothing of '{entry.stated()[0]}' is left to train on: another forbidden tuple holds it out",
                allowed="at least one concrete tuple to train on for each forbidden one",
                remedy="take something out of `hold_out`",
            )
        for triple in concrete:
            if held.meets(triple):
                edges.append(GraphEdge(triple, Role.UNSAFE, "subordinate", Split.HELD_OUT, triple))
            else:
                edges.append(GraphEdge(triple, Role.UNSAFE, "forbidden", Split.TRAIN, triple))
    return _unique(edges)


def _held_out(policy: Policy) -> Overlaps:
    """What some entry holds out, what one picture could show as well, what another could show of that,
    and so on: *anywhere* meets *in a park* and *at a beach*, though these two never meet."""
    covered = {triple for entry in policy.forget for triple in policy.expand(entry)}
    named = {
        triple
        for entry in policy.forget
        for triple in policy.expand(entry)
        if is_held_out(policy.vocabulary, entry.hold_out, triple.slots())
    }
    while True:
        held = Overlaps(named)
        more = {triple for triple in covered if held.meets(triple)} - named
        if not more:
            return held
        named |= more


def _split(policy: Policy, triple: Triple, people: People | None = None) -> Split:
    """Training never shows what `hold_out` names, in what is safe either: else it would be taught as
    the exception, and forgetting could not spread to it. Nor a person who is held out."""
    named = tuple(name for entry in policy.forget for name in entry.hold_out)
    new = people is not None and triple.actor in people.held_out
    return Split.HELD_OUT if new or is_held_out(policy.vocabulary, named, triple.slots()) else Split.TRAIN


def _kept(triple: Triple) -> GraphEdge:
    return GraphEdge(triple, Role.SAFE_EDGE, "kept by policy", Split.TRAIN)


def _safe_edges(policy: Policy, seed: int, always: Overlaps, people: People | None) -> list[GraphEdge]:
    """The safe edges of every entry. A tuple held out for one entry is trained on for none; what
    the policy names as kept (``always``) is trained on in any case."""
    trained: list[Neighbour] = []
    held_out: list[Neighbour] = []
    for entry in policy.forget:
        neighbours = tuple(safe_edges(policy, entry, policy.expand(entry)))
        scope = entry.stated()[0].bare()
        for kind in dict.fromkeys(neighbour.kind for neighbour in neighbours):
            these = [neighbour for neighbour in neighbours if neighbour.kind == kind]
            if people and kind == OTHER_ACTOR:
                held = people.held_out
            else:
                held = held_out_partners((n.partner for n in these), f"{scope}|{kind}", seed)
            for neighbour in these:
                new = neighbour.partner in held or _split(policy, neighbour.triple) is Split.HELD_OUT
                new = new and not always.meets(neighbour.triple)
                (held_out if new else trained).append(neighbour)
    unseen = Overlaps(neighbour.triple for neighbour in held_out)
    return [
        GraphEdge(n.triple, Role.SAFE_EDGE, n.kind, split, n.near)
        for split, these in ((Split.TRAIN, trained), (Split.HELD_OUT, held_out))
        for n in these
        if split is Split.HELD_OUT or not unseen.meets(n.triple)
    ]


def _around(policy: Policy, ends: Ends, held_out: Overlaps) -> Iterator[Triple]:
    """What is nearby; of what is held out under a condition, the same scene where that is not met. It is as
    safe as any, and the bare edge, which may coincide with what is held out, cannot be shown."""
    for triple in nearby(policy, ends):
        yield from elsewhere(policy, triple) if held_out.meets(triple) else (triple,)


def _neutral(
    policy: Policy, ends: Ends, seed: int, always: Overlaps, people: People | None
) -> list[GraphEdge]:
    triples = tuple(neutrals(policy, ends))
    held = held_out_partners((triple.object for triple in triples), "neutral", seed)
    new = Split.HELD_OUT
    return [
        GraphEdge(triple, Role.NEUTRAL, people.kind(triple), _split(policy, triple, people))
        if people
        else GraphEdge(triple, Role.NEUTRAL, UNRELATED, new if triple.object in held else Split.TRAIN)
        for triple in triples
        if not always.meets(triple)
    ]


def _unique(edges: list[GraphEdge]) -> tuple[GraphEdge, ...]:
    first: dict[Triple, GraphEdge] = {}
    for edge in edges:
        first.setdefault(edge.triple, edge)
    return tuple(first.values())


def _nearest(triple: Triple, unsafe: tuple[Triple, ...]) -> Triple:
    """The unsafe edge that shares most slots, the first of equals."""
    return max(unsafe, key=lambda u: sum(a == b for a, b in zip(u.slots(), triple.slots(), strict=True)))


def _end(node: Triple, unsafe: tuple[Triple, ...]) -> Triple:
    return next(t for t in unsafe if node.actor == t.actor or node.object == t.object)
