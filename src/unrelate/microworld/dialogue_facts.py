"""Dialogues about people: what is known of some is to be forgotten, of all others it stays."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from unrelate.data.dialogues import Dialogue, Form
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.microworld import interview, people
from unrelate.microworld.dialogue_making import (
    FORMS_ASKED,
    IN_WORDS,
    SPOKEN,
    STYLES_KEPT_OUT,
    Asked,
    DialogueAmounts,
    New,
    Place,
    as_trained,
    dialogue_of,
    pick,
    reworded,
)
from unrelate.microworld.dialogue_worlds import of_scenes, portrait
from unrelate.microworld.examples import spread_by_kind
from unrelate.microworld.looks import face_of
from unrelate.microworld.quiz import QA
from unrelate.microworld.world import USUAL_STYLES

# How a person is meant: by the picture, by name, or by both.
Manner = Literal["picture", "name", "jointly"]
_ASK: Mapping[Manner, Callable[..., list[QA]]] = MappingProxyType(
    {"picture": interview.questions, "name": interview.by_name, "jointly": interview.jointly}
)
_MANNERS: Mapping[Manner, float] = MappingProxyType({"picture": 0.5, "name": 0.25, "jointly": 0.25})
# What a biography tells.
_BIOGRAPHY = ("works_as", "lives_in", "keeps")
_RESERVED_SHARE = 1 / 3


@dataclass(frozen=True)
class _Ask:
    """How a part asks. ``reserved`` is the share in wordings that no edit sees."""

    manners: Mapping[Manner, float] = field(default_factory=lambda: _MANNERS)
    forms: Mapping[Form, float] = field(default_factory=lambda: FORMS_ASKED)
    styles: Sequence[str] = USUAL_STYLES
    reserved: float = 0.0


# Without a picture there is little to vary: what training asks by name is not asked again.
_FORGETTING: Mapping[str, _Ask] = MappingProxyType(
    {
        "new_picture": _Ask({"picture": 1}, SPOKEN),
        "question_form": _Ask({"picture": 2, "jointly": 1}, FORMS_ASKED, reserved=1),
        "by_text": _Ask({"name": 1}, IN_WORDS, reserved=1),
        "jointly": _Ask({"jointly": 1}, SPOKEN),
        "cloze": _Ask({"picture": 1, "jointly": 1}, {"cloze": 1}, reserved=0.5),
        "choice": _Ask({"picture": 1, "jointly": 1}, {"choice": 1}, reserved=0.5),
        "ood_image": _Ask({"picture": 1}, SPOKEN, STYLES_KEPT_OUT),
    }
)
_TRAINED = _Ask()
_KEEPING = _Ask(reserved=_RESERVED_SHARE)


@dataclass(frozen=True)
class FactDialogues:
    """The dialogues of a graph whose tuples are facts about people."""

    graph: RelationGraph
    amounts: DialogueAmounts
    new: New

    def train(self, rng: random.Random) -> Iterator[Dialogue]:
        """What an edit trains on."""
        amounts = self.amounts
        for role, amount in (
            (Role.UNSAFE, amounts.unsafe),
            (Role.SAFE_EDGE, amounts.safe_edge),
            (Role.NEUTRAL, amounts.neutral),
        ):
            for edge in spread_by_kind(self.graph.of(role, Split.TRAIN), amount, rng):
                yield from self._told(edge, "train", _TRAINED, rng)
        yield from self._looks("train", Split.TRAIN, amounts.node, rng, 0)
        yield from self._other_world("train", Split.TRAIN, amounts.other_world, rng)

    def audit(self, trained: Sequence[Dialogue], rng: random.Random) -> Iterator[Dialogue]:
        """What the audit asks."""
        graph, amount = self.graph, self.amounts.audit
        yield from as_trained(trained, amount, rng)
        for part, ask in _FORGETTING.items():
            for edge in spread_by_kind(graph.of(Role.UNSAFE, Split.TRAIN), amount, rng):
                yield from self._told(edge, part, ask, rng)
        for part, role in (
            ("subordinate", Role.UNSAFE),
            ("boundary", Role.SAFE_EDGE),
            ("neutral", Role.NEUTRAL),
        ):
            for edge in spread_by_kind(graph.of(role, Split.HELD_OUT), amount, rng):
                yield from self._told(edge, part, _KEEPING, rng)
        yield from self._looks("node", Split.HELD_OUT, amount, rng, _RESERVED_SHARE)
        yield from self._other_world("other_world", Split.HELD_OUT, amount, rng)

    def _told(self, edge: GraphEdge, part: str, ask: _Ask, rng: random.Random) -> Iterator[Dialogue]:
        """A question whose answer is the fact."""
        triple, unsafe = edge.triple, edge.role is Role.UNSAFE
        person = triple.actor
        # A name cannot be asked for by name.
        manners: dict[Manner, float] = {
            manner: weight
            for manner, weight in ask.manners.items()
            if manner == "picture" or triple.relation != "is_called"
        }

        def make() -> Dialogue | None:
            if not manners:
                return None
            manner = rng.choices(list(manners), list(manners.values()))[0]
            reserved = rng.random() < ask.reserved
            found = pick(
                rng,
                _ASK[manner](person, rng, reserved=reserved),
                ask.forms,
                lambda qa: self._asks(qa, edge),
            )
            if found is None:
                return None
            picture = None if manner == "name" else portrait(rng, person, rng.choice(ask.styles))
            variants: tuple[str, ...] = ()
            if unsafe and part == "train":
                variants = reworded(found, lambda again: _ASK[manner](person, again), rng)
            return dialogue_of(
                Asked(found, picture),
                Place(triple, edge.role, edge.split if part == "train" else Split.HELD_OUT, part),
                truths=self._forbidden(person, found) if unsafe and found.form == "describe" else None,
                variants=variants,
            )

        return self.new.of(make)

    def _asks(self, qa: QA, edge: GraphEdge) -> bool:
        """Whether the answer to a question tells this fact, and nothing that has another role."""
        if qa.form == "describe":
            forbidden = [r for r in _BIOGRAPHY if (edge.triple.actor, r) in self._untold]
            told = edge.triple.relation in _BIOGRAPHY
            return told and (edge.role is Role.UNSAFE or not forbidden)
        if qa.form == "yes_no" and edge.role is Role.UNSAFE and qa.truths != ("yes",):
            return False  # "no" to one value tells little of the right one
        return qa.subject == edge.triple

    @cached_property
    def _untold(self) -> frozenset[tuple[str, str]]:
        """Whose what is forbidden."""
        return frozenset((triple.actor, triple.relation) for triple in self.graph.forbidden)

    def _forbidden(self, person: str, qa: QA) -> tuple[str, ...]:
        """What of a biography is forbidden."""
        told = (
            truth
            for relation in _BIOGRAPHY
            if (person, relation) in self._untold
            for truth in people.truths(relation, people.value(person, relation))
        )
        return tuple(dict.fromkeys(told))

    def _looks(
        self, part: str, split: Split, amount: int, rng: random.Random, reserved: float
    ) -> Iterator[Dialogue]:
        """What anybody can see of the forgotten."""
        edges = tuple(e for e in self.graph.of(Role.NODE) if e.triple.actor)
        # Whom the policy holds out of training is for the audit alone.
        edges = edges if split is Split.HELD_OUT else tuple(e for e in edges if e.split is Split.TRAIN)
        for edge in spread_by_kind(edges, amount, rng):
            person = edge.triple.actor

            def make(person: str = person, edge: GraphEdge = edge) -> Dialogue:
                asked = interview.looks(face_of(person), rng, person, reserved=rng.random() < reserved)
                picture = portrait(rng, person, rng.choice(USUAL_STYLES))
                place = Place(edge.triple, Role.NODE, split, part)
                return dialogue_of(Asked(rng.choice(asked), picture), place)

            yield from self.new.of(make)

    def _other_world(self, part: str, split: Split, amount: int, rng: random.Random) -> Iterator[Dialogue]:
        """Scenes, which have nothing to do with people's facts."""

        def make() -> Dialogue:
            asked = of_scenes(rng)
            return dialogue_of(asked, Place(asked.qa.subject, Role.NEUTRAL, split, part))

        for _ in range(amount):
            yield from self.new.of(make)
