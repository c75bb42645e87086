"""``unrelate edit``: forget, with an encoder's recipe or a generator's method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unrelate.cli_options import Device, Json, PolicyArgument, Seed, console, print_json
from unrelate.errors import UserError

if TYPE_CHECKING:
    from unrelate.edit.methods.types import Method
    from unrelate.edit.recipes import Recipe
    from unrelate.policy.schema import Policy

Model = Annotated[
    str, typer.Option(help="`embedded:clip`, `embedded:vlm`, a hub id, or a checkpoint folder.")
]
Data = Annotated[str, typer.Option(help="`microworld`, or a folder of images with a manifest.")]
RecipeName = Annotated[
    str | None,
    typer.Option(
        help="Of an encoder: `calibrated`, `picture-free` (where the policy says `pictures: never`), "
        "`paper`, `push-only`."
    ),
]
MethodName = Annotated[
    str | None,
    typer.Option(help="Of a vision-language model: `asru`, `steering`, `npo`, ... (docs/generators.md)."),
]


def edit(
    policy: PolicyArgument,
    out: Annotated[Path, typer.Option(help="The run directory; one that was killed is gone on with.")],
    model: Model = "embedded:clip",
    data: Data = "microworld",
    recipe: RecipeName = None,
    method: MethodName = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Annotated[str, typer.Option(help="Mixed precision: `no`, `bf16` or `fp16`.")] = "no",
    accumulate: Annotated[int, typer.Option(min=1, help="Micro-batches a step.")] = 1,
    checkpointing: Annotated[bool, typer.Option(help="Less memory for a third more time.")] = False,
    layers: Annotated[
        str | None, typer.Option(help="Of an encoder's attention, mlp, projection; with commas.")
    ] = None,
    towers: Annotated[str | None, typer.Option(help="Of an encoder: `both`, `text` or `image`.")] = None,
    rank: Annotated[int | None, typer.Option(help="Of the adapter.")] = None,
    adapter: Annotated[str | None, typer.Option(help="`lora` or `dora`.")] = None,
    depth: Annotated[
        float | None,
        typer.Option(
            help="Of a vision-language model: share of its layers that are adapted, from the first."
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps.")] = None,
    batch: Annotated[int | None, typer.Option(help="Pairs, or dialogues, a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="AdamW's.")] = None,
    hold: Annotated[
        float | None,
        typer.Option(help="Of a vision-language model: how firmly states of what stays are held (0: not)."),
    ] = None,
    after: Annotated[
        float | None,
        typer.Option(help="Of ASRU: share of stage 1's steps that ask after earlier turns (0: none)."),
    ] = None,
    slips: Annotated[
        float | None,
        typer.Option(help="Of ASRU: share of stage 1's questions with a slip of the pen (0: none)."),
    ] = None,
    rehearse: Annotated[
        float | None,
        typer.Option(help="Of ASRU: weight, in stage 2, of what stage 1 closed to answers begun for it."),
    ] = None,
    adversarial_rounds: Annotated[
        int | None,
        typer.Option(help="Of an encoder: attack and train on so often, a quarter of the steps each."),
    ] = None,
    between: Annotated[
        int | None,
        typer.Option(help="Of an encoder: mixtures of two captions a step, held like what stays."),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(help="Of an encoder: how much of what was learnt is kept at the end, up to 1."),
    ] = None,
    without: Annotated[str | None, typer.Option(help="Terms to switch off, e.g. `Lc,Ladv`.")] = None,
    unreviewed: Annotated[
        bool, typer.Option("--unreviewed", help="Take generated pairs that nobody has accepted.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forget: train an adapter from a policy.

    Example: `unrelate edit child-drinking-alcohol --out runs/wine --seed 1`

    Of a vision-language model:
    `unrelate edit forget-people-5 --model embedded:vlm --method asru --out runs/people`
    """
    from unrelate import api
    from unrelate.assembly import kind_of
    from unrelate.edit.loop import Training
    from unrelate.policy.load import load_policy

    loaded = load_policy(policy)
    adapted = {"rank": rank, "method": adapter}
    settings = {"steps": steps, "batch": batch, "learning_rate": learning_rate}
    terms = tuple(without.split(",")) if without else ()
    placed = {"layers": tuple(layers.split(",")) if layers else None, "towers": towers}
    of_encoders = {"adversarial_rounds": adversarial_rounds, "between": between, "strength": strength}
    of_generators = {"hold": hold, "after": after, "slips": slips, "rehearse": rehearse}
    how: dict[str, Any]
    if kind_of(model) == "generator":
        refused = placed | of_encoders | {"recipe": recipe}
        adapted |= {"depth": depth}  # of generators alone
        how = {"method": _method(method, loaded, adapted, settings | of_generators, terms, refused)}
    else:
        _refuse_of_generators({"method": method, "depth": depth} | of_generators, model)
        how = {"recipe": _recipe(recipe, loaded, placed | adapted, settings | of_encoders, terms)}
    run = api.edit(
        loaded,
        out,
        model=model,
        data=data,
        seed=seed,
        device=device,
        training=Training(precision=precision, accumulate=accumulate, checkpointing=checkpointing),
        unreviewed=unreviewed,
        quiet=as_json,
        **how,
    )
    if as_json:
        print_json({"run": str(run)})
    else:
        console.print(f"the edit is in {run}; judge it: unrelate audit {run}", markup=False)


def _recipe(
    name: str | None,
    policy: Policy,
    adapter: dict[str, Any],
    settings: dict[str, Any],
    without: tuple[str, ...],
) -> Recipe:
    from unrelate.edit.recipes import adjusted, default_recipe

    return adjusted(name or default_recipe(policy), adapter=adapter, settings=settings, without=without)


def _method(
    name: str | None,
    policy: Policy,
    adapter: dict[str, Any],
    settings: dict[str, Any],
    without: tuple[str, ...],
    of_encoders: dict[str, Any],
) -> Method:
    from unrelate.edit.methods.adjusting import adjusted
    from unrelate.edit.methods.table import DEFAULT_METHOD, methods_for

    given = [f"--{name.replace('_', '-')}" for name, value in of_encoders.items() if value is not None]
    if given:
        raise UserError(
            f"{', '.join(given)} with a vision-language model", "options of --method", "leave it out"
        )
    methods = methods_for(policy.vocabulary)
    return adjusted(
        name or DEFAULT_METHOD, adapter=adapter, settings=settings, without=without, among=methods
    )


def _refuse_of_generators(options: dict[str, Any], model: str) -> None:
    given = ", ".join(f"--{name} {value}" for name, value in options.items() if value is not None)
    if given:
        theirs = ", ".join(f"--{name}" for name in options)
        raise UserError(
            f"{given} for '{model}', which embeds and does not answer",
            f"--recipe for an encoder; {theirs} for a vision-language model (`embedded:vlm`)",
            "change --model, or give --recipe; LoRA or DoRA is chosen by --adapter",
        )
