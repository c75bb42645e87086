"""Settings for every test (offline, no deadline on a shared machine), a tiny model, a small corpus."""

from __future__ import annotations

import gc
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from unrelate.data.types import Corpus
from unrelate.graph import RelationGraph, build_graph
from unrelate.policy import Policy, load_policy

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

settings.register_profile("unrelate", deadline=None, derandomize=True)
settings.load_profile("unrelate")


def pytest_collection_finish() -> None:
    """What the libraries made as they were imported lives as long as the tests: no use in looking it
    through at every collection."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # else the libraries take it all for leaks as the interpreter ends


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of the embedded world in the hub's layout that was never trained: quick, and knows nothing."""
    from transformers import CLIPTokenizer

    from unrelate.microworld.checkpoints import embedded_path
    from unrelate.microworld.clip_recipe import ClipRecipe, image_processor, new_clip

    folder = tmp_path_factory.mktemp("tiny-clip")
    tokenizer = CLIPTokenizer.from_pretrained(embedded_path("clip"))
    recipe = ClipRecipe(vision_width=32, vision_layers=2, text_width=32, text_layers=2, embedding=16)
    new_clip(recipe, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    image_processor().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy("child-drinking-alcohol")


@pytest.fixture(scope="session")
def graph(policy: Policy) -> RelationGraph:
    return build_graph(policy, seed=0)


@pytest.fixture(scope="session")
def corpus(graph: RelationGraph) -> Corpus:
    """A few pictures of every role and part."""
    from unrelate.microworld.source import Amounts, MicroworldSource

    amounts = Amounts(unsafe=24, safe_edge=30, node=16, neutral=20, audit=8)
    return MicroworldSource(amounts).corpus(graph, seed=0)


@dataclass
class Loopback:
    """A service on this machine: it gives one answer after the other, the last for ever, and remembers
    what it was asked.

    An answer is ``(status, body)`` or ``(status, body, headers)``, where a body that is no text is sent as
    JSON; or a misdeed: ``hang up`` (before any answer), ``reset``, ``break off`` (after half a body) or
    ``dawdle`` (until the test is over); or what makes one of these out of the request.
    """

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        request = json.loads(handler.rfile.read(length) or b"{}")
        self.requests.append(request | {"path": handler.path, "method": handler.command})
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, str):
            self._misbehave(handler, answer)
            return
        status, body, headers = (*answer, {}) if len(answer) == 2 else answer
        sent = (body if isinstance(body, str) else json.dumps(body)).encode()
        _send(handler, sent, len(sent), status, headers)

    def _misbehave(self, handler: BaseHTTPRequestHandler, how: str) -> None:
        handler.close_connection = True
        match how:
            case "hang up":
                pass
            case "reset":
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                handler.connection.close()
            case "break off":
                _send(handler, b'{"half', 1000, 200, {})
            case "dawdle":
                self.over.wait(10)
            case _:
                raise ValueError(how)


def _send(
    handler: BaseHTTPRequestHandler, body: bytes, length: int, status: int, headers: dict[str, str]
) -> None:
    handler.send_response(status)
    for name, value in ({"Content-Type": "application/json"} | headers).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A `Loopback`; the environment names a proxy, which nobody may ask for what is on this machine."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    loopback = Loopback()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            loopback.answer(self)

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            fault = sys.exc_info()[1]
            if fault is not None and not isinstance(fault, OSError):  # a client that left is no news
                loopback.faults.append(fault)

    server = Server(("127.0.0.1", 0), Handler)
    loopback.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield loopback
    loopback.over.set()
    server.shutdown()
    thread.join()
    server.server_close()
    assert loopback.faults == []
