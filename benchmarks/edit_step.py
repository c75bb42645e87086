"""Time and peak memory of a step of `edit` on the full ViT-B/32 architecture, against the plain way.

The plain way is transformers and peft as their documentation shows them: each role's pairs (the
adversarial text variants, with their pictures, are one of them) in a forward pass of its own, the
reference a deep copy of the model, run in every step on what must stay, captions padded to 77. Ours
is `unrelate.edit.loop.train` itself. Both start from the same weights, see the same batches and
minimise the same `paper` loss, and take their steps in turn, in one process; peak memory is that of
a process of its own for each.

    python benchmarks/edit_step.py --json

all_layers, all_layers_bf16: a step with attention and projections adapted, the first left out; base
features are made before training and counted apart, as ``preparation_s``. projections: three epochs
over a fixed set with the projections alone adapted, everything counted. Ratios are plain over ours.
"""

from __future__ import annotations

import argparse
import copy
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from edit_step_inputs import make_checkpoint, make_examples, make_graph
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import AutoModel, AutoTokenizer
from transformers.models.auto.image_processing_auto import AutoImageProcessor
from transformers.utils import logging

from unrelate.data.batches import role_batches
from unrelate.data.types import Example
from unrelate.edit.loop import Training, train
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import RECIPES, Recipe
from unrelate.graph.types import Role
from unrelate.models import AdapterSpec, DualEncoder

PROJECTIONS = ("visual_projection", "text_projection")
ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")
RETAINED = {Role.SAFE_EDGE: "L1", Role.NODE: "L2", Role.NEUTRAL: "L4"}


@dataclass(frozen=True)
class Scenario:
    """What is compared. ``targets``: the same modules as ``spec`` names, as peft takes them."""

    spec: AdapterSpec
    targets: tuple[str, ...]
    precision: str = "no"
    whole: bool = False  # count three epochs with all that goes before, rather than a step


# name -> what it measures; the names and their ratios are part of the interface.
SCENARIOS: dict[str, Scenario] = {
    "all_layers": Scenario(AdapterSpec(layers=("attention", "projection")), ATTENTION + PROJECTIONS),
    "all_layers_bf16": Scenario(
        AdapterSpec(layers=("attention", "projection")), ATTENTION + PROJECTIONS, precision="bf16"
    ),
    "projections": Scenario(AdapterSpec(layers=("projection",)), PROJECTIONS, whole=True),
}


class PlainWay:
    """One step at a time, with nothing shared between roles, steps or models."""

    def __init__(self, folder: Path, examples: tuple[Example, ...], recipe: Recipe, targets: tuple[str, ...]):
        model = AutoModel.from_pretrained(folder)
        self.reference = copy.deepcopy(model).eval().requires_grad_(False)
        spec = recipe.adapter
        config = LoraConfig(r=spec.rank, lora_alpha=int(spec.alpha), target_modules=list(targets))
        torch.manual_seed(0)
        self.model = get_peft_model(model, config).train()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.examples, self.recipe = examples, recipe
        processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        pictures = [processor(images=example.picture.load(), return_tensors="pt") for example in examples]
        self.pixels = [picture["pixel_values"][0] for picture in pictures]

    def step(self, rows: tuple[int, ...]) -> float:
        terms: dict[str, Tensor] = {}
        moved: list[Tensor] = []
        unsafe = [row for row in rows if self.examples[row].role is Role.UNSAFE]
        terms["L3"] = self._cosines(unsafe, [self.examples[row].caption for row in unsafe]).mean()
        terms["Ladv"] = self._cosines(unsafe, [self.examples[row].variants[0] for row in unsafe]).mean()
        for role, name in RETAINED.items():
            of_role = [row for row in rows if self.examples[row].role is role]
            captions = [self.examples[row].caption for row in of_role]
            terms[name] = (1 - self._cosines(of_role, captions, moved)).mean()
        terms["Lc"] = torch.cat(moved).mean()
        loss = sum(
            (terms[name] * weight for name, weight in self.recipe.weights.by_term().items()), torch.zeros(())
        )
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip)
        self.optimizer.step()
        return float(loss.detach())

    def _cosines(self, rows: list[int], captions: list[str], moved: list[Tensor] | None = None) -> Tensor:
        ids = self.tokenizer(
            captions, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
        )
        pixels = torch.stack([self.pixels[row] for row in rows])
        live = self.model(pixel_values=pixels, **ids)
        if moved is not None:
            with torch.no_grad():
                base = self.reference(pixel_values=pixels, **ids)
            image, text = live.image_embeds - base.image_embeds, live.text_embeds - base.text_embeds
            moved.append(image.square().sum(-1) + text.square().sum(-1))
        return (live.image_embeds * live.text_embeds).sum(-1)


def prepare_ours(
    folder: Path, examples: tuple[Example, ...], scenario: Scenario
) -> tuple[DualEncoder, Prepared]:
    """An encoder with its adapter, and what is computed before training."""
    encoder = DualEncoder.load(folder)
    encoder.add_adapter(scenario.spec, seed=0)
    if scenario.precision == "bf16":
        encoder.compute_in(torch.bfloat16)
    return encoder, Prepared(encoder, examples, make_graph(examples))


def train_ours(
    encoder: DualEncoder,
    prepared: Prepared,
    recipe: Recipe,
    scenario: Scenario,
    report: Callable[[int, int, dict[str, float]], None],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        training = Training(seed=0, precision=scenario.precision, save_every=10**9)
        train(encoder, prepared, recipe, training, Path(folder), report)


def setting(scenario: Scenario, steps: int) -> tuple[tuple[Example, ...], Recipe, list[tuple[int, ...]]]:
    """Examples, recipe and batches: three batches of examples, gone through ``steps`` / 3 times."""
    recipe = replace(RECIPES["paper"], adapter=scenario.spec, steps=9 if scenario.whole else steps)
    examples = make_examples(3 * recipe.batch)
    assert recipe.steps is not None
    return examples, recipe, list(role_batches(examples, batch_size=recipe.batch, steps=recipe.steps, seed=0))


def compare(name: str, folder: Path, steps: int) -> dict[str, float]:
    """Both ways in turn: seconds of each, and the largest difference between their losses."""
    scenario = SCENARIOS[name]
    examples, recipe, batches = setting(scenario, steps)
    ours: list[float] = []
    theirs: list[float] = []
    difference = 0.0
    started = time.perf_counter()
    encoder, prepared = prepare_ours(folder, examples, scenario)
    preparation = time.perf_counter() - started
    plain = PlainWay(folder, examples, recipe, scenario.targets)
    weights = recipe.weights.by_term()
    last = time.perf_counter()

    def after_our_step(step: int, of: int, terms: dict[str, float]) -> None:
        nonlocal difference, last
        ours.append(time.perf_counter() - last)
        begun = time.perf_counter()
        loss = plain.step(batches[step - 1])
        theirs.append(time.perf_counter() - begun)
        difference = max(difference, abs(loss - sum(weights[term] * value for term, value in terms.items())))
        last = time.perf_counter()

    train_ours(encoder, prepared, recipe, scenario, after_our_step)
    skip = 0 if scenario.whole else 1  # the first step warms caches up
    plain_s, ours_s = sum(theirs[skip:]), sum(ours[skip:]) + (preparation if scenario.whole else 0.0)
    count = 1 if scenario.whole else len(ours) - skip
    return {
        "time_ratio": plain_s / ours_s,
        "max_loss_difference": difference,
        "plain_s": plain_s / count,
        "ours_s": ours_s / count,
        "preparation_s": preparation,
    }


def peak_alone(name: str, way: str, folder: Path) -> None:
    """Run one way for two steps and print the peak of this process's memory."""
    scenario = SCENARIOS[name]
    examples, recipe, batches = setting(scenario, 2)
    if way == "plain":
        plain = PlainWay(folder, examples, recipe, scenario.targets)
        for rows in batches[:2]:
            plain.step(rows)
    else:
        train_ours(*prepare_ours(folder, examples, scenario), recipe, scenario, lambda step, of, terms: None)
    print(_own_peak())


def _own_peak() -> int:
    """Peak memory of this process alone. `ru_maxrss` would not do where /proc can tell: it outlives
    exec, so that a child starts with the peak of the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = status.read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))


def peak(name: str, way: str, folder: Path) -> float:
    """Peak memory of one way, in a process of its own (KiB on Linux)."""
    command = [sys.executable, __file__, "--peak", name, way, "--checkpoint", str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument(
        "--steps", type=int, default=4, help="steps of the first two comparisons (at least 2)"
    )
    parser.add_argument(
        "--small", action="store_true", help="a tiny architecture, to try the benchmark itself"
    )
    parser.add_argument("--only", choices=list(SCENARIOS), help="one comparison alone")
    parser.add_argument("--peak", nargs=2, metavar=("NAME", "WAY"), help=argparse.SUPPRESS)
    parser.add_argument("--checkpoint", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.steps < 2:
        parser.error("--steps must be at least 2: the first is left out")
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    if given.peak:
        peak_alone(given.peak[0], given.peak[1], given.checkpoint)
        return
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        make_checkpoint(Path(folder), small=given.small)
        for name in [given.only] if given.only else SCENARIOS:
            found = compare(name, Path(folder), given.steps)
            memory = {way: peak(name, way, Path(folder)) for way in ("plain", "ours")}
            results[name] = {**found, "memory_ratio": memory["plain"] / memory["ours"]}
            if not given.json:
                line = ", ".join(f"{key} {value:.3g}" for key, value in results[name].items())
                print(f"{name}: {line}", flush=True)
    if given.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
