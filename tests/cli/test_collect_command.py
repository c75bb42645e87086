"""``unrelate collect`` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unrelate.cli import app
from unrelate.errors import UserError

POLICY = "child-drinking-alcohol"
runner = CliRunner()


def run(*arguments: object) -> str:
    done = runner.invoke(app, ["collect", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_it_collects_and_says_what_as_json(tmp_path: Path) -> None:
    out = tmp_path / "pairs"
    said = json.loads(run(POLICY, "--source", "microworld", "--out", out, "--pairs", 4, "--json"))
    lines = (out / "manifest.jsonl").read_text().splitlines()
    assert said["missing"] == 0
    assert sum(said["sources"]["microworld"]["added"].values()) == said["plan"]["missing"] == len(lines)
    again = json.loads(run(POLICY, "--source", "microworld", "--out", out, "--pairs", 4, "--json"))
    assert again["sources"]["microworld"]["added"] == {}
    assert again["plan"]["missing"] == 0


def test_a_plan_does_nothing(tmp_path: Path) -> None:
    text = run(POLICY, "--source", "microworld", "--out", tmp_path / "pairs", "--pairs", 4, "--plan")
    assert "missing" in text
    assert not (tmp_path / "pairs" / "manifest.jsonl").exists()


def test_the_next_source_gets_what_the_first_left(tmp_path: Path) -> None:
    captions = tmp_path / "captions.jsonl"
    captions.write_text('{"caption": "a child drinking wine"}\n')
    sources = ("--source", f"captions:{captions}", "--source", "microworld")
    text = run(POLICY, *sources, "--out", tmp_path / "pairs", "--pairs", 4, "--check-with", "none")
    assert "left out 1: has no picture" in text
    assert "microworld: added" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--source", "nowhere:x"), "source 'nowhere:x'"),
        (("--source", "coco:only.json"), "coco:CAPTIONS.json,IMAGES_DIR"),
        (("--source", "microworld:x"), "source 'microworld:x'"),
        (("--source", "openai:http://localhost:1/v1#m"), "--cap"),
        (("--source", "microworld", "--prompt", "no place for it"), "one {} for what is to be seen"),
    ],
)
def test_bad_input_is_said(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        run(POLICY, "--out", tmp_path / "pairs", *arguments)
    assert said in str(raised.value)
