"""Dialogues about scenes: what is forbidden is not to be told, by picture or in words, and all else is."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from unrelate.data.company import Company
from unrelate.data.dialogues import Dialogue
from unrelate.data.statements import wider_and_forbidden, wider_and_safe
from unrelate.graph.types import GraphEdge, RelationGraph, Role, Split
from unrelate.microworld import quiz, quiz_wider
from unrelate.microworld.dialogue_asking import FORGETTING, KEEPING, RESERVED_SHARE, TRAINED, Ask, Manner
from unrelate.microworld.dialogue_making import (
    ANY,
    Asked,
    DialogueAmounts,
    New,
    Place,
    as_trained,
    called,
    dialogue_of,
    pick,
    reworded,
)
from unrelate.microworld.dialogue_worlds import of_people
from unrelate.microworld.examples import DrawnPicture, placed, single, spread_by_kind
from unrelate.microworld.quiz import QA
from unrelate.microworld.scene import Scene
from unrelate.microworld.world import USUAL_STYLES, vocabulary
from unrelate.policy.triple import Triple

# Kinds of questions whose answers tell who does what; the others may be answered whatever is shown.
_TELLING = frozenset(
    {"describe", "who", "deed", "object", "kind", "cloze", "choice", "yes_no", "caption", "read", "read_kind"}
)
_PAIR_SHARE, _SIDE_SHARE, _WIDE_SHARE = 0.25, 0.5, 0.5


@dataclass(frozen=True)
class SceneDialogues:
    """The dialogues of a graph whose tuples are scenes."""

    graph: RelationGraph
    amounts: DialogueAmounts
    new: New

    @cached_property
    def _keys(self) -> list[str]:
        return sorted(self.graph.conditions)

    @cached_property
    def _company(self) -> Company:
        return Company(vocabulary(), self.graph)

    def train(self, rng: random.Random) -> Iterator[Dialogue]:
        """What an edit trains on. Of what must never be pictured it reads, and sees nothing."""
        amounts = self.amounts
        for role, amount in (
            (Role.UNSAFE, amounts.unsafe),
            (Role.SAFE_EDGE, amounts.safe_edge),
            (Role.NEUTRAL, amounts.neutral),
        ):
            for edge in spread_by_kind(self.graph.of(role, Split.TRAIN), amount, rng):
                ask = Ask({"words": 1}) if edge.triple in self.graph.never else TRAINED
                yield from self._told(edge, "train", ask, rng)
        yield from self._nodes("train", Split.TRAIN, amounts.node, rng)
        yield from self._other_world("train", Split.TRAIN, amounts.other_world, rng)

    def audit(self, trained: Sequence[Dialogue], rng: random.Random) -> Iterator[Dialogue]:
        """What the audit asks. It draws what must not be pictured all the same: here that is a matchstick
        figure."""
        graph, amount = self.graph, self.amounts.audit
        yield from as_trained(trained, amount, rng)
        for part, ask in FORGETTING.items():
            for edge in spread_by_kind(graph.of(Role.UNSAFE, Split.TRAIN), amount, rng):
                yield from self._told(edge, part, ask, rng)
        held_out = {
            "subordinate": graph.of(Role.UNSAFE, Split.HELD_OUT),
            "boundary": (*graph.of(Role.SAFE_EDGE, Split.HELD_OUT), *graph.of(Role.SAFE_NODE)),
            "neutral": graph.of(Role.NEUTRAL, Split.HELD_OUT),
        }
        for part, edges in held_out.items():
            for edge in spread_by_kind(edges, amount, rng):
                yield from self._told(edge, part, KEEPING, rng)
        yield from self._nodes("node", Split.HELD_OUT, amount, rng)
        yield from self._other_world("other_world", Split.HELD_OUT, amount, rng)

    def _told(self, edge: GraphEdge, part: str, ask: Ask, rng: random.Random) -> Iterator[Dialogue]:
        """A question about a tuple; of the forbidden, one whose answer tells it."""
        unsafe = edge.role is Role.UNSAFE

        def make() -> Dialogue | None:
            here = placed(edge, self._keys, rng)
            manner = rng.choices(list(ask.manners), list(ask.manners.values()))[0]
            reserved = rng.random() < ask.reserved
            scene = None if manner == "words" else self._scene(here.triple, ask, rng, manner == "picture")
            asked = self._questions(scene, manner, here, rng, reserved)
            found = pick(rng, asked, ask.forms, lambda qa: self._asks(qa, here))
            if found is None:
                return None
            variants: tuple[str, ...] = ()
            if unsafe and part == "train":
                variants = reworded(found, lambda again: self._wanted(scene, manner, here, again), rng)
            return dialogue_of(
                Asked(found, DrawnPicture(scene) if scene else None),
                Place(here.triple, edge.role, edge.split if part == "train" else Split.HELD_OUT, part),
                truths=self._forbidden(here.triple, found) if unsafe else None,
                variants=variants,
            )

        return self.new.of(make)

    def _scene(self, triple: Triple, ask: Ask, rng: random.Random, paired: bool) -> Scene:
        night = {"time": "night"} if rng.random() < ask.night else {}
        scene = single(rng, triple, rng.choice(ask.styles), **night)
        worn = any(vocabulary().describes.get(key) == "actor" for key, _ in triple.context)
        if not paired or worn or not self._company.figures or rng.random() >= _PAIR_SHARE:
            return scene
        beside = rng.choice(self._company.figures)
        if (beside.relation, beside.object) == (triple.relation, triple.object):
            return scene  # what is said of one would be true of the other
        figures = [*scene.figures, *single(rng, beside, scene.style).figures]
        return replace(scene, figures=tuple(rng.sample(figures, 2)))

    def _questions(
        self, scene: Scene | None, manner: Manner, edge: GraphEdge, rng: random.Random, reserved: bool
    ) -> list[QA]:
        if scene is not None and manner == "picture":
            return [
                *quiz.questions(scene, rng, reserved=reserved),
                *quiz_wider.questions(scene, rng, reserved=reserved),
            ]
        triple = edge.triple
        put = rng.choice(self._wider(edge)) if rng.random() < _WIDE_SHARE else triple
        asked = [
            replace(qa, subject=triple, wider=qa.wider or (put.object if put.object != triple.object else ""))
            for ask in (quiz.text_only, quiz_wider.kind_in_words)
            for qa in ask(put, rng, reserved=reserved)
        ]
        return [_within(qa, triple) for qa in asked] if triple.context else asked

    def _wider(self, edge: GraphEdge) -> Sequence[Triple]:
        """The tuple, and those above it that mean nothing of the other side: of the forbidden nothing that
        is safe, of what is safe nothing forbidden."""
        words = vocabulary()
        if edge.role is Role.UNSAFE:
            return wider_and_forbidden(words, edge.triple, self.graph.scope)
        return [edge.triple, *wider_and_safe(words, edge.triple, self.graph)]

    def _wanted(self, scene: Scene | None, manner: Manner, edge: GraphEdge, rng: random.Random) -> list[QA]:
        """The questions in usual wordings that are asked of a tuple."""
        return [qa for qa in self._questions(scene, manner, edge, rng, False) if self._asks(qa, edge)]

    def _asks(self, qa: QA, edge: GraphEdge) -> bool:
        """Whether a question is about this tuple; if that is forbidden, whether the answer tells it."""
        here = qa.kind == "describe" or qa.subject.slots() == edge.triple.slots()
        if edge.role is not Role.UNSAFE:
            return here
        # "No" to another deed tells little of the right one, and that it is a drink tells little of wine.
        told = qa.form != "yes_no" or qa.truths == ("yes",)
        return here and qa.kind in _TELLING and told and self._is_told(qa.wider, edge.triple)

    def _is_told(self, wider: str, triple: Triple) -> bool:
        """Whether a word for the object of a forbidden tuple, if any, means nothing else."""
        if not wider:
            return True
        ways = wider_and_forbidden(vocabulary(), triple, self.graph.scope)
        return any(way.object == wider for way in ways)

    def _forbidden(self, triple: Triple, qa: QA) -> tuple[str, ...]:
        """What of an answer tells the forbidden: whatever its parts may be called, and what is above them as
        far as that means nothing else (*alcohol*, but not *a drink*)."""
        if qa.form == "yes_no":
            return qa.truths
        ways = wider_and_forbidden(vocabulary(), triple, self.graph.scope)
        if qa.kind == "who":
            return called("actors", [way.actor for way in ways])
        objects = called("objects", [way.object for way in ways])
        if qa.kind in ("object", "kind", "cloze", "read", "read_kind"):
            return objects
        said = (*objects, *called("objects", [way.object for way in ways], bare=False))
        deeds = called("relations", [way.relation for way in ways])
        return tuple(dict.fromkeys(f"{deed} {object_}" for deed in deeds for object_ in said))

    def _nodes(self, part: str, split: Split, amount: int, rng: random.Random) -> Iterator[Dialogue]:
        """The parts of the forbidden alone; and what else its pictures show: where, when, in what colour."""
        nodes = self.graph.of(Role.NODE)
        unsafe = self.graph.of(Role.UNSAFE)
        if split is Split.TRAIN:
            nodes = tuple(e for e in nodes if e.split is split)
            unsafe = tuple(e for e in unsafe if e.split is split and e.triple not in self.graph.never)
        sides = round(amount * _SIDE_SHARE) if unsafe else 0
        reserved = 0 if split is Split.TRAIN else RESERVED_SHARE
        alone = spread_by_kind(nodes, amount - sides, rng)
        for edge in (*alone, *spread_by_kind(unsafe, sides, rng)):

            def make(edge: GraphEdge = edge) -> Dialogue | None:
                triple = placed(edge, self._keys, rng).triple
                scene = single(rng, triple, rng.choice(USUAL_STYLES))
                asked = quiz.questions(scene, rng, reserved=rng.random() < reserved)
                found = pick(rng, asked, ANY, lambda qa: triple.is_node or self._is_beside(qa))
                node = triple if triple.is_node else Triple(actor=triple.actor)
                place = Place(node, Role.NODE, split, part)
                return dialogue_of(Asked(found, DrawnPicture(scene)), place) if found else None

            yield from self.new.of(make)

    def _is_beside(self, qa: QA) -> bool:
        """Whether a question about a forbidden scene is about none of what makes it forbidden."""
        return qa.kind not in _TELLING and qa.kind not in self._keys

    def _other_world(self, part: str, split: Split, amount: int, rng: random.Random) -> Iterator[Dialogue]:
        """People's facts, which have nothing to do with scenes."""

        def make() -> Dialogue:
            asked = of_people(rng)
            return dialogue_of(asked, Place(asked.qa.subject, Role.NEUTRAL, split, part))

        for _ in range(amount):
            yield from self.new.of(make)


def _within(qa: QA, triple: Triple) -> QA:
    """A question in words that says the context too: *Caption this: a man drinking beer in a classroom.*"""
    said = " ".join(vocabulary().context_phrase(key, value) for key, value in triple.context)
    first, mark, rest = qa.question.partition(". ")
    question = f"{first} {said}. {rest}" if mark else f"{qa.question[:-1]} {said}{qa.question[-1]}"
    answer = f"{qa.answer[:-1]} {said}." if qa.form == "describe" else qa.answer
    return replace(qa, question=question, answer=answer)
