"""The reproduction's bookkeeping: what is run, what is not run twice, and what is written of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unrelate.audit.record import AuditRecord
from unrelate.reproduce.rasu import POLICIES, recipes, reproduce_rasu
from unrelate.reproduce.summary import Mean, over_seeds
from unrelate.reproduce.tables import write_tables

Make = Callable[..., AuditRecord]


def test_every_term_of_the_paper_is_left_out_once():
    table = recipes()
    assert set(table) == {"calibrated", "paper", "push-only"} | {
        f"paper without {term}" for term in ("L1", "L2", "L3", "L4", "Lc", "Ladv")
    }
    whole = table["paper"].weights.by_term()
    for name, recipe in table.items():
        if " without " in name:
            term = name.split()[-1]
            assert recipe.name == name
            assert recipe.weights.by_term() == {**whole, term: 0}


def test_a_mean_over_seeds_has_students_interval():
    """1, 2, 3: mean 2, standard deviation 1, so 4.303 / sqrt(3) = 2.484 to each side."""
    mean = Mean.of([1, 2, 3])
    assert mean.value == 2
    assert mean.half == pytest.approx(2.484, abs=1e-3)
    assert mean.text(1) == "2.0 ± 2.5"
    assert Mean.of([0.5]).text(1, percent=True) == "50.0"


def test_figures_are_taken_over_the_seeds_of_one_recipe_and_policy(record: Make):
    records = {("paper", "p", seed): record("paper", "p", seed, seed / 10) for seed in range(3)}
    records["paper", "q", 0] = record("paper", "q", 0, 1.0)
    assert over_seeds(records, "paper", "p", "forgetting", "direct", "edited_recall").value == pytest.approx(
        0.1
    )
    missing = over_seeds(records, "paper", "p", "forgetting", "subordinate", "edited_recall")
    assert missing.value != missing.value


def test_tables_stand_beside_the_published_figures(tmp_path: Path, record: Make):
    records = {("paper", "p", seed): record("paper", "p", seed, 0.0) for seed in range(2)}
    write_tables(tmp_path, records)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| paraphrase | *as published* | 0.3010 | -0.3868 | 0.6878 |" in text
    assert "| safe_edge | paper | 0.7000 ± 0.0000 |" in text
    assert "subordinate" not in text, "no row for what was not asked"


@pytest.mark.slow
def test_a_finished_reproduction_runs_nothing_again(tmp_path: Path, record: Make):
    for name in recipes():
        for policy in POLICIES:
            for seed in range(2):
                folder = tmp_path / "runs" / name.replace(" ", "-") / policy / str(seed)
                folder.mkdir(parents=True)
                text = record(name, policy, seed, 0.0).to_json()
                (folder / "audit.json").write_text(text, encoding="utf-8")
    summary = reproduce_rasu(tmp_path, seeds=2, device="cpu", quiet=True)
    assert summary["runs"] == 2 * len(POLICIES) * len(recipes())
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["paper"]["kid-eating-hamburger"]["1"]["forgetting"]["direct"]["base_recall"] == 1.0
    for name in ("ablation.svg", "utility.svg"):
        assert "<svg" in (tmp_path / name).read_text(encoding="utf-8")
