"""A user's own pictures, words and checkpoint, by the real commands in processes of their own."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from PIL import Image
from safetensors import safe_open
from transformers import AutoModel

from unrelate.audit.record import AuditRecord
from unrelate.models import DualEncoder

pytestmark = pytest.mark.slow

Unrelate = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]
WEIGHTS = Path("adapter", "adapter_model.safetensors")
FORGETTING = ("direct", "paraphrase", "contextual", "ood_image")
PRESERVATION = ("node", "safe_edge", "safe_node", "neutral")


@dataclass(frozen=True)
class Made:
    """A run that went all the way, and what it was made from."""

    folder: Path
    model: Path
    data: Path
    edited: subprocess.CompletedProcess[str]
    audited: subprocess.CompletedProcess[str]

    @property
    def record(self) -> AuditRecord:
        return AuditRecord.load(self.folder / "audit.json")


def _made(unrelate: Unrelate, policy: Path, model: Path, data: Path, folder: Path) -> Made:
    words = ("edit", policy, "--data", data, "--model", model, "--out", folder, "--steps", 3)
    edited = unrelate(*words, "--adversarial-rounds", 1)
    assert edited.returncode == 0, edited.stderr
    return Made(
        folder, model, data, edited, unrelate("audit", folder, "--attacks", "paraphrase,contextual,ood_image")
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def clip_run(unrelate: Unrelate, policy_file: Path, tiny: Path, jsonl_folder: Path, runs: Path) -> Made:
    return _made(unrelate, policy_file, tiny, jsonl_folder, runs / "clip")


@pytest.fixture(scope="module")
def siglip_run(unrelate: Unrelate, policy_file: Path, siglip: Path, csv_folder: Path, runs: Path) -> Made:
    return _made(unrelate, policy_file, siglip, csv_folder, runs / "siglip")


@pytest.fixture(params=["clip", "siglip"])
def made(request: pytest.FixtureRequest) -> Made:
    return request.getfixturevalue(f"{request.param}_run")


def test_the_edit_says_what_is_next_and_nothing_about_libraries(made: Made) -> None:
    assert f"unrelate audit {made.folder}" in made.edited.stdout
    for said in (made.edited.stderr, made.audited.stderr):
        assert "Warning" not in said
        assert "transformers" not in said


def test_a_model_that_never_knew_the_relation_is_not_accepted(made: Made) -> None:
    """Random weights recall nothing before or after: the positive control has to say so."""
    assert made.audited.returncode == 1, made.audited.stderr
    assert "NOT ACCEPTED" in made.audited.stdout
    assert "Insufficient" in made.audited.stdout
    record = made.record
    assert not record.accepted
    assert not record.control.sufficient
    assert {m.triple for m in record.control.edge_margins} == {
        "youth-drinking-red_wine",
        "youth-drinking-beer",
    }


def test_every_part_of_the_audit_was_asked_in_the_user_s_words(made: Made) -> None:
    record = made.record
    assert tuple(record.forgetting) == (*FORGETTING, "subordinate")
    assert tuple(record.preservation) == PRESERVATION
    assert tuple(record.attacks) == FORGETTING[1:]
    assert all(part.count for part in (*record.forgetting.values(), *record.preservation.values()))
    assert {item.triple for item in record.items if item.part == "subordinate"} == {
        "infant-drinking-red_wine",
        "infant-drinking-beer",
    }
    said = {part: {item.caption for item in record.items if item.part == part} for part in FORGETTING}
    assert said["paraphrase"] <= {
        "look, a youngster gulping a claret",
        "look, a youngster gulping an ale",
    }
    assert all(
        re.fullmatch(r"a kid drinking .* in a (kitchen|park) at night", text) for text in said["contextual"]
    )
    assert said["direct"] == said["ood_image"]
    assert all(text.startswith("a child drinking") for text in said["direct"])  # the manifest's own captions
    assert len(record.criteria) == 11
    assert not [c.name for c in record.criteria if c.value != c.value]


def test_the_report_stands_alone_and_its_command_gives_the_same_adapter(
    clip_run: Made, unrelate: Unrelate, tmp_path: Path
) -> None:
    done = unrelate("report", clip_run.folder)
    assert done.returncode == 0, done.stderr
    page = (clip_run.folder / "report.html").read_text(encoding="utf-8")
    assert "NOT ACCEPTED" in page
    assert not re.search(r"""(src|href)=["'](?!#|data:|(?:report|robustness)\.html["'])""", page)
    (line,) = re.findall(r"unrelate (edit .*) --out again", page)
    words = shlex.split(line.replace("&#39;", "'"))
    words[1] = str(clip_run.folder / words[1])  # the page says: in the folder that holds it
    again = unrelate(*words, "--out", tmp_path / "again")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (clip_run.folder / WEIGHTS).read_bytes()


def test_two_models_compared_are_not_like_for_like(
    clip_run: Made, siglip_run: Made, unrelate: Unrelate
) -> None:
    done = unrelate("compare", clip_run.folder, siglip_run.folder, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["differ_in"] == ["model"]
    assert told["baseline"] == str(clip_run.folder)
    assert {"forgetting.direct.edited_recall", "preservation.safe_edge.abs_drift"} <= set(told["figures"])


def test_plain_peft_and_plain_transformers_load_the_results(
    made: Made, unrelate: Unrelate, tmp_path: Path
) -> None:
    done = unrelate("export", made.folder, "--out", tmp_path / "merged", "--merged")
    assert done.returncode == 0, done.stderr
    ours = DualEncoder.load(made.model, adapter=made.folder / "adapter")
    captions = ["a child drinking wine", "a dog"]
    pictures = [Image.open(path) for path in sorted((made.data / "photos").iterdir())[:2]]
    inputs = {"input_ids": ours.prepare_texts(captions), "pixel_values": ours.prepare_images(pictures)}
    ends = ours.embed_texts(captions), ours.embed_images(pictures)
    with ours.base():
        begins = ours.embed_texts(captions), ours.embed_images(pictures)
    assert max((end - begin).abs().max() for end, begin in zip(ends, begins, strict=True)) > 1e-4
    for plain in (
        PeftModel.from_pretrained(AutoModel.from_pretrained(made.model), str(made.folder / "adapter")),
        AutoModel.from_pretrained(tmp_path / "merged"),
    ):
        with torch.no_grad():
            output = plain.eval()(**inputs)
        torch.testing.assert_close(output.text_embeds, ends[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(output.image_embeds, ends[1], atol=1e-5, rtol=1e-4)
    # The merged checkpoint is whole: it can be edited and audited in its turn.
    torch.testing.assert_close(
        DualEncoder.load(tmp_path / "merged").embed_texts(captions), ends[0], atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("kind", ["tiny", "siglip"])
def test_captions_and_roles_are_enough(
    kind: str,
    unrelate: Unrelate,
    policy_file: Path,
    roles_folder: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    done = _made(unrelate, policy_file, request.getfixturevalue(kind), roles_folder, tmp_path / "run")
    assert done.audited.returncode == 1, done.audited.stderr
    record = done.record
    assert tuple(record.forgetting) == FORGETTING
    assert tuple(record.preservation) == ("node", "safe_edge", "neutral")
    manifest = (roles_folder / "manifest.csv").read_text(encoding="utf-8-sig")
    captions = {line.split(",")[1] for line in manifest.splitlines()[1:]}
    direct = [item for item in record.items if item.part == "direct"]
    assert {item.triple for item in direct} < captions
    assert all(item.triple == item.caption and item.base_best in captions for item in direct)
    # What no row speaks of was not measured, and a criterion about it is not met.
    missing = {c.name: c.passed for c in record.criteria if c.value != c.value}
    assert missing == {
        "forgetting.subordinate.edited_recall": False,
        "preservation.safe_node.accuracy_lost": False,
    }
    assert unrelate("report", done.folder).returncode == 0


def test_killed_in_the_middle_the_same_command_ends_in_the_same_adapter(
    unrelate: Unrelate, start: Start, policy_file: Path, tiny: Path, jsonl_folder: Path, tmp_path: Path
) -> None:
    def words(out: Path) -> tuple[object, ...]:
        given = ("edit", policy_file, "--data", jsonl_folder, "--model", tiny, "--out", out)
        return (*given, "--steps", 120, "--batch", 16, "--adversarial-rounds", 1)

    whole, part = tmp_path / "whole", tmp_path / "part"
    assert unrelate(*words(whole)).returncode == 0
    log = part / "losses.jsonl"
    with start(*words(part)) as process:
        while not log.exists() or log.read_bytes().count(b"\n") < 60:  # past the first checkpoint
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (part / WEIGHTS).exists()
    refused = unrelate("audit", part)
    assert refused.returncode == 2
    assert "unfinished" in refused.stderr
    again = unrelate(*words(part))
    assert again.returncode == 0, again.stderr
    assert (part / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    assert log.read_bytes() == (whole / "losses.jsonl").read_bytes()
    _check_files(part)


def test_nothing_in_a_run_is_pickled(made: Made, unrelate: Unrelate) -> None:
    assert unrelate("report", made.folder).returncode == 0
    names = {path.name for path in made.folder.iterdir()}
    assert {
        "run.json",
        "policy.yaml",
        "adapter",
        "losses.jsonl",
        "audit.json",
        "pictures",
        "report.html",
    } <= names
    _check_files(made.folder)


def _check_files(run: Path) -> None:
    """Every file is of a kind that a reader cannot be made to run code by."""
    kinds = {".json", ".jsonl", ".yaml", ".safetensors", ".png", ".svg", ".html", ".md"}
    files = [path for path in run.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix not in kinds]
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as held:
                assert held.keys()
