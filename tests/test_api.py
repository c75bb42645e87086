"""What `edit` says before it trains, and what it leaves."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from unrelate.api import _warn_of_what_cannot_be_measured, edit
from unrelate.data.types import Corpus
from unrelate.edit.recipes import adjusted
from unrelate.edit.settings import read_run
from unrelate.graph.build import build_graph
from unrelate.microworld.source import Amounts, MicroworldSource
from unrelate.policy.load import load_policy


def test_a_criterion_that_no_picture_can_decide_is_named_before_training() -> None:
    policy = load_policy("child-drinking-alcohol")
    whole = MicroworldSource(Amounts(audit=6)).corpus(build_graph(policy), seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _warn_of_what_cannot_be_measured(policy, whole)
    without = tuple(e for e in whole.examples if e.part not in ("subordinate", "safe_edge"))
    with pytest.warns(UserWarning, match="no held-out picture") as said:
        _warn_of_what_cannot_be_measured(policy, Corpus(without, whole.banks))
    named = [str(warning.message).split(":")[0] for warning in said]
    assert named == [
        "criterion forgetting.subordinate.edited_recall",
        "criterion preservation.safe_edge.accuracy_lost",
    ]
    assert "take the criterion out of the policy" in str(said[0].message)


@pytest.mark.slow
def test_what_is_kept_at_the_end_is_the_recipes_strength(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited(strength: float | None) -> dict[str, Tensor]:
        recipe = adjusted("paper", adapter={"rank": 2}, settings={"steps": 2, "batch": 8})
        recipe = replace(recipe, strength=strength)
        run = edit(
            "child-drinking-alcohol", tmp_path / str(strength), model=str(tiny), recipe=recipe, quiet=True
        )
        assert read_run(run)["strength"] == (strength or 0.75)
        return load_file(run / "adapter" / "adapter_model.safetensors")

    # A model that never learnt anything has no level to settle at.
    monkeypatch.setattr("unrelate.api.settled_strength", lambda *_: 0.75)
    whole, half, settled = edited(1.0), edited(0.5), edited(None)
    for name, tensor in whole.items():
        share, found = (0.5, 0.75) if "lora_B" in name else (1, 1)
        torch.testing.assert_close(half[name], tensor * share, rtol=0, atol=0)
        torch.testing.assert_close(settled[name], tensor * found, rtol=0, atol=0)
    assert any("lora_B" in name and tensor.any() for name, tensor in whole.items())
