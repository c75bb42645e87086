"""What a row of a manifest is of (its tuple), and what is to become of that (its role)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from unrelate.data.manifest import SLOTS, Row
from unrelate.errors import UserError, nearest
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.policy.hierarchy import KINDS, canonical
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple
from unrelate.policy.tuples import disjoint
from unrelate.policy.vocabulary import Vocabulary

_KINDS: dict[str, str] = dict(zip(SLOTS, KINDS, strict=True))

_Choice = TypeVar("_Choice", Role, Split)


@dataclass(frozen=True)
class Meaning:
    """A row understood.

    ``triple`` has the contexts that the policy speaks of. ``named``: the row gives a tuple;
    otherwise its tuple is ``Triple(actor=caption)``, which stands for *whatever this caption says*.
    ``given``: the split that the row asks for. ``planned``: the graph's. ``forced``: never to be
    trained on, since the policy holds it out or it is a safe node.
    """

    triple: Triple
    role: Role
    named: bool
    given: Split | None = None
    planned: Split | None = None
    forced: bool = False


def understand(row: Row, policy: Policy, roles: Roles) -> Meaning:
    """Tuple, role and split of one row.

    Raises:
        UserError: a word nobody knows, half a tuple, neither tuple nor role, or a role or a split
            that contradicts the policy.
    """
    given = _choice(Split, "split", row.get("split"))
    stated = _choice(Role, "role", row.get("role"))
    triple = _triple(row, policy.vocabulary)
    if triple is None:
        if stated is None:
            raise UserError("has neither a tuple (actor, relation, object) nor a role")
        forced = stated is Role.SAFE_NODE
        meaning = Meaning(Triple(actor=row.get("caption")), stated, False, given, None, forced)
    else:
        meaning = _named(roles.relevant(triple), stated, given, roles)
    if meaning.forced and given is Split.TRAIN:
        why = "safe nodes are" if meaning.role is Role.SAFE_NODE else "the policy holds this tuple"
        raise UserError(f"has split 'train', but {why} held out: '{meaning.triple}' is for the audit alone")
    return meaning


def _named(triple: Triple, stated: Role | None, given: Split | None, roles: Roles) -> Meaning:
    edge = roles.find(triple)
    if edge is None:
        if stated is None and roles.may_be_forbidden(triple):
            raise UserError(
                f"has '{triple}', which may or may not be forbidden; say more exactly who does what "
                "and where, or give its role too"
            )
        role = stated or Role.NEUTRAL
        return Meaning(triple, role, True, given, None, role is Role.SAFE_NODE)
    if stated not in (None, edge.role):
        raise UserError(f"has role '{stated}', but under this policy '{triple}' is '{edge.role}'")
    held = edge.split is Split.HELD_OUT
    forced = held and edge.role in (Role.UNSAFE, Role.NODE, Role.SAFE_NODE)
    # An unsafe tuple is trained on and asked for in different pictures: the graph leaves those open.
    planned = None if edge.role in (Role.UNSAFE, Role.NODE) else edge.split
    return Meaning(triple, edge.role, True, given, planned, forced)


class Roles:
    """A relation graph, asked for the role of any tuple."""

    def __init__(self, graph: RelationGraph, vocabulary: Vocabulary) -> None:
        self._scope, self._vocabulary = graph.scope, vocabulary
        self._edges: dict[tuple[str, str, str], list[GraphEdge]] = {}
        for edge in graph.edges:
            self._edges.setdefault(edge.triple.slots(), []).append(edge)
        stated = (*graph.scope, *(edge.triple for edge in graph.edges))
        self._keys = {key for triple in stated for key, _ in triple.context}

    def relevant(self, triple: Triple) -> Triple:
        """The tuple with the contexts that the policy speaks of. The others have to go: a picture
        that is taken for *a child drinking wine* is recognised, whether or not in the right kitchen.
        """
        return replace(triple, context=tuple(pair for pair in triple.context if pair[0] in self._keys))

    def find(self, triple: Triple) -> GraphEdge | None:
        """The edge that a picture of ``triple`` shows, or None if there is none or it is open.

        Forbidden goes first: by an edge, or by the policy's own words through the hierarchy. Then
        the edge whose context is met most closely; then one that might be met, held out if any is.
        """
        here = self._edges.get(triple.slots(), [])
        met = [edge for edge in here if set(edge.triple.context) <= set(triple.context)]
        unsafe = [edge for edge in met if edge.role is Role.UNSAFE]
        if unsafe:
            return max(unsafe, key=lambda edge: edge.split is Split.HELD_OUT)
        if self.covering(triple):
            return GraphEdge(triple, Role.UNSAFE, "forbidden", Split.TRAIN)
        if self.may_be_forbidden(triple):
            return None
        if met:
            return max(met, key=lambda edge: len(edge.triple.context))
        open_ = [edge for edge in here if not disjoint(edge.triple.context, triple.context)]
        return max(open_, key=lambda edge: edge.split is Split.HELD_OUT, default=None)

    def covering(self, triple: Triple) -> tuple[Triple, ...]:
        """The forbidden tuples, as the policy states them, that ``triple`` is a case of."""
        return tuple(
            stated
            for stated in self._scope
            if self._below(triple, stated) and set(stated.context) <= set(triple.context)
        )

    def may_be_forbidden(self, triple: Triple) -> bool:
        """Whether some pictures of ``triple`` show what is forbidden, and perhaps others do not:
        *a person drinking wine*, where the person may be a child."""
        return any(
            (self._below(stated, triple) or self._below(triple, stated))
            and not disjoint(stated.context, triple.context)
            for stated in self._unsafe()
        )

    def _unsafe(self) -> Iterable[Triple]:
        yield from self._scope
        yield from (e.triple for edges in self._edges.values() for e in edges if e.role is Role.UNSAFE)

    def _below(self, low: Triple, high: Triple) -> bool:
        """Whether each slot of ``low`` is that of ``high`` or a kind of it."""
        pairs = zip(KINDS, low.slots(), high.slots(), strict=True)
        return all(a == b or (a and b and self._vocabulary.is_under(kind, a, b)) for kind, a, b in pairs)


def _triple(row: Row, vocabulary: Vocabulary) -> Triple | None:
    slots: dict[str, str] = {slot: row.get(slot) for slot in SLOTS}
    context = {key: row.get(key) for key in vocabulary.contexts if row.get(key)}
    given = [slot for slot, word in slots.items() if word]
    if not given:
        if context:
            raise UserError(f"has {', '.join(context)} but no tuple that it could be said of")
        return None
    if len(given) != len(SLOTS) and given not in (["actor"], ["object"]):
        raise UserError(f"has {' and '.join(given)}; give all three, or one actor or object alone")
    try:
        named = {slot: vocabulary.resolve(_KINDS[slot], slots[slot]) for slot in given}
    except UserError as error:
        hint = error.remedy if error.remedy.startswith("did you mean") else f"known are {error.allowed}"
        raise UserError(f"{error.received}; {hint}") from error
    triple = Triple(named.get("actor", ""), named.get("relation", ""), named.get("object", ""))
    return triple.within(**{k: _value(vocabulary, k, v) for k, v in context.items()})


def _value(vocabulary: Vocabulary, key: str, word: str) -> str:
    known = vocabulary.contexts[key]
    name = canonical(word.casefold())
    found = next((value for value in known if value.casefold() == name), None)
    if found is None:
        hint = nearest(name, known) or f"known are {', '.join(known)}"
        raise UserError(f"has {key} '{word}'; {hint}")
    return found


def _choice(kind: type[_Choice], column: str, word: str) -> _Choice | None:
    if not word:
        return None
    names = [member.value for member in kind]
    if word not in names:
        raise UserError(f"has {column} '{word}'; {nearest(word, names) or 'known are ' + ', '.join(names)}")
    return kind(word)
