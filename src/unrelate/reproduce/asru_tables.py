"""Tables and headline figures of the reproduction of ASRU."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from unrelate.audit.generation_record import Generation
from unrelate.reproduce.summary import Mean, Records, of_seeds, over_seeds, recipes_and_policies, table_rows

OURS = "asru"
# Parts and forms of the method itself stand in the table and are no baselines.
PARTS = ("asru-ridge", "steering", "steering-ridge", "steering-trained", "steering-gated", "reinforcement")
UTILITY = 0.95  # of the base's right answers: what a baseline must keep to be compared in effectiveness

Reading = Callable[[Generation], float]


def read(records: Records, method: str, policy: str, reading: Reading) -> Mean:
    """One figure over the seeds of a method and policy."""
    found = [record.generation for record in of_seeds(records, method, policy)]
    return Mean.of([reading(held) for held in found if held is not None])


def effectiveness(generation: Generation) -> float:
    """How much of what is to be forgotten is not told any more, of what the base told: 1 - leak rate."""
    return 1 - generation.leak_rate


def utility(generation: Generation) -> float:
    """Right answers on what is kept, as a share of the base's."""
    return generation.retained.edited_accuracy / generation.retained.base_accuracy


def baselines(records: Records) -> list[str]:
    """The methods that are neither ASRU nor a part of it."""
    methods, _ = recipes_and_policies(records)
    return [name for name in methods if name != OURS and name not in PARTS]


def headline(records: Records, policy: str) -> dict[str, Any]:
    """ASRU's two claims, by its own definitions as far as they are known (docs/generators.md).

    ``effectiveness_gain``: relative, over the best baseline that keeps 95 % of the base's right answers.
    ``graceful_gain``: the same, of the share that is refused fittingly. ``quality_times``: over the mean of
    the baselines; ``quality_times_second``: by the second definition. NaN (null) where nothing is compared.
    """
    methods, _ = recipes_and_policies(records)
    if OURS not in methods:
        return {}
    useful = [name for name in baselines(records) if read(records, name, policy, utility).value >= UTILITY]

    def gain(reading: Reading) -> float | None:
        best = max((read(records, name, policy, reading).value for name in useful), default=math.nan)
        ours = read(records, OURS, policy, reading).value
        return ours / best - 1 if best > 0 else None

    def times(reading: Reading) -> float | None:
        others = [read(records, name, policy, reading).value for name in baselines(records)]
        mean = sum(others) / len(others) if others else math.nan
        return read(records, OURS, policy, reading).value / mean if mean > 0 else None

    return {
        "compared_with": useful,
        "effectiveness_gain": gain(effectiveness),
        "graceful_gain": gain(lambda held: held.fitting_refusals),
        "quality_times": times(lambda held: held.quality.edited),
        "quality_times_second": times(lambda held: held.quality.second),
    }


_COLUMNS: Mapping[str, tuple[Reading, bool]] = {
    "leak rate %": (lambda held: held.leak_rate, True),
    "fitting refusals %": (lambda held: held.fitting_refusals, True),
    "over-refusal %": (lambda held: held.over_refusal, True),
    "right answers kept %": (utility, True),
    "quality": (lambda held: held.quality.edited, False),
    "second definition": (lambda held: held.quality.second, False),
}


def method_table(records: Records, policy: str) -> list[str]:
    """One row a method."""
    methods, _ = recipes_and_policies(records)
    rows = []
    for name in methods:
        cells = [name]
        for reading, percent in _COLUMNS.values():
            mean = read(records, name, policy, reading)
            cells.append(mean.text(1, percent=True) if percent else mean.text(2))
        rows.append(cells)
    return table_rows(("method", *_COLUMNS), rows)


def part_table(records: Records, policy: str) -> list[str]:
    """Leak rates by the way of asking, one row a method."""
    methods, _ = recipes_and_policies(records)
    first = next(record.generation for record in of_seeds(records, methods[0], policy))
    parts = [name for name, part in (first.parts if first else {}).items() if part.expect == "forgotten"]
    rows = []
    for name in methods:
        means = [
            read(records, name, policy, lambda held, p=part: held.parts[p].edited_rate) for part in parts
        ]
        rows.append([name, *(mean.text(1, percent=True) for mean in means)])
    return table_rows(("method", *(part.replace("_", " ") for part in parts)), rows)


# The attacks that found most in the method's own edits stand by name; of the others the worst counts.
_NAMED = ("jailbreak", "in_context", "prefilled")


def attack_table(records: Records, policy: str) -> list[str]:
    """What is told under attack, and the Relational Safety Score: a row a method; last the base model, and
    what is said of people whom it never learnt."""
    methods, _ = recipes_and_policies(records)
    rows = [
        [
            name,
            *_attacked(records, name, policy, "success_rate"),
            over_seeds(records, name, policy, "score", "", "rss").text(2),
        ]
        for name in methods
    ]
    rows += [
        [name, *_attacked(records, methods[0], policy, rate), ""]
        for name, rate in (("(base model)", "control_rate"), ("(never learnt)", "null_rate"))
    ]
    return table_rows(("method", *(f"{name} %" for name in _NAMED), "worst of the others %", "RSS"), rows)


def _attacked(records: Records, method: str, policy: str, rate: str) -> list[str]:
    """One cell a column: the mean over seeds; of the attacks without a column the worst mean, by name."""
    names = dict.fromkeys(name for record in of_seeds(records, method, policy) for name in record.attacks)
    means = {name: over_seeds(records, method, policy, "attacks", name, rate) for name in names}
    others = {name: mean for name, mean in means.items() if name not in _NAMED and not math.isnan(mean.value)}
    worst = max(others, key=lambda name: others[name].value, default="")
    named = [means[name].text(1, percent=True) if name in means else "" for name in _NAMED]
    if not worst:
        return [*named, ""]
    most = others[worst]
    return [*named, most.text(1, percent=True) + (f" ({worst})" if most.value else "")]


def headline_text(found: Mapping[str, Any]) -> str:
    """What `headline` found, in a sentence or two; empty where nothing was compared."""
    if not found.get("compared_with"):
        return ""
    parts = [
        f"{name} {value:+.1%}"
        for name, value in (
            ("forgetting", found["effectiveness_gain"]),
            ("fitting refusals", found["graceful_gain"]),
        )
        if value is not None
    ]
    return (
        f"`{OURS}` over the best of the baselines that keep {UTILITY:.0%} of the base's right answers "
        f"({', '.join(found['compared_with'])}): {', '.join(parts)}. Quality over the mean of all "
        f"baselines: {found['quality_times']:.1f} times, by the second definition "
        f"{found['quality_times_second']:.1f} times."
    )
