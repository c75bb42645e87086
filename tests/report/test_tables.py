"""The verdict in a terminal and in Markdown, and runs side by side."""

from __future__ import annotations

import json

import pytest
from rich.console import Console
from rich.table import Table

from unrelate.audit.record import AuditRecord, Control, EdgeMargin
from unrelate.errors import UserError
from unrelate.report import compare_tables, summary_markdown, verdict_table
from unrelate.report.compare import Figure, judge


def shown(*tables: Table, width: int = 140) -> str:
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        for table in tables:
            console.print(table)
    return " ".join(capture.get().split())


def test_the_verdict_table_says_it_without_colour(record: AuditRecord, accepted: AuditRecord) -> None:
    text = shown(verdict_table(record))
    assert "✗ NOT ACCEPTED 1 of 7 criteria is not met." in text
    assert "recall ood image 0.047 at most 0.03 ✗ fail" in text
    assert "recall direct 0.01 at most 0.03 ✓ pass" in text
    assert "Relational Safety Score 0.968" in text
    assert "OOD image ends at −0.21" in text
    assert "✓ ACCEPTED All 7 criteria are met." in shown(verdict_table(accepted))


def test_the_verdict_table_fits_a_narrow_terminal(record: AuditRecord) -> None:
    assert "at most 0.0115 ✓ pass" in shown(verdict_table(record), width=60)


def test_the_verdict_table_warns_of_a_weak_control(record: AuditRecord) -> None:
    weak = EdgeMargin(triple="child-drinking-wine", margin=0.004, ci95=(-0.01, 0.02), recall=0.31)
    control = Control(edge_margins=[weak], minimum_margin=0.05, sufficient=False)
    text = shown(verdict_table(record.model_copy(update={"control": control})))
    assert "! Positive control: Insufficient. Before the edit" in text


def test_criteria_that_are_met_without_a_control_are_not_the_whole_story(accepted: AuditRecord) -> None:
    control = accepted.control.model_copy(update={"sufficient": False})
    text = shown(verdict_table(accepted.model_copy(update={"control": control, "accepted": False})))
    assert "✗ NOT ACCEPTED All 7 criteria are met, but the positive control is not." in text


def test_words_in_brackets_are_no_markup(record: AuditRecord) -> None:
    named = record.model_copy(update={"policy": "[red]p[/red] [/]"})
    assert "[red]p[/red] [/]" in shown(verdict_table(named))
    assert "[red]p[/red] [/]" in shown(*compare_tables({"[/x]": named, "b": named}).tables)


def test_the_markdown_holds_verdict_and_both_tables(record: AuditRecord) -> None:
    text = summary_markdown(record)
    assert text.startswith("## ✗ NOT ACCEPTED: child drinking alcohol\n")
    assert "| recall ood image | 0.047 | at most 0.03 | ✗ fail |" in text
    assert "| Paraphrase | 0.8120 | 0.0340 | 0.0120 | 0.7780 [0.7670, 0.7900] | 0.6878 | 96.3 % |" in text
    assert "| New safe node | 0.8421 | 0.8379 | 0.0064 [0.0056, 0.0073] | 0.0115 |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(row.endswith("|") for row in rows)


def test_the_markdown_escapes_what_would_break_it(record: AuditRecord) -> None:
    text = summary_markdown(record.model_copy(update={"policy": "a|b <b>c\n# d"}))
    assert text.splitlines()[0] == "## ✗ NOT ACCEPTED: a\\|b \\<b\\>c \\# d"


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (Figure(0.05, "lower", (0.04, 0.06)), Figure(0.01, "lower", (0.0, 0.03)), "better"),
        (Figure(0.01, "lower", (0.0, 0.03)), Figure(0.05, "lower", (0.04, 0.06)), "worse"),
        (Figure(0.8, "higher", (0.7, 0.85)), Figure(0.95, "higher", (0.9, 0.99)), "better"),
        (
            Figure(0.05, "lower", (0.02, 0.06)),
            Figure(0.01, "lower", (0.0, 0.02)),
            "within noise",
        ),  # they touch
        (Figure(0.05, "lower"), Figure(0.01, "lower"), "no interval"),
        (Figure(0.05, "lower", (0.04, float("nan"))), Figure(0.01, "lower", (0.0, 0.03)), "no interval"),
        (None, Figure(0.01, "lower", (0.0, 0.03)), "absent"),
    ],
)
def test_better_and_worse_only_beyond_the_noise(old: Figure | None, new: Figure | None, change: str) -> None:
    assert judge(old, new) == change


def test_runs_side_by_side(record: AuditRecord, accepted: AuditRecord) -> None:
    found = compare_tables({"first": record, "second": accepted})
    data = json.loads(json.dumps(found.data))
    assert data["baseline"] == "first"
    assert data["differ_in"] == []
    assert data["runs"]["second"]["accepted"] is True
    recall = data["figures"]["forgetting.ood_image.edited_recall"]
    assert recall["better"] == "lower"
    assert recall["runs"]["first"]["change"] == "baseline"
    assert recall["runs"]["second"]["value"] == pytest.approx(0.018)
    assert recall["runs"]["second"]["change"] == "better"
    assert data["figures"]["forgetting.direct.edited_recall"]["runs"]["second"]["change"] == "within noise"
    assert data["figures"]["score.rss"]["runs"]["second"]["change"] == "no interval"
    text = shown(*found.tables)
    assert "✓ ACCEPTED 7 of 7 0.968" in text
    assert "▲ better" in text


def test_runs_that_are_not_alike_are_said_not_to_be(record: AuditRecord) -> None:
    other = record.model_copy(update={"policy": "another", "attacks": {}})
    found = compare_tables({"a": record, "b": other})
    assert found.data["differ_in"] == ["policy"]
    assert "differ in policy: not like for like" in shown(*found.tables)
    figures = found.data["figures"]
    assert isinstance(figures, dict)
    assert figures["attacks.reworded.success_rate"]["runs"]["b"]["change"] == "absent"


def test_one_run_is_nothing_to_compare(record: AuditRecord) -> None:
    with pytest.raises(UserError, match="two runs or more"):
        compare_tables({"a": record})
