"""What stands, what may replace it, and how far back undo goes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrelate.data import journal
from unrelate.data.decisions import decide, read_decisions, standing
from unrelate.review.ledger import Crossed, Ledger, State, Step

OPEN, ACCEPTED, REJECTED = State(), State("accepted"), State("rejected")
MENDED = State("undecided", "mended")


def ledger(folder: Path, by: str = "Ada") -> Ledger:
    return Ledger(folder, ("a", "b", "c"), by)


def undo(desk: Ledger) -> Step:
    step = desk.undo()
    assert step is not None
    desk.decide(step)
    return step


def test_what_was_decided_stands_when_it_is_opened_again(tmp_path: Path) -> None:
    desk = ledger(tmp_path)
    desk.decide(Step("a", OPEN, ACCEPTED))
    desk.decide(Step("b", OPEN, State("rejected", "  as  mended ")))
    counts = ledger(tmp_path).counts()
    assert counts == desk.counts()
    assert (counts.accepted, counts.rejected, counts.undecided, counts.mended) == (1, 1, 1, 1)
    assert [(one.by, one.caption) for one in read_decisions(tmp_path)] == [("Ada", ""), ("Ada", "as mended")]


def test_a_decision_about_another_state_than_the_one_that_stands_is_refused(tmp_path: Path) -> None:
    desk = ledger(tmp_path)
    desk.decide(Step("a", OPEN, REJECTED))
    with pytest.raises(Crossed):
        desk.decide(Step("a", OPEN, ACCEPTED))
    assert len(read_decisions(tmp_path)) == 1
    desk.decide(Step("a", REJECTED, ACCEPTED))
    assert standing(read_decisions(tmp_path))["a"].verdict == "accepted"


def test_asked_twice_it_is_written_once(tmp_path: Path) -> None:
    desk = ledger(tmp_path)
    for _ in range(2):
        desk.decide(Step("a", OPEN, ACCEPTED))
    assert len(read_decisions(tmp_path)) == 1


def test_an_unknown_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        ledger(tmp_path).decide(Step("z", OPEN, ACCEPTED))
    assert read_decisions(tmp_path) == ()


def test_what_cannot_be_written_does_not_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = ledger(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("unrelate.review.ledger.decide", full)
        with pytest.raises(OSError, match="No space"):
            desk.decide(Step("a", OPEN, ACCEPTED))
    assert (desk.counts().accepted, desk.undo()) == (0, None)


def test_undo_goes_back_to_the_beginning_through_sittings(tmp_path: Path) -> None:
    desk = ledger(tmp_path)
    for step in (
        Step("a", OPEN, MENDED),
        Step("a", MENDED, State("accepted", "mended")),
        Step("b", OPEN, REJECTED),
    ):
        desk.decide(step)
    assert undo(desk) == Step("b", REJECTED, OPEN)
    desk = ledger(tmp_path)
    assert undo(desk) == Step("a", State("accepted", "mended"), MENDED)
    assert undo(desk) == Step("a", MENDED, OPEN)
    assert desk.undo() is None
    assert len(read_decisions(tmp_path)) == 6


def test_undo_leaves_alone_what_others_decided(tmp_path: Path) -> None:
    desk = ledger(tmp_path)
    desk.decide(Step("a", OPEN, ACCEPTED))
    desk.decide(Step("b", OPEN, ACCEPTED))
    ledger(tmp_path, "Bob").decide(Step("b", ACCEPTED, REJECTED))
    again = ledger(tmp_path)
    assert undo(again) == Step("a", ACCEPTED, OPEN)
    assert again.undo() is None
    assert standing(read_decisions(tmp_path))["b"].verdict == "rejected"


STATES = st.sampled_from([OPEN, MENDED, ACCEPTED, REJECTED, State("accepted", "x")])


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from("abc"), STATES), max_size=12))
def test_undo_always_ends_with_nothing_decided(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, State]]
) -> None:
    folder = tmp_path_factory.mktemp("undo")
    desk = ledger(folder)
    stands: dict[str, State] = {}
    for pair, state in made:
        desk.decide(Step(pair, stands.get(pair, OPEN), state))
        stands[pair] = state
    for _ in made:
        if desk.undo() is None:
            break
        undo(desk)
    assert desk.undo() is None
    assert desk.counts().undecided == 3
    assert all(State(one.verdict, one.caption) == OPEN for one in standing(read_decisions(folder)).values())


def test_since_tells_what_is_new_and_begins_again_where_the_journal_is_another(tmp_path: Path) -> None:
    decide(tmp_path, "gone", "accepted")
    desk = ledger(tmp_path)
    desk.decide(Step("a", OPEN, ACCEPTED))
    desk.decide(Step("b", OPEN, ACCEPTED))
    start, made, number = desk.since(2)
    assert (start, [one.pair for one in made], number) == (2, ["b"], 3)
    # A pair that was collected once and is no longer is nobody's business here.
    assert [one.pair for one in desk.since(0)[1]] == ["a", "b"]
    assert desk.since(99)[0] == desk.since(-1)[0] == 0


def test_many_at_once_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal.os, "fsync", lambda _: None)
    names = [f"pair-{number}" for number in range(200)]
    desk = Ledger(tmp_path, names, "Ada")
    crossed: list[str] = []

    def work(verdict: State) -> None:
        for name in names:
            try:
                desk.decide(Step(name, OPEN, verdict))
            except Crossed:
                crossed.append(name)

    threads = [threading.Thread(target=work, args=(state,)) for state in (ACCEPTED, REJECTED) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [one.pair for one in read_decisions(tmp_path)]
    assert sorted(written) == sorted(names)
    # Whoever came second was told: three threads wanted each verdict.
    assert len(crossed) == 3 * len(names)
