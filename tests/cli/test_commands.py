"""The command line without a model: help, exit codes, what goes to which stream."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unrelate.policy import load_policy
from unrelate.policy.load import shipped_policies

Unrelate = Callable[..., Any]
COMMANDS = (
    ("init",),
    ("plan",),
    ("edit",),
    ("audit",),
    ("report",),
    ("demo",),
    ("compare",),
    ("export",),
    ("reproduce",),
    ("embedded", "train"),
    ("embedded", "evaluate"),
    ("embedded", "show"),
)
KID = "kid-eating-hamburger"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: tuple[str, ...], unrelate: Unrelate) -> None:
    said = unrelate(*command, "--help")
    assert said.code == 0
    assert f"Example: unrelate {' '.join(command)}" in said.out


def test_every_command_is_in_the_help(unrelate: Unrelate) -> None:
    said = unrelate("--help")
    assert all(command[0] in said.out for command in COMMANDS)
    assert all(command[1] in unrelate("embedded", "--help").out for command in COMMANDS if len(command) > 1)


@pytest.mark.parametrize(
    ("arguments", "received", "remedy"),
    [
        (
            ("plan", "kid-eating-hamburgr"),
            "no policy 'kid-eating-hamburgr'",
            "did you mean 'kid-eating-hamburger",
        ),
        (
            ("edit", KID, "--out", "{tmp}/r", "--recipe", "calibratd"),
            "'calibratd'",
            "did you mean 'calibrated'",
        ),
        (("edit", KID, "--out", "{tmp}/r", "--precision", "bf61"), "precision 'bf61'", "did you mean 'bf16'"),
        (("edit", KID, "--out", "{tmp}/r", "--adapter", "lorra"), "'lorra'", "did you mean 'lora'"),
        (("edit", KID, "--out", "{tmp}/r", "--towers", "images"), "'images'", "did you mean 'image'"),
        (
            ("edit", KID, "--out", "{tmp}/r", "--layers", "mlp,projektion"),
            "'projektion'",
            "did you mean 'projection'",
        ),
        (("edit", KID, "--out", "{tmp}/r", "--without", "Lc,Lad"), "'Lad'", "did you mean 'Ladv'"),
        (("edit", KID, "--out", "{tmp}/r", "--steps", "0"), "steps = 0", "--steps"),
        (("edit", KID, "--out", "{tmp}/r", "--learning-rate", "-1"), "learning_rate = -1", "--learning-rate"),
        (("edit", KID, "--out", "{tmp}/r", "--rank", "0"), "rank = 0", "change rank"),
        (
            ("edit", KID, "--out", "{tmp}/r", "--model", "embedded:klip"),
            "embedded:klip",
            "did you mean 'clip'",
        ),
        (("edit", KID, "--out", "{tmp}/r", "--model", "./nowhere/clip"), "./nowhere/clip", "check the path"),
        (("edit", KID, "--out", "{tmp}/r", "--model", "nobody/nothing"), "nobody/nothing", "check the name"),
        (
            ("edit", KID, "--out", "{tmp}/r", "--model", "{tiny}", "--device", "gpu9"),
            "device 'gpu9'",
            "--device cpu",
        ),
        (("edit", KID, "--out", "{tmp}/r", "--data", "{tmp}/photos"), "photos", ""),
        (("edit", KID, "--out", "{tmp}", "--model", "{tiny}"), "not empty and holds no run", "another --out"),
        (("edit", KID, "--out", "{tmp}/file.txt/run", "--model", "{tiny}"), "file.txt", ""),
        (("audit", "{tmp}/no-run"), "no-run is no run", "check the path"),
        (("report", "{tmp}/no-run"), "no audit.json", "unrelate audit"),
        (("compare", "{tmp}/no-run", "{tmp}/none"), "no audit.json", "unrelate audit"),
        (("export", "{tmp}/no-run", "--out", "{tmp}/x"), "no-run is no run", "check the path"),
        (("reproduce", "rsau", "--out", "{tmp}/x"), "'rsau'", "did you mean 'rasu'"),
        (("reproduce", "asru", "--arm", "nopo", "--out", "{tmp}/x"), "arm 'nopo'", "did you mean 'npo'"),
        (("embedded", "train", "klip"), "'klip'", "did you mean 'clip'"),
        (("embedded", "evaluate", "klip"), "'klip'", "did you mean 'clip'"),
        (("embedded", "evaluate", "clip", "--model", "{tmp}"), "without config.json", "save_pretrained"),
        (("embedded", "show", "--out", "{tmp}/world.txt"), "world.txt", ".png"),
        (("embedded", "show", "--out", "{tmp}/none/world.png"), "world.png", ""),
        (("plan", KID, "--draw", "{tmp}/graph.txt"), "graph.txt", ""),
        (("plan", KID, "--draw", "{tmp}/file.txt/graph.svg"), "file.txt", ""),
        (("init", "{tmp}/none/policy.yaml"), "policy.yaml", ""),
        (("init", "{tmp}/file.txt"), "file.txt exists", "another name"),
    ],
)
def test_bad_input_exits_with_2_says_what_and_shows_no_traceback(
    arguments: tuple[str, ...], received: str, remedy: str, unrelate: Unrelate, tmp_path: Path, tiny: Path
) -> None:
    (tmp_path / "file.txt").write_text("mine")
    said = unrelate(*(a.format(tmp=tmp_path, tiny=tiny) for a in arguments))
    assert said.code == 2, said
    assert said.err.startswith("error: ")
    assert received in said.err
    assert remedy in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert (tmp_path / "file.txt").read_text() == "mine"
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan",),
        ("plan", KID, "--sed", "1"),
        ("plan", KID, "--seed", "one"),
        ("edit", KID),
        ("edit", KID, "--out", "x", "--accumulate", "0"),
        ("embedded", "evaluate", "clip", "--count", "3"),
        ("unplan",),
        ("compare",),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...], unrelate: Unrelate) -> None:
    said = unrelate(*arguments)
    assert said.code == 2
    assert "Usage" in said.err
    assert "Traceback" not in said.err


def test_init_writes_a_policy_that_can_be_planned(unrelate: Unrelate, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    said = unrelate("init", path)
    assert said.code == 0
    assert str(path) in said.out.replace("\n", "")
    assert "#" in path.read_text()
    assert load_policy(path).forget
    assert unrelate("plan", path).code == 0
    before = path.read_text()
    assert unrelate("init", path).code == 2
    assert path.read_text() == before


def test_a_fault_in_a_policy_is_named_with_its_line(unrelate: Unrelate, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: p\nvocabulary: microworld\nforget:\n  - {actor: chld, relation: eating, object: cake}\n"
    )
    said = unrelate("plan", path)
    assert said.code == 2
    assert f"{path}:4" in said.err
    assert "did you mean 'child'?" in said.err


@pytest.mark.parametrize("policy", shipped_policies())
def test_plan_for_people_and_for_machines(policy: str, unrelate: Unrelate) -> None:
    people, machines = unrelate("plan", policy), unrelate("plan", policy, "--json")
    assert people.code == machines.code == 0
    assert policy in people.out
    plan = json.loads(machines.out)
    assert plan["policy"] == policy
    assert len(plan["forgotten"]["unsafe"]) == sum(plan["counts"]["unsafe"].values())
    assert {"safe_edge", "node", "safe_node", "neutral"} <= set(plan["kept"])
    assert plan["scope"][0]["tuple"].split()[0] in people.out


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_plan_draws(kind: str, unrelate: Unrelate, tmp_path: Path) -> None:
    path = tmp_path / f"graph.{kind}"
    said = unrelate("plan", KID, "--draw", path, "--json")
    assert said.code == 0
    json.loads(said.out)
    start = path.read_bytes()[:400]
    assert start.startswith(b"\x89PNG") if kind == "png" else b"<svg" in start


def test_the_seed_decides_what_is_held_out(unrelate: Unrelate) -> None:
    plans = [unrelate("plan", KID, "--seed", seed, "--json").out for seed in (0, 0, 1)]
    assert plans[0] == plans[1] != plans[2]


def test_embedded_show_draws_a_sheet(unrelate: Unrelate, tmp_path: Path) -> None:
    said = unrelate("embedded", "show", "--out", tmp_path / "world.png")
    assert said.code == 0
    assert (tmp_path / "world.png").read_bytes().startswith(b"\x89PNG")


def test_what_needs_no_model_needs_no_torch() -> None:
    """A plan is shown at once."""
    script = "import sys; from unrelate.cli import main; sys.argv = ['unrelate', 'plan', 'nothing-known']\n"
    script += (
        "try: main()\nfinally: print(sorted({'torch', 'transformers', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no policy")
    assert done.stdout == "[]\n"
