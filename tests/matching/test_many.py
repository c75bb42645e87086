"""Many captions: the same answers as one by one, in order, and no more read than needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from unrelate.graph.build import build_graph
from unrelate.matching import many
from unrelate.matching.many import match_many
from unrelate.matching.matcher import Matcher
from unrelate.policy.load import load_policy

POLICY = load_policy("child-drinking-alcohol")
GRAPH = build_graph(POLICY)
SOME = [
    "a child drinking wine",
    "a sunset",
    "a child with wine drinking nothing",
    "a man drinking beer\nin a park",
]


def alone(captions: list[str]) -> list[object]:
    matcher = Matcher(POLICY, GRAPH)
    found = [matcher.match(caption) for caption in captions]
    return [match if match.statements else None for match in found]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_the_same_answers_in_the_same_order(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "CHUNK", 7)
    captions = [f"{SOME[i % 4]} {i if i % 4 == 1 else ''}".strip() for i in range(100)]
    found = list(match_many(POLICY, GRAPH, captions, workers=workers))
    assert found == alone(captions)
    assert sum(match is not None for match in found) == 50


@pytest.mark.parametrize("workers", [0, 1])
def test_captions_are_read_only_as_they_are_needed(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "CHUNK", 10)
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield SOME[read % 4]

    found = match_many(POLICY, GRAPH, endless(), workers=workers)
    for _ in range(25):
        next(found)
    found.close()  # type: ignore[attr-defined]
    assert read <= 25 + 10 * 5


def test_no_captions() -> None:
    assert list(match_many(POLICY, GRAPH, [])) == []


def test_few_captions_start_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "ProcessPoolExecutor", None)
    assert list(match_many(POLICY, GRAPH, SOME)) == alone(SOME)


def test_a_fault_in_the_captions_comes_out() -> None:
    def broken() -> Iterator[str]:
        yield from SOME
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        list(match_many(POLICY, GRAPH, broken(), workers=0))
