"""Both arms of forgetting without pictures, and the page that sets them side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unrelate.audit.record import AuditRecord
from unrelate.policy.load import load_policy
from unrelate.reproduce.picture_free import ARMS, reproduce_picture_free, without_pictures
from unrelate.reproduce.rasu import POLICIES

Make = Callable[..., AuditRecord]


def test_a_policy_loses_all_its_forbidden_pictures() -> None:
    for name in POLICIES:
        given = load_policy(name)
        blind = without_pictures(given)
        assert all(entry.pictures == "never" for entry in blind.forget)
        assert blind.scope() == given.scope()
        assert {entry.pictures for entry in given.forget} == {"allowed"}


@pytest.mark.slow
def test_both_arms_stand_side_by_side_and_nothing_is_run_again(tmp_path: Path, record: Make) -> None:
    for arm in ARMS:
        for policy in POLICIES:
            folder = tmp_path / "runs" / arm / policy / "0"
            folder.mkdir(parents=True)
            recall = 0.25 if arm == "picture-free" else 0.0
            (folder / "audit.json").write_text(record(arm, policy, 0, recall).to_json(), encoding="utf-8")
    summary = reproduce_picture_free(tmp_path, seeds=1, device="cpu", quiet=True)
    assert summary == {"runs": 6, "seeds": 1, "policies": list(POLICIES), "recipes": list(ARMS)}
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    for arm, share in (("picture-free", "25.0"), ("calibrated", "0.0")):
        rows = [line for line in text.splitlines() if line.startswith(f"| direct | {arm} |")]
        assert len(rows) == len(POLICIES)
        assert all(line.endswith(f"| {share} |") for line in rows)
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert set(results) == set(ARMS)
