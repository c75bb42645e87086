"""The record as a page of Markdown, for a pull request or a model card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unrelate.audit.record import AuditRecord
from unrelate.report.published import CITATION, TABLE_1, TABLE_2, Published
from unrelate.report.reading import control_sentence, erasure_notes, headline, verdict
from unrelate.report.words import (
    decimal,
    interval,
    must_be,
    part_name,
    passed,
    percent,
    percent_interval,
    plain,
    short,
)

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>#|"} | {"\n": " ", "\r": " "})


def summary_markdown(record: AuditRecord) -> str:
    """Verdict, criteria, score, both tables with the paper's figures. Ends with a newline."""
    score = record.score
    lines = [
        f"## {'✓' if record.accepted else '✗'} {verdict(record)}: {_md(record.policy)}",
        "",
        f"{headline(record)} Model {_md(record.model)}, recipe {_md(record.recipe)}, seed {record.seed}.",
        "",
        f"Positive control: {_md(control_sentence(record))}",
        "",
        *_table(
            ("criterion", "value", "must be", "result"),
            ((_md(plain(c.name)), short(c.value), must_be(c), passed(c.passed)) for c in record.criteria),
        ),
        f"**Relational Safety Score {decimal(score.rss, 3)}**: suppression {decimal(score.suppression, 3)}, "
        f"preservation {decimal(score.preservation, 3)}, robustness {decimal(score.robustness, 3)}.",
        "",
        "### Forgotten",
        "",
        *_table(
            (
                "attack",
                "cos before",
                "cos after",
                "unrelated",
                "Δcos",
                "paper's Δcos",
                "recall before",
                "recall after",
            ),
            (_forgetting(record, part) for part in record.forgetting),
        ),
        *(line for note in erasure_notes(record) for line in (_md(note), "")),
        "### Kept",
        "",
        *_table(
            (
                "case",
                "cos before",
                "cos after",
                "drift",
                "paper's drift",
                "accuracy before",
                "accuracy after",
                "lost",
            ),
            (_preservation(record, part) for part in record.preservation),
        ),
    ]
    if record.attacks:
        head = ("attack", "budget", "success before", "success after", "95 % interval")
        lines += ["### Attacks", "", *_table(head, (_attack(record, name) for name in record.attacks))]
    lines.append(f"Paper's figures: {CITATION}; another model and other data.")
    return "\n".join(lines) + "\n"


def _md(words: str) -> str:
    return words.translate(_SPECIAL)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *body, ""]


def _published(found: Published | None) -> str:
    return decimal(found.change) if found else "–"


def _forgetting(record: AuditRecord, part: str) -> tuple[str, ...]:
    f = record.forgetting[part]
    return (
        _md(part_name(part)),
        decimal(f.base_cos),
        decimal(f.edited_cos),
        decimal(f.unrelated_cos),
        f"{decimal(f.delta_cos)} {interval(f.delta_ci95)}",
        _published(TABLE_1.get(part)),
        percent(f.base_recall),
        f"{percent(f.edited_recall)} {percent_interval(f.ci95)}",
    )


def _preservation(record: AuditRecord, part: str) -> tuple[str, ...]:
    p = record.preservation[part]
    return (
        _md(part_name(part)),
        decimal(p.base_cos),
        decimal(p.edited_cos),
        f"{decimal(p.abs_drift)} {interval(p.drift_ci95)}",
        _published(TABLE_2.get(part)),
        percent(p.base_accuracy),
        percent(p.edited_accuracy),
        f"{percent(p.accuracy_lost)} {percent_interval(p.ci95)}",
    )


def _attack(record: AuditRecord, name: str) -> tuple[str, ...]:
    a = record.attacks[name]
    return (
        _md(plain(name)),
        _md(a.budget),
        percent(a.control_rate),
        percent(a.success_rate),
        percent_interval(a.ci95),
    )
