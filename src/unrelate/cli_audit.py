"""The commands about a finished run: attack and judge it, check its record, show it, compare it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from unrelate.cli_options import Device, Json, RunArgument, console, print_json

_NOT_ACCEPTED = 1  # exit status


def audit(
    run: RunArgument,
    quick: Annotated[bool, typer.Option("--quick", help="Under a minute: a look, not a verdict.")] = False,
    attacks: Annotated[str | None, typer.Option(help="Only these, with commas: `paraphrase,pgd`.")] = None,
    null: Annotated[
        str | None, typer.Option(help="A model that never learnt the forbidden, to hold success against.")
    ] = None,
    utility: Annotated[
        list[Path] | None,
        typer.Option(help="Data of your own to try both models on (docs/audit.md). Repeatable."),
    ] = None,
    generator: Annotated[
        str | None,
        typer.Option(
            help="A text model that writes prompts for one more attack: a hub id, a folder, or URL#MODEL of "
            "a chat service (its key in UNRELATE_API_KEY)."
        ),
    ] = None,
    requests: Annotated[
        int, typer.Option(min=1, max=5, help="Further requests that the attack `sequential` puts on top.")
    ] = 1,
    junit: Annotated[Path | None, typer.Option(help="Write the verdicts as JUnit XML too.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Attacks that run side by side; as many as cores, if not given.")
    ] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Attack an edit and judge it: exit 0 if accepted, 1 if not, 2 on bad input.

    A killed audit goes on where it was.

    Example: `unrelate audit runs/wine --junit verdict.xml`
    """
    from unrelate.auditing.processes import begun_early

    known = (run / "run.json").exists()  # else it is refused at once
    with begun_early(workers, device) if known else nullcontext():
        from unrelate import api  # with torch, peft and transformers: seconds

        record = api.audit(
            run,
            quick=quick,
            attacks=attacks.split(",") if attacks is not None else None,
            null=null,
            utility=utility or (),
            generator=generator,
            requests=requests,
            device=device,
            workers=workers,
            quiet=as_json,
        )
    from unrelate.report import verdict_table, write_junit

    if junit is not None:
        write_junit(record, junit)
    if as_json:
        print(record.to_json())
    else:
        console.print(verdict_table(record))
    raise typer.Exit(0 if record.accepted else _NOT_ACCEPTED)


def verify(run: RunArgument, device: Device = "auto", as_json: Json = False) -> None:
    """Derive an audited run's hashes and figures again: exit 0 if all match, 1 with what does not.

    Example: `unrelate verify runs/wine`
    """
    from unrelate import api

    wrong = api.verify(run, device=device)
    if as_json:
        print_json({"run": str(run), "verified": not wrong, "wrong": wrong})
    elif wrong:
        for line in wrong:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(f"{run}: every hash and every figure follows from what is there", markup=False)
    raise typer.Exit(1 if wrong else 0)


def report(run: RunArgument, as_json: Json = False) -> None:
    """Write one self-contained page about an audited run.

    Example: `unrelate report runs/wine`
    """
    from unrelate.report import write_report

    page = write_report(run)
    print_json({"report": str(page)}) if as_json else console.print(f"wrote {page}", markup=False)


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more audited runs.")],
    as_json: Json = False,
) -> None:
    """Say what got better, what worse, and what is within noise, against the first run.

    Example: `unrelate compare runs/paper runs/calibrated`
    """
    from unrelate.report import compare_tables
    from unrelate.report.rundir import read_record

    comparison = compare_tables({str(run): read_record(run) for run in runs})
    if as_json:
        print_json(comparison.data)
    else:
        for table in comparison.tables:
            console.print(table)
