"""Gemini's protocol on the loopback, through the official client."""

from __future__ import annotations

import base64
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from unrelate.collect.sources.gemini import GeminiDrawer
from unrelate.collect.types import SourceFailed
from unrelate.errors import UserError
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")
MODEL = "gemini-2.0-flash-preview-image-generation"
Encoded = Callable[..., str]


@pytest.fixture
def drawer(serve: Any, monkeypatch: pytest.MonkeyPatch, key: str) -> Callable[..., GeminiDrawer]:
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", key)
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")  # another protocol, and other accounts

    def make(*answers: Any, **options: Any) -> GeminiDrawer:
        serve.answers = list(answers)
        options = {"attempts": 4, "timeout": 5.0, "sleep": serve.waits.append} | options
        return GeminiDrawer(MODEL, base_url=serve.url, **options)

    return make


def parts(*held: dict[str, Any], ended: str = "STOP", **more: Any) -> tuple[int, dict[str, Any]]:
    candidate = {"content": {"role": "model", "parts": list(held)}, "finishReason": ended}
    return 200, {"candidates": [candidate]} | more


def draws(picture: str) -> tuple[int, dict[str, Any]]:
    return parts({"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": picture}})


def fails(status: int, name: str = "UNKNOWN", message: str = "no", **more: Any) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": status, "message": message, "status": name} | more}


def test_it_asks_as_the_protocol_wants(
    serve: Any, drawer: Callable[..., GeminiDrawer], encoded: Encoded, key: str
) -> None:
    one = drawer(draws(encoded()))
    assert one.draw(WINE, "a child drinking wine", seed=2**31 + 7) == base64.b64decode(encoded())
    asked, headers = serve.requests[0], serve.headers[0]
    assert asked["path"].endswith(f"/models/{MODEL}:generateContent")
    assert asked["contents"] == [{"parts": [{"text": "a child drinking wine"}], "role": "user"}]
    assert asked["generationConfig"] == {"responseModalities": ["TEXT", "IMAGE"], "seed": 7}
    assert headers["x-goog-api-key"] == key
    assert key not in asked["path"]
    assert (one.name, one.model, one.paid) == ("gemini", MODEL, True)


def test_one_picture_has_one_idempotency_key(
    serve: Any, drawer: Callable[..., GeminiDrawer], encoded: Encoded
) -> None:
    one = drawer(fails(500), fails(500), draws(encoded()))
    for prompt, seed in (("a prompt", 0), ("a prompt", 1), ("another", 0), ("a prompt", 0)):
        one.draw(WINE, prompt, seed=seed)
    keys = [headers["idempotency-key"] for headers in serve.headers]
    assert len(serve.requests) == 6
    assert keys[0] == keys[1] == keys[2] == keys[5]
    assert len(set(keys)) == 3


@pytest.mark.parametrize(
    ("bad", "paid", "why"),
    [
        (fails(429, "RESOURCE_EXHAUSTED"), False, "status 429, RESOURCE_EXHAUSTED"),
        (fails(500, "INTERNAL"), False, "status 500"),
        ((503, "<html>unavailable</html>"), False, "status 503"),
        ("hang up", False, "a broken connection"),
        ("reset", False, "a broken connection"),
        ("break off", True, "a broken connection"),
        ((200, "not JSON"), True, "not of the protocol"),
        ((200, '{"candidates": [{"cont'), True, "not of the protocol"),
        ((200, [1, 2]), True, "without a picture"),
        ((200, {"candidates": 7}), True, "not of the protocol"),
        ((200, {"choices": []}), True, "without a picture"),
        ((200, {"candidates": []}), True, "without a picture"),
        (parts({"text": "I would rather not."}), True, "without a picture"),
        (parts(ended="NO_IMAGE"), True, "NO_IMAGE"),
        (draws("&&&&"), True, "not of the protocol"),
        (draws("aGVsbG8gd29ybGQ="), True, "is not a picture"),
    ],
)
def test_what_may_pass_is_asked_again_and_in_the_end_given_up(
    serve: Any, drawer: Callable[..., GeminiDrawer], encoded: Encoded, bad: Any, paid: bool, why: str
) -> None:
    good = base64.b64decode(encoded())
    assert drawer(bad, bad, draws(encoded())).draw(WINE, "a prompt", seed=0) == good
    assert len(serve.requests) == 3
    assert [1 <= serve.waits[0] <= 2, 2 <= serve.waits[1] <= 4] == [True, True]
    with pytest.raises(SourceFailed, match=why) as raised:
        drawer(bad).draw(WINE, "a prompt", seed=0)
    assert len(serve.requests) == 3 + 4
    assert raised.value.paid is paid


def test_a_picture_of_a_pixel_is_not_taken(drawer: Callable[..., GeminiDrawer], encoded: Encoded) -> None:
    with pytest.raises(SourceFailed, match="1 x 1 pixels") as raised:
        drawer(draws(encoded(1)), attempts=2).draw(WINE, "a prompt", seed=0)
    assert raised.value.paid


def test_an_answer_that_does_not_come_is_not_waited_for(
    drawer: Callable[..., GeminiDrawer], encoded: Encoded
) -> None:
    assert drawer("dawdle", draws(encoded()), timeout=0.2).draw(WINE, "a prompt", seed=0)
    with pytest.raises(SourceFailed, match="no answer in time") as raised:
        drawer("dawdle", timeout=0.1, attempts=1).draw(WINE, "a prompt", seed=0)
    assert not raised.value.paid


def test_the_wait_is_what_the_header_or_the_body_asks_for(
    serve: Any, drawer: Callable[..., GeminiDrawer], encoded: Encoded
) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    in_body = fails(429, "RESOURCE_EXHAUSTED", details=[{"quota": 1}, info])
    in_header = (*in_body, {"Retry-After": "3"})
    assert drawer(in_body, in_header, draws(encoded())).draw(WINE, "a prompt", seed=0)
    assert serve.waits == [34.5, 3.0]


@pytest.mark.parametrize(
    ("answer", "paid"),
    [
        ((200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), False),
        ((200, {"promptFeedback": {"blockReason": "OTHER"}}), False),
        (parts(ended="IMAGE_SAFETY"), False),
        (parts(ended="IMAGE_SAFETY", usageMetadata={"candidatesTokenCount": 1290}), True),
        (parts({"text": "no"}, ended="PROHIBITED_CONTENT"), False),
    ],
)
def test_a_block_is_not_argued_with(
    serve: Any, drawer: Callable[..., GeminiDrawer], answer: tuple[int, Any], paid: bool
) -> None:
    with pytest.raises(SourceFailed, match="content policy") as raised:
        drawer(answer).draw(WINE, "a prompt", seed=0)
    assert raised.value.paid is paid
    assert len(serve.requests) == 1


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (fails(400, "INVALID_ARGUMENT", "API key not valid."), "options"),
        (fails(401, "UNAUTHENTICATED"), "GEMINI_API_KEY"),
        (fails(403, "PERMISSION_DENIED"), "GEMINI_API_KEY"),
        (fails(404, "NOT_FOUND"), "model's name"),
        ((307, "", {"Location": "/elsewhere"}), "address that it really has"),
    ],
)
def test_what_will_not_pass_stops_the_collecting(
    serve: Any, drawer: Callable[..., GeminiDrawer], answer: tuple[int, Any], hint: str
) -> None:
    with pytest.raises(UserError, match=f"status {answer[0]}") as raised:
        drawer(answer).draw(WINE, "a prompt", seed=0)
    assert hint in raised.value.remedy
    assert len(serve.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_the_key_is_shown_nowhere(
    serve: Any,
    drawer: Callable[..., GeminiDrawer],
    key: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    one = drawer(fails(status, key, f"your key is {key}"), attempts=2)
    with pytest.raises((UserError, SourceFailed)) as raised:
        one.draw(WINE, "a prompt", seed=0)
    assert serve.headers[0]["x-goog-api-key"] == key
    shown = [repr(one), str(raised.value), repr(raised.value), str(vars(raised.value)), caplog.text]
    assert key not in "".join((*shown, *capfd.readouterr()))
    assert "127.0.0.1" in caplog.text  # the libraries do log


def test_the_key_comes_from_the_environment_and_the_address_may(
    serve: Any, drawer: Callable[..., GeminiDrawer], encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawer(draws(encoded()))
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", serve.url)
    monkeypatch.setenv("GOOGLE_API_KEY", "the-other-key")
    assert GeminiDrawer(MODEL).draw(WINE, "a prompt", seed=0)
    assert serve.headers[0]["x-goog-api-key"] == "the-other-key"
    monkeypatch.delenv("GOOGLE_API_KEY")
    monkeypatch.delenv("GEMINI_API_KEY")
    with pytest.raises(UserError, match="without a key"):
        GeminiDrawer(MODEL).draw(WINE, "a prompt", seed=0)
    assert len(serve.requests) == 1


def test_the_key_does_not_travel_in_the_open(drawer: Callable[..., GeminiDrawer], key: str) -> None:
    drawer(fails(500))
    with pytest.raises(UserError, match="unencrypted") as raised:
        GeminiDrawer(MODEL, base_url="http://example.invalid").draw(WINE, "a prompt", seed=0)
    assert key not in str(raised.value)
    with pytest.raises(UserError, match="no model"):
        GeminiDrawer("")


def test_nobody_there(drawer: Callable[..., GeminiDrawer], serve: Any) -> None:
    drawer(fails(500))
    one = GeminiDrawer(MODEL, attempts=2, base_url="http://127.0.0.1:9", sleep=serve.waits.append)
    with pytest.raises(UserError, match="no connection to Gemini in 2 attempts"):
        one.draw(WINE, "a prompt", seed=0)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.genai", None)
    with pytest.raises(UserError, match="without the library 'google-genai'") as raised:
        GeminiDrawer(MODEL).draw(WINE, "a prompt", seed=0)
    assert raised.value.remedy == "pip install 'unrelate[collect]'"
