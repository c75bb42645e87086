"""Records made up, for whoever counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unrelate.audit.record import AuditRecord, Control, Forgetting, Preservation, Score


@pytest.fixture
def record() -> Callable[..., AuditRecord]:
    """``record(recipe, policy, seed, recall, **fields)``."""
    return _record


def _record(recipe: str, policy: str, seed: int, recall: float = 0.0, **changes: Any) -> AuditRecord:
    asked = Forgetting(
        base_cos=0.7,
        edited_cos=0.0,
        delta_cos=0.7,
        unrelated_cos=0.0,
        base_recall=1.0,
        edited_recall=recall,
        ci95=(0.0, 0.1),
        delta_ci95=(0.6, 0.8),
        count=10,
    )
    kept = Preservation(
        base_cos=0.7,
        edited_cos=0.7,
        abs_drift=0.01,
        drift_ci95=(0.0, 0.02),
        base_accuracy=1.0,
        edited_accuracy=0.9,
        accuracy_lost=0.1,
        ci95=(0.0, 0.2),
        count=10,
    )
    made = AuditRecord(
        model="embedded:clip",
        policy=policy,
        recipe=recipe,
        seed=seed,
        environment={},
        control=Control(edge_margins=[], minimum_margin=0.02, sufficient=True),
        forgetting={"direct": asked, "paraphrase": asked},
        preservation={"node": kept, "safe_edge": kept},
        attacks={},
        score=Score(suppression=1, preservation=0.9, robustness=1, rss=0.9, ci95={"rss": (0.8, 0.95)}),
        criteria=[],
        accepted=True,
        graph=[],
        items=[],
    )
    return made.model_copy(update=changes)
