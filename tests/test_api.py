"""What `edit` says before it trains."""

from __future__ import annotations

import warnings

import pytest

from unrelate.api import _warn_of_what_cannot_be_measured
from unrelate.data.types import Corpus
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
