"""An audit from beginning to end: of a run directory, or of any model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from unrelate.assembly import (
    MICROWORLD,
    finished,
    gather,
    kind_of,
    load_model,
    open_material,
    oracle_for,
    resolve_device,
    unchanged,
)
from unrelate.audit.criteria import criteria_for
from unrelate.audit.pictures import with_pictures
from unrelate.audit.record import AuditRecord
from unrelate.audit.summary import Provenance, summarise
from unrelate.audit.verify import file_hashes
from unrelate.auditing.dialogue_runs import (
    audit_generator,
    examine_generator,
    is_generator,
    refuse_encoder_options,
)
from unrelate.auditing.finishing import asked, leave
from unrelate.auditing.plan import Asked, Plan, checked_requests, chosen_attacks, possible_attacks
from unrelate.auditing.prompts import Author
from unrelate.auditing.run import about
from unrelate.auditing.work import tasks_of
from unrelate.auditing.writing import have_written
from unrelate.data.stand_ins import StandIn
from unrelate.data.types import Corpus
from unrelate.edit.settings import data_hash, environment, text_hash
from unrelate.graph.types import RelationGraph
from unrelate.models.generators import open_text_model
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy


def audit(
    run: str | Path,
    *,
    quick: bool = False,
    attacks: Sequence[str] | None = None,
    null: str | None = None,
    utility: Sequence[str | Path] = (),
    generator: str | Path | None = None,
    requests: int = 1,
    device: str = "auto",
    workers: int | None = None,
    quiet: bool = False,
) -> AuditRecord:
    """Attack an edit, judge it by its policy's criteria, and leave ``audit.json`` in its run.

    A run of a generator is audited by what it says (docs/audit.md); ``null``, ``utility``, ``generator`` and
    ``requests`` are for encoders.

    Everything needed is in the run directory, the model and the user's data folder; the same run
    gives the same numbers again. A killed audit goes on where it was.

    Args:
        run: the run directory.
        quick: fewer pictures and wordings, and no attack that takes long: a look, not a verdict.
        attacks: names of the table; None: all, or all that a quick audit makes.
        null: a model that never learnt the forbidden, against which success is held. None: the
            embedded world's own oracle where it is one for this policy, else there is none.
        utility: data of one's own that has nothing to do with the policy, to try both models on: image
            folders (a folder for each class), or folders with a manifest of captions.
        generator: a text model that writes prompts for one more attack, ``generator``: a hub id, a folder in
            the transformers layout, or ``https://host/v1#model`` of a chat service that speaks OpenAI's
            protocol (its key in ``UNRELATE_API_KEY``). It is asked before anything else, and what it
            writes is kept in the run.
        requests: how many further requests the attack ``sequential`` puts on top, 1 to 5: the points of its
            curve, each another edit. The score counts the first.
        workers: processes that work side by side; None: one for each core, one alone on a GPU.

    Raises:
        UserError: the run is incomplete, its policy, model or data are not those it was made with, or the
            text model cannot be used or writes nothing of use. What was done by then stays.
    """
    run = Path(run)
    if is_generator(finished(run)):
        refuse_encoder_options(null=null, utility=utility, generator=generator, requests=requests)
        return audit_generator(run, quick=quick, attacks=attacks, device=device, workers=workers, quiet=quiet)
    material = open_material(run)
    settings, device = material.settings, resolve_device(device)
    unchanged("base model", settings["base_hash"], load_model(settings["model"], device).weights_hash(), run)
    null = oracle_for(settings["model"], material.graph) if null is None else null
    chosen = chosen_attacks(attacks, quick=quick, generator=generator is not None)
    chosen = possible_attacks(chosen, material.corpus)
    requests = checked_requests(requests, chosen)
    writer = open_text_model(str(generator), device=device) if generator is not None else None
    author = Author(writer.name, writer.weights_hash()) if writer else None
    hashes = {name: settings[f"{name}_hash"] for name in ("policy", "data", "base")}
    weights = {name: digest for name, digest in file_hashes(run).items() if name.startswith("adapter/")}
    adapter = str((run / "adapter").resolve())
    models = (Asked("edited", settings["model"], adapter), Asked("base", settings["model"]))
    plan = Plan(
        folder=str(run.resolve()),
        policy=str((run / "policy.yaml").resolve()),
        data=settings["data"],
        seed=material.seed,
        models=(*models, Asked("null", null)) if null else models,
        attacks=chosen,
        utility=tuple(str(Path(folder).resolve()) for folder in utility),
        quick=quick,
        device=device,
        fingerprint=text_hash(json.dumps([hashes, weights, environment()], sort_keys=True)),
        author=author,
        requests=requests,
        unreviewed=settings["unreviewed"],
    )
    provenance = Provenance(
        model=settings["model"],
        policy=material.policy.name,
        recipe=settings["recipe"]["name"],
        seed=material.seed,
        environment=environment(),
        quick=quick,
        null=null,
        hashes=hashes,
        generator=author.name if author else "",
    )
    if writer and author:
        have_written(plan, author, writer, quiet)
        writer = None  # which may be large
    return _carry_out(plan, provenance, material.policy, material.graph, material.corpus, workers, quiet)


def examine(
    policy: str | Path,
    model: str,
    out: str | Path,
    *,
    base: str | None = None,
    data: str = MICROWORLD,
    seed: int = 0,
    quick: bool = True,
    attacks: Sequence[str] | None = None,
    device: str = "auto",
    workers: int | None = None,
    quiet: bool = True,
) -> AuditRecord:
    """Hold any model against a policy, however it was made: an exported one, say, or someone else's.

    Leaves ``audit.json`` and its rows in the folder ``out``.

    Args:
        base: the model before its edit. None: the model itself stands in, and the record's figures that
            compare the two say nothing (drift, lost, control).

    Raises:
        UserError: policy, model or data cannot be used.
    """
    out, device, loaded = Path(out), resolve_device(device), load_policy(policy)
    if kind_of(model) == "generator":
        return examine_generator(
            loaded,
            str(policy),
            model,
            out,
            base=base,
            data=data,
            seed=seed,
            quick=quick,
            attacks=attacks,
            device=device,
            workers=workers,
            quiet=quiet,
        )
    graph, corpus = gather(loaded, data, seed)
    hashes = {
        "policy": text_hash(loaded.to_yaml()),
        "data": data_hash(corpus.examples),
        "base": load_model(base or model, device).weights_hash(),
        "model": load_model(model, device).weights_hash(),
    }
    null = oracle_for(base or model, graph)
    models = (Asked("edited", model), Asked("base", base or model))
    plan = Plan(
        folder=str(out.resolve()),
        policy=str(policy),
        data=data,
        seed=seed,
        models=(*models, Asked("null", null)) if null else models,
        attacks=possible_attacks(chosen_attacks(attacks, quick=quick), corpus),
        utility=(),
        quick=quick,
        device=device,
        fingerprint=text_hash(json.dumps([hashes, environment()], sort_keys=True)),
    )
    provenance = Provenance(
        model=model,
        policy=loaded.name,
        recipe="none: the model as it is",
        seed=seed,
        environment=environment(),
        quick=quick,
        null=null,
        hashes=hashes,
    )
    return _carry_out(plan, provenance, loaded, graph, corpus, workers, quiet)


def _carry_out(
    plan: Plan,
    provenance: Provenance,
    policy: Policy,
    graph: RelationGraph,
    corpus: Corpus,
    workers: int | None,
    quiet: bool,
) -> AuditRecord:
    """Do the plan's jobs, and leave what they found in its folder: the record last."""
    folder = Path(plan.folder)
    rows = asked(plan, workers, quiet)
    criteria = criteria_for(policy, "encoder")
    record = summarise(rows, about(rows, tasks_of(plan), plan.suite), graph, criteria, provenance)
    record = with_pictures(record, corpus, folder)
    measured = {attack.group for attack in record.attacks.values()}
    left_out = [name for name in plan.suite if name not in measured]
    files = file_hashes(folder, prompts=plan.author is not None)
    by_stand_ins = any(isinstance(e.picture, StandIn) for e in corpus.examples if e.part != "train")
    never = sorted(map(str, graph.never))
    record = record.model_copy(
        update={
            "left_out": left_out,
            "files": files,
            "never_pictured": never,
            "asked_by_stand_ins": by_stand_ins,
        }
    )
    return leave(record, plan)
