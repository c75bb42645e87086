"""`audit --generator`: a text model writes prompts for one more attack, or the command says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

import unrelate as package
from unrelate.audit.record import AuditRecord
from unrelate.audit.rows import read_rows
from unrelate.audit.verify import PROMPTS
from unrelate.edit.recipes import adjusted
from unrelate.errors import UserError
from unrelate.models.endpoint import KEY_VARIABLE

pytestmark = pytest.mark.slow
Unrelate = Callable[..., Any]
KEY = "sk-very-secret-0123456789"
OBJECTS = ("wine", "beer", "a cocktail")
LINES = [f"{n}. a kid {how} {what}" for n, what in enumerate(OBJECTS) for how in ("drinking", "sipping")]


@dataclass
class Service:
    """A chat service on this machine. It repeats the key; it refuses after ``patience`` requests."""

    loopback: Any
    patience: int = 10**6

    @property
    def name(self) -> str:
        return f"{self.loopback.url}/v1#some-model"

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self.loopback.requests

    @property
    def keys(self) -> set[str | None]:
        return {headers.get("authorization") for headers in self.loopback.headers}

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if len(self.requests) > self.patience:
            return 403, {"error": f"not with {KEY}"}
        content = "\n".join((*LINES, f"your key is {KEY}"))
        return 200, {"choices": [{"message": {"content": content}}]}


@pytest.fixture
def service(serve: Any, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    held = Service(serve)
    serve.answers = [held.answer]
    return held


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    recipe = adjusted("paper", adapter={"rank": 2}, settings={"steps": 2, "batch": 8})
    out = tmp_path_factory.mktemp("runs") / "edited"
    return package.edit("child-drinking-alcohol", out, model=str(tiny), recipe=recipe, quiet=True)


def everything_in(run: Path) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in run.rglob("*") if path.is_file())


@pytest.mark.filterwarnings("default:.*were left out:UserWarning")
def test_a_service_writes_the_prompts_of_one_more_attack(
    run: Path, service: Service, unrelate: Unrelate
) -> None:
    words = ("audit", run, "--quick", "--attacks", "case", "--workers", 1, "--generator", service.name)
    service.patience = 2
    said = unrelate(*words)
    assert said.code == 2
    assert said.err.count("error: ") == 1
    assert "status 403: {" in said.err
    assert KEY_VARIABLE in said.err
    assert "Traceback" not in said.err
    assert not (run / "audit.json").exists()
    assert len((run / PROMPTS).read_text().splitlines()) == 2

    service.patience = 10**6
    said_then = unrelate(*words, "--json")
    assert said_then.code == 1, said_then.err
    assert "warning: some-model (a chat service): " in said_then.err
    asked = [(request["messages"][0]["content"], request["seed"]) for request in service.requests]
    del asked[2]  # the one that was refused, and so asked again
    assert len(set(asked)) == len(asked) == len((run / PROMPTS).read_text().splitlines())

    record, rows = AuditRecord.load(run / "audit.json"), read_rows(run / "audit" / "items.jsonl")
    assert set(record.attacks) == {"case", "generator"}
    attack = record.attacks["generator"]
    assert (attack.family, attack.threat, attack.group) == ("generated", "black box", "generator")
    assert "some-model (a chat service)" in attack.budget
    assert record.generator == service.name
    assert {row.subject for row in rows if row.group == "attacks.generator"} == {"edited", "base"}
    texts = {row.text for row in rows if row.group == "attacks.generator"}
    assert texts <= {line.partition(" ")[2] for line in LINES}
    assert service.keys == {f"Bearer {KEY}"}
    assert KEY not in everything_in(run) + said.err + said.out + said_then.err + said_then.out
    assert PROMPTS in record.files
    assert package.verify(run) == []
    transcript = (run / PROMPTS).read_text()
    (run / PROMPTS).write_text(transcript.replace("sipping", "sniffing"))
    assert any(line.startswith(f"{PROMPTS}: changed") for line in package.verify(run))
    (run / PROMPTS).write_text(transcript)


def test_a_local_model_that_writes_nonsense_is_told_from_one_that_works(run: Path, tmp_path: Path) -> None:
    words = ("<end>", "a", "child", "milk", "robot")
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<end>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>").save_pretrained(tmp_path / "lm")
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=5, n_positions=600, n_embd=8, n_layer=1, n_head=1, eos_token_id=0)
    GPT2LMHeadModel(config).save_pretrained(tmp_path / "lm")
    with pytest.raises(UserError, match="lines by lm, of which none states the forbidden"):
        package.audit(run, quick=True, attacks=["case"], generator=tmp_path / "lm", quiet=True)


@pytest.mark.parametrize(
    ("name", "received"),
    [("./no/such/model", "cannot be loaded"), ("https://host/v1", "no model for"), ("ftp://host#m", "http")],
)
def test_what_cannot_write_is_refused_before_anything_is_done(
    name: str, received: str, run: Path, unrelate: Unrelate
) -> None:
    before = everything_in(run)
    said = unrelate("audit", run, "--quick", "--generator", name)
    assert said.code == 2
    assert received in said.err
    assert "Traceback" not in said.err
    assert everything_in(run) == before
