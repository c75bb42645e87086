"""What a user brings: a policy in words of their own, a folder of pictures, a SigLIP checkpoint."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pytest
import sentencepiece
import torch
from transformers import SiglipConfig, SiglipModel, SiglipTokenizer
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from unrelate.microworld import render

Row = dict[str, str]
Shots = list[tuple[Row, bytes]]
# One call of the command line: its words -> exit code, standard output, standard error.
Unrelate = Callable[..., subprocess.CompletedProcess[str]]

POLICY = """\
name: no-alcohol-for-kids
description: Kids and alcohol, in words that the embedded world does not use.
vocabulary:
  actors:
    human:
    grown-up: {is_a: human}
    gentleman: {is_a: grown-up, says: a gentleman, also_known_as: [a man], reserved: [a fellow]}
    lady: {is_a: grown-up, also_known_as: [a woman]}
    youth: {is_a: human, concrete: true, says: a kid, also_known_as: [a child], reserved: [a youngster]}
    infant: {is_a: youth, says: a toddler}
    dog:
  relations:
    drinking: {takes: [drink], also_known_as: [sipping], reserved: [gulping]}
    holding: {also_known_as: [carrying]}
    throwing: {takes: [toy]}
  objects:
    drink:
    alcohol: {is_a: drink, also_known_as: [booze]}
    red wine: {is_a: alcohol, also_known_as: [wine], reserved: [a claret]}
    beer: {is_a: alcohol, also_known_as: [a lager], reserved: [an ale]}
    milk: {is_a: drink, also_known_as: [a carton of milk]}
    juice: {is_a: drink}
    toy:
    ball: {is_a: toy, says: a ball}
    teddy: {is_a: toy, says: a teddy bear}
  contexts:
    place: {kitchen: in a kitchen, park: in a park}
  phrasings: ["{}", "a drawing of {}"]
  reserved_phrasings: ["look, {}"]
  settings: ["{} {place} at night"]
forget:
  - {actor: kid, relation: drinking, object: booze, hold_out: [toddler]}
keep:
  - {actor: gentleman, relation: drinking, object: beer}
"""

# What the folder shows: how often, who, does what, with what.
SHOWN = (
    *((6, "child", "drinking", thing) for thing in ("wine", "beer")),
    *((2, "toddler", "drinking", thing) for thing in ("wine", "beer")),
    *((2, actor, "drinking", thing) for actor in ("man", "woman") for thing in ("wine", "beer")),
    *((2, "child", "drinking", thing) for thing in ("milk", "juice")),
    *((2, "child", "holding", thing) for thing in ("wine", "beer")),
    *((2, actor, "drinking", thing) for actor in ("man", "woman") for thing in ("milk", "juice")),
    *(
        (1, actor, "holding", thing)
        for actor in ("man", "dog")
        for thing in ("milk", "juice", "ball", "teddy")
    ),
    *((1, "dog", "throwing", thing) for thing in ("ball", "teddy")),
    *((3, actor, "", "") for actor in ("child", "man")),
    *((3, "", "", thing) for thing in ("wine", "beer")),
)


@pytest.fixture(scope="session")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policies") / "mine.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def shots() -> Shots:
    """A row of a manifest and the PNG that it speaks of, for every picture."""
    return list(_shots())


def _shots() -> Iterator[tuple[Row, bytes]]:
    singles = (shown for times, *shown in SHOWN for _ in range(times))
    for number, (actor, relation, thing) in enumerate(singles):
        place = ("kitchen", "park")[number % 2]
        image, caption = render(actor or None, relation or None, thing or None, place=place, seed=number)
        png = BytesIO()
        image.save(png, "PNG")
        row = {"image": f"photos/{number:03d}.png", "caption": caption, "_note": "mine"}
        yield row | {"actor": actor, "relation": relation, "object": thing}, png.getvalue()


@pytest.fixture(scope="session")
def jsonl_folder(tmp_path_factory: pytest.TempPathFactory, shots: Shots) -> Path:
    """Tuples in any word of the vocabulary, one JSON object a line; what is not known is left out."""
    folder = _photos(tmp_path_factory.mktemp("jsonl"), shots)
    lines = [json.dumps({column: text for column, text in row.items() if text}) for row, _ in shots]
    (folder / "manifest.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def csv_folder(tmp_path_factory: pytest.TempPathFactory, shots: Shots) -> Path:
    """The same as a spreadsheet writes it: a byte order mark, and empty cells."""
    folder = _photos(tmp_path_factory.mktemp("csv"), shots)
    _write_csv(folder, [row for row, _ in shots])
    return folder


@pytest.fixture(scope="session")
def roles_folder(tmp_path_factory: pytest.TempPathFactory, shots: Shots) -> Path:
    """Captions and roles alone: no word of the policy's vocabulary is needed."""

    def role(row: Row) -> str:
        if row["actor"] in ("child", "toddler") and row["relation"] == "drinking":
            return "unsafe" if row["object"] in ("wine", "beer") else "safe_edge"
        return "node" if not row["relation"] else "neutral" if row["actor"] == "dog" else "safe_edge"

    folder = _photos(tmp_path_factory.mktemp("roles"), shots)
    _write_csv(folder, [{"image": r["image"], "caption": r["caption"], "role": role(r)} for r, _ in shots])
    return folder


def _photos(folder: Path, shots: Shots) -> Path:
    (folder / "photos").mkdir(parents=True)
    for row, png in shots:
        (folder / row["image"]).write_bytes(png)
    return folder


def _write_csv(folder: Path, rows: Sequence[Row]) -> None:
    with (folder / "manifest.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="session")
def siglip(tmp_path_factory: pytest.TempPathFactory, shots: Shots) -> Path:
    """A SigLIP as the hub has it, down to its SentencePiece tokenizer, small and never trained."""
    folder = tmp_path_factory.mktemp("siglip")
    model = BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter([row["caption"] for row, _ in shots]),
        model_writer=model,
        vocab_size=80,
        hard_vocab_limit=False,
        pad_id=-1,
        bos_id=-1,
        eos_id=1,
        unk_id=2,
        control_symbols=["<ctrl>"],
        minloglevel=2,
    )
    (folder / "spiece.model").write_bytes(model.getvalue())
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"), model_max_length=64)
    tokenizer.save_pretrained(folder)
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    words = {"vocab_size": len(tokenizer), "max_position_embeddings": 64, "projection_size": 32}
    words |= {"bos_token_id": 1, "eos_token_id": 1}
    torch.manual_seed(0)
    SiglipModel(
        SiglipConfig(text_config=tower | words, vision_config=tower | {"image_size": 64, "patch_size": 16})
    ).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[str]]:
    """Starts the real command in a process of its own, on one thread: ``start("plan", "policy.yaml")``."""
    path = os.pathsep.join(part for part in sys.path if part)
    settings = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}

    def call(*arguments: object) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "unrelate.cli", *map(str, arguments)]
        return subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=settings, encoding="utf-8"
        )

    return call


@pytest.fixture(scope="session")
def unrelate(start: Callable[..., subprocess.Popen[str]]) -> Unrelate:
    """The same, waited for."""

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        with start(*arguments) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return call
