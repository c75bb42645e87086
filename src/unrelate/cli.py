"""The command line: assembles and starts. What computes lives in the rooms."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from unrelate.auditing.quiet import quiet_libraries
from unrelate.cli_audit import audit, compare, report, verify
from unrelate.cli_benchmark import benchmark
from unrelate.cli_collect import collect
from unrelate.cli_edit import edit
from unrelate.cli_embedded import embedded
from unrelate.cli_match import match
from unrelate.cli_options import Device, Json, PolicyArgument, RunArgument, Seed, console, print_json
from unrelate.cli_review import review
from unrelate.errors import UserError

_BAD_INPUT = 2
# The default recipe in three minutes: half its steps, and one round for three.
_SHORT = {"steps": 200, "adversarial_rounds": 1}

app = typer.Typer(
    help="Make a multimodal model forget a relation, and nothing else.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def init(path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("policy.yaml")) -> None:
    """Write a commented example policy.

    Example: `unrelate init my-policy.yaml`
    """
    from unrelate.policy.example import example_text

    if path.exists():
        raise UserError(f"{path} exists", "a new file", "give another name: `unrelate init other.yaml`")
    path.write_text(example_text(), encoding="utf-8")
    console.print(f"wrote {path}; see what it would do: unrelate plan {path}", markup=False)


def plan(
    policy: PolicyArgument,
    draw: Annotated[Path | None, typer.Option(help="Draw the relation graph to this .svg or .png.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Show what a policy forgets and keeps, and draw its relation graph.

    Example: `unrelate plan child-drinking-alcohol --draw graph.svg`
    """
    from unrelate.graph.build import build_graph
    from unrelate.graph.plan import plan_summary
    from unrelate.graph.table import plan_table
    from unrelate.policy.load import load_policy

    loaded = load_policy(policy)
    graph = build_graph(loaded, seed=seed)
    if draw is not None:
        from unrelate.graph.draw import draw_graph  # matplotlib takes its time

        draw_graph(graph, draw)
    if as_json:
        print_json(plan_summary(loaded, graph))
        return
    console.print(plan_table(loaded, graph))
    if draw is not None:
        console.print(f"drew {draw}", markup=False)


def demo(
    out: Annotated[Path, typer.Option(help="The run directory.")] = Path("runs/demo"),
    policy: Annotated[
        str, typer.Option(help="A policy file, or the name of a shipped one.")
    ] = "child-drinking-alcohol",
    seed: Seed = 0,
    full: Annotated[
        bool, typer.Option("--full", help="The whole default recipe and every attack: ten minutes more.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Edit, audit (quickly) and report on the embedded model, in about three minutes on two cores.

    Without `--full` the edit has half the steps of `unrelate edit`, and one adversarial round for three.

    Example: `unrelate demo --out runs/demo`
    """
    from unrelate import api
    from unrelate.edit.recipes import DEFAULT_RECIPE, adjusted, default_recipe
    from unrelate.policy.load import load_policy
    from unrelate.report import verdict_table, write_report

    loaded = load_policy(policy)
    name = default_recipe(loaded)
    settings = _SHORT if not full and name == DEFAULT_RECIPE else {}
    recipe = adjusted(name, adapter={}, settings=settings)
    api.edit(loaded, out, recipe=recipe, seed=seed, device=device, quiet=as_json)
    record = api.audit(out, quick=not full, device=device, quiet=as_json)
    page = write_report(out)
    if as_json:
        print(record.to_json())
    else:
        console.print(verdict_table(record))
        console.print(f"the whole report: {page}", markup=False)


def export(
    run: RunArgument,
    out: Annotated[Path, typer.Option(help="A new folder.")],
    merged: Annotated[
        bool, typer.Option("--merged", help="A plain checkpoint rather than the adapter.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the adapter (PEFT layout), or a plain transformers checkpoint with it merged in.

    Example: `unrelate export runs/wine --out wine-free-clip --merged`
    """
    from unrelate import api

    api.export(run, out, merged=merged)
    print_json({"export": str(out)}) if as_json else console.print(f"wrote {out}", markup=False)


def reproduce(
    experiment: Annotated[str, typer.Argument(help="`asru`, `rasu`, `robustness` or `picture-free`.")],
    out: Annotated[Path, typer.Option(help="Where results and figures go; a killed one is gone on with.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 3,
    policy: Annotated[
        list[str] | None, typer.Option(help="On this of its policies alone; repeatable.")
    ] = None,
    arm: Annotated[
        list[str] | None, typer.Option(help="This of what it compares alone: a recipe, a method; repeatable.")
    ] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Run experiments on the embedded model, with tables and figures: a paper's, or the red team's.

    Example: `unrelate reproduce rasu --out results/rasu`
    """
    from unrelate.errors import named
    from unrelate.reproduce import REPRODUCTIONS

    run = named(REPRODUCTIONS, experiment, "experiment")
    summary: Mapping[str, Any] = run(
        out, arms=arm or (), policies=policy or (), seeds=seeds, device=device, quiet=as_json
    )
    print_json(summary) if as_json else console.print(
        f"wrote {out}/results.json and {out}/README.md", markup=False
    )


# In the order of the work, which is that of --help.
_COMMANDS = (
    *(init, plan, collect, review, match, edit, audit, verify, benchmark),
    *(report, compare, export, demo, reproduce),
)
for _command in _COMMANDS:
    app.command()(_command)
app.add_typer(embedded, name="embedded")


def main() -> None:
    """Run the command line. Bad input prints one message and exits with 2, without a traceback."""
    quiet_libraries()
    warnings.showwarning = _show_warning
    try:
        app()
    except UserError as error:
        _refuse(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        _refuse(f"{error.filename}: {error.strerror}")  # a path that cannot be read or written


def _show_warning(message: Warning | str, *_: object) -> None:
    """A warning is for whoever types a command: what it says, not where in the code."""
    Console(stderr=True).print(f"warning: {message}", markup=False, highlight=False, soft_wrap=True)


def _refuse(why: str) -> NoReturn:
    Console(stderr=True).print(f"error: {why}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(_BAD_INPUT)


if __name__ == "__main__":
    main()
