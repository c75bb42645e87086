"""What an audit asks of which models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unrelate.attacks.table import ATTACKS
from unrelate.audit.rows import Subject
from unrelate.edit.settings import text_hash
from unrelate.errors import UserError, nearest

PARTS, BENCHMARK, UTILITY, ATTACK = "parts", "benchmark", "utility", "attack "


@dataclass(frozen=True)
class Asked:
    """One of the models: a name that `load_model` knows, and the folder of its adapter or ""."""

    subject: Subject
    model: str
    adapter: str = ""


@dataclass(frozen=True)
class Plan:
    """The same plan gives the same rows, wherever and however many at a time its jobs are done.

    Args:
        folder: where rows and pictures go.
        policy: a policy file, or the name of a shipped one.
        data: ``microworld``, or a folder of images with a manifest.
        seed: of graph, data and attacks.
        models: edited, base, and perhaps null.
        attacks: their names; see `chosen_attacks`.
        utility: folders with data of the user's own to try the models on.
        quick: fewer targets and pictures.
        device: where the models compute.
        fingerprint: of weights, policy, data and versions.
    """

    folder: str
    policy: str
    data: str
    seed: int
    models: tuple[Asked, ...]
    attacks: tuple[str, ...]
    utility: tuple[str, ...]
    quick: bool
    device: str
    fingerprint: str

    @property
    def rows(self) -> Path:
        """Where each job leaves its rows."""
        return Path(self.folder) / "audit" / "jobs"

    @property
    def pictures(self) -> Path:
        """Where pictures worth showing go."""
        return Path(self.folder) / "pictures"

    def key(self) -> str:
        """The same for plans whose rows are the same."""
        return text_hash(json.dumps(asdict(self) | {"folder": "", "device": ""}))

    def jobs(self) -> list[Job]:
        """Everything that is asked, what takes longest first."""
        subjects: list[Subject] = [asked.subject for asked in self.models]
        paired: tuple[Subject, ...] = ("edited", "base")
        jobs = [Job(what, subject) for what in (PARTS, BENCHMARK, UTILITY) for subject in paired]
        jobs += [Job(f"{ATTACK}{name}", subject) for name in self.attacks for subject in subjects]
        return sorted(jobs, key=lambda job: -job.cost)


@dataclass(frozen=True)
class Job:
    """One thing to ask of one model."""

    what: str
    subject: Subject

    @property
    def attack(self) -> str:
        """The attack's name, or "" if this job is none."""
        return self.what.removeprefix(ATTACK) if self.what.startswith(ATTACK) else ""

    @property
    def file(self) -> str:
        return f"{self.what.replace(' ', '-')}.{self.subject}.jsonl"

    @property
    def cost(self) -> int:
        """A rough share of the whole, for what is left on the progress bar."""
        return 8 if self.attack and ATTACKS[self.attack].heavy else 1

    def __str__(self) -> str:
        return f"{self.attack or self.what} ({self.subject})"


def chosen_attacks(names: Sequence[str] | None, *, quick: bool) -> tuple[str, ...]:
    """Those of the table that are named; else all, or for a quick audit those that do not take long.

    Raises:
        UserError: a name that the table does not have.
    """
    if names is None:
        return tuple(name for name, attack in ATTACKS.items() if not (quick and attack.heavy))
    for name in names:
        if name not in ATTACKS:
            close = nearest(name, ATTACKS) or "docs/attacks.md says what each does"
            raise UserError(f"attack '{name}'", ", ".join(ATTACKS), close)
    return tuple(name for name in ATTACKS if name in names)


def named(jobs: Sequence[Job]) -> str:
    """Jobs as the progress bar names them."""
    return ", ".join(map(str, jobs))
