"""The relation graph by outcome, and the log of losses read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unrelate.audit.record import AuditRecord, GraphEdgeRecord
from unrelate.report.graph import MOST_EDGES, choose, graph_figure
from unrelate.report.losses import loss_figure, loss_panels, read_losses
from unrelate.report.outcome import Outcome, of_edge
from unrelate.report.words import decimal, percent, short


def an_edge(role: str, base: float | None, edited: float | None, number: int = 0) -> GraphEdgeRecord:
    return GraphEdgeRecord(
        actor=f"actor {number % 7}",
        relation="drinking",
        object=f"object {number}",
        context={},
        role=role,
        kind="forbidden",
        split="held_out",
        base_rate=base,
        edited_rate=edited,
    )


@pytest.mark.parametrize(
    ("role", "base", "edited", "outcome"),
    [
        ("unsafe", 0.97, 0.0, Outcome.FORGOTTEN),
        ("unsafe", 0.97, 0.10, Outcome.FORGOTTEN),
        ("unsafe", 0.97, 0.11, Outcome.STILL_KNOWN),
        ("unsafe", 0.30, 0.0, Outcome.UNCLEAR),  # nothing was there to be forgotten
        ("unsafe", None, None, Outcome.UNCLEAR),
        ("unsafe", 0.97, float("nan"), Outcome.UNCLEAR),
        ("safe_edge", 0.97, 0.95, Outcome.KEPT),
        ("safe_edge", 0.97, 0.90, Outcome.DAMAGED),
        ("neutral", 0.90, 0.97, Outcome.KEPT),
        ("node", 1.0, None, Outcome.UNCLEAR),
    ],
)
def test_what_became_of_an_edge(
    role: str, base: float | None, edited: float | None, outcome: Outcome
) -> None:
    assert of_edge(an_edge(role, base, edited)) is outcome


def test_the_worst_are_drawn_and_the_rest_counted() -> None:
    edges = [an_edge("unsafe", 0.97, 0.0, i) for i in range(40)]
    edges += [an_edge("neutral", 0.97, 0.97, 100 + i) for i in range(50)]
    edges += [an_edge("safe_edge", 0.97, 0.97 - i / 50, 200 + i) for i in range(5)]  # damaged from the fourth
    chosen = choose(edges)
    outcomes = [outcome for _, outcome in chosen.drawn]
    assert len(outcomes) == MOST_EDGES
    assert outcomes[:2] == [Outcome.DAMAGED, Outcome.DAMAGED]
    assert chosen.drawn[0][0].object == "object 204"
    assert outcomes.count(Outcome.FORGOTTEN) == 14
    assert outcomes.count(Outcome.KEPT) == 14
    kept = [edge.role for edge, outcome in chosen.drawn if outcome is Outcome.KEPT]
    assert kept.count("safe_edge") == 3  # close neighbours before neutral ones
    assert dict(chosen.left_out) == {Outcome.FORGOTTEN: 26, Outcome.KEPT: 39}


def test_room_that_one_side_leaves_goes_to_the_other() -> None:
    many = [an_edge("unsafe", 0.97, 0.0, i) for i in range(40)]
    few = [an_edge("neutral", 0.97, 0.97, 100)]
    assert len(choose(many + few).drawn) == MOST_EDGES
    assert len(choose(many[:2] + few * 60).drawn) == MOST_EDGES


def test_every_kind_of_neighbour_is_drawn() -> None:
    edges = [an_edge("safe_edge", 0.97, 0.97, i) for i in range(60)]
    edges = [
        e.model_copy(update={"kind": "other actor" if i else "other relation"}) for i, e in enumerate(edges)
    ]
    assert "other relation" in [edge.kind for edge, _ in choose(list(reversed(edges))).drawn]


def test_a_graph_says_each_outcome_by_word_class_and_rate(record: AuditRecord) -> None:
    figure = graph_figure(record.graph)
    for words in ("✗ still known (1)", "! damaged (1)", "○ forgotten (3)", "✓ kept (10)", "? unclear (1)"):
        assert words in figure
    assert 'class="edge still"' in figure
    assert "95 → 34<" in figure
    assert "! wine" in figure  # the node alone lost ten points
    assert figure == graph_figure(list(reversed(record.graph)))


def test_forbidden_edges_of_two_places_are_told_apart() -> None:
    edge = an_edge("unsafe", 0.97, 0.0).model_copy(update={"object": "wine", "context": {"place": "park"}})
    assert "actor 0 drinking wine · park" in graph_figure([edge])


def test_losses_are_read_by_term(record: AuditRecord, make_run: Callable[[AuditRecord], Path]) -> None:
    log = read_losses(make_run(record) / "losses.jsonl")
    assert list(log.series) == ["total", "L3", "Ladv", "L1", "L2", "L4", "Lc"]
    assert [step for step, _ in log.series["L3"]] == list(range(1, 301))
    assert log.unread == 0
    assert len(loss_panels(log)) == 7
    assert "push the unsafe edge" in loss_figure(log)


def test_a_resumed_and_broken_log_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "losses.jsonl"
    rows = [
        {"step": 1, "total": 2.0, "lr": 0.1, "terms": {"L3": 1.0}},
        {"step": 2, "total": float("nan"), "lr": 0.1, "terms": {"L3": 0.9}},
        {"step": 1, "total": 1.5, "lr": 0.1, "terms": {"L3": 0.8, "mine": -1.0}},
    ]
    cut = '{"step": 3, "total": 1.0, "te'
    path.write_text("\n".join([*map(json.dumps, rows), "[]", cut]), encoding="utf-8")
    log = read_losses(path)
    assert log.series == {"total": ((1, 1.5),), "L3": ((1, 0.8), (2, 0.9)), "mine": ((1, -1.0),)}
    assert log.unread == 2
    assert all("nan" not in panel for panel in loss_panels(log))


def test_numbers_are_written_as_the_tables_want_them() -> None:
    assert decimal(-0.3868) == "−0.3868"
    assert decimal(-0.00001) == "0.0000"
    assert decimal(float("inf")) == "n/a"
    assert percent(0.9634) == "96.3 %"
    assert [short(v) for v in (0.03, 0.0115, 1.0, -0.5, 0.1)] == ["0.03", "0.0115", "1.00", "−0.50", "0.10"]
