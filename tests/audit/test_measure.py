"""One model before the questions, with a geometry that is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest
import torch
from PIL import Image
from torch import Tensor

from unrelate.audit.embedded import Embedded
from unrelate.audit.measure import Answers, ask
from unrelate.data.types import Corpus, Example
from unrelate.graph.types import Role, Split
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")
MILK = Triple("child", "drinking", "milk")
MAN = Triple("man", "drinking", "wine")
POUR = Triple("child", "pouring", "wine")
CAKE = Triple("man", "eating", "cake")
BALL = Triple("dog", "kicking", "ball")
CHILD = Triple("child")


@dataclass(frozen=True)
class Dot:
    """A picture of one colour, which stands for its embedding."""

    red: int

    def load(self) -> Image.Image:
        return Image.new("RGB", (2, 2), (self.red, 0, 0))


class Table:
    """An encoder that looks its answers up: pictures by their red, captions by their words."""

    def __init__(self, pictures: dict[int, list[float]], captions: dict[str, list[float]]) -> None:
        self.pictures, self.captions = pictures, captions

    def embed_images(self, images: Sequence[Image.Image]) -> Tensor:
        reds = [cast("tuple[int, int, int]", image.getpixel((0, 0)))[0] for image in images]
        return torch.tensor([self.pictures[red] for red in reds])

    def embed_texts(self, captions: Sequence[str]) -> Tensor:
        return torch.tensor([self.captions[caption] for caption in captions])


def asked(
    table: Table,
    banks: dict[str, dict[Triple, str]],
    *rows: tuple[int, Triple, str],
    forbidden: Sequence[Triple] = (),
) -> Answers:
    examples = tuple(
        Example(
            key=str(number),
            picture=Dot(red),
            caption=banks[wording][triple],
            triple=triple,
            role=Role.UNSAFE,
            split=Split.HELD_OUT,
            part="direct",
            wording=wording,
            source="",
            licence="",
            sha256="",
        )
        for number, (red, triple, wording) in enumerate(rows)
    )
    return ask(cast(DualEncoder, table), Corpus(examples, banks), examples, forbidden=forbidden)


# Cosines of picture 1 = (1, 0, 0) are the first numbers, of picture 2 = (0, 1, 0) the second.
CAPTIONS = {
    "wine": [0.9, 0.1, 0.0],
    "milk": [0.5, 0.2, 0.0],
    "man": [0.7, 0.3, 0.0],
    "pour": [0.6, 0.4, 0.0],
    "cake": [0.2, 0.8, 0.0],
    "ball": [-0.4, 0.5, 0.0],
    "child": [0.8, 0.6, 0.0],
}
BANK = {WINE: "wine", MILK: "milk", MAN: "man", POUR: "pour", CAKE: "cake", BALL: "ball", CHILD: "child"}
TABLE = Table({1: [1.0, 0.0, 0.0], 2: [0.0, 1.0, 0.0]}, CAPTIONS)


def test_each_answer_by_hand() -> None:
    """Picture 1 shows child-drinking-wine and picture 2 man-eating-cake.

    1: own cosine 0.9, which is the best. Nothing is shared with man-eating-cake (0.2) and
    dog-kicking-ball (-0.4): unrelated -0.1. One slot apart are milk (0.5), man (0.7) and pouring
    (0.6): margin 0.9 - 0.7. The child alone (0.8) is two slots apart.
    2: own cosine 0.8, the best. Nothing is shared with child-drinking-wine 0.1, milk 0.2, pouring
    0.4, ball 0.5, child 0.6: their mean is 0.36; man-drinking-wine shares the man. Nothing is one
    slot apart, so there is no margin.
    """
    answers = asked(TABLE, {"usual": BANK}, (1, WINE, "usual"), (2, CAKE, "usual"))
    assert answers.cos == pytest.approx([0.9, 0.8])
    assert answers.best == (WINE, CAKE)
    assert answers.right.tolist() == [True, True]
    assert answers.unrelated == pytest.approx([-0.1, 0.36])
    assert answers.margin[0] == pytest.approx(0.2)
    assert math.isnan(answers.margin[1])


def test_what_a_node_lacks_it_shares_with_nothing() -> None:
    """The child alone and the ball alone have no relation: that is nothing in common. Unrelated to the
    child are man (0.7), cake (0.2) and ball (-0.4); one slot apart is the man."""
    bank = {CHILD: "child", Triple("man"): "man", CAKE: "cake", Triple(object="ball"): "ball", WINE: "wine"}
    answers = asked(TABLE, {"usual": bank}, (1, CHILD, "usual"))
    assert answers.unrelated[0] == pytest.approx((0.7 + 0.2 - 0.4) / 3)
    assert answers.margin[0] == pytest.approx(0.8 - 0.7)


def test_another_caption_may_be_nearer() -> None:
    """Picture 2, taken to show the wine, is nearest to the cake; its margin is 0.1 - 0.4 (pouring)."""
    answers = asked(TABLE, {"usual": BANK}, (2, WINE, "usual"))
    assert answers.best == (CAKE,)
    assert answers.right.tolist() == [False]
    assert answers.margin[0] == pytest.approx(-0.3)


def test_what_is_forbidden_is_found_by_any_caption_that_states_it() -> None:
    """Picture 1, taken to show the milk, is nearest to the wine. If both are forbidden it is found; if
    one of them is, it is not."""
    both = asked(TABLE, {"usual": BANK}, (1, MILK, "usual"), forbidden=(WINE, MILK))
    assert both.best == (WINE,)
    assert both.right.tolist() == [True]
    for one in (WINE, MILK):
        alone = asked(TABLE, {"usual": BANK}, (1, MILK, "usual"), forbidden=(one,))
        assert alone.right.tolist() == [False]


def test_each_picture_is_ranked_in_its_own_bank() -> None:
    """In the second bank the captions of wine and milk have changed places."""
    swapped = BANK | {WINE: "milk", MILK: "wine"}
    banks = {"usual": BANK, "other": swapped}
    answers = asked(TABLE, banks, (1, WINE, "other"), (1, WINE, "usual"), (1, MILK, "other"))
    assert answers.cos == pytest.approx([0.5, 0.9, 0.9])
    assert answers.best == (MILK, WINE, MILK)
    assert answers.right.tolist() == [False, True, True]


def test_a_context_is_a_slot_of_its_own() -> None:
    """Wine in class and wine in the park differ in one thing, the place: margin 0.9 - 0.8. Milk in the
    park differs in two."""
    here, there = WINE.within(place="classroom"), WINE.within(place="park")
    bank = {here: "wine", there: "child", MILK.within(place="park"): "man", CAKE.within(place="park"): "cake"}
    answers = asked(TABLE, {"usual": bank}, (1, here, "usual"))
    assert answers.margin[0] == pytest.approx(0.1)
    assert answers.unrelated[0] == pytest.approx(0.2)


def test_what_is_known_is_not_embedded_again_and_stays_as_it_was() -> None:
    """Jobs start from the same, in whatever order one process is given them."""
    asked: list[str] = []

    class Counting(Table):
        def embed_texts(self, captions: Sequence[str]) -> Tensor:
            asked.extend(captions)
            return super().embed_texts(captions)

    known = Embedded(cast(DualEncoder, Counting(TABLE.pictures, TABLE.captions)))
    known.texts(["wine"])
    example = Example("k", Dot(1), "wine", WINE, Role.UNSAFE, Split.HELD_OUT, "direct", "usual", "", "", "")
    examples = (example,) * 130
    corpus = Corpus(examples, {"usual": BANK})
    for _ in range(2):
        assert len(ask(known.model, corpus, examples, known=known).best) == 130
    new = [text for text in BANK.values() if text != "wine"]
    assert sorted(asked) == sorted(["wine", *new, *new])
