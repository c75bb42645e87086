"""``run.json``: what a run is, complete enough to do it again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from unrelate.data.types import Example
from unrelate.edit.loop import Training
from unrelate.edit.recipes import Recipe
from unrelate.errors import UserError
from unrelate.files import read_json, write_json

_SCHEMA = 1
_PACKAGES = ("unrelate", "torch", "transformers", "peft", "accelerate", "numpy", "pillow")


@dataclass(frozen=True)
class RunSettings:
    """What decides the outcome of a run: the same settings give the same edit."""

    model: str
    policy: str
    data: str
    recipe: Recipe
    training: Training
    policy_hash: str
    data_hash: str
    base_hash: str
    unreviewed: bool = False

    def to_dict(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))


@dataclass(frozen=True)
class GeneratorSettings:
    """What decides the outcome of a generator's run. ``recipe`` are the settings of the method."""

    model: str
    policy: str
    data: str
    method: str
    recipe: Mapping[str, Any]
    training: Training
    policy_hash: str
    data_hash: str
    base_hash: str
    kind: Literal["generator"] = "generator"

    def to_dict(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))


def environment() -> dict[str, str]:
    """Versions of what computes, and of what it runs on; no host name and no path."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
    } | {name: version(name) for name in _PACKAGES}


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def data_hash(examples: Iterable[Example]) -> str:
    """One hash over every example's content, caption, tuple, role and part, whatever their order."""
    lines = sorted(f"{e.sha256} {e.part} {e.role} {e.triple} {e.caption}" for e in examples)
    return text_hash("\n".join(lines))


def open_run(folder: Path, settings: RunSettings | GeneratorSettings, policy_yaml: str) -> None:
    """Begin a run directory, or go on with one of the very same settings.

    Raises:
        UserError: the directory holds another run, or something that is no run.
    """
    wanted = settings.to_dict()
    if (folder / "run.json").exists():
        held, now = flat(read_run(folder)["settings"]), flat(wanted)
        changed = [key for key in now | held if held.get(key) != now.get(key)]
        if changed:
            said = "; ".join(f"{key} = {held.get(key)}, not {now.get(key)}" for key in changed)
            raise UserError(
                f"{folder} holds a run with {said}",
                "the same settings, to go on with it",
                "give another --out, or remove the old run",
            )
        return
    if folder.exists() and any(folder.iterdir()):
        raise UserError(
            f"{folder} is not empty and holds no run", "an empty or new folder", "give another --out"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(policy_yaml, encoding="utf-8")
    started = {"schema": _SCHEMA, "status": "started", "environment": environment(), "settings": wanted}
    write_json(folder / "run.json", started, indent=1)


def finish_run(folder: Path, seconds: float, **found: float) -> None:
    """Mark a run's edit as done. ``found``: what it settled for itself, by name."""
    edited = read_run(folder) | {"status": "edited", "seconds": round(seconds, 1)} | found
    write_json(folder / "run.json", edited, indent=1)


def read_run(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    path, allowed = folder / "run.json", "a folder that `unrelate edit POLICY --out RUN` made"
    try:
        held = read_json(path)
    except (OSError, ValueError) as error:
        reason = error.__class__.__name__
        raise UserError(
            f"{folder} is no run: {path.name} cannot be read ({reason})", allowed, "check the path"
        ) from error
    settings = held.get("settings") if isinstance(held, dict) else None
    if not isinstance(settings, dict) or _lacking(settings) or held.get("schema") != _SCHEMA:
        raise UserError(f"{path} is not what this version writes", allowed, "make the run again")
    return held


def _lacking(settings: Mapping[str, Any]) -> set[str]:
    """The settings that a run of its kind has, and this one does not."""
    kind = GeneratorSettings if settings.get("kind") == "generator" else RunSettings
    return {field.name for field in fields(kind)} - set(settings)


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"recipe": {"steps": 3}}`` -> ``{"recipe.steps": 3}``."""
    leaves: dict[str, Any] = {}
    for key, value in settings.items():
        leaves |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return leaves
