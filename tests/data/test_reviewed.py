"""Which rows of a collected folder may be used."""

from __future__ import annotations

from unrelate.data.decisions import Decision
from unrelate.data.manifest import Manifest, Problem, Row
from unrelate.data.reviewed import generated, reviewed


def row(line: int, pair: str = "", model: str = "", caption: str = "as collected") -> Row:
    return Row(line, {"image": f"{line}.png", "caption": caption, "pair": pair, "model": model})


def manifest(*rows: Row, problems: tuple[Problem, ...] = ()) -> Manifest:
    return Manifest("manifest.jsonl", rows, problems)


def lines(found: Manifest) -> list[int]:
    return [one.line for one in found.rows]


def test_only_what_a_model_made_is_generated() -> None:
    assert generated(row(1, "a", "painter"))
    assert not generated(row(1, "a"))


def test_rejected_pairs_are_gone_whoever_made_them() -> None:
    rows = manifest(row(1, "a", "painter"), row(2, "b"), row(3, "c", "painter"), row(4))
    made = [Decision("a", "rejected"), Decision("b", "rejected"), Decision("c", "accepted")]
    found = reviewed(rows, made, unreviewed=False)
    assert (lines(found), found.problems) == ([3, 4], ())


def test_generated_pairs_that_wait_are_one_problem_at_the_first() -> None:
    rows = manifest(row(1, "a"), row(2, "b", "painter"), row(3, "c", "painter"))
    found = reviewed(rows, [Decision("b", "accepted"), Decision("b", "undecided")], unreviewed=False)
    assert lines(found) == [1, 2, 3]
    assert [problem.line for problem in found.problems] == [2]
    assert found.problems[0].what.startswith("2 generated pairs")
    assert "unrelate review" in found.problems[0].what


def test_unreviewed_takes_them_but_never_what_was_rejected() -> None:
    rows = manifest(row(1, "a", "painter"), row(2, "b", "painter"))
    found = reviewed(rows, [Decision("b", "rejected")], unreviewed=True)
    assert (lines(found), found.problems) == ([1], ())


def test_a_mended_caption_takes_the_place_of_the_collected_one_and_nothing_else() -> None:
    rows = manifest(row(1, "a", "painter"), row(2, "b", "painter"))
    made = [Decision("a", "accepted", "as mended"), Decision("b", "accepted")]
    found = reviewed(rows, made, unreviewed=False)
    assert [one.get("caption") for one in found.rows] == ["as mended", "as collected"]
    assert dict(found.rows[0].cells) == {**rows.rows[0].cells, "caption": "as mended"}
    assert rows.rows[0].get("caption") == "as collected"


def test_a_caption_taken_back_is_as_collected_again() -> None:
    made = [Decision("a", "accepted", "as mended"), Decision("a", "accepted")]
    found = reviewed(manifest(row(1, "a", "painter")), made, unreviewed=False)
    assert found.rows[0].get("caption") == "as collected"


def test_nothing_left_is_said() -> None:
    found = reviewed(manifest(row(1, "a")), [Decision("a", "rejected")], unreviewed=False)
    assert found.rows == ()
    assert [problem.what for problem in found.problems] == ["has no rows left: every pair was rejected"]


def test_what_was_wrong_before_stays_and_strange_decisions_do_no_harm() -> None:
    before = Problem(3, "has no image")
    found = reviewed(manifest(row(1, "a"), problems=(before,)), [Decision("z", "rejected")], unreviewed=False)
    assert (lines(found), found.problems) == ([1], (before,))
