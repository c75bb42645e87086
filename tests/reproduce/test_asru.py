"""ASRU's table, headline and figure, from records made up; and that what is there is not run again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tests.report.generated import generation

from unrelate.audit.record import Attack, AuditRecord
from unrelate.errors import Unattainable, UserError
from unrelate.reproduce import asru
from unrelate.reproduce.asru import ARMS, reproduce_asru
from unrelate.reproduce.asru_figure import spread
from unrelate.reproduce.asru_tables import (
    attack_table,
    headline,
    headline_text,
    method_table,
    part_table,
)
from unrelate.reproduce.summary import Records, records_json

Make = Callable[..., AuditRecord]
POLICY = "forget-people-5"

# method -> leak rate, fitting refusals, right answers after (of 0.96), quality
MADE = {
    "asru": (0.02, 0.97, 0.95, 0.6),
    "steering": (0.0, 0.99, 0.96, 0.6),
    "npo": (0.36, 0.5, 0.94, 0.3),
    "prompt": (0.9, 0.1, 0.96, 0.5),
    "gradient-ascent": (0.0, 0.0, 0.1, 0.1),
}


def made(make: Make, method: str, seed: int = 0) -> AuditRecord:
    leak, fitting, right, quality = MADE[method]
    of = generation()
    held = of.model_copy(
        update={
            "leak_rate": leak + 0.01 * seed,
            "fitting_refusals": fitting,
            "retained": of.retained.model_copy(update={"edited_accuracy": right}),
            "quality": of.quality.model_copy(update={"edited": quality, "second": quality}),
        }
    )
    return make(method, POLICY, seed, generation=held)


def records(make: Make, seeds: int = 1) -> Records:
    return {(m, POLICY, seed): made(make, m, seed) for m in MADE for seed in range(seeds)}


def test_it_is_held_against_the_best_baseline_that_keeps_its_answers(record: Make) -> None:
    found = headline(records(record), POLICY)
    assert found["compared_with"] == ["npo", "prompt"]  # ascent forgets all, and all else with it
    assert found["effectiveness_gain"] == pytest.approx(0.98 / 0.64 - 1)
    assert found["graceful_gain"] == pytest.approx(0.97 / 0.5 - 1)
    assert found["quality_times"] == pytest.approx(0.6 / 0.3)  # of all three baselines, its stages apart


def test_nothing_is_claimed_where_nothing_is_compared(record: Make) -> None:
    alone = {place: held for place, held in records(record).items() if place[0] == "asru"}
    found = headline(alone, POLICY)
    assert found["compared_with"] == []
    assert found["effectiveness_gain"] is None
    assert found["quality_times"] is None
    others = {place: held for place, held in records(record).items() if place[0] != "asru"}
    assert headline(others, POLICY) == {}


def test_tables_have_a_row_for_each_method_with_an_interval_over_seeds(record: Make) -> None:
    rows = method_table(records(record, seeds=2), POLICY)
    ours = next(row for row in rows if row.startswith("| asru |"))
    half = 12.706 * math.sqrt(2 * 0.005**2) / math.sqrt(2)
    assert f"| 2.5 ± {100 * half:.1f} |" in ours
    assert len(rows) == 2 + len(MADE)
    parts = part_table(records(record), POLICY)
    assert parts[0] == "| method | direct | odd part |"
    assert "nan" in parts[2]  # what the audit did not ask is not 0
    assert len(parts) == 2 + len(MADE)


def test_the_headline_says_against_whom(record: Make) -> None:
    text = headline_text(headline(records(record), POLICY))
    assert "(npo, prompt): forgetting +53.1%, fitting refusals +94.0%" in text
    assert "2.0 times" in text
    assert headline_text({"compared_with": []}) == headline_text({}) == ""


def test_attacks_stand_by_name_or_as_the_worst_of_the_others(record: Make) -> None:
    def attacked(**rates: float) -> AuditRecord:
        held = {
            name: Attack(
                family="text",
                threat="black box",
                budget="",
                success_rate=rate,
                control_rate=1.0,
                null_rate=0.25,
                ci95=(0, 1),
                count=8,
            )
            for name, rate in rates.items()
        }
        return made(record, "asru").model_copy(update={"attacks": held})

    one = attacked(jailbreak=0.5, paraphrase=0.125, styles=0.25, lens=math.nan)
    rows = attack_table({("asru", POLICY, 0): one}, POLICY)
    assert rows[2].startswith("| asru | 50.0 |  |  | 25.0 (styles) |")
    assert rows[3].startswith("| (base model) | 100.0 |  |  | 100.0 (paraphrase) |")
    assert rows[4].startswith("| (never learnt) | 25.0 |")
    none = attack_table({("asru", POLICY, 0): attacked(styles=0.0)}, POLICY)
    assert "| 0.0 |" in none[2]


def test_conversations_stay_in_the_runs(record: Make) -> None:
    one = made(record, "asru")
    assert one.generation is not None
    assert one.generation.conversations
    held = records_json({("asru", POLICY, 0): one})["asru"][POLICY]["0"]
    assert held["generation"]["conversations"] == []
    assert held["generation"]["leak_rate"] == one.generation.leak_rate


def test_names_beside_the_figure_never_overlap() -> None:
    crowd = dict.fromkeys("abcdefgh", 0.98) | {"low": 0.0, "lower": -0.01, "middle": 0.5}
    places = spread(crowd)
    heights = sorted(places.values())
    assert min(b - a for a, b in pairwise(heights)) == pytest.approx(0.066)
    assert sorted(places, key=lambda name: -places[name])[-3:] == ["middle", "low", "lower"]
    assert heights[0] >= -0.031
    assert spread({"alone": 0.7}) == {"alone": 0.7}


def test_an_edit_that_cannot_be_made_is_told_and_not_tried_again(
    tmp_path: Path, record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    def refuse(policy: str, folder: Path, **_: object) -> None:
        tried.append(folder)
        folder.mkdir(parents=True)
        raise Unattainable("no layer tells them apart", "one at least", "try more layers")

    def here(run: Callable[..., None], out: Path, *_: object, **__: object) -> Records:
        for _again in range(2):
            run("steering-gated", POLICY, 0, out / "runs" / "steering-gated" / POLICY / "0", "cpu")
        return {("asru", POLICY, 0): made(record, "asru")}

    monkeypatch.setattr(asru.api, "edit", refuse)
    monkeypatch.setattr(asru, "edited_and_audited", here)
    summary = reproduce_asru(tmp_path, arms=["asru", "steering-gated"], policies=[POLICY], seeds=1)
    assert len(tried) == 1
    assert summary["impossible"] == [f"`steering-gated`, {POLICY}, seed 0: no layer tells them apart"]
    assert summary["impossible"][0] in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_input_that_cannot_be_used_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UserError(f"{tmp_path} holds a run with another seed")

    monkeypatch.setattr(asru.api, "edit", refuse)
    with pytest.raises(UserError, match="another seed"):
        asru._run("steering-gated", POLICY, 0, tmp_path, "cpu")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_part_of_it_is_written_from_what_is_there(tmp_path: Path, record: Make) -> None:
    for method in MADE:
        folder = tmp_path / "runs" / method / POLICY / "0"
        folder.mkdir(parents=True)
        (folder / "audit.json").write_text(made(record, method).to_json(), encoding="utf-8")
    arms = [name for name in ARMS if name in MADE]
    assert len(arms) == len(MADE)
    summary = reproduce_asru(tmp_path, arms=arms, policies=[POLICY], seeds=1, device="cpu", quiet=True)
    assert summary["runs"] == len(MADE)
    assert summary["methods"] == arms
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert set(results["records"]) == set(MADE)
    assert results["headline"][POLICY]["compared_with"] == ["npo", "prompt"]
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert page.count(f"## {POLICY}") == 1
    assert all(page.count(f"| {method} |") == 3 for method in MADE)
    assert "with one seed there is no interval" in page
    assert "gradient-ascent" in (tmp_path / "trade-off.svg").read_text(encoding="utf-8")
