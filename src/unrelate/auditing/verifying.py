"""Whether an audited run is still what its record says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unrelate.assembly import (
    finished,
    gather,
    gather_dialogues,
    load_generator,
    load_model,
    resolve_device,
)
from unrelate.audit.criteria import criteria_for
from unrelate.audit.rows import read_rows
from unrelate.audit.verify import ITEMS, changed_figures, changed_files
from unrelate.auditing.dialogue_runs import is_generator
from unrelate.data.dialogues import dialogues_hash
from unrelate.edit.settings import data_hash, text_hash
from unrelate.graph.types import RelationGraph
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy
from unrelate.report.rundir import read_record


def verify(run: str | Path, *, device: str = "auto") -> list[str]:
    """Derive the hashes and figures of an audited run again: what does not match, or nothing.

    Nothing is asked of any model: `audit` does that.

    Raises:
        UserError: the run was not audited, or its record or rows cannot be read.
    """
    run = Path(run)
    settings, record, policy = finished(run), read_record(run), load_policy(run / "policy.yaml")
    generator = is_generator(settings)
    material = _dialogues_now if generator else _examples_now
    graph, now = material(settings, policy, resolve_device(device))
    wrong = list(changed_files(record, run))
    for name, found in ({"policy": text_hash(policy.to_yaml())} | now).items():
        for where, then in (("run.json", settings[f"{name}_hash"]), ("audit.json", record.hashes.get(name))):
            if then != found:
                wrong.append(f"{name}: {str(then)[:12]} in {where}, {found[:12]} now")
    criteria = criteria_for(policy, "generator" if generator else "encoder")
    return wrong + list(changed_figures(record, read_rows(run / ITEMS), graph, criteria))


def _examples_now(
    settings: Mapping[str, Any], policy: Policy, device: str
) -> tuple[RelationGraph, dict[str, str]]:
    """The graph of an encoder's run, and the hashes of its data and base model."""
    seed, unreviewed = settings["training"]["seed"], settings["unreviewed"]
    graph, corpus = gather(policy, settings["data"], seed, unreviewed=unreviewed)
    base = load_model(settings["model"], device)
    return graph, {"data": data_hash(corpus.examples), "base": base.weights_hash()}


def _dialogues_now(
    settings: Mapping[str, Any], policy: Policy, device: str
) -> tuple[RelationGraph, dict[str, str]]:
    """The same of a generator's run."""
    graph, corpus = gather_dialogues(policy, settings["data"], settings["training"]["seed"])
    base = load_generator(settings["model"], device)
    return graph, {"data": dialogues_hash(corpus.examples), "base": base.weights_hash()}
