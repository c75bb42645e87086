"""Base and edited model side by side, at tasks worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from PIL import Image
from torch import Tensor

from unrelate.audit.rows import Row
from unrelate.audit.utility import compared, measure, utility_rows
from unrelate.data.tasks import UtilityTask, retrieval
from unrelate.models import DualEncoder

TEXTS = {
    "cat": [1.0, 0.0, 0.0],
    "a photo of a cat": [0.0, 0.0, 1.0],
    "dog": [0.0, 0.8, 0.6],
    "the dog": [0.0, 1.0, 0.0],
    "a nap": [0.9, 0.1, 0.4],
}
loaded: list[int] = []  # which pictures were, in order


@dataclass(frozen=True)
class Dot:
    red: int

    def load(self) -> Image.Image:
        loaded.append(self.red)
        return Image.new("RGB", (2, 2), (self.red, 0, 0))


class Table:
    """Picture n is the n-th axis of space, so that a text's vector holds its cosines; in the edited
    model pictures 0 and 1 have changed places."""

    def __init__(self, *axes: int) -> None:
        self.axes, self.asked = list(axes), list[str]()

    def embed_images(self, images: Sequence[Image.Image]) -> Tensor:
        reds = [cast("tuple[int, int, int]", image.getpixel((0, 0)))[0] for image in images]
        return torch.eye(3)[self.axes][reds]

    def embed_texts(self, captions: Sequence[str]) -> Tensor:
        self.asked += captions
        return torch.nn.functional.normalize(torch.tensor([TEXTS[c] for c in captions]), dim=-1)


KEYS, DOTS = ("a", "b", "c"), (Dot(0), Dot(1), Dot(2))
CLASSES = UtilityTask(
    "animals",
    "zero-shot",
    KEYS,
    DOTS,
    (("cat", "a photo of a cat"), ("dog",)),
    (frozenset([0]), frozenset([1]), frozenset([0])),
)
TO_TEXT, TO_IMAGE = retrieval("pets", KEYS, DOTS, (("a nap",), ("dog", "the dog"), ("a nap",)))
TASKS = (CLASSES, TO_TEXT, TO_IMAGE)


def base() -> Table:
    return Table(0, 1, 2)


def edited() -> Table:
    return Table(1, 0, 2)


def test_a_class_is_the_mean_of_the_ways_to_say_it() -> None:
    """*cat* is (0.7, 0, 0.7) and *dog* (0, 0.8, 0.6): the third picture is a cat by 0.7 to 0.6, though
    by *cat* alone it would be a dog. With 0 and 1 exchanged it alone is told rightly."""
    assert measure(base(), CLASSES).tolist() == [1, 1, 1]
    assert measure(edited(), CLASSES).tolist() == [0, 0, 1]
    rows = utility_rows(base(), [CLASSES], "base")
    assert [row.score for row in rows] == pytest.approx([0.5**0.5, 0.8, 0.5**0.5 - 0.6])


def test_recall_counts_any_caption_and_any_picture_that_belongs() -> None:
    """Texts in the order they are met: a nap, dog, the dog. Picture 2 finds *dog* (0.6) before *a nap*
    (0.4), its own; *a nap* finds picture 0, one of its two."""
    assert [task.name for task in TASKS[1:]] == ["pets_image_to_text", "pets_text_to_image"]
    assert TO_TEXT.texts == (("a nap",), ("dog",), ("the dog",))
    assert TO_TEXT.answers == (frozenset([0]), frozenset([1, 2]), frozenset([0]))
    assert TO_IMAGE.answers == (frozenset([0, 2]), frozenset([1]), frozenset([1]))
    assert measure(base(), TO_TEXT).tolist() == [1, 1, 0]
    assert measure(edited(), TO_TEXT).tolist() == [0, 0, 0]
    assert measure(base(), TO_IMAGE).tolist() == [1, 1, 1]
    assert measure(edited(), TO_IMAGE).tolist() == [0, 0, 0]


def test_a_row_says_what_was_asked_and_what_came_first() -> None:
    third = utility_rows(base(), [TO_TEXT], "base")[2]
    assert (third.group, third.key, third.text) == ("utility.pets_image_to_text", "c", "a nap")
    assert (third.won, third.best) == (False, "dog")
    first = utility_rows(edited(), [TO_IMAGE], "edited")[0]
    assert (first.key, first.text, first.best) == ("a nap", "a nap", "b")
    assert first.subject == "edited"


def test_one_vector_for_everything_is_right_about_nothing() -> None:
    """A model that has collapsed does not win by being first in the list."""
    assert measure(Table(0, 0, 0), TO_IMAGE).tolist() == [0, 0, 0]


def test_where_nothing_is_wrong_there_is_no_margin() -> None:
    to_text, _ = retrieval("t", KEYS, DOTS, (("a nap",), ("dog", "a nap"), ("dog",)))
    rows = utility_rows(base(), [to_text], "base")
    assert rows[1].won
    assert rows[1].score != rows[1].score
    assert Row.model_validate_json('{"score": null, ' + rows[1].to_line()[1:]) is not None


def test_base_and_edited_stand_side_by_side() -> None:
    told: list[tuple[int, int]] = []
    loaded.clear()
    one, other = base(), edited()
    rows = utility_rows(one, TASKS, "base", lambda *now: told.append(now))
    found = compared(TASKS, rows, utility_rows(other, TASKS, "edited"))
    assert {name: (u.task, u.base, u.edited, u.count) for name, u in found.items()} == {
        "animals": ("zero-shot", 1.0, pytest.approx(1 / 3), 3),
        "pets_image_to_text": ("image to text", pytest.approx(2 / 3), 0.0, 3),
        "pets_text_to_image": ("text to image", 1.0, 0.0, 3),
    }
    assert found["animals"].lost == pytest.approx(2 / 3)
    assert found["animals"].ci95[0] <= found["animals"].lost <= found["animals"].ci95[1]
    # What tasks share is looked at once by each model.
    assert loaded == [0, 1, 2] * 2
    assert sorted(one.asked) == sorted(other.asked) == sorted(TEXTS)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_an_encoder_is_asked_as_it_is(tiny: Path) -> None:
    model = DualEncoder.load(tiny)
    assert utility_rows(model, TASKS, "base") == utility_rows(model, TASKS, "base")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answers": (frozenset([0]),) * 2}, "2 answers to 3"),
        ({"kind": "text to image"}, "3 answers to 2"),
        ({"answers": (frozenset[int](), frozenset([0]), frozenset([0]))}, "none of 2 options"),
        ({"answers": (frozenset([2]), frozenset([0]), frozenset([0]))}, "none of 2 options"),
        ({"keys": ("a", "b", "b")}, "2 different keys of 3"),
        ({"texts": (("cat",), ("cat",))}, "two texts that are one"),
    ],
)
def test_a_task_has_to_fit_together(change: dict[str, Any], said: str) -> None:
    whole: dict[str, Any] = {name: getattr(CLASSES, name) for name in CLASSES.__dataclass_fields__}
    with pytest.raises(ValueError, match=said):
        UtilityTask(**(whole | change))
