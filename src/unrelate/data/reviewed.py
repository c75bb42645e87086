"""A manifest as people left it: what they rejected is gone, what they mended says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from unrelate.data.decisions import Decision, standing
from unrelate.data.manifest import Manifest, Problem, Row


def generated(row: Row) -> bool:
    """Whether a model drew or worded the pair, so that nobody knows yet what it shows."""
    return bool(row.get("model"))


def reviewed(manifest: Manifest, decisions: Iterable[Decision], *, unreviewed: bool) -> Manifest:
    """The rows that may be used.

    Args:
        manifest: as it was collected.
        decisions: all that were made in its folder.
        unreviewed: take generated pairs that nobody has accepted.
    """
    stands = standing(decisions)
    problems = list(manifest.problems)
    rows = []
    waiting: list[Row] = []
    for row in manifest.rows:
        verdict = _verdict(row, stands)
        if verdict == "rejected":
            continue
        if verdict == "undecided" and generated(row) and not unreviewed:
            waiting.append(row)
        rows.append(_mended(row, stands))
    if waiting:
        what = f"{len(waiting)} generated pairs, this the first, have not been reviewed"
        problems.append(
            Problem(waiting[0].line, f"{what}: `unrelate review FOLDER`, or take them with --unreviewed")
        )
    if manifest.rows and not rows:
        problems.append(Problem(0, "has no rows left: every pair was rejected"))
    return replace(manifest, rows=tuple(rows), problems=tuple(problems))


def _verdict(row: Row, stands: Mapping[str, Decision]) -> str:
    decision = stands.get(row.get("pair"))
    return decision.verdict if decision else "undecided"


def _mended(row: Row, stands: Mapping[str, Decision]) -> Row:
    """The row with the caption that somebody wrote in place of the collected one."""
    decision = stands.get(row.get("pair"))
    if decision is None or not decision.caption:
        return row
    return replace(row, cells={**row.cells, "caption": decision.caption})
