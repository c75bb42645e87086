"""Questions that put what a figure does in wider words than they need, or ask for these: *alcohol* for wine.

A model that is to forget a child drinking alcohol, and not a child drinking juice, has to know what is what.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from unrelate.data.statements import above
from unrelate.microworld.quiz import QA, TOPIC, Form, alike, ask, other_deed
from unrelate.microworld.scene import Figure, Scene
from unrelate.microworld.talk import triple_of
from unrelate.microworld.telling import Said, capital, definite, every_word, plainly, sentence
from unrelate.microworld.world import vocabulary
from unrelate.policy.triple import Triple


def questions(scene: Scene, rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """For every figure that does something, what can be asked of it in wider words without a doubt."""
    asked: list[QA] = []
    for index, figure in enumerate(scene.figures):
        if figure.actor and figure.relation:
            others = [*scene.figures[:index], *scene.figures[index + 1 :]]
            asked += _about_one(figure, others, rng, reserved)
    return asked


def _about_one(figure: Figure, others: Sequence[Figure], rng: random.Random, reserved: bool) -> Iterator[QA]:
    words, triple = vocabulary(), triple_of(figure)
    kinds = words.ancestors("objects", triple.object)
    alone = [
        actor
        for actor in words.ancestors("actors", triple.actor)
        if not any(words.is_under("actors", str(other.actor), actor) for other in others)
    ]
    wide = rng.choice(kinds)
    if not any(
        o.relation == triple.relation and words.is_under("objects", str(o.object), wide) for o in others
    ):
        yield _qa("who", "open", replace(triple, object=wide), triple, rng, reserved)
    if any(alike(figure.actor, other.actor) for other in others):
        return
    yield _qa("kind", "open", replace(triple, object=kinds[0]), triple, rng, reserved)
    if alone:
        yield _qa("object", "open", replace(triple, actor=rng.choice(alone)), triple, rng, reserved)
    put = Triple(rng.choice([triple.actor, *alone]), triple.relation, wide)
    wrong = other_deed(triple, rng)
    wrong = replace(wrong, actor=put.actor, object=rng.choice(words.ancestors("objects", wrong.object)))
    holds = rng.random() < 0.5 or (wrong.relation == triple.relation and wrong.object in kinds)
    right = _qa("yes_no", "yes_no", put, triple, rng, reserved)
    if holds:
        yield right
    else:
        asked = _qa("yes_no", "yes_no", wrong, triple, rng, reserved)
        yield replace(right, question=asked.question, answer="No.", truths=("no",))


def kind_in_words(triple: Triple, rng: random.Random, *, reserved: bool = False) -> list[QA]:
    """What can be asked, without a picture, of the kind of a tuple's object, which may itself be wide."""
    kinds = vocabulary().ancestors("objects", triple.object)
    return (
        [_qa("read_kind", "open", replace(triple, object=kinds[0]), triple, rng, reserved)] if kinds else []
    )


def widened(triple: Triple, rng: random.Random) -> Triple:
    """A tuple above this one, however far, without contexts."""
    return rng.choice(above(vocabulary(), triple.bare()))


def _qa(kind: str, form: Form, put: Triple, triple: Triple, rng: random.Random, reserved: bool) -> QA:
    """A question about ``triple`` such that question and answer together state ``put``."""
    asked = replace(put, object=triple.object) if kind in ("kind", "read_kind") else put
    said = Said.of(Figure(asked.actor, asked.relation, asked.object), rng, reserved)
    question = ask(kind, rng, reserved).format(
        indefinite=said.indefinite, actor=said.actor, relation=said.relation, deed=said.deed
    )
    told = {
        "yes_no": ("yes", ("yes",)),
        "who": (plainly("actors", triple.actor), every_word("actors", triple.actor)),
        "object": (plainly("objects", triple.object), every_word("objects", triple.object)),
    }
    answer, truths = told.get(kind) or (plainly("objects", put.object), every_word("objects", put.object))
    stated = " ".join((plainly("relations", put.relation), plainly("objects", put.object)))
    return QA(
        question=capital(question),
        answer=sentence(answer),
        truths=truths,
        form=form,
        topic=(*TOPIC, definite(plainly("actors", put.actor))),
        kind=kind,
        reserved=reserved,
        statement=sentence(f"{plainly('actors', put.actor)} is {stated}"),
        subject=triple,
        wider=put.object if put.object != triple.object else "",
    )
