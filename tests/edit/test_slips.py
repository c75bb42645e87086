"""Which questions of a training are misspelt."""

from __future__ import annotations

from unrelate.edit.slips import Slips

QUESTION = "Where does the baker live?"


def asked(share: float, seed: int = 0, step: int = 0) -> list[str]:
    written = Slips(share, seed).at(step)
    return [written(QUESTION) for _ in range(200)]


def test_such_a_share_of_the_questions() -> None:
    assert set(asked(0.0)) == {QUESTION}
    assert QUESTION not in asked(1.0)
    assert 0.15 < sum(text != QUESTION for text in asked(0.25)) / 200 < 0.35


def test_in_many_ways_one_word_each() -> None:
    found = set(asked(1.0))
    assert len(found) > 20
    for text in found:
        apart = sum(one != two for one, two in zip(text.split(), QUESTION.split(), strict=False))
        assert apart == 1 or len(text.split()) == len(QUESTION.split()) + 1


def test_the_same_for_the_same_seed_and_step() -> None:
    assert asked(0.5) == asked(0.5)
    assert asked(0.5) != asked(0.5, seed=1)
    assert asked(0.5) != asked(0.5, step=1)
