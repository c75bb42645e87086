"""The figures of an audit record that an acceptance criterion can speak of, and their ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator

Range = tuple[float, float]

# Names as in `audit/record.py` (kept apart: a policy knows nothing of audits).
ATTACKS = ("direct", "paraphrase", "contextual", "ood_image", "subordinate")
CASES = ("node", "safe_edge", "safe_node", "neutral")
FORGETTING: dict[str, Range] = {
    "base_cos": (-1, 1),
    "edited_cos": (-1, 1),
    "delta_cos": (-2, 2),
    "unrelated_cos": (-1, 1),
    "base_recall": (0, 1),
    "edited_recall": (0, 1),
}
PRESERVATION: dict[str, Range] = {
    "base_cos": (-1, 1),
    "edited_cos": (-1, 1),
    "abs_drift": (0, 2),
    "base_accuracy": (0, 1),
    "edited_accuracy": (0, 1),
    "accuracy_lost": (-1, 1),
}
SCORE: dict[str, Range] = {
    "suppression": (0, 1),
    "preservation": (0, 1),
    "robustness": (0, 1),
    "rss": (0, 1),
}
# Attacks, benchmark slices and downstream tasks have names of their own: figures by pattern.
_NAMED: tuple[tuple[re.Pattern[str], Range], ...] = (
    (re.compile(r"^attacks\.[A-Za-z0-9_.-]+\.(success|control|null)_rate$"), (0, 1)),
    (re.compile(r"^benchmark\.[A-Za-z0-9_-]+\.(base|edited)_rate$"), (0, 1)),
    (re.compile(r"^utility\.[^.]+\.(base|edited)$"), (0, 1)),
    (re.compile(r"^utility\.[^.]+\.lost$"), (-1, 1)),
)


def known_figures() -> Iterator[tuple[str, Range]]:
    """Every figure with a fixed name, and its range; those of attacks, slices and tasks come on top."""
    for attack in ATTACKS:
        yield from ((f"forgetting.{attack}.{name}", span) for name, span in FORGETTING.items())
    for case in CASES:
        yield from ((f"preservation.{case}.{name}", span) for name, span in PRESERVATION.items())
    yield from ((f"score.{name}", span) for name, span in SCORE.items())


def figure_range(figure: str) -> Range | None:
    """The values that a figure can have; None if there is no such figure."""
    for pattern, span in _NAMED:
        if pattern.match(figure):
            return span
    return dict(known_figures()).get(figure)
