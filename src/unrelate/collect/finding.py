"""Take what is missing from data that exists, by what its captions state."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from unrelate.collect.intake import Intake
from unrelate.collect.store import pair_name
from unrelate.collect.types import Finder, Need, Pair, Record, SourceFailed
from unrelate.data.hashing import text_sha256
from unrelate.data.roles import Roles
from unrelate.errors import UserError
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.matching.many import match_many
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple

NEVER, OPEN = "shows what must never be pictured", "may or may not be forbidden"
NOT_WANTED, NO_PICTURE = "is not wanted, or no longer", "has no picture"


@dataclass(frozen=True)
class Taker:
    """Judges the records of a source under one policy and its graph."""

    policy: Policy
    graph: RelationGraph
    intake: Intake

    def take(self, source: Finder) -> None:
        """Read the source until nothing is missing, or it ends.

        Raises:
            UserError: the data cannot be read; what was collected stays.
        """
        roles = Roles(self.graph, self.policy.vocabulary)
        for record, stated in self._stated(source):
            if self.intake.full:
                break
            key = text_sha256(f"{source.name}\n{record.key}")[:24]
            if stated and key not in self.intake.store.seen:
                self._take(source, record, key, stated, roles)
        self.intake.flush()

    def _stated(self, source: Finder) -> Iterator[tuple[Record, dict[Triple, str]]]:
        """Each record with the tuples it states, and why: as annotated, else as its caption is read."""
        read, said = itertools.tee(source.records())
        matches = match_many(self.policy, self.graph, (record.caption for record in said))
        for record, match in zip(read, matches, strict=True):
            if record.triples:
                found = (self._resolved(triple) for triple in record.triples)
                yield record, {triple: "as annotated" for triple in found if triple is not None}
            else:
                yield record, {said.triple: said.why for said in match.statements} if match else {}

    def _resolved(self, annotated: Triple) -> Triple | None:
        """An annotation in the vocabulary's own names; None if it has no word for a part."""
        words = self.policy.vocabulary
        try:
            slots = [
                words.resolve(kind, name) if name else ""
                for kind, name in zip(("actors", "relations", "objects"), annotated.slots(), strict=True)
            ]
        except UserError:
            return None
        context = tuple(pair for pair in annotated.context if pair[1] in words.contexts.get(pair[0], {}))
        return Triple(*slots, context=context)

    def _take(
        self, source: Finder, record: Record, key: str, stated: Mapping[Triple, str], roles: Roles
    ) -> None:
        left_out = self.intake.outcome.left_out
        if any(self.policy.never_pictured(triple) for triple in stated):
            self.intake.drop(key, NEVER)
            return
        edges = {triple: roles.find(roles.relevant(triple)) for triple in stated}
        unsafe = {triple: edge for triple, edge in edges.items() if edge and edge.role is Role.UNSAFE}
        unknown = (triple for triple, edge in edges.items() if edge is None)
        open_ = any(roles.may_be_forbidden(roles.relevant(triple)) for triple in unknown)
        # What is forbidden, or may be, goes first: a picture of a child drinking wine beside a dog is no
        # picture of a dog.
        chosen = None if open_ and not unsafe else self._most_wanted(unsafe or edges)
        if chosen is None:
            left_out[OPEN if open_ else NOT_WANTED] += 1
            return
        need, triple = chosen
        name = pair_name(source.name, key, triple)
        if self.intake.store.has(name):
            return
        if record.picture is None:
            left_out[NO_PICTURE] += 1
            return
        try:
            data = record.picture()
        except SourceFailed as error:
            left_out[error.why] += 1
            return
        pair = Pair(
            name=name,
            caption=" ".join(record.caption.split()),
            triple=triple,
            role=need.role,
            split=need.split,
            source=source.name,
            licence=record.licence,
            why=stated[triple],
        )
        self.intake.offer(key, data, pair, need.triple)

    def _most_wanted(self, edges: Mapping[Triple, GraphEdge | None]) -> tuple[Need, Triple] | None:
        """The need of which most is missing, among the graph's edges that a picture shows, with the tuple as
        it was stated; None if nothing is missing."""
        wanted = [
            (self.intake.needs[edge.triple, split], triple)
            for triple, edge in edges.items()
            for split in Split
            if edge is not None and self.intake.missing(edge.triple, split) > 0
        ]
        return max(wanted, key=lambda one: self.intake.missing(one[0].triple, one[0].split), default=None)
