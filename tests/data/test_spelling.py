"""Slips of the pen, letter by letter."""

from __future__ import annotations

import pytest

from unrelate.data.spelling import SLIPS, slipped


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("doubled", "what is a chhild"),
        ("dropped", "what is a cild"),
        ("split", "what is a ch ild"),
        ("swapped", "what is a cihld"),
    ],
)
def test_each_slip(how: str, expected: str) -> None:
    assert slipped("what is a child", how, 0) == expected


def test_its_number_says_which_word_and_where() -> None:
    found = {slipped("drinking children", "dropped", number) for number in range(40)}
    assert found == {
        *("dinking children", "drnking children", "driking children", "drining children"),
        *("drinkng children",),
        *("drinking cildren", "drinking chldren", "drinking chidren", "drinking chilren"),
        *("drinking childen",),
    }


@pytest.mark.parametrize("how", SLIPS)
def test_short_words_are_left_alone(how: str) -> None:
    assert slipped("who has it, and why?", how, 3) == "who has it, and why?"
