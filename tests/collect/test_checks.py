"""What a picture has to pass: it decodes, is large enough, is not in the other split, and can be read."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from unrelate.assembly import load_model
from unrelate.collect.checks import Alike, ReadByBase, Refused, opened
from unrelate.graph.types import Split
from unrelate.microworld.world import render, vocabulary
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    data = BytesIO()
    image.save(data, kind)
    return data.getvalue()


def test_what_does_not_decode_is_refused() -> None:
    image, _ = render("child", "drinking", "wine")
    assert opened(encoded(image), min_side=64).size == (128, 128)
    for data in (b"", b"no picture", encoded(image)[:200]):
        with pytest.raises(Refused):
            opened(data, min_side=64)


def test_the_shorter_side_counts() -> None:
    image = Image.new("RGB", (200, 63))
    with pytest.raises(Refused, match="200 x 63; the shorter side needs 64"):
        opened(encoded(image), min_side=64)


def test_nearly_the_same_picture_may_not_be_in_the_other_split() -> None:
    image, _ = render("child", "drinking", "wine", seed=3)
    alike = Alike()
    alike.add(image, Split.TRAIN)
    again = Image.open(BytesIO(encoded(image.resize((150, 150)), "JPEG")))
    alike.check(again, Split.TRAIN)
    with pytest.raises(Refused, match="nearly the same as a picture of the train split"):
        alike.check(again, Split.HELD_OUT)
    other, _ = render("man", "kicking", "ball", place="street", seed=4)
    alike.check(other, Split.HELD_OUT)


def test_a_picture_that_the_base_reads_otherwise_is_doubtful() -> None:
    read = ReadByBase(load_model("embedded:clip", "cpu"), vocabulary())
    wine, _ = render("child", "drinking", "wine", seed=1)
    milk, _ = render("child", "drinking", "milk", seed=1)
    assert read([wine, milk], [WINE, WINE]) == ["", "the base model takes it for child-drinking-milk"]
