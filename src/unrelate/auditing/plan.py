"""What an audit asks of which models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unrelate.attacks.base import Attack
from unrelate.attacks.image.universal import UniversalPGD
from unrelate.attacks.table import ATTACKS
from unrelate.attacks.text.generator import Generator
from unrelate.attacks.weights.relearning import Relearning
from unrelate.attacks.weights.sequential import Sequential
from unrelate.audit.rows import Subject
from unrelate.audit.verify import PROMPTS
from unrelate.auditing.prompts import Author, Transcript
from unrelate.data.stand_ins import StandIn
from unrelate.data.types import Corpus
from unrelate.edit.settings import text_hash
from unrelate.errors import UserError, nearest

PARTS, BENCHMARK, UTILITY, ATTACK = "parts", "benchmark", "utility", "attack "
# The attack that there is where a text model was named, and the one that makes further requests.
GENERATOR, SEQUENTIAL = "generator", "sequential"
MOST_REQUESTS = 5
# What an attack that takes long costs, in those that do not; and what those do that take longest (a request,
# of `Sequential`). The dearest come first: what is begun last keeps one core busy while others wait.
_HEAVY = 8
_LONGEST: Mapping[type[Attack], int] = {Sequential: 64, Relearning: 16, UniversalPGD: 12}


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
        attacks: their names, all in `suite`; see `chosen_attacks`.
        utility: folders with data of the user's own to try the models on.
        quick: fewer targets and pictures.
        device: where the models compute.
        fingerprint: of weights, policy, data and versions.
        author: the text model that writes prompts for the attack `generator`, if there is that attack.
        requests: how many further requests the attack `sequential` makes.
        unreviewed: whether generated pairs that nobody has accepted belong to the data.
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
    author: Author | None = None
    requests: int = 1
    unreviewed: bool = False

    @property
    def suite(self) -> Mapping[str, Attack]:
        """Every attack that may be chosen, as this plan makes it."""
        suite = {**ATTACKS, SEQUENTIAL: Sequential(requests=self.requests)}
        if self.author is not None:
            suite[GENERATOR] = Generator(Transcript(self.prompts, self.author))
        return suite

    @property
    def prompts(self) -> Path:
        """Where what a text model wrote is kept."""
        return Path(self.folder) / PROMPTS

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
        suite = self.suite
        jobs = [Job(what, subject) for what in (PARTS, BENCHMARK, UTILITY) for subject in paired]
        jobs += [
            Job(f"{ATTACK}{name}", subject, self._cost(suite[name]))
            for name in self.attacks
            for subject in subjects
        ]
        return sorted(jobs, key=lambda job: -job.cost)

    def _cost(self, attack: Attack) -> int:
        usual = _HEAVY if attack.heavy else 1
        return _LONGEST.get(type(attack), usual) * (self.requests if isinstance(attack, Sequential) else 1)


@dataclass(frozen=True)
class Job:
    """One thing to ask of one model. ``cost``: a rough share of the whole, for what is left on the
    progress bar."""

    what: str
    subject: Subject
    cost: int = 1

    @property
    def attack(self) -> str:
        """The attack's name, or "" if this job is none."""
        return self.what.removeprefix(ATTACK) if self.what.startswith(ATTACK) else ""

    @property
    def file(self) -> str:
        return f"{self.what.replace(' ', '-')}.{self.subject}.jsonl"

    def __str__(self) -> str:
        return f"{self.attack or self.what} ({self.subject})"


def checked_requests(requests: int, attacks: Sequence[str]) -> int:
    """How many further requests, for a plan with these attacks.

    Raises:
        UserError: too few or too many; or more than the usual one, and no attack that makes them.
    """
    if not 1 <= requests <= MOST_REQUESTS:
        raise UserError(f"requests = {requests}", f"1 to {MOST_REQUESTS}", "change --requests")
    if requests > 1 and SEQUENTIAL not in attacks:
        raise UserError(
            f"requests = {requests} in an audit without the attack '{SEQUENTIAL}', which makes them",
            "an audit with that attack; a quick one leaves it out",
            f"leave out --quick, or add {SEQUENTIAL} to --attacks",
        )
    return requests


def chosen_attacks(names: Sequence[str] | None, *, quick: bool, generator: bool = False) -> tuple[str, ...]:
    """Those of the table that are named; else all, or for a quick audit those that do not take long.
    With a ``generator`` its attack too: whoever names a text model wants it.

    Raises:
        UserError: a name that the table does not have.
    """
    own = (GENERATOR,) if generator else ()
    if names is None:
        return (*(name for name, attack in ATTACKS.items() if not (quick and attack.heavy)), *own)
    for name in names:
        if name == GENERATOR and not generator:
            raise UserError(
                "the attack 'generator' without a text model", "one that writes", "name it: --generator MODEL"
            )
        if name not in ATTACKS and name not in own:
            close = nearest(name, ATTACKS) or "docs/attacks.md says what each does"
            raise UserError(f"attack '{name}'", ", ".join(ATTACKS), close)
    return (*(name for name in ATTACKS if name in names), *own)


def possible_attacks(names: Sequence[str], corpus: Corpus) -> tuple[str, ...]:
    """Those that can be made on this data: where stand-ins take the place of pictures that must not be
    (``pictures: never``), nothing can be learnt from their pixels, or found in them."""
    trained = any(isinstance(example.picture, StandIn) for example in corpus.examples)
    asked = any(isinstance(e.picture, StandIn) for e in corpus.examples if e.part != "train")
    lost = {"trained": trained, "asked": asked, "none": False}
    # An attack that is not in the table brings words alone.
    needs = {name: ATTACKS[name].needs_pixels if name in ATTACKS else "none" for name in names}
    return tuple(name for name in names if not lost[needs[name]])


def named(jobs: Sequence[Job]) -> str:
    """Jobs as the progress bar names them."""
    return ", ".join(map(str, jobs))
