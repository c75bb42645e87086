"""The commands that make a run again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from shlex import quote

from unrelate.report.rundir import Run

# Options of `unrelate edit`: those of the loop, with what they are when not given; and those that change
# a recipe, by what the recipe's name says was given, with where run.json holds that below `recipe`.
TRAINING = {"precision": "no", "accumulate": "1", "checkpointing": "false"}
CHANGED = {"steps": "", "batch": "", "learning_rate": "", "layers": "adapter.", "towers": "adapter."}
CHANGED |= {"rank": "adapter.", "method": "adapter.", "adversarial_rounds": "", "between": "", "strength": ""}


def commands(run: Run) -> list[str]:
    """Shell lines, to be typed in the run directory, that make the same run and audit again."""
    record, held = run.record, dict(run.settings)
    words = ["edit", "policy.yaml" if run.policy_text else record.policy, "--model", record.model]
    if held.get("settings.data", "microworld") != "microworld":
        words += ["--data", held["settings.data"]]
    way = "--method" if record.generation else "--recipe"
    words += [way, record.recipe.partition(" ")[0], "--seed", str(record.seed)]
    words += _of_method(record.recipe) if record.generation else _of_recipe(record.recipe, held)
    edit = " ".join(["unrelate", *map(quote, (*words, *_of_loop(held))), "--out", "again"])
    audit = "unrelate audit again" + (" --quick" if record.quick else "")
    requests = sum(attack.group == "sequential" for attack in record.attacks.values())
    if requests > 1:
        audit += f" --requests {requests}"
    if record.generator:
        audit += f" --generator {quote(record.generator)}"
    return [edit, audit, "unrelate report again", "unrelate compare . again"]


def _of_recipe(recipe: str, held: Mapping[str, str]) -> Iterator[str]:
    """The options behind a name such as ``paper (steps=3, without Lc)``."""
    for name, room in CHANGED.items():
        value = held.get(f"settings.recipe.{room}{name}")
        if value is not None and f"{name}=" in recipe:
            option = "adapter" if name == "method" else name.replace("_", "-")
            yield from (f"--{option}", re.sub(r'[][" ]', "", value))
    yield from _left_out(recipe)


def _of_method(name: str) -> Iterator[str]:
    """The options behind a name such as ``asru (hold=50.0, without Lc)``."""
    for option, value in re.findall(r"(\w+)=([^,)]+)", name):
        yield from (f"--{option.replace('_', '-')}", value)
    yield from _left_out(name)


def _left_out(name: str) -> Iterator[str]:
    if terms := re.findall(r"without (\w+)", name):
        yield from ("--without", ",".join(terms))


def _of_loop(held: Mapping[str, str]) -> Iterator[str]:
    for name, usual in TRAINING.items():
        value = held.get(f"settings.training.{name}", usual)
        if value != usual:
            yield from ((f"--{name}",) if value == "true" else (f"--{name}", value))
