"""One job of an audit: what it asks, and that it alone decides what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from unrelate.auditing import work
from unrelate.auditing.plan import PARTS, Asked, Plan
from unrelate.auditing.work import do_encoder, in_few_wordings
from unrelate.data.types import Corpus, Example
from unrelate.graph.types import Role, Split
from unrelate.policy.triple import Triple

POLICY = "child-drinking-alcohol"
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


@pytest.mark.slow
def test_no_figure_depends_on_which_job_a_process_did_first(tiny: Path, tmp_path: Path) -> None:
    """Byte for byte: a text's last bits depend on the texts that it is embedded with."""

    def rows(name: str, order: Sequence[int]) -> dict[str, bytes]:
        models, attacks = (Asked("base", str(tiny)),), ("paraphrase", "contextual", "case")
        plan = Plan(str(tmp_path / name), POLICY, "microworld", 0, models, attacks, (), True, "cpu", "f")
        plan.rows.mkdir(parents=True)
        work._known.cache_clear()
        asked = [job for job in plan.jobs() if job.subject == "base" and (job.attack or job.what == PARTS)]
        for number in order:
            do_encoder(plan, asked[number])
        return {path.name: path.read_bytes() for path in plan.rows.iterdir()}

    one = rows("one", (0, 1, 2, 3))
    assert len(one) == 4
    assert rows("other", (3, 1, 2, 0)) == one
