"""`unrelate match`: one JSON line for each caption, or a table; errors before any output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from unrelate.cli_match import match
from unrelate.errors import UserError

app = typer.Typer()
app.command()(match)

CAPTIONS = [
    "A tot is sipping red wine",
    "a sunset",
    "a person drinking wine",
    "man drinking milk in the park",
]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    path = tmp_path / "captions.jsonl"
    path.write_text("\n".join(json.dumps({"caption": c, "id": 7}) for c in CAPTIONS) + "\n")
    return path


def test_a_line_for_each_caption_in_order(captions: Path) -> None:
    said = call("child-drinking-alcohol", captions, "--json")
    assert said.exit_code == 0, said.output
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert [line["caption"] for line in lines] == CAPTIONS
    assert [line["line"] for line in lines] == [1, 2, 3, 4]
    assert all(set(line) == {"line", "caption", "tuples"} for line in lines)
    (tot,) = lines[0]["tuples"]
    assert tot["why"].endswith("forbidden by child-drinking-alcohol")
    del tot["why"]
    assert tot == {
        "actor": "toddler",
        "relation": "drinking",
        "object": "wine",
        "context": {},
        "role": "unsafe",
        "split": "held_out",
    }
    assert lines[1]["tuples"] == []
    assert lines[2]["tuples"][0]["role"] is None
    assert lines[3]["tuples"][0]["context"] == {"place": "park"}


def test_a_person_gets_a_table(captions: Path) -> None:
    said = call("child-drinking-alcohol", captions)
    assert said.exit_code == 0, said.output
    assert "toddler-drinking-wine" in said.stdout
    assert "may be forbidden" in said.stdout
    assert "3 of 4 captions state a tuple" in said.stdout


def test_a_bad_line_is_an_error_and_nothing_is_printed(captions: Path) -> None:
    captions.write_text(captions.read_text() + "nonsense\n")
    said = call("child-drinking-alcohol", captions, "--json")
    assert isinstance(said.exception, UserError)
    assert "captions.jsonl:5: is not JSON" in str(said.exception)
    assert said.stdout == ""


def test_no_such_policy(captions: Path) -> None:
    assert isinstance(call("no-such", captions).exception, UserError)
