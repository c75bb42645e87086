"""What a quick audit leaves out."""

from __future__ import annotations

from collections import Counter

from unrelate.auditing.work import in_few_wordings
from unrelate.data.types import Corpus, Example
from unrelate.graph.types import Role, Split
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")


class Unseen:
    def load(self) -> None:
        raise AssertionError("no picture is looked at")


def examples(part: str, wordings: int, each: int) -> list[Example]:
    return [
        Example(
            f"{part} {wording} {number}",
            Unseen(),  # pyright: ignore[reportArgumentType]
            "a child drinking wine",
            WINE,
            Role.UNSAFE,
            Split.HELD_OUT,
            part,
            f"{part}-{wording}",
            "",
            "",
            "",
        )
        for number in range(each)
        for wording in range(wordings)
    ]


def kept(*given: Example) -> Counter[str]:
    return Counter(example.part for example in in_few_wordings(Corpus(tuple(given), {})).examples)


def test_a_quick_audit_asks_in_the_first_four_wordings() -> None:
    assert kept(*examples("contextual", 18, 13), *examples("direct", 1, 200)) == {
        "contextual": 52,
        "direct": 200,
    }


def test_where_each_example_has_words_of_its_own_enough_are_asked() -> None:
    assert kept(*examples("paraphrase", 100, 1)) == {"paraphrase": 48}


def test_what_stays_is_asked_in_all_its_wordings() -> None:
    assert kept(*examples("safe_edge", 100, 2)) == {"safe_edge": 200}
