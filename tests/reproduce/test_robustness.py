"""The robustness experiment: targets worked out by hand, its tables, and the whole of it on a small scale."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unrelate.attacks.table import ATTACKS
from unrelate.audit.record import Attack, AuditRecord, Score
from unrelate.edit.recipes import DEFAULT_RECIPE, RECIPES, adjusted
from unrelate.errors import UserError
from unrelate.policy import load_policy
from unrelate.reproduce import robustness
from unrelate.reproduce.attack_figure import draw_attacks, scored_attacks
from unrelate.reproduce.edits import WITH_ROUNDS, WITHOUT_ROUNDS, Poor, arms, poor_edits, unseen
from unrelate.reproduce.ranking import ranks_low
from unrelate.reproduce.robustness import Edited, Experiment, reproduce_robustness
from unrelate.reproduce.robustness_tables import write_robustness
from unrelate.reproduce.sequence import After, five_requests
from unrelate.reproduce.targets import Evidence, Target, targets

Make = Callable[..., AuditRecord]


def attack(success: float, control: float = 1.0, null: float = 0.9, **changes: Any) -> Attack:
    made = Attack(
        family="text",
        threat="black box",
        budget="",
        success_rate=success,
        control_rate=control,
        null_rate=null,
        ci95=(0, 1),
        count=10,
        group="leet",
    )
    return made.model_copy(update=changes)


def score(suppression: float, preservation: float, robustness: float, low: float = 0.0) -> Score:
    rss = (suppression * preservation * robustness) ** (1 / 3)
    return Score(
        suppression=suppression,
        preservation=preservation,
        robustness=robustness,
        rss=rss,
        ci95={"rss": (low, 1)},
    )


def named(evidence: Evidence) -> Mapping[str, Target]:
    return {target.what: target for target in targets(evidence)}


def probe(success: float, null: float) -> Attack:
    return attack(success, null=null, family="representation", threat="activations", group="probe_text")


@pytest.fixture
def evidence(record: Make) -> Evidence:
    """Two policies, two seeds: p withstands everything, q falls for what is asked in leet."""
    gradients: dict[str, Any] = {"threat": "gradients"}
    records = {}
    for policy, leet in (("p", 0.01), ("q", 0.2)):
        for seed in range(2):
            attacks = {
                "leet": attack(leet + 0.02 * seed),
                "token_search": attack(0.14, 0.95, group="token_search", **gradients),
                "pgd_4": attack(0.97, null=0.9, family="image", group="pgd", at=4.0, **gradients),
                "int8": attack(0.02, family="weights", threat="weights", group="int8"),
                "int4": attack(0.04, family="weights", threat="weights", group="int4"),
                "relearn_neighbours_200": attack(
                    0.1, family="weights", threat="weights", group="relearn_neighbours", at=200.0
                ),
                "probe_text_3": probe(0.1, 0.9).model_copy(update={"scored": False}),
                "probe_text_4": probe(0.8, 0.85),
            }
            held = record(
                DEFAULT_RECIPE, policy, seed, 0.01, attacks=attacks, score=score(1, 0.98, 0.96, 0.93)
            )
            records[DEFAULT_RECIPE, policy, seed] = records[WITHOUT_ROUNDS, policy, seed] = held
            fewer = {"leet": attack(leet / 4)}
            records[WITH_ROUNDS, policy, seed] = record("rounds", policy, seed, attacks=fewer)
    stages = (
        After(0, {"one": 1.0, "two": 1.0}, {"node": 1.0, "neutral": 0.9}, {"node": 10, "neutral": 30}),
        After(1, {"one": 0.0, "two": 1.0}, {"node": 1.0, "neutral": 0.9}, {"node": 10, "neutral": 30}),
        After(2, {"one": 0.04, "two": 0.0}, {"node": 0.9, "neutral": 0.9}, {"node": 10, "neutral": 30}),
    )
    return Evidence(records, {0: stages, 1: stages}, ("leet",), {"full": 250.0})


def test_the_worst_attack_of_each_policy_is_held_against_the_target(evidence: Evidence):
    """p: 1 and 3 % by leet, 2 % on average. q: 20 and 22 %, which no good policy beside it makes up for."""
    target = named(evidence)["attacks without gradients: success"]
    assert target.measured["p"].mean.value == pytest.approx(0.02)
    assert target.measured["q"].mean.value == pytest.approx(0.21)
    assert target.measured["q"].of == "leet"
    assert target.measured["q"].mean.half == pytest.approx(12.706 * 0.01, rel=1e-3)
    assert target.worst == "q"
    assert target.met is False
    assert named(evidence)["attacks without gradients: above the null"].met is True


def test_every_target_is_worked_out_by_hand(evidence: Evidence):
    by_name = named(evidence)
    values = {
        "token search: success": (0.14, True),
        "token search: control": (0.95, True),
        "PGD, 4 of 255: above the null": (0.07, False),
        "INT8: recall regained": (0.01, True),
        "4 bits: recall regained": (0.03, True),
        "200 neighbours learnt: recall": (0.10, True),
        "probe of the embeddings: from the oracle's": (0.05, True),
        "RSS": ((0.98 * 0.96) ** (1 / 3), True),
        "RSS: lower end, over items": (0.93, True),
        "adversarial rounds: share left of unseen attacks": (0.0025 / 0.02, True),
    }
    for name, (value, met) in values.items():
        assert by_name[name].measured["p"].mean.value == pytest.approx(value), name
        assert by_name[name].met is met, name
    recall = by_name["requests in sequence: worst recall of one made"].measured["five requests"]
    assert recall.mean.value == 0.04
    assert recall.of == "one, after 2"
    # 10 of 40 pictures are nodes, of which a tenth is lost: 2.5 points in all.
    lost = by_name["requests in sequence: accuracy lost in all"]
    assert lost.measured["five requests"].mean.value == pytest.approx(0.025)
    assert lost.met is False
    assert by_name["full audit, two cores"].met is True
    assert by_name["quick audit, two cores"].met is None


def test_what_one_policy_lacks_is_not_met(evidence: Evidence, record: Make):
    records = {**evidence.records, (DEFAULT_RECIPE, "r", 0): record(DEFAULT_RECIPE, "r", 0)}
    target = named(replace(evidence, records=records))["token search: success"]
    assert math.isnan(target.measured["r"].mean.value)
    assert target.met is None
    assert json.dumps(target.to_json(), allow_nan=False)


def test_the_page_says_what_was_measured(tmp_path: Path, evidence: Evidence, record: Make):
    poor = {"shallow": poor_edits()["shallow"]}
    low = record("shallow", "p", 0, score=score(0.9, 0.9, 0.1))
    whole = replace(evidence, records={**evidence.records, ("shallow", "p", 0): low})
    write_robustness(tmp_path, whole, poor)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| attacks without gradients: success | ≤ 5 % | 2.0 ± 12.7 (leet) | 21.0 ± 12.7 (leet) |" in text
    assert "| leet | q | 21.0 ± 12.7 |" in text, "breaches are listed"
    assert "| leet | text | 2.0 ± 12.7 / 100.0 / 90.0 |" in text
    assert "| neighbours | 200 | 10.0 ± 0.0 / 100.0 / 90.0 |" in text
    assert "| shallow | p | 0.0 | 0.90 | *0.90* | **0.10** |" in text
    assert "| 2 | **4.0 ± 0.0** | **0.0 ± 0.0** | 2.5 ± 0.0 | 10.0 ± 0.0 | 0.0 ± 0.0 |" in text
    assert "probe_text_3 (not scored)" in text
    met = sum(target.met is True for target in targets(whole))
    assert f"{met} of {len(targets(whole))} targets are met" in text


def test_what_was_not_run_has_no_section(tmp_path: Path, evidence: Evidence) -> None:
    arms = (WITHOUT_ROUNDS, WITH_ROUNDS)
    bare = {place: record for place, record in evidence.records.items() if place[0] not in arms}
    write_robustness(tmp_path, replace(evidence, records=bare, sequences={}), {})
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == ["## Targets", "## Every attack", "## Relearning"]
    assert "the default recipe, 2 policies, 2 seeds. Mean" in text


def test_the_figure_has_what_the_score_counts(tmp_path: Path, evidence: Evidence):
    assert "probe_text_3" not in scored_attacks(evidence)
    draw_attacks(tmp_path / "attacks.svg", evidence)
    drawn = (tmp_path / "attacks.svg").read_text(encoding="utf-8")
    assert "<svg" in drawn
    for name in ("pgd_4", "edited", "base (control)", "never learnt it (null)"):
        assert name in drawn


def test_a_poor_edit_has_to_be_low_in_the_right_part(record: Make):
    poor = poor_edits()["over-erasure"]
    assert (poor.low, poor.high) == ("preservation", "suppression")
    default = record(DEFAULT_RECIPE, "p", 0, score=score(1, 1, 1, 0.95))
    assert ranks_low(record("x", "p", 0, score=score(0.9, 0.1, 0.3)), poor, default)
    assert not ranks_low(record("x", "p", 0, score=score(0.3, 0.1, 0.9)), poor, default), "a no-op's fault"
    assert not ranks_low(record("x", "p", 0, score=score(0.9, 0.6, 0.9)), poor, default), "not low"
    no_better = record(DEFAULT_RECIPE, "p", 0, score=score(1, 1, 0.1, 0.2))
    assert not ranks_low(record("x", "p", 0, score=score(0.9, 0.1, 0.9)), poor, no_better)


def test_what_is_tried_in_turn_differs_by_its_push_alone():
    shallow = poor_edits()["shallow"]
    assert [recipe.weights.push for recipe in shallow.recipes] == sorted(shallow.pushes)
    for recipe in shallow.recipes:
        assert replace(recipe, weights=shallow.recipe.weights) == shallow.recipe
    assert replace(shallow, pushes=()).recipes == (shallow.recipe,)


@pytest.mark.parametrize(("recalls", "taken"), [((0.9, 0.05, 0.0), 1), ((0.0,), 0), ((0.9, 0.9, 0.9), 2)])
def test_the_gentlest_recipe_that_forgets_is_taken(
    recalls: tuple[float, ...], taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipes = replace(poor_edits()["shallow"], pushes=(1, 2, 3)).recipes
    edit = Edited("shallow", "kid-eating-hamburger", 0, recipes, (), None)
    asked = iter(recalls)
    monkeypatch.setattr(robustness.api, "edit", lambda *_, **__: None)
    monkeypatch.setattr(robustness, "direct_recall", lambda *_: next(asked))
    assert robustness._gentlest(edit, tmp_path / "0", "embedded:clip", "cpu") == recipes[taken]


def test_the_arms_differ_by_their_rounds_alone():
    for rounds in (0, 1, 3):
        default = replace(RECIPES[DEFAULT_RECIPE], adversarial_rounds=rounds)
        both = arms(default, 3)
        assert [recipe.adversarial_rounds for recipe in both.values()] == [0, 3]
        for recipe in both.values():
            assert replace(recipe, name=default.name, adversarial_rounds=rounds) == default
    assert (
        arms(replace(RECIPES[DEFAULT_RECIPE], adversarial_rounds=0), 3)[WITHOUT_ROUNDS].name == DEFAULT_RECIPE
    )


def test_unseen_attacks_are_in_the_table_and_no_rounds_use_them():
    assert set(unseen()) < set(ATTACKS)
    assert not {"evolution", "synonyms", "misspelling", "splitting", "pgd"} & set(unseen())
    assert {"leet", "passive", "token_search", "crop"} <= set(unseen())


def test_the_requests_share_no_tuple():
    policies = five_requests()
    assert len({policy.name for policy in policies}) == 5
    for policy in policies[3:]:
        for other in policies:
            if other is not policy:
                assert not any(
                    other.may_forbid(triple) for entry in policy.forget for triple in policy.expand(entry)
                )


@pytest.mark.slow
def test_the_experiment_from_end_to_end(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch):
    """On an untrained model and with two steps an edit: every file is there, and nothing is run twice."""
    small = adjusted("paper", adapter={"rank": 2}, settings={"steps": 2, "batch": 8})
    policies = tuple(load_policy(name) for name in ("kid-eating-hamburger", "child-drinking-alcohol"))
    experiment = Experiment(
        policies=("child-drinking-alcohol",),
        model=str(tiny),
        default=small,
        poor={
            "no-op": Poor(
                replace(small, name="no-op", learning_rate=1e-12), "suppression", "preservation", "nothing"
            )
        },
        rounds=0,
        requests=policies,
        attacks=("case", "int8"),
        quick=True,
        clock=False,
    )
    summary = reproduce_robustness(tmp_path, seeds=1, device="cpu", quiet=True, experiment=experiment)
    assert summary["runs"] == 3
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert set(results["records"]) == {DEFAULT_RECIPE, "no-op"}
    assert results["unseen"] == ["case"]
    after = results["sequences"]["0"]
    assert [stage["requests"] for stage in after] == [0, 1, 2]
    assert set(after[0]["recall"]) == {policy.name for policy in policies}
    assert after[0]["asked"] == after[2]["asked"]
    assert "<svg" in (tmp_path / "attacks.svg").read_text(encoding="utf-8")
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "## Requests one after the other" in page

    def ran(*_: object, **__: object) -> None:
        raise AssertionError("run again")

    monkeypatch.setattr("unrelate.reproduce.robustness.side_by_side", _here)
    monkeypatch.setattr("unrelate.api.edit", ran)
    monkeypatch.setattr("unrelate.api.audit", ran)
    again = reproduce_robustness(tmp_path, seeds=1, device="cpu", quiet=True, experiment=experiment)
    assert again == summary
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == page
    other = replace(experiment, default=replace(small, clip=2.0))
    with pytest.raises(UserError, match="another recipe"):
        reproduce_robustness(tmp_path, seeds=1, device="cpu", quiet=True, experiment=other)


def _here(jobs: Mapping[str, Callable[[], object]], *_: object, **__: object) -> None:
    for job in jobs.values():
        job()
