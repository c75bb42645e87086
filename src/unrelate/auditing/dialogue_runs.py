"""An audit of a generator from beginning to end: of a run directory, or of any model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unrelate.assembly import (
    gather_dialogues,
    load_generator,
    open_dialogues,
    resolve_device,
    unchanged,
)
from unrelate.attacks.dialogue.table import scored
from unrelate.audit.criteria import criteria_for
from unrelate.audit.generation_summary import summarise_generator
from unrelate.audit.pictures import with_dialogue_pictures
from unrelate.audit.record import AuditRecord
from unrelate.audit.summary import Provenance
from unrelate.audit.verify import file_hashes
from unrelate.auditing.dialogue_plan import DialoguePlan, chosen_dialogue_attacks
from unrelate.auditing.finishing import asked, leave
from unrelate.auditing.nulls import null_corpus
from unrelate.auditing.run import about
from unrelate.auditing.speaking import Speaker
from unrelate.data.dialogues import DialogueCorpus, dialogues_hash
from unrelate.edit.settings import environment, text_hash
from unrelate.errors import UserError
from unrelate.graph.types import RelationGraph
from unrelate.policy.schema import Policy

NULL = "the base model, asked about what it never learnt"
PROMPT = "prompt"


def is_generator(settings: Mapping[str, Any]) -> bool:
    """Whether a run's settings are of a generator."""
    return settings.get("kind") == "generator"


def refuse_encoder_options(
    *, null: str | None, utility: Sequence[str | Path], generator: str | Path | None, requests: int
) -> None:
    """
    Raises:
        UserError: something is asked for that an audit of a generator does not have.
    """
    given = {
        "null": null is not None,
        "utility": bool(utility),
        "generator": generator is not None,
        "requests": requests != 1,
    }
    for name, is_given in given.items():
        if is_given:
            raise UserError(
                f"{name} for the audit of a generator",
                "a run of a dual encoder",
                f"leave out --{name}: a generator's null is what it never learnt, and its other questions "
                "are parts of its data",
            )


def audit_generator(
    run: Path,
    *,
    quick: bool,
    attacks: Sequence[str] | None,
    device: str,
    workers: int | None,
    quiet: bool,
) -> AuditRecord:
    """Attack the edit of a generator, judge it, and leave ``audit.json`` in its run.

    Raises:
        UserError: the run is incomplete, or its policy, model or data are not those it was made with.
    """
    material, device = open_dialogues(run), resolve_device(device)
    settings = material.settings
    unchanged("base model", settings["base_hash"], _hash_of(settings["model"], device), run)
    hashes = {name: settings[f"{name}_hash"] for name in ("policy", "data", "base")}
    edit = {
        name: held for name, held in file_hashes(run).items() if name.startswith(("adapter/", "steering/"))
    }
    edited = speaker_of(run, settings)
    plan = DialoguePlan(
        folder=str(run.resolve()),
        policy=str((run / "policy.yaml").resolve()),
        data=settings["data"],
        seed=material.seed,
        edited=edited,
        base=Speaker(settings["model"]),
        attacks=chosen_dialogue_attacks(attacks, quick=quick),
        null=null_corpus(material.corpus, material.policy.vocabulary, material.seed) is not None,
        quick=quick,
        device=device,
        fingerprint=_fingerprint(hashes, edit),
    )
    provenance = Provenance(
        model=settings["model"],
        policy=material.policy.name,
        recipe=settings["method"],
        seed=material.seed,
        environment=environment(),
        quick=quick,
        null=NULL if plan.null else "",
        hashes=hashes,
    )
    return _carry_out(plan, provenance, material.policy, material.graph, material.corpus, workers, quiet)


def examine_generator(
    policy: Policy,
    policy_name: str,
    model: str,
    out: Path,
    *,
    base: str | None,
    data: str,
    seed: int,
    quick: bool,
    attacks: Sequence[str] | None,
    device: str,
    workers: int | None,
    quiet: bool,
) -> AuditRecord:
    """Hold any generator against a policy, however it was made; see `unrelate.auditing.runs.examine`.

    Raises:
        UserError: policy, model or data cannot be used.
    """
    graph, corpus = gather_dialogues(policy, data, seed)
    hashes = {
        "policy": text_hash(policy.to_yaml()),
        "data": dialogues_hash(corpus.examples),
        "base": _hash_of(base or model, device),
        "model": _hash_of(model, device),
    }
    plan = DialoguePlan(
        folder=str(out.resolve()),
        policy=policy_name,
        data=data,
        seed=seed,
        edited=Speaker(model),
        base=Speaker(base or model),
        attacks=chosen_dialogue_attacks(attacks, quick=quick),
        null=null_corpus(corpus, policy.vocabulary, seed) is not None,
        quick=quick,
        device=device,
        fingerprint=_fingerprint(hashes, {}),
    )
    provenance = Provenance(
        model=model,
        policy=policy.name,
        recipe="none: the model as it is",
        seed=seed,
        environment=environment(),
        quick=quick,
        null=NULL if plan.null else "",
        hashes=hashes,
    )
    return _carry_out(plan, provenance, policy, graph, corpus, workers, quiet)


def speaker_of(run: Path, settings: Mapping[str, Any]) -> Speaker:
    """The edited model of a run: an adapter, a steering, or a system message; the first two may be joined.

    Raises:
        UserError: the run has none of them.
    """
    adapter, steering = ((run / name).resolve() for name in ("adapter", "steering"))
    system = str(settings["recipe"].get("system", "")) if settings["method"] == PROMPT else ""
    if not (adapter.is_dir() or steering.is_dir() or system):
        raise UserError(
            f"{run}, which holds no edit",
            "a folder adapter/ or steering/, or the method 'prompt' with a system message in its recipe",
            "edit again",
        )
    return Speaker(
        model=settings["model"],
        adapter=str(adapter) if adapter.is_dir() else "",
        steering=str(steering) if steering.is_dir() else "",
        system=system,
    )


def _hash_of(model: str, device: str) -> str:
    return load_generator(model, device).weights_hash()


def _fingerprint(hashes: Mapping[str, str], edit: Mapping[str, str]) -> str:
    return text_hash(json.dumps([hashes, edit, environment()], sort_keys=True))


def _carry_out(
    plan: DialoguePlan,
    provenance: Provenance,
    policy: Policy,
    graph: RelationGraph,
    corpus: DialogueCorpus,
    workers: int | None,
    quiet: bool,
) -> AuditRecord:
    """Do the plan's jobs, and leave what they found in its folder: the record last."""
    folder = Path(plan.folder)
    rows = asked(plan, workers, quiet)
    attacks = about(rows, attacks=plan.suite, counted=scored).attacks
    record = summarise_generator(rows, attacks, graph, criteria_for(policy, "generator"), provenance)
    record = with_dialogue_pictures(record, corpus, folder)
    measured = {attack.group for attack in record.attacks.values()}
    return leave(
        record.model_copy(
            update={
                "left_out": [name for name in plan.suite if name not in measured],
                "files": file_hashes(folder),
                "never_pictured": sorted(map(str, graph.never)),
            }
        ),
        plan,
    )
