"""An edit that is killed and started again ends where one that was left alone ends, to the bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from unrelate.edit.loop import Training, train
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import Recipe
from unrelate.edit.settings import RunSettings, finish_run, open_run, read_run
from unrelate.errors import UserError
from unrelate.models import AdapterSpec, DualEncoder

Ready = Callable[[Recipe], tuple[DualEncoder, Prepared]]
WEIGHTS = Path("adapter", "adapter_model.safetensors")


class Killed(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 3, 5, 11])
def test_resumed_to_the_same_bits(at: int, ready: Ready, calibrated: Recipe, tmp_path: Path) -> None:
    """Killed before the first checkpoint, right at one, between two, near the end. With dropout."""
    recipe = replace(calibrated, steps=12, adapter=AdapterSpec(rank=2, dropout=0.2))
    training = Training(save_every=3, seed=5)

    def killed(step: int, of: int, terms: dict[str, float]) -> None:
        if step == at:
            raise Killed

    whole, part = tmp_path / "whole", tmp_path / "part"
    for folder in (whole, part):
        folder.mkdir()
    encoder, prepared = ready(recipe)
    train(encoder, prepared, recipe, training, whole)
    encoder, prepared = ready(recipe)
    with pytest.raises(Killed):
        train(encoder, prepared, recipe, training, part, killed)
    assert not (part / "adapter").exists()
    taken = []
    encoder, prepared = ready(recipe)
    train(encoder, prepared, recipe, training, part, lambda step, of, terms: taken.append(step))
    assert taken[0] == (at - 1) // 3 * 3 + 1
    assert (part / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    assert (part / "losses.jsonl").read_bytes() == (whole / "losses.jsonl").read_bytes()


@pytest.mark.slow
def test_half_a_line_and_half_a_checkpoint_are_forgotten(ready: Ready, paper: Recipe, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    for folder in (whole, part):
        folder.mkdir()
        encoder, prepared = ready(paper)
        train(encoder, prepared, paper, Training(save_every=2), folder)
    (part / WEIGHTS).unlink()
    (part / "checkpoint" / "last.json").write_text(json.dumps({"step": 2}))
    (part / "checkpoint" / "step-4" / "optimizer.safetensors").write_bytes(b"half")
    lines = (part / "losses.jsonl").read_text().splitlines(keepends=True)
    (part / "losses.jsonl").write_text("".join(lines[:3]) + lines[3][:10])
    encoder, prepared = ready(paper)
    train(encoder, prepared, paper, Training(save_every=2), part)
    assert (part / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    assert (part / "losses.jsonl").read_bytes() == (whole / "losses.jsonl").read_bytes()


SCRIPT = """
import sys
from dataclasses import replace
import torch
torch.set_num_threads(1)
import unrelate
from unrelate.edit.loop import Training
from unrelate.edit.recipes import RECIPES
recipe = replace(RECIPES["calibrated"], steps=30, batch=16)
unrelate.edit("kid-eating-hamburger", sys.argv[2], model=sys.argv[1], recipe=recipe, seed=1,
              training=Training(save_every=4), quiet=True)
"""


@pytest.mark.slow
def test_after_kill_9_the_real_command_goes_on_to_the_same_adapter(tiny: Path, tmp_path: Path) -> None:
    """`unrelate.edit` is what `unrelate edit` calls; the same call again goes on."""

    def start(out: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", SCRIPT, str(tiny), str(out)])

    whole, part = tmp_path / "whole", tmp_path / "part"
    assert start(whole).wait(timeout=300) == 0
    process = start(part)
    log = part / "losses.jsonl"
    while not log.exists() or log.read_bytes().count(b"\n") < 6:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert read_run(part)["status"] == "started"
    assert log.read_bytes().count(b"\n") < 30
    assert start(part).wait(timeout=300) == 0
    assert (part / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    assert log.read_bytes() == (whole / "losses.jsonl").read_bytes()
    assert read_run(part)["status"] == "edited"


def settings(recipe: Recipe, **changes: str) -> RunSettings:
    held = RunSettings(
        model="embedded:clip",
        policy="p",
        data="microworld",
        recipe=recipe,
        training=Training(),
        policy_hash="1",
        data_hash="2",
        base_hash="3",
    )
    return replace(held, **changes)


def test_a_run_is_gone_on_with_under_the_same_settings_alone(paper: Recipe, tmp_path: Path) -> None:
    run = tmp_path / "run"
    open_run(run, settings(paper), "name: p\n")
    open_run(run, settings(paper), "name: p\n")
    assert (run / "policy.yaml").read_text() == "name: p\n"
    with pytest.raises(UserError) as caught:
        open_run(run, settings(replace(paper, steps=9), data_hash="7"), "name: p\n")
    assert "recipe.steps = 4, not 9" in caught.value.received
    assert "data_hash = 2, not 7" in caught.value.received
    assert "policy" not in caught.value.received.replace(str(run), "")
    assert "--out" in caught.value.remedy


def test_a_folder_with_something_else_in_it_is_left_alone(paper: Recipe, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all my work")
    with pytest.raises(UserError, match="not empty and holds no run"):
        open_run(tmp_path, settings(paper), "name: p\n")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_run_json_says_what_is_needed_to_do_it_again(paper: Recipe, tmp_path: Path) -> None:
    run = tmp_path / "run"
    open_run(run, settings(paper), "name: p\n")
    finish_run(run, 12.34)
    held = read_run(run)
    assert (held["status"], held["seconds"]) == ("edited", 12.3)
    assert held["settings"]["recipe"]["adapter"]["layers"] == ["attention", "projection"]
    assert {"python", "torch", "transformers", "peft", "unrelate"} <= set(held["environment"])


@pytest.mark.parametrize(
    "content", [None, "{", "[]", "{}", '{"schema": 1, "settings": {"model": "x"}}', '{"settings": 3}']
)
def test_what_is_no_run_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match="unrelate edit"):
        read_run(tmp_path)
