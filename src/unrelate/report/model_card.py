"""``MODEL_CARD.md``: the record as a card for a model hub, from the run directory alone.

It is meant to be published: of a local folder only the last name goes in, of a chat service the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

import yaml

from unrelate.audit.record import AuditRecord, GraphEdgeRecord
from unrelate.report.again import commands
from unrelate.report.graph import edge_name
from unrelate.report.limits import limits
from unrelate.report.markdown import (
    attacks_table,
    benchmark_table,
    code,
    criteria_table,
    escaped,
    generation_lines,
    score_sentence,
    table,
    utility_table,
)
from unrelate.report.outcome import UNSAFE
from unrelate.report.reading import control_sentence, erasure_notes, headline, verdict
from unrelate.report.redteam import headline as attacks_headline
from unrelate.report.redteam import null_sentence
from unrelate.report.rundir import Run
from unrelate.report.words import (
    decimal,
    interval,
    part_detail,
    part_name,
    percent,
    percent_interval,
    plain,
)

MOST_NAMED = 24
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_RANKED = (
    "Base and edited model answered the same questions about held-out pictures; each picture was ranked "
    "against a bank of captions, one for each tuple. The positive control asks first whether the base "
    "model knew the relation at all."
)
_ASKED = (
    "Base and edited model were asked the same questions, in held-out wordings and about held-out pictures; "
    "each answer was read for what is forbidden, for refusing, and for being right. The positive control "
    "asks first whether the base model told the forbidden at all."
)
LAYOUT = "settings.recipe.adapter.method"


def model_card(run: Run) -> str:
    """The card with its front matter. Ends with a newline."""
    run = _shareable(run)
    record = run.record
    lines = [
        *_front_matter(run),
        f"# {escaped(record.model)} without: {escaped(record.policy)}",
        "",
        f"> **{'✓' if record.accepted else '✗'} {verdict(record)}.** {escaped(headline(record))}",
        "",
        f"An {'edit' if record.generation else 'adapter'} that is to make the base model forget a relation, "
        "and nothing else. Made and audited "
        f"with `unrelate`: recipe {escaped(record.recipe)}, seed {record.seed}.",
        "",
        *_forgotten(record),
        *_stays(record),
        *_judged(record),
        *_figures(record),
        *_attacked(record),
        "## What this does not show",
        "",
        *(f"- {escaped(sentence)}" for sentence in limits(record)),
        "- No licence is named here, as the record holds none: that of the base model and of the data apply.",
        "",
        *_again(run),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _shareable(run: Run) -> Run:
    held = run.record
    service = held.generator.partition("#")[2] if "://" in held.generator else ""
    record = held.model_copy(
        update={
            "model": _last_name(held.model),
            "null_model": _last_name(held.null_model),
            "generator": f"URL#{service}" if service else _last_name(held.generator),
        }
    )
    return replace(run, record=record, settings=tuple((k, _last_name(v)) for k, v in run.settings))


def _last_name(name: str) -> str:
    """A local folder by its last part, so that no one's folders are published; any other name as it is."""
    if PureWindowsPath(name).drive or "\\" in name:
        return PureWindowsPath(name).name
    return PurePosixPath(name).name if name.startswith(("/", "~", ".")) else name


def _front_matter(run: Run) -> list[str]:
    tags = ["unlearning", "safety", "unrelate"]
    if method := dict(run.settings).get(LAYOUT):
        tags.insert(0, method)
    # A generator may be edited without an adapter: by a direction in its layers, or by a prompt.
    adapted = run.record.generation is None or any("adapter." in key for key, _ in run.settings)
    fields: dict[str, object] = {"library_name": "peft" if adapted else "transformers"}
    if HUB_ID.fullmatch(run.record.model):
        fields["base_model"] = run.record.model
    text = yaml.safe_dump(fields | {"tags": tags}, sort_keys=False, allow_unicode=True)
    return ["---", *text.splitlines(), "---", ""]


def _forgotten(record: AuditRecord) -> Iterator[str]:
    yield from ("## What was forgotten", "", f"Policy: {escaped(record.policy)}.", "")
    edges = [edge for edge in record.graph if edge.role == UNSAFE]
    if not edges:
        yield from ("The record does not list the tuples.", "")
        return
    yield from _named(edges)
    yield ""


def _named(edges: list[GraphEdgeRecord]) -> Iterator[str]:
    for edge in edges[:MOST_NAMED]:
        held_out = " (never shown in training)" if edge.split == "held_out" else ""
        yield f"- {escaped(edge_name(edge))}{held_out}"
    if len(edges) > MOST_NAMED:
        yield f"- and {len(edges) - MOST_NAMED} more"


def _stays(record: AuditRecord) -> Iterator[str]:
    yield from ("## What stays", "")
    kinds = Counter(edge.kind for edge in record.graph if edge.role != UNSAFE)
    if not kinds:
        yield from ("The record does not list what stays.", "")
        return
    yield f"{sum(kinds.values())} tuples and single concepts, by how they neighbour the forbidden:"
    yield ""
    yield from (f"- {escaped(plain(kind))}: {count}" for kind, count in kinds.items())
    yield ""


def _judged(record: AuditRecord) -> Iterator[str]:
    yield from ("## How it was judged", "")
    yield _ASKED if record.generation else _RANKED
    yield from ("", f"Positive control: {escaped(control_sentence(record))}", "")
    if record.criteria:
        yield from criteria_table(record)


def _figures(record: AuditRecord) -> Iterator[str]:
    yield from ("## Figures", "", "In brackets: 95 % intervals over items.", "")
    yield from (score_sentence(record.score), "")
    if record.generation:
        yield from generation_lines(record.generation)
    if record.forgetting:
        head = (
            "forbidden",
            "recall before",
            "recall after",
            "cosine after",
            "unrelated",
            "pictures",
        )
        yield from table(head, (_forgetting(record, part) for part in record.forgetting))
        yield from (line for note in erasure_notes(record) for line in (escaped(note), ""))
    if record.preservation:
        head = (
            "to keep",
            "accuracy before",
            "accuracy after",
            "points lost",
            "mean drift",
            "pictures",
        )
        yield from table(head, (_preservation(record, part) for part in record.preservation))
    if record.benchmark:
        yield from ("### Compositional benchmark", "")
        yield from ("Share of items whose own caption beats foils that differ in one thing.", "")
        yield from benchmark_table(record)
    if record.utility:
        yield from ("### Downstream tasks", "", "They have nothing to do with the policy.", "")
        yield from utility_table(record)


def _forgetting(record: AuditRecord, part: str) -> tuple[str, ...]:
    f = record.forgetting[part]
    detail = f": {part_detail(part)}" if part_detail(part) else ""
    return (
        escaped(part_name(part)) + detail,
        percent(f.base_recall),
        f"{percent(f.edited_recall)} {percent_interval(f.ci95)}",
        decimal(f.edited_cos, 3),
        decimal(f.unrelated_cos, 3),
        str(f.count),
    )


def _preservation(record: AuditRecord, part: str) -> tuple[str, ...]:
    p = record.preservation[part]
    detail = f": {part_detail(part)}" if part_detail(part) else ""
    return (
        escaped(part_name(part)) + detail,
        percent(p.base_accuracy),
        percent(p.edited_accuracy),
        f"{decimal(100 * p.accuracy_lost, 1)} {percent_interval(p.ci95)}",
        f"{decimal(p.abs_drift)} {interval(p.drift_ci95)}",
        str(p.count),
    )


def _attacked(record: AuditRecord) -> Iterator[str]:
    yield from ("## Attacks", "")
    if not record.attacks:
        yield from ("None was run.", "")
        return
    null = "where nothing was learnt" if record.generation else "a model that never learnt the forbidden"
    yield (
        f"Base is the attack's control: what fails there shows nothing. Null is {null}. "
        f"{escaped(attacks_headline(record))} {escaped(null_sentence(record))}"
    )
    yield ""
    yield from attacks_table(record)


def _again(run: Run) -> Iterator[str]:
    yield from ("## How to reproduce", "", "In the run directory, which holds policy.yaml:", "")
    yield from code(commands(run))
    yield ""
    for title, pairs in (("Hashes", run.hashes), ("Versions", run.versions)):
        if pairs:
            yield from (f"{title}:", "")
            yield from (f"- {escaped(plain(key))}: {escaped(value)}" for key, value in pairs)
            yield ""
