"""One job of an audit, done in whatever process it is given to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import get_args

import torch

from unrelate.assembly import MICROWORLD, gather, load_model
from unrelate.attacks.base import Attack, QueryAttack, WeightAttack
from unrelate.attacks.types import Criterion, Outcome, Scenario, evenly
from unrelate.audit.benchmark import benchmark_rows
from unrelate.audit.embedded import Embedded
from unrelate.audit.encoder import FORGETTING, attack_rows, audited, part_rows
from unrelate.audit.judge import ForbiddenFound
from unrelate.audit.pictures import save_shown
from unrelate.audit.rows import Row, Subject, write_rows
from unrelate.audit.utility import utility_rows
from unrelate.auditing.plan import BENCHMARK, PARTS, UTILITY, Job, Plan
from unrelate.data.benchmark import USUAL_COUNT, Benchmark
from unrelate.data.folder_benchmark import folder_benchmark
from unrelate.data.imagefolder import folder_tasks
from unrelate.data.stand_ins import StandIn
from unrelate.data.tasks import UtilityTask
from unrelate.data.types import Corpus, Example
from unrelate.errors import UserError
from unrelate.microworld.benchmark import draw_benchmark
from unrelate.microworld.utility import MOST, world_tasks
from unrelate.models import DualEncoder
from unrelate.policy.load import load_policy

# Targets of an attack and examples of a part, in a full audit and in a quick one.
_TARGETS, _QUICK_TARGETS, _QUICK_PART = 160, 32, 48
# Wordings of a part in a quick audit: each costs a bank of captions. More where that is too few examples.
_QUICK_WORDINGS = 4
# Items of a benchmark slice and of a downstream task in a quick audit.
_QUICK_SLICE, _QUICK_TASK = 24, 60
_BREACHES_PICTURED = 3
_SUBJECTS = len(get_args(Subject))


def do_encoder(plan: Plan, job: Job, threads: int | None = None) -> None:
    """Ask, and leave the rows in the plan's folder. Models and data are kept for the next job.

    ``threads``: how many to compute with; None: as torch is set.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    scenario, model = scenario_of(plan), _model(plan, job.subject)
    torch.manual_seed(plan.seed)
    write_rows(plan.rows / job.file, _rows(plan, job, scenario, model))


def _rows(plan: Plan, job: Job, scenario: Scenario, model: DualEncoder) -> list[Row]:
    """``model``: as it is asked, see `_model`."""
    if job.what == PARTS:
        asked = _asked(scenario, plan.quick)
        known = _known(plan, job.subject)
        return part_rows(model, scenario.corpus, asked, scenario.graph.forbidden, job.subject, known=known)
    if job.what == BENCHMARK:
        made = benchmark_of(plan)
        return benchmark_rows(model, made, job.subject) if made else []
    if job.what == UTILITY:
        return utility_rows(model, tasks_of(plan), job.subject)
    attack = plan.suite[job.attack]
    if isinstance(attack, WeightAttack):
        model = _loaded(plan, job.subject)  # some scale what the adapter adds
    outcomes = attack(model, scenario, _criterion(plan, job.subject, attack))
    rows = attack_rows(job.attack, outcomes, job.subject)
    return picture_breaches(rows, job.attack, outcomes, plan.pictures) if job.subject == "edited" else rows


@lru_cache(maxsize=1)
def scenario_of(plan: Plan) -> Scenario:
    """What the plan's attacks are given."""
    policy = load_policy(plan.policy)
    graph, corpus = gather(policy, plan.data, plan.seed, unreviewed=plan.unreviewed)
    if plan.quick:
        return Scenario(in_few_wordings(corpus), graph, policy.vocabulary, plan.seed, _QUICK_TARGETS)
    return Scenario(corpus, graph, policy.vocabulary, plan.seed, _TARGETS)


def in_few_wordings(corpus: Corpus) -> Corpus:
    """A corpus whose forgetting is asked about in the first few wordings of each part."""
    kept: set[tuple[str, str]] = set()
    for part in FORGETTING:
        wordings = Counter(example.wording for example in corpus.part(part))
        asked = 0
        for number, (wording, count) in enumerate(wordings.items()):
            if number >= _QUICK_WORDINGS and asked >= _QUICK_PART:
                break
            kept.add((part, wording))
            asked += count
    examples = (e for e in corpus.examples if e.part not in FORGETTING or (e.part, e.wording) in kept)
    return replace(corpus, examples=tuple(examples))


@lru_cache(maxsize=1)
def benchmark_of(plan: Plan) -> Benchmark | None:
    """The compositional benchmark of the plan's policy; None where no picture's tuple is known."""
    policy, scenario = load_policy(plan.policy), scenario_of(plan)
    count = _QUICK_SLICE if plan.quick else USUAL_COUNT
    if plan.data == MICROWORLD:
        return draw_benchmark(policy, scenario.graph, seed=plan.seed, count=count)
    try:
        return folder_benchmark(policy, scenario.graph, scenario.corpus, seed=plan.seed, count=count)
    except UserError:  # rows that give roles alone: the report says that there is no benchmark
        return None


@lru_cache(maxsize=1)
def tasks_of(plan: Plan) -> tuple[UtilityTask, ...]:
    """The downstream tasks: the embedded world's where that is the data, and the user's own."""
    most, contexts = (_QUICK_TASK if plan.quick else MOST), load_policy(plan.policy).vocabulary.contexts
    own = [task for folder in plan.utility for task in folder_tasks(Path(folder), contexts=tuple(contexts))]
    if plan.data != MICROWORLD:
        return tuple(own)
    return (*world_tasks(scenario_of(plan).graph, seed=plan.seed, most=most), *own)


def _criterion(plan: Plan, subject: Subject, attack: Attack) -> Criterion[DualEncoder]:
    """The judge of an attack. One that leaves the model as it is need not embed the usual question anew."""
    if not isinstance(attack, QueryAttack):
        return ForbiddenFound
    known = _known(plan, subject)
    return lambda model: ForbiddenFound(model, known)


@lru_cache(maxsize=_SUBJECTS)
def _known(plan: Plan, subject: Subject) -> Embedded:
    """What many jobs ask of one model, embedded once: the usual question about every target."""
    known = Embedded(_model(plan, subject))
    usual = scenario_of(plan).direct()
    if usual:
        known.pictures([query.picture for query in usual])
        known.texts([text for query in usual for text in (*query.texts, *query.rivals)])
    return known


@lru_cache(maxsize=_SUBJECTS)
def _model(plan: Plan, subject: Subject) -> DualEncoder:
    """For questions: with the adapter worked into the weights. In float32 it answers alike, and faster."""
    loaded = _loaded(plan, subject)
    return loaded.standalone() if loaded.has_adapter else loaded


@lru_cache(maxsize=_SUBJECTS)
def _loaded(plan: Plan, subject: Subject) -> DualEncoder:
    (asked,) = (asked for asked in plan.models if asked.subject == subject)
    return load_model(asked.model, plan.device, Path(asked.adapter) if asked.adapter else None)


def _asked(scenario: Scenario, quick: bool) -> list[Example]:
    asked = audited(scenario.corpus)
    if not quick:
        return asked
    parts = dict.fromkeys(example.part for example in asked)
    return [example for part in parts for example in evenly(scenario.corpus.part(part), _QUICK_PART)]


def picture_breaches(rows: Sequence[Row], name: str, outcomes: Sequence[Outcome], folder: Path) -> list[Row]:
    """The worst breaches' pictures saved in a folder, and named in their rows."""
    attempts = [attempt for outcome in outcomes for attempt in outcome.attempts]
    won = [number for number, attempt in enumerate(attempts) if attempt.won]
    shown: dict[int, str] = {}
    for number in sorted(won, key=lambda number: -attempts[number].margin)[:_BREACHES_PICTURED]:
        picture = attempts[number].picture
        if picture is not None and not isinstance(picture, StandIn):
            shown[number] = f"breach-{name}-{len(shown)}.png"
            save_shown(picture.load(), folder / shown[number])
    return [row.model_copy(update={"picture": shown.get(number, "")}) for number, row in enumerate(rows)]
