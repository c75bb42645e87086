"""One tuple of the embedded world, drawn for whoever asks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

import unrelate
from unrelate.errors import UserError
from unrelate.microworld import render
from unrelate.microworld.sheet import contact_sheet
from unrelate.microworld.world import ALL_STYLES, vocabulary


def pixels(*names: Any, **setting: Any) -> np.ndarray:
    return np.asarray(render(*names, **setting)[0])


def test_a_picture_and_its_caption() -> None:
    image, caption = unrelate.microworld.render(
        "child", "drinking", "wine", place="beach", style="sketch", seed=1
    )
    assert isinstance(image, Image.Image)
    assert (image.size, image.mode) == ((128, 128), "RGB")
    assert caption == "a child drinking wine on a beach"


def test_the_same_arguments_give_the_same_picture_and_others_another() -> None:
    names, setting = (
        ("dog", "holding", "ball"),
        {"place": "street", "style": "flat", "seed": 4, "colour": "red"},
    )
    same = pixels(*names, **setting)
    assert np.array_equal(same, pixels(*names, **setting))
    changes = (
        {"place": "park"},
        {"seed": 5},
        {"time": "night"},
        *({"style": s} for s in ALL_STYLES if s != "flat"),
    )
    for change in changes:
        assert not np.array_equal(same, pixels(*names, **(setting | change))), change
    assert not np.array_equal(same, pixels("dog", "holding", "teddy", **setting))


@pytest.mark.parametrize(
    ("names", "setting", "caption"),
    [
        (("kid", "next to", "a lager"), {}, "a child standing next to beer in a park"),
        (("robot",), {"time": "night"}, "a robot in a park at night"),
        ((None, None, "cake"), {"place": "kitchen"}, "a cake in a kitchen"),
        (("woman", "eating", "apple"), {"colour": "blue"}, "a woman in blue eating an apple in a park"),
    ],
)
def test_captions(names: tuple[str | None, ...], setting: dict[str, str], caption: str) -> None:
    assert render(*names, **setting)[1] == caption


def test_a_concept_that_no_picture_shows_is_drawn_as_one_below_it() -> None:
    said = {render("child", "drinking", "alcohol", seed=seed)[1] for seed in range(6)}
    assert said == {f"a child drinking {drink} in a park" for drink in ("wine", "beer", "a cocktail")}


@pytest.mark.parametrize(
    ("names", "setting", "received", "remedy"),
    [
        (("chld", "drinking", "wine"), {}, "'chld'", "did you mean 'child'?"),
        (("child", "drinkin", "wine"), {}, "'drinkin'", "did you mean 'drinking'?"),
        (("child", "drinking", "whine"), {}, "'whine'", "did you mean 'wine'?"),
        (("child", "drinking", "wine"), {"place": "beech"}, "place 'beech'", "did you mean 'beach'?"),
        (("child", "drinking", "wine"), {"style": "skecth"}, "style 'skecth'", "did you mean 'sketch'?"),
        (("child", "drinking", "wine"), {"time": "nite"}, "time 'nite'", "did you mean 'night'?"),
        (("child", "drinking", "wine"), {"colour": "mauve"}, "colour 'mauve'", "one of these"),
        (("child", "drinking", "hammer"), {}, "child-drinking-hammer", "embedded show"),
        (("child", None, "wine"), {}, "child-wine", "embedded show"),
        (("child", "drinking"), {}, "child-drinking", "embedded show"),
        ((None,), {}, "''", "embedded show"),
    ],
)
def test_what_the_world_does_not_know_is_refused(
    names: tuple[str | None, ...], setting: dict[str, str], received: str, remedy: str
) -> None:
    with pytest.raises(UserError) as caught:
        render(*names, **setting)
    assert received in caught.value.received
    assert caught.value.allowed
    assert remedy in caught.value.remedy


def test_the_world_is_as_large_as_it_should_be() -> None:
    """What the embedded world must hold: actors with a hierarchy of persons, objects of five kinds."""
    words = vocabulary()
    assert len(words.concrete("actors")) >= 6
    assert len(words.concrete("objects")) >= 12
    assert len(words.concrete("relations")) >= 8
    assert len(words.contexts["place"]) >= 6
    assert words.is_under("actors", "toddler", "child")
    for kind in ("alcohol", "soft_drink", "food", "tool", "toy"):
        assert words.concrete_under("objects", kind)
    assert len(ALL_STYLES) >= 8


def test_a_sheet_shows_them_all() -> None:
    sheet = contact_sheet(3)
    assert np.array_equal(np.asarray(sheet), np.asarray(contact_sheet(3)))
    rows = -(-(8 * 7 + 2 * 7 + len(ALL_STYLES)) // 7)
    assert sheet.size == (7 * 160, rows * (160 + 18))
