"""What the package does, as functions: a policy in, a run directory out; a run in, a record out."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from pathlib import Path

import torch

from unrelate.assembly import (
    MICROWORLD,
    bars,
    finished,
    gather,
    kind_of,
    load_model,
)
from unrelate.attacks.rounds import RedTeam
from unrelate.audit.judge import ForbiddenFound
from unrelate.auditing.runs import audit, examine
from unrelate.auditing.verifying import verify
from unrelate.data.types import Corpus
from unrelate.edit.adversarial import train_rounds
from unrelate.edit.loop import Training, train
from unrelate.edit.methods.table import DEFAULT_METHOD
from unrelate.edit.methods.types import Method
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import Recipe, default_recipe, recipe_named
from unrelate.edit.settings import (
    RunSettings,
    data_hash,
    finish_run,
    open_run,
    read_run,
    text_hash,
)
from unrelate.edit.strength import settled_strength
from unrelate.errors import UserError
from unrelate.generating import edit_generator, export_generator
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy

__all__ = ["audit", "edit", "examine", "export", "verify"]


def edit(
    policy: Policy | str | Path,
    out: str | Path,
    *,
    model: str = "embedded:clip",
    data: str = MICROWORLD,
    recipe: Recipe | str = "",
    method: Method | str = "",
    seed: int = 0,
    device: str = "auto",
    training: Training | None = None,
    unreviewed: bool = False,
    quiet: bool = False,
) -> Path:
    """Make a model forget what a policy forbids.

    Args:
        policy: a `Policy`, a YAML file, or the name of a shipped policy.
        out: the run directory. One that holds a killed run of the same settings is gone on with.
        model: ``embedded:clip``, a hub id, or a folder in the transformers layout.
        data: ``microworld``, or a folder of images with a manifest (docs/data.md).
        recipe: a `Recipe`, or the name of one; if empty ``hardened``, or ``picture-free`` where the policy
            allows no pictures of something that it forbids.
        method: for a model that answers in words, how: a `Method`, or the name of one; if empty ``asru``.
        seed: of data, batches and adapter; the same seed gives the same edit.
        device: ``auto``, ``cpu``, ``cuda``...
        training: precision, accumulation, checkpointing; its seed is replaced by ``seed``.
        unreviewed: train on generated pairs of a collected folder that nobody has accepted.

    Returns:
        The run directory: run.json, policy.yaml, adapter/ and losses.jsonl.

    Raises:
        UserError: something given cannot be used; what and why is in the message.
    """
    begun = time.monotonic()
    out = Path(out)
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    if kind_of(model) == "generator":
        if recipe or unreviewed:
            given = "a recipe" if recipe else "unreviewed pairs"
            raise UserError(
                f"{given} for '{model}', which answers in words", "a method", "give --method instead"
            )
        return edit_generator(
            policy,
            out,
            model=model,
            data=data,
            method=method or DEFAULT_METHOD,
            seed=seed,
            device=device,
            training=training,
            quiet=quiet,
        )
    if method:
        raise UserError(
            f"method '{method}' for '{model}', which embeds and does not answer",
            "a recipe",
            "give --recipe instead, or a vision-language model",
        )
    recipe = recipe if isinstance(recipe, Recipe) else recipe_named(recipe or default_recipe(policy))
    training = replace(training or Training(), seed=seed)
    graph, corpus = gather(policy, data, seed, unreviewed=unreviewed)
    _warn_of_what_cannot_be_measured(policy, corpus)
    encoder = load_model(model, device)
    settings = RunSettings(
        model=str(Path(model).resolve()) if Path(model).is_dir() else model,
        policy=policy.name,
        data=data if data == MICROWORLD else str(Path(data).resolve()),
        recipe=recipe,
        training=training,
        policy_hash=text_hash(policy.to_yaml()),
        data_hash=data_hash(corpus.examples),
        base_hash=encoder.weights_hash(),
        unreviewed=unreviewed,
    )
    open_run(out, settings, policy.to_yaml())
    if read_run(out)["status"] == "edited":
        return out
    if training.precision == "bf16":
        encoder.compute_in(torch.bfloat16)  # the same numbers as autocast, without recasting at each call
    encoder.add_adapter(recipe.adapter, seed=seed)
    anchors = corpus.anchors if recipe.anchors else {}  # texts that no step asks for are not embedded
    with bars(quiet) as progress:
        first = progress.add_task("base features", total=None, note="")
        prepared = Prepared(
            encoder,
            corpus.part("train"),
            graph,
            lambda done, of: progress.update(first, completed=done, total=of),
            anchors,
        )
        second = progress.add_task(f"forgetting ({recipe.name})", total=None, note="")

        def report(step: int, of: int, terms: dict[str, float]) -> None:
            note = "  ".join(f"{name} {value:+.3f}" for name, value in terms.items())
            progress.update(second, completed=step, total=of, note=note)

        train(encoder, prepared, recipe, training, out, report)
        if recipe.adversarial_rounds:
            third = progress.add_task("adversarial rounds", total=None, note="")
            team = RedTeam(corpus, graph, policy.vocabulary, ForbiddenFound, seed=seed)

            def report_round(step: int, of: int, terms: dict[str, float]) -> None:
                progress.update(third, completed=step, total=of)

            train_rounds(
                encoder,
                prepared,
                recipe,
                training,
                out,
                search=lambda number: team(encoder, number),
                report=report_round,
            )
        strength = recipe.strength
        if strength is None:
            fourth = progress.add_task("strength", total=None, note="")
            strength = settled_strength(
                encoder, corpus, lambda done, of: progress.update(fourth, completed=done, total=of)
            )
    if strength < 1:
        encoder.scale_adapter(strength)
        encoder.save_adapter(out / "adapter")
    finish_run(out, time.monotonic() - begun, strength=strength)
    return out


def _warn_of_what_cannot_be_measured(policy: Policy, corpus: Corpus) -> None:
    """Criteria that no picture can decide count as not met: better known before training than after."""
    asked = {example.part for example in corpus.examples}
    for criterion in policy.criteria:
        group, part, *_ = criterion.figure.split(".")
        if group in ("forgetting", "attacks", "preservation") and part not in asked:
            warnings.warn(
                f"criterion {criterion.figure}: the data has no held-out picture of this kind ({part}), so "
                "the audit will count it as not met; add pictures, or take the criterion out of the policy",
                stacklevel=3,
            )


def export(run: str | Path, out: str | Path, *, merged: bool = False, device: str = "cpu") -> Path:
    """Write a run's adapter in PEFT's layout, or a plain checkpoint with the adapter merged in; of a gated
    steering, its artefact with a README on how to apply it.

    Raises:
        UserError: ``out`` is not empty, the run is not finished, or it changed nothing that could be written.
    """
    run, out = Path(run), Path(out)
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} is not empty", "a new folder", "give another --out")
    settings = finished(run)
    if settings.get("kind") == "generator":
        export_generator(run, settings, out, merged=merged, device=device)
    else:
        load_model(settings["model"], device, run / "adapter").export(out, merged=merged)
    return out
