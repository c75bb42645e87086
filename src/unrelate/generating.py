"""Edits of generators: a policy in, a run directory out. `unrelate.api.edit` is the way in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.progress import Progress, TaskID

from unrelate.assembly import MICROWORLD, bars, gather_dialogues, load_generator
from unrelate.data.dialogues import dialogues_hash
from unrelate.edit.loop import Training
from unrelate.edit.methods.naming import name_of
from unrelate.edit.methods.prompting import Prompting
from unrelate.edit.methods.table import method_named, methods_for
from unrelate.edit.methods.types import ADAPTER, STEERING, Job, Method
from unrelate.edit.settings import GeneratorSettings, finish_run, open_run, read_run, text_hash
from unrelate.edit.steering.kept import load_steering
from unrelate.errors import UserError
from unrelate.policy.schema import Policy
from unrelate.policy.wording import say


@dataclass
class _Bars:
    """One bar for each stage, made when the stage is first told of."""

    progress: Progress
    tasks: dict[str, TaskID]

    def __call__(self, stage: str, step: int, of: int, terms: Mapping[str, float]) -> None:
        if stage not in self.tasks:
            self.tasks[stage] = self.progress.add_task(stage, total=None, note="")
        note = "  ".join(f"{name} {value:+.3f}" for name, value in terms.items())
        self.progress.update(self.tasks[stage], completed=step, total=of, note=note)


def edit_generator(
    policy: Policy,
    out: Path,
    *,
    model: str,
    data: str = MICROWORLD,
    method: Method | str,
    seed: int = 0,
    device: str = "auto",
    training: Training | None = None,
    quiet: bool = False,
) -> Path:
    """Make a generator refuse what a policy forbids. Arguments and errors as `unrelate.api.edit`.

    Args:
        method: one of `unrelate.edit.methods.table.methods_for` the policy's world by name, or one with
            settings of your own.
    """
    begun = time.monotonic()
    methods = methods_for(policy.vocabulary)
    chosen = method_named(method, methods) if isinstance(method, str) else method
    name = name_of(chosen, methods)
    training = replace(training or Training(), seed=seed)
    _, corpus = gather_dialogues(policy, data, seed)
    generator = load_generator(model, device)
    settings = GeneratorSettings(
        model=str(Path(model).resolve()) if Path(model).is_dir() else model,
        policy=policy.name,
        data=data if data == MICROWORLD else str(Path(data).resolve()),
        method=name,
        recipe=_recipe(chosen, name, policy),
        training=training,
        policy_hash=text_hash(policy.to_yaml()),
        data_hash=dialogues_hash(corpus.examples),
        base_hash=generator.weights_hash(),
    )
    open_run(out, settings, policy.to_yaml())
    if read_run(out)["status"] == "edited":
        return out
    generator.keep_pictures()
    with bars(quiet) as progress:
        chosen(Job(generator, corpus, training, out, _Bars(progress, {})))
    finish_run(out, time.monotonic() - begun)
    return out


def export_generator(
    run: Path, settings: Mapping[str, Any], out: Path, *, merged: bool, device: str = "cpu"
) -> None:
    """Write what a finished run of a generator holds; see `unrelate.api.export`.

    Raises:
        UserError: a merged checkpoint of a gate, which is no weight; anything of a prompt.
    """
    if (run / ADAPTER).is_dir():
        load_generator(settings["model"], device, run / ADAPTER).export(out, merged=merged)
        return
    if merged or not (run / STEERING).is_dir():
        what = "a merged checkpoint" if merged else "an adapter"
        raise UserError(
            f"{what} of {run}, whose method '{settings['method']}' changes no weight",
            "the artefact of `steering-gated`; of `prompt` there is nothing but the message in run.json",
            "leave --merged out, or choose another method",
        )
    generator = load_generator(settings["model"], device)
    load_steering(run / STEERING, generator).export(generator, out)


def _recipe(method: Method, name: str, policy: Policy) -> dict[str, Any]:
    """The method's settings, with what the policy puts into them."""
    settings = {"name": name, **method.settings()}
    if isinstance(method, Prompting):
        settings["system"] = method.system.format(subjects=subjects(policy))
    return settings


def subjects(policy: Policy) -> str:
    """The forbidden in the policy's words: its people, or its scenes."""
    words = policy.vocabulary
    if words.facts:
        said = (words.phrases("actors", triple.actor)[0] for triple in policy.scope())
    else:
        said = (say(words, triple) for triple in policy.scope())
    return ", ".join(dict.fromkeys(said))
