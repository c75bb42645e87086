"""`unrelate benchmark`: write one, score a model on it, refuse what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from unrelate.cli_benchmark import benchmark
from unrelate.data.benchmark_files import is_benchmark
from unrelate.errors import UserError

app = typer.Typer()
app.command()(benchmark)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("benchmark") / "wine"
    said = call("child-drinking-alcohol", "--out", out, "--count", 3, "--seed", 1, "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert told["slices"] == dict.fromkeys(told["slices"], 3)
    assert set(told["absent"]) == {"condition_met", "condition_not_met"}
    return out


def test_scores_have_the_names_that_scripts_rely_on(written: Path, tiny: Path) -> None:
    said = call(written, "--model", tiny, "--device", "cpu", "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert {name: told[name] for name in ("model", "adapter", "policy", "version")} == {
        "model": str(tiny),
        "adapter": None,
        "policy": "child-drinking-alcohol",
        "version": "1.0",
    }
    for name, slice_ in told["slices"].items():
        assert set(slice_) == {"expect", "rate", "ci95", "count"}, name
        assert slice_["count"] == 3
        assert 0 <= slice_["ci95"][0] <= slice_["rate"] <= slice_["ci95"][1] <= 1


def test_a_person_gets_a_table(written: Path, tiny: Path, tmp_path: Path) -> None:
    said = call(written, "--model", tiny, "--device", "cpu")
    assert "swapped_actors" in said.stdout
    assert "no slice 'condition_met': no condition" in said.stdout
    said = call("man-drinking-beer-in-classroom", "--out", tmp_path / "new", "--count", 1)
    assert said.exit_code == 0
    assert "condition_met" in said.stdout


def test_pictures_of_ones_own(tmp_path: Path) -> None:
    rows = ["image,caption,actor,relation,object,split"]
    shown = ["child,drinking,wine,train", "child,drinking,wine,held_out"]
    shown += ["man,drinking,wine,held_out", "dog,kicking,ball,train"]
    for number, words in enumerate(shown):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,a caption,{words}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    out = tmp_path / "out"
    said = call("child-drinking-alcohol", "--data", tmp_path, "--out", out, "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert told["slices"] == {"minimal_actor": 1, "forbidden": 1}
    assert "two actors" in told["absent"]["swapped_actors"]
    assert is_benchmark(out)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("child-drinking-alcohol",), "neither --out nor --model"),
        (("child-drinking-alcohol", "--out", "X", "--model", "embedded:clip"), "both --out and --model"),
        (("child-drinking-alcohol", "--out", "X", "--adapter", "Y"), "--adapter without --model"),
        (("somewhere", "--model", "embedded:clip", "--count", "3"), "--count without --out"),
        (("child-drinking-alcohol", "--model", "embedded:clip"), "holds no benchmark"),
        (("no-such-policy", "--out", "X"), "there is no policy"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], why: str) -> None:
    error = call(*arguments).exception
    assert isinstance(error, UserError)
    assert why in str(error)
