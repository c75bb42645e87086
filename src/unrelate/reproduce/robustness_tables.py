"""``README.md`` of the robustness experiment: every table, from the evidence alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from unrelate.audit.record import Attack
from unrelate.edit.recipes import DEFAULT_RECIPE
from unrelate.reproduce.attack_figure import every_attack
from unrelate.reproduce.edits import WITH_ROUNDS, WITHOUT_ROUNDS, Poor
from unrelate.reproduce.ranking import ranking
from unrelate.reproduce.summary import Mean, of_seeds, table_rows
from unrelate.reproduce.targets import Evidence, Measured, Target, targets, unseen_success

_CURVES = ("relearn_forgotten", "relearn_neighbours", "relearn_unrelated")


def write_robustness(out: Path, evidence: Evidence, poor: Mapping[str, Poor]) -> None:
    """Write ``README.md`` into ``out``."""
    seeds = len({seed for edit, _, seed in evidence.records if edit == DEFAULT_RECIPE})
    lines = [
        "# Robustness on the embedded model",
        "",
        f"`unrelate reproduce robustness`: the default recipe, {len(evidence.policies)} policies, {seeds} "
        f"seed{'s' * (seeds > 1)}. Mean ± half the 95 % interval over seeds (Student's t); with one seed "
        "there is no interval. Every attack of the table but `sequential`, another request on top: see the "
        "requests below.",
        "",
        *_targets(targets(evidence), evidence.policies),
        *_breached(evidence),
        "![Success of every attack: edited, base, null](attacks.svg)",
        "",
        *_attacks(evidence),
        *_curves(evidence),
        *ranking(evidence, poor),
        *_sequences(evidence),
        *_rounds(evidence),
    ]
    (out / "README.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _targets(reached: Sequence[Target], policies: Sequence[str]) -> Iterator[str]:
    yield from ("## Targets", "")
    rows = []
    for target in reached:
        bound = f"{'≥' if target.at_least else '≤'} {_value(target, target.bound)}"
        cells = [_measured(target, target.measured.get(policy)) for policy in policies]
        others = [m for name, m in target.measured.items() if name not in policies]
        cells.append(_measured(target, others[0] if others else None))
        rows.append((target.what, bound, *cells, _met(target)))
    yield from table_rows(("figure", "target", *policies, "over all", "met"), rows)
    met = sum(target.met is True for target in reached)
    unknown = sum(target.met is None for target in reached)
    yield from ("", f"{met} of {len(reached)} targets are met, {unknown} could not be measured here.")
    yield from (
        "A target holds for the mean over seeds, and is met if it is in every column. Where several attacks "
        "are meant, the figure is that of the one named in brackets, whose mean is worst.",
        "",
    )


def _met(target: Target) -> str:
    return {True: "yes", False: "**no**", None: "not measured"}[target.met]


def _value(target: Target, value: float) -> str:
    if target.unit in ("%", "points"):
        return f"{100 * value:g} {target.unit}"
    return f"{value:g} {target.unit}".strip()


def _measured(target: Target, measured: Measured | None) -> str:
    if measured is None or math.isnan(measured.mean.value):
        return f"({measured.of})" if measured and measured.of else ""
    shares = target.unit in ("%", "points")
    digits = 1 if shares else 0 if target.unit == "s" else 3
    said = measured.mean.text(digits, percent=shares)
    return f"{said} ({measured.of})" if measured.of else said


def _breached(evidence: Evidence) -> Iterator[str]:
    """Every attack without gradients that a policy does not withstand."""
    found = []
    for policy in evidence.policies:
        for name, cells in _rates(evidence, policy).items():
            attack, edited = cells.attack, cells.means["success_rate"]
            asks = attack.threat == "black box" and attack.family != "representation"
            if asks and edited.value > 0.05:
                found.append((name, policy, edited.text(1, percent=True)))
    yield from ("### Attacks without gradients above 5 %", "")
    if found:
        yield from table_rows(("attack", "policy", "success %"), found)
    else:
        yield "None."
    yield ""


class _Cells:
    """The rates of one attack over the seeds of a policy."""

    def __init__(self, attack: Attack) -> None:
        self.attack = attack
        self.means: dict[str, Mean] = {}


_FIGURES = ("success_rate", "control_rate", "null_rate")


def _rates(evidence: Evidence, policy: str) -> dict[str, _Cells]:
    records = of_seeds(evidence.records, DEFAULT_RECIPE, policy)
    found = {name: _Cells(attack) for record in records for name, attack in record.attacks.items()}
    for name, cells in found.items():
        for figure in _FIGURES:
            rates = [getattr(r.attacks[name], figure) for r in records if name in r.attacks]
            cells.means[figure] = Mean.of(rates)
    return found


def _cell(cells: _Cells | None) -> str:
    """``edited ± half / base / null`` in percent; what was not measured is a dash."""
    if cells is None:
        return "–"
    said = [cells.means["success_rate"].text(1, percent=True)]
    for figure in _FIGURES[1:]:
        value = cells.means[figure].value
        said.append("–" if math.isnan(value) else f"{100 * value:.1f}")
    return " / ".join(said)


def _attacks(evidence: Evidence) -> Iterator[str]:
    yield from ("## Every attack", "", "Success in percent: edited / base / null.", "")
    by_policy = {policy: _rates(evidence, policy) for policy in evidence.policies}
    known = {name: attack for name, attack in every_attack(evidence) if attack.group not in _CURVES}
    rows = [
        (
            f"{name}{'' if attack.scored else ' (not scored)'}",
            attack.family,
            *(_cell(by_policy[policy].get(name)) for policy in evidence.policies),
        )
        for name, attack in known.items()
    ]
    yield from table_rows(("attack", "family", *evidence.policies), rows)
    yield ""


def _curves(evidence: Evidence) -> Iterator[str]:
    by_policy = {policy: _rates(evidence, policy) for policy in evidence.policies}
    known = {name: attack for name, attack in every_attack(evidence) if attack.group in _CURVES}
    if not known:
        return
    yield from ("## Relearning", "", "Recall in percent after so many examples: edited / base / null.", "")
    ranked = sorted(known.items(), key=lambda pair: (_CURVES.index(pair[1].group), pair[1].at or 0))
    rows = [
        (
            attack.group.removeprefix("relearn_"),
            f"{attack.at:g}" if attack.at is not None else "",
            *(_cell(by_policy[policy].get(name)) for policy in evidence.policies),
        )
        for name, attack in ranked
    ]
    yield from table_rows(("examples of", "how many", *evidence.policies), rows)
    yield ""


def _sequences(evidence: Evidence) -> Iterator[str]:
    if not evidence.sequences:
        return
    first = next(iter(evidence.sequences.values()))
    requests = list(first[0].recall)
    yield from ("## Requests one after the other", "")
    yield (
        "Each edit by the default recipe, from the merged model of the one before. Recall of what each "
        "request forbids, in percent (bold: asked for already), and accuracy lost since the base model on "
        "what must stay for all of them, in points."
    )
    yield ""
    rows = []
    for number, after in enumerate(first):
        stages = [sequence[number] for sequence in evidence.sequences.values()]
        recalls = []
        for place, request in enumerate(requests):
            said = Mean.of([stage.recall[request] for stage in stages]).text(1, percent=True)
            recalls.append(f"**{said}**" if place < number else said)
        lost = Mean.of([sequence[0].kept - sequence[number].kept for sequence in evidence.sequences.values()])
        parts = [
            Mean.of([s[0].accuracy[part] - s[number].accuracy[part] for s in evidence.sequences.values()])
            for part in first[0].accuracy
        ]
        cells = [mean.text(1, percent=True) for mean in (lost, *parts)]
        rows.append((f"{after.requests}", *recalls, *cells))
    heads = [f"lost: {part.replace('_', ' ')}" for part in first[0].accuracy]
    yield from table_rows(("requests made", *requests, "lost: all", *heads), rows)
    yield ""


def _rounds(evidence: Evidence) -> Iterator[str]:
    arms = (WITHOUT_ROUNDS, WITH_ROUNDS)
    if not any(edit in arms for edit, _, _ in evidence.records):
        return
    yield from ("## Adversarial rounds", "")
    yield (
        "Success in percent of attacks that no round uses, without and with rounds. Rounds breed statements "
        "from other names, slips of the pen and blanks inside words; attacks that ask in those ways are left "
        "out, and so are gradients on pixels, where success is fragility."
    )
    yield ""
    head = ("attack", *(f"{policy}: {arm}" for policy in evidence.policies for arm in arms))
    rows = []
    for family in ("text", "image", ""):
        cells = [
            unseen_success(evidence, arm, policy, family) for policy in evidence.policies for arm in arms
        ]
        rows.append((f"*all {family}*".replace(" *", "*"), *map(_share, cells)))
    for name in evidence.unseen:
        cells = [
            Mean.of(
                [
                    record.attacks[name].success_rate
                    for record in of_seeds(evidence.records, arm, policy)
                    if name in record.attacks
                ]
            )
            for policy in evidence.policies
            for arm in arms
        ]
        rows.append((name, *map(_share, cells)))
    yield from table_rows(head, rows)
    yield ""


def _share(mean: Mean) -> str:
    return "–" if math.isnan(mean.value) else mean.text(1, percent=True)
