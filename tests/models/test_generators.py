"""Models that write text: a tiny local one, and a chat service on the loopback that misbehaves."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from unrelate.errors import UserError
from unrelate.models.endpoint import KEY_VARIABLE, ChatEndpoint
from unrelate.models.generators import LocalTextModel, open_text_model

WORDS = ("<end>", "a", "child", "drinking", "wine", "milk", "says", "write", "one", "caption")
KEY = "sk-very-secret-0123456789"


# ---- a local model --------------------------------------------------------------------------------


def words_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<end>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def writer_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(0)
    if request.param == "gpt2":
        config = GPT2Config(
            vocab_size=10,
            n_positions=64,
            n_embd=16,
            n_layer=1,
            n_head=2,
            bos_token_id=0,
            eos_token_id=0,
            initializer_range=0.7,
        )
        GPT2LMHeadModel(config).save_pretrained(folder)
    else:
        config = LlamaConfig(
            vocab_size=10,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=64,
            bos_token_id=0,
            eos_token_id=0,
            initializer_range=0.7,
        )
        LlamaForCausalLM(config).save_pretrained(folder)
    words_tokenizer().save_pretrained(folder)
    return folder


def test_a_local_model_writes_what_its_seed_says(writer_folder: Path) -> None:
    writer = LocalTextModel.load(writer_folder)
    before = torch.random.get_rng_state()
    replies = [writer("write one caption", seed) for seed in (1, 1, 2, 3)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert replies[0] == replies[1]
    assert len(set(replies)) > 1
    assert all(set(reply.split()) <= set(WORDS) for reply in replies)


def test_a_chat_template_is_used_where_there_is_one(writer_folder: Path) -> None:
    plain = LocalTextModel.load(writer_folder)
    chat = LocalTextModel.load(writer_folder)
    template = "{% for m in messages %}child says {{ m.content }} {% endfor %}"
    chat.tokenizer.chat_template = template
    seeds = range(6)
    assert [chat("wine", seed) for seed in seeds] == [plain("child says wine ", seed) for seed in seeds]
    assert [chat("wine", seed) for seed in seeds] != [plain("wine", seed) for seed in seeds]


def test_a_reply_never_outgrows_the_models_positions(writer_folder: Path) -> None:
    writer = LocalTextModel.load(writer_folder)
    assert len(writer("a " * 60, 0).split()) <= 4
    with pytest.raises(UserError, match="64 positions"):
        writer("a " * 64, 0)


def test_what_is_no_language_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    CLIPConfig().save_pretrained(tmp_path / "clip")
    words_tokenizer().save_pretrained(tmp_path / "clip")
    for folder in (tmp_path / "empty", tmp_path / "absent", tmp_path / "clip"):
        with pytest.raises(UserError, match="cannot be loaded"):
            LocalTextModel.load(folder)


def test_pickled_weights_are_refused(tmp_path: Path, writer_folder: Path) -> None:
    for path in writer_folder.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError, match="cannot be loaded"):
        LocalTextModel.load(tmp_path)


# ---- a chat service -------------------------------------------------------------------------------

Answer = tuple[int, str, dict[str, str]] | str


def says(text: str) -> Answer:
    return sends(json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}))


def sends(body: str, status: int = 200, **headers: str) -> Answer:
    return status, body, {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Service:
    """A chat service on this machine that answers as it is told."""

    loopback: Any

    @property
    def url(self) -> str:
        return f"{self.loopback.url}/v1"

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self.loopback.requests

    @property
    def headers(self) -> list[dict[str, str]]:
        return self.loopback.headers

    @property
    def waits(self) -> list[float]:
        return self.loopback.waits

    def endpoint(self, *answers: Answer, tries: int = 4, timeout: float = 5.0) -> ChatEndpoint:
        self.loopback.answers = list(answers)
        return ChatEndpoint(self.url, "some-model", tries=tries, timeout=timeout, sleep=self.waits.append)


@pytest.fixture
def service(serve: Any, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    return Service(serve)


def test_a_service_is_asked_as_its_protocol_wants(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = service.endpoint(says("a child drinking wine"))
    assert endpoint("write a caption", 7) == "a child drinking wine"
    assert "authorization" not in service.headers[0]
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    endpoint("write a caption", 7)
    assert service.headers[1]["authorization"] == f"Bearer {KEY}"
    asked = service.requests[1]
    assert (asked["path"], asked["model"], asked["seed"]) == ("/v1/chat/completions", "some-model", 7)
    assert asked["messages"] == [{"role": "user", "content": "write a caption"}]
    assert KEY not in repr(endpoint)
    assert KEY not in endpoint.name


@pytest.mark.parametrize(
    "bad",
    [
        sends("overloaded", 500),
        sends("<html>bad gateway</html>", 502),
        sends('{"choices": [{"message"'),
        sends(json.dumps({"choices": []})),
        sends(json.dumps({"choices": [{"message": {"content": None}}]})),
        sends(json.dumps([1, 2])),
        sends(json.dumps({"error": "nothing here"})),
        says("  \n"),
        "hang up",
        "reset",
        "break off",
    ],
)
def test_what_may_pass_is_tried_again(service: Service, bad: Answer) -> None:
    endpoint = service.endpoint(bad, bad, says("a caption"))
    assert endpoint("write", 0) == "a caption"
    assert service.waits == [1.0, 2.0]
    assert len(service.requests) == 3


def test_an_answer_that_does_not_come_is_not_waited_for(service: Service) -> None:
    endpoint = service.endpoint("dawdle", says("a caption"), timeout=0.1)
    assert endpoint("write", 0) == "a caption"
    assert service.waits == [1.0]


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("7", 7, 7), ("0.5", 0.5, 0.5), ("100000", 60, 60), ("soon", 1, 1), ("-3", 0, 0), ("DATE", 15, 20)],
)
def test_a_service_says_how_long_to_wait(service: Service, asked: str, least: float, most: float) -> None:
    said = formatdate(time.time() + 20, usegmt=True) if asked == "DATE" else asked
    assert service.endpoint(sends("slow down", 429, Retry_After=said), says("x"))("write", 0) == "x"
    assert least <= service.waits[0] <= most


def test_in_the_end_it_gives_up_and_says_why(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    endpoint = service.endpoint(sends(f"key {KEY} is over its quota", 429))
    with pytest.raises(UserError, match=r"in 4 tries.*status 429: key \*\*\* is over its quota") as raised:
        endpoint("write", 0)
    assert service.waits == [1.0, 2.0, 4.0]
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(("status", "hint"), [(401, KEY_VARIABLE), (404, "ends in /v1"), (400, "model")])
def test_a_refusal_is_final(
    service: Service, monkeypatch: pytest.MonkeyPatch, status: int, hint: str
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with pytest.raises(UserError, match=f"status {status}") as raised:
        service.endpoint(sends(f"no: {KEY}", status))("write", 0)
    assert hint in raised.value.remedy
    assert KEY not in str(raised.value)
    assert len(service.requests) == 1


def test_the_key_follows_no_redirect(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    elsewhere = f"{service.loopback.url}/elsewhere"
    for status in (301, 302, 303, 307, 308):
        with pytest.raises(UserError, match=f"status {status}"):
            service.endpoint(sends("", status, Location=elsewhere))("write", 0)
    assert {request["path"] for request in service.requests} == {"/v1/chat/completions"}


def test_the_key_does_not_travel_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with pytest.raises(UserError, match="unencrypted") as raised:
        ChatEndpoint("http://example.invalid/v1", "m")("write", 0)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "ключ"])
def test_a_key_that_no_header_can_carry_is_not_shown(
    service: Service, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(UserError, match="no header can carry") as raised:
        service.endpoint(says("x"))("write", 0)
    assert key not in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        "file:///etc/passwd#m",
        "ftp://host/v1#m",
        "https://#m",
        "https://user:password@host/v1#m",
        "https://host/v1?key=abc#m",
        "https://host/v1",
    ],
)
def test_addresses_that_cannot_be_meant(name: str) -> None:
    with pytest.raises(UserError) as raised:
        open_text_model(name)
    assert "password" not in str(raised.value)


def test_a_name_is_a_service_or_a_model(writer_folder: Path) -> None:
    assert open_text_model("https://host/v1#some/model").name == "https://host/v1#some/model"
    assert open_text_model(str(writer_folder)).name == str(writer_folder)
