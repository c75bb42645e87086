"""The prompts of the attack `generator`, written down before any job runs."""

from __future__ import annotations

import warnings

from unrelate.assembly import bars
from unrelate.attacks.text.generator import Generator, Writer
from unrelate.auditing.plan import Plan
from unrelate.auditing.prompts import Author, Transcript
from unrelate.auditing.work import scenario_of


def have_written(plan: Plan, author: Author, writer: Writer, quiet: bool) -> None:
    """Ask the plan's author for every prompt, in this process and before anything else: a text
    model that cannot be used shows at once, and a large one is held in memory once.

    Raises:
        UserError: as `Generator.all_written`, or the service failed; what it wrote until then is kept.
    """
    generator = Generator(Transcript(plan.prompts, author, writer))
    with bars(quiet) as progress:
        task = progress.add_task("writing prompts", total=None, note=author.shown)

        def report(done: int, of: int) -> None:
            progress.update(task, completed=done, total=of)

        written = generator.all_written(scenario_of(plan), report)
    if written.dropped:
        lines = written.dropped + written.count
        warnings.warn(
            f"{author.shown}: {written.dropped} of {lines} lines were left out, since they do not state "
            "the forbidden in words of the vocabulary",
            stacklevel=3,
        )
