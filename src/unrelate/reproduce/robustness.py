"""What the red team makes of the default recipe, and whether the score ranks edits as it should.

Four experiments on the embedded model: (a) the default recipe against every attack, policies by seeds, held
against the targets of `targets`; (b) edits that are poor in known ways, which the score has to show; (c)
five requests one after the other; (d) what adversarial rounds gain on attacks that they do not use.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from unrelate import api
from unrelate.attacks.table import ATTACKS
from unrelate.audit.record import AuditRecord
from unrelate.edit.recipes import DEFAULT_RECIPE, RECIPES, Recipe
from unrelate.files import read_json, write_json
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy
from unrelate.reproduce.attack_figure import draw_attacks
from unrelate.reproduce.edits import MOST_DIRECT, Poor, arms, poor_edits, unseen
from unrelate.reproduce.rasu import POLICIES
from unrelate.reproduce.robustness_tables import write_robustness
from unrelate.reproduce.sequence import direct_recall, five_requests, read_sequence, run_sequence
from unrelate.reproduce.summary import records_json
from unrelate.reproduce.targets import Evidence, targets
from unrelate.reproduce.work import run_folder, same_recipe, side_by_side

# What is tried beside the default recipe before every attack, by name.
ARMS = ("poor", "requests", "rounds", "clock")


@dataclass(frozen=True)
class Experiment:
    """What is run. The defaults are the experiment; anything less is a look.

    Args:
        model: embedded, so that there is a null.
        default: the recipe under test.
        poor: edits that have to score low, audited with the first seed.
        ranked: of how many policies poor edits are made; a fault that is there by construction shows in one.
        rounds: adversarial rounds of the one arm; the other has none.
        rounds_seeds: with how many seeds they are tried, every policy with each.
        requests: made one after the other.
        attacks: of the table; another request on top is left out, since ``requests`` puts five of them.
        quick: audits on fewer pictures.
        clock: time an audit, where there are two cores.
    """

    policies: tuple[str, ...] = POLICIES
    model: str = "embedded:clip"
    default: Recipe = RECIPES[DEFAULT_RECIPE]
    poor: Mapping[str, Poor] = field(default_factory=poor_edits)
    ranked: int = 1
    rounds: int = 3
    rounds_seeds: int = 1
    requests: tuple[Policy, ...] = field(default_factory=five_requests)
    attacks: tuple[str, ...] = tuple(name for name in ATTACKS if name != "sequential")
    quick: bool = False
    clock: bool = True

    @classmethod
    def of(cls, arms: Sequence[str], policies: Sequence[str] = POLICIES) -> Experiment:
        """The default recipe before every attack, and of `ARMS` those that are named."""
        whole = cls(policies=tuple(policies), clock="clock" in arms)
        return replace(
            whole,
            poor=whole.poor if "poor" in arms else {},
            requests=whole.requests if "requests" in arms else (),
            rounds_seeds=whole.rounds_seeds if "rounds" in arms else 0,
        )

    @property
    def unseen(self) -> tuple[str, ...]:
        """Attacks that no adversarial round uses, of those that are asked for."""
        return tuple(name for name in unseen() if name in self.attacks)


@dataclass(frozen=True)
class Edited:
    """One edit and its audit, in a folder of its own.

    ``recipes``: one, or several to be tried in turn (`Poor.pushes`).
    """

    name: str
    policy: str
    seed: int
    recipes: tuple[Recipe, ...]
    attacks: tuple[str, ...]
    null: str | None  # as `api.audit` takes it

    def folder(self, out: Path) -> Path:
        return run_folder(out, self.name, self.policy, self.seed)


def reproduce_robustness(
    out: Path,
    *,
    seeds: int = 3,
    device: str = "auto",
    quiet: bool = False,
    experiment: Experiment | None = None,
) -> dict[str, Any]:
    """Run everything and write ``results.json``, ``README.md`` and ``attacks.svg`` into ``out``.

    A killed one goes on where it was: what is finished is not done again. Edits go side by side, one
    a core; the clock, if it runs, has the cores to itself at the end.

    Returns:
        ``{"runs", "seeds", "policies", "targets", "met"}``: how much was run, and how many targets are met.
    """
    chosen = experiment or Experiment()
    edits = list(_edits(chosen, seeds))
    sequences = {seed: out / "sequence" / str(seed) for seed in range(seeds) if chosen.requests}
    jobs: dict[str, Callable[[], object]] = {
        f"requests in sequence, seed {seed}": partial(
            run_sequence, folder, chosen.requests, chosen.model, chosen.default, seed, device
        )
        for seed, folder in sequences.items()
    }
    jobs |= {
        f"{edit.name}, {edit.policy}, seed {edit.seed}": partial(
            _run, edit, edit.folder(out), chosen.model, chosen.quick, device
        )
        for edit in edits
    }
    side_by_side(jobs, "edits and audits", device=device, quiet=quiet)
    held = {
        (edit.name, edit.policy, edit.seed): AuditRecord.load(edit.folder(out) / "audit.json")
        for edit in edits
    }
    same = {
        (arm, policy, seed): record
        for arm, recipe in arms(chosen.default, chosen.rounds).items()
        for (name, policy, seed), record in held.items()
        if name == DEFAULT_RECIPE and recipe == chosen.default and seed < chosen.rounds_seeds
    }
    evidence = Evidence(
        records=held | same,
        sequences={seed: read_sequence(folder) for seed, folder in sequences.items()},
        unseen=chosen.unseen,
        seconds=_clocked(out, edits[0].folder(out), quiet) if chosen.clock and os.cpu_count() == 2 else {},
    )
    reached = targets(evidence)
    results = {
        "targets": [target.to_json() for target in reached],
        "records": records_json(held),
        "sequences": {seed: [asdict(one) for one in after] for seed, after in evidence.sequences.items()},
        "unseen": list(evidence.unseen),
        "seconds": evidence.seconds,
    }
    write_json(out / "results.json", results, indent=1)
    write_robustness(out, evidence, chosen.poor)
    draw_attacks(out / "attacks.svg", evidence)
    return {
        "runs": len(jobs),
        "seeds": seeds,
        "policies": list(chosen.policies),
        "targets": len(reached),
        "met": sum(target.met is True for target in reached),
    }


def reproduce_parts(
    out: Path, *, arms: Sequence[str], policies: Sequence[str], seeds: int, device: str, quiet: bool
) -> dict[str, Any]:
    """`reproduce_robustness` with some of `ARMS`, on some policies."""
    experiment = Experiment.of(arms, policies)
    return reproduce_robustness(out, seeds=seeds, device=device, quiet=quiet, experiment=experiment)


def _edits(chosen: Experiment, seeds: int) -> Sequence[Edited]:
    """The default recipe first, whose audits take longest."""
    places = [(policy, seed) for policy in chosen.policies for seed in range(seeds)]
    found = [Edited(DEFAULT_RECIPE, p, s, (chosen.default,), chosen.attacks, None) for p, s in places]
    for name, poor in chosen.poor.items():
        found += [
            Edited(name, p, 0, poor.recipes, chosen.attacks, None) for p in chosen.policies[: chosen.ranked]
        ]
    for name, recipe in arms(chosen.default, chosen.rounds).items():
        if recipe != chosen.default:  # else it is there already
            found += [
                Edited(name, p, s, (recipe,), chosen.unseen, "") for p, s in places if s < chosen.rounds_seeds
            ]
    return found


def _run(edit: Edited, folder: Path, model: str, quick: bool, device: str) -> None:
    if (folder / "audit.json").exists():
        same_recipe(edit.recipes, folder)
        return
    recipe = edit.recipes[0] if len(edit.recipes) == 1 else _gentlest(edit, folder, model, device)
    api.edit(edit.policy, folder, model=model, recipe=recipe, seed=edit.seed, device=device, quiet=True)
    api.audit(
        folder,
        attacks=edit.attacks,
        null=edit.null,
        quick=quick,
        device=device,
        workers=1,
        quiet=True,
    )


def _gentlest(edit: Edited, folder: Path, model: str, device: str) -> Recipe:
    """The first recipe that forgets what is asked directly, or the last."""
    policy = load_policy(edit.policy)
    for number, recipe in enumerate(edit.recipes):
        tried = folder.with_name(f"{folder.name}-try-{number}")
        api.edit(policy, tried, model=model, recipe=recipe, seed=edit.seed, device=device, quiet=True)
        if direct_recall(model, tried / "adapter", policy, edit.seed, device) <= MOST_DIRECT:
            return recipe
    return edit.recipes[-1]


def _clocked(out: Path, run: Path, quiet: bool) -> dict[str, float]:
    """Seconds of a full and of a quick audit of one run, by two processes."""
    path = out / "seconds.json"
    if path.exists():
        return read_json(path)
    found: dict[str, float] = {}
    for name in ("full", "quick"):
        copy = out / "clock" / name
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir(parents=True)
        for part in ("run.json", "policy.yaml"):
            shutil.copy(run / part, copy)
        shutil.copytree(run / "adapter", copy / "adapter")
        begun = time.monotonic()
        api.audit(copy, quick=name == "quick", device="cpu", workers=2, quiet=quiet)
        found[name] = round(time.monotonic() - begun, 1)
    write_json(path, found, indent=1)
    return found
