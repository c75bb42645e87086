"""Collecting training pairs, as one call: `unrelate collect`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrelate.assembly import bars, load_model
from unrelate.collect.captioning import Captioner
from unrelate.collect.checks import Checker, ReadByBase
from unrelate.collect.drawing import draw_missing
from unrelate.collect.finding import Taker
from unrelate.collect.intake import Intake, Outcome
from unrelate.collect.needs import counted, needs
from unrelate.collect.plan import cost_line, cost_of, plan_summary, plan_table
from unrelate.collect.sources import open_source
from unrelate.collect.store import Store
from unrelate.collect.types import Drawer, Need
from unrelate.collect.wording import Scenes
from unrelate.errors import UserError
from unrelate.graph.build import build_graph
from unrelate.models.generators import open_text_model
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Policy


@dataclass(frozen=True)
class Collected:
    """What a folder holds now. ``plan``: as `plan_summary` told it before; ``needs``: after."""

    plan: dict[str, Any]
    needs: tuple[Need, ...]
    outcomes: dict[str, Outcome]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "plan": self.plan,
            "sources": {name: outcome.to_dict() for name, outcome in self.outcomes.items()},
            "missing": sum(need.missing for need in self.needs),
        }


def collect(
    policy: Policy | str | Path,
    out: str | Path,
    sources: Sequence[str],
    *,
    pairs: int = 100,
    seed: int = 0,
    cap: int | None = None,
    price: float | None = None,
    prompt: str = "a photo of {}",
    caption_model: str = "",
    check_with: str = "embedded:clip",
    min_side: int = 64,
    device: str = "auto",
    quiet: bool = False,
    plan_only: bool = False,
    tell: Callable[[object], None] | None = None,
) -> Collected:
    """Fill a folder with training pairs for a policy; `edit(policy, data=out)` reads it.

    A killed collection is gone on with; so is one that ended, from the same source or another.

    Args:
        policy: a `Policy`, a YAML file, or the name of a shipped policy.
        out: the folder.
        sources: in the order in which they are asked, such as ``folder:DIR``, ``microworld``; see
            `unrelate.collect.sources`.
        pairs: to train on of each role; the audit gets two fifths of that.
        seed: which tuples, places, wordings and drawings.
        cap: calls that paid sources may be sent in all runs; needed for a paid source.
        price: money a call, for the plan.
        prompt: the frame of what drawing sources are asked for, with ``{}``.
        caption_model: a hub id, a folder or ``URL#MODEL`` that words captions in other ways.
        check_with: the model that an edit will be of, which has to read each picture; empty to look at none.
        min_side: pixels of a picture's shorter side.
        plan_only: only say what would be done.
        tell: given the plan as rich tables and lines, before anything is done.

    Raises:
        UserError: something given cannot be used.
    """
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    if prompt.count("{}") != 1:
        raise UserError(f"prompt '{prompt}'", "one {} for what is to be seen", 'such as "a photo of {}"')
    graph = build_graph(policy, seed=seed)
    opened = [open_source(spec, policy, device=device) for spec in sources]
    wanted = needs(graph, pairs, seed=seed)
    store = Store(Path(out), policy)
    try:
        now = counted(wanted, store.have())
        paid = [source for source in opened if isinstance(source, Drawer) and source.paid]
        timed = [line["seconds"] for line in store.seen.values() if line.get("seconds")]
        missing = sum(need.missing for need in now)
        cost = cost_of(missing, price=price, timed=timed) if paid else None
        plan = plan_summary(now, cost)
        if tell is not None:
            tell(plan_table(now))
            for said in (*map(_never, plan["never_pictured"]), *([cost_line(cost)] if cost else [])):
                tell(said)
        if plan_only:
            return Collected(plan, now, {})
        if paid and cap is None:
            raise UserError(
                f"{paid[0].name} costs money, and no cap is given ({missing} pairs are missing)",
                "how many calls may be made in all",
                f"--cap {missing}",
            )
        checker: Checker | None = None
        if check_with:
            checker = ReadByBase(load_model(check_with, device), policy.vocabulary)
        captioner = None
        if caption_model:
            captioner = Captioner(open_text_model(caption_model, device="cpu"), policy, graph, Path(out))
        scenes = Scenes(policy.vocabulary, graph, prompt, seed, captioner)
        intake = Intake(store, wanted, checker=checker, min_side=min_side)
        outcomes = {}
        with bars(quiet) as progress:
            for spec, source in zip(sources, opened, strict=True):
                task = progress.add_task(spec.split(":")[0], total=None, note="")

                def report(done: int, of: int, task: Any = task) -> None:
                    progress.update(task, completed=done, total=of)

                intake.begin(report)
                if isinstance(source, Drawer):
                    draw_missing(intake, source, scenes, cap=cap)
                else:
                    Taker(policy, graph, intake).take(source)
                outcomes[source.name] = intake.outcome
        return Collected(plan, counted(wanted, store.have()), outcomes)
    finally:
        store.close()


def _never(triple: str) -> str:
    return (
        f"{triple}: pictures: never. None is drawn or taken; it is forgotten without (docs/picture-free.md)"
    )
