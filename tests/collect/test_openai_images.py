"""A drawing service on the loopback, in every way in which such services fail."""

from __future__ import annotations

import base64
import json
import logging
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from unrelate.collect.sources.openai_images import OpenAIDrawer
from unrelate.collect.types import SourceFailed
from unrelate.errors import UserError
from unrelate.models.service import KEY_VARIABLE
from unrelate.policy.triple import Triple

WINE = Triple("child", "drinking", "wine")
Encoded = Callable[..., str]


@pytest.fixture
def drawer(serve: Any, monkeypatch: pytest.MonkeyPatch, key: str) -> Callable[..., OpenAIDrawer]:
    monkeypatch.setenv(KEY_VARIABLE, key)

    def make(*answers: Any, **options: Any) -> OpenAIDrawer:
        serve.answers = list(answers)
        options = {"attempts": 4, "timeout": 5.0, "sleep": serve.waits.append} | options
        return OpenAIDrawer(f"{serve.url}/v1", "some-model", **options)

    return make


def draws(picture: str) -> tuple[int, dict[str, Any]]:
    return 200, {"created": 1, "data": [{"b64_json": picture}]}


def fails(
    status: int, message: str = "no", code: str | None = None, **more: Any
) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": message, "code": code, "type": "some_error"} | more}


def test_it_asks_as_the_protocol_wants(
    serve: Any,
    drawer: Callable[..., OpenAIDrawer],
    encoded: Encoded,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "another-key")
    monkeypatch.setenv("OPENAI_ORG_ID", "an-organisation")
    one = drawer(draws(encoded()), size="512x512")
    assert one.draw(WINE, "a child drinking wine", seed=7) == base64.b64decode(encoded())
    asked, headers = serve.requests[0], serve.headers[0]
    assert (asked["path"], asked["model"], asked["prompt"]) == (
        "/v1/images/generations",
        "some-model",
        "a child drinking wine",
    )
    assert (asked["size"], asked["n"], asked["seed"]) == ("512x512", 1, 7)
    assert asked["response_format"] == "b64_json"
    assert headers["authorization"] == f"Bearer {key}"
    assert "openai-organization" not in headers
    assert (one.name, one.model, one.paid) == ("openai", "some-model", True)
    assert "127.0.0.1" not in one.name + one.model + one.licence


def test_no_key_is_sent_where_there_is_none(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    monkeypatch.setenv("OPENAI_API_KEY", "another-key")
    drawer(draws(encoded())).draw(WINE, "a prompt", seed=0)
    assert "authorization" not in serve.headers[0]
    assert "size" not in serve.requests[0]


def test_one_picture_has_one_idempotency_key(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded
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
        (fails(429), False, "status 429"),
        (fails(408), False, "status 408"),
        (fails(500), False, "status 500"),
        ((503, "<html>unavailable</html>"), False, "status 503"),
        ("hang up", False, "a broken connection"),
        ("reset", False, "a broken connection"),
        ("break off", True, "a broken connection"),
        ((200, "not JSON"), True, "no JSON"),
        ((200, '{"data": [{"b64_json": "iVBO'), True, "no JSON"),
        ((200, [1, 2]), True, "without pictures"),
        ((200, {"choices": []}), True, "without pictures"),
        ((200, {"data": []}), True, "without pictures"),
        ((200, {"data": ["x"]}), True, "without pictures"),
        ((200, {"data": [{}]}), True, "without a picture"),
        ((200, {"data": [{"b64_json": ""}]}), True, "without a picture"),
        ((200, {"data": [{"b64_json": 7}]}), True, "without a picture"),
        ((200, {"data": [{"b64_json": "&&&&"}]}), True, "base64 is broken"),
        ((200, {"data": [{"b64_json": "aGVsbG8gd29ybGQ="}]}), True, "is not a picture"),
        ((200, {"data": [{"url": "http://127.0.0.1:1/picture.png"}]}), True, "not fetched"),
        ((200, {"data": [{"url": "data:text/html,hello"}]}), True, "not fetched"),
    ],
)
def test_what_may_pass_is_asked_again_and_in_the_end_given_up(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded, bad: Any, paid: bool, why: str
) -> None:
    good = base64.b64decode(encoded())
    assert drawer(bad, bad, draws(encoded())).draw(WINE, "a prompt", seed=0) == good
    assert len(serve.requests) == 3
    assert [1 <= serve.waits[0] <= 2, 2 <= serve.waits[1] <= 4] == [True, True]
    with pytest.raises(SourceFailed, match=why) as raised:
        drawer(bad).draw(WINE, "a prompt", seed=0)
    assert len(serve.requests) == 3 + 4
    assert raised.value.paid is paid
    assert "127.0.0.1" not in raised.value.why


def test_half_a_picture_one_of_a_pixel_and_other_formats_are_not_taken(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded
) -> None:
    half = base64.b64encode(base64.b64decode(encoded(64))[:-40]).decode()
    for picture, why in ((half, "cut short"), (encoded(1), "1 x 1 pixels"), (encoded(kind="GIF"), "in GIF")):
        with pytest.raises(SourceFailed, match=why) as raised:
            drawer(draws(picture), attempts=1).draw(WINE, "a prompt", seed=0)
        assert raised.value.paid
    for kind in ("JPEG", "WEBP"):
        assert drawer(draws(encoded(kind=kind))).draw(WINE, "a prompt", seed=0)
    held = {"data": [{"url": f"data:image/png;base64,{encoded()}"}]}
    assert drawer((200, held)).draw(WINE, "a prompt", seed=0) == base64.b64decode(encoded())
    assert {request["method"] for request in serve.requests} == {"POST"}


def test_an_answer_that_does_not_come_is_not_waited_for(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded
) -> None:
    assert drawer("dawdle", draws(encoded()), timeout=0.2).draw(WINE, "a prompt", seed=0)
    with pytest.raises(SourceFailed, match="no answer in time") as raised:
        drawer("dawdle", timeout=0.1, attempts=1).draw(WINE, "a prompt", seed=0)
    assert not raised.value.paid


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("7", 7, 7), ("0.5", 0.5, 0.5), ("soon", 1, 2), ("nan", 1, 2), ("-3", 0, 0), ("DATE", 15, 20)],
)
def test_the_service_says_how_long_to_wait(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded, asked: str, least: float, most: float
) -> None:
    said = formatdate(time.time() + 20, usegmt=True) if asked == "DATE" else asked
    limited = (*fails(429), {"Retry-After": said})
    assert drawer(limited, draws(encoded())).draw(WINE, "a prompt", seed=0)
    assert least <= serve.waits[0] <= most


@pytest.mark.parametrize(
    "refusal",
    [
        fails(400, code="content_policy_violation"),
        fails(400, code="moderation_blocked"),
        fails(400, code="contentFilter"),
        fails(403, code="content_filter"),
        fails(400, "Generated image rejected by content moderation.", type=None),
    ],
)
def test_a_refusal_is_not_argued_with(
    serve: Any, drawer: Callable[..., OpenAIDrawer], refusal: tuple[int, Any]
) -> None:
    with pytest.raises(SourceFailed, match="content policy") as raised:
        drawer(refusal).draw(WINE, "a prompt", seed=0)
    assert not raised.value.paid
    assert len(serve.requests) == 1


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (fails(401), KEY_VARIABLE),
        (fails(403), KEY_VARIABLE),
        (fails(404, code="model_not_found"), "model's name"),
        (fails(402), "pay"),
        (fails(429, code="insufficient_quota"), "pay"),
        (fails(400, "Invalid size", code="invalid_size"), "options"),
        (fails(307), "address that it really has"),
    ],
)
def test_what_will_not_pass_stops_the_collecting(
    serve: Any, drawer: Callable[..., OpenAIDrawer], answer: tuple[int, Any], hint: str
) -> None:
    with pytest.raises(UserError, match=f"status {answer[0]}") as raised:
        drawer(answer).draw(WINE, "a prompt", seed=0)
    assert hint in raised.value.remedy
    assert len(serve.requests) == 1
    assert serve.waits == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_follows_no_redirect(serve: Any, drawer: Callable[..., OpenAIDrawer], status: int) -> None:
    with pytest.raises(UserError, match=f"status {status}"):
        drawer((status, "", {"Location": f"{serve.url}/elsewhere"})).draw(WINE, "a prompt", seed=0)
    assert {request["path"] for request in serve.requests} == {"/v1/images/generations"}


def test_what_a_service_does_not_know_is_left_out_from_then_on(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded
) -> None:
    def strict(request: dict[str, Any]) -> tuple[int, Any]:
        for name in ("response_format", "seed"):
            if name in request:
                return fails(400, f"Unknown parameter: '{name}'.", "unknown_parameter", param=name)
        return draws(encoded())

    one = drawer(strict, attempts=1)
    assert one.draw(WINE, "a prompt", seed=0)
    assert one.draw(WINE, "a prompt", seed=1)
    assert len(serve.requests) == 3 + 1
    assert serve.waits == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_the_key_is_shown_nowhere(
    serve: Any,
    drawer: Callable[..., OpenAIDrawer],
    key: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    one = drawer(fails(status, f"your key is {key}", code=key, type=key), attempts=2)
    with pytest.raises((UserError, SourceFailed)) as raised:
        one.draw(WINE, "a prompt", seed=0)
    assert serve.headers[0]["authorization"] == f"Bearer {key}"
    shown = [repr(one), str(raised.value), repr(raised.value), str(vars(raised.value)), caplog.text]
    assert key not in "".join((*shown, *capfd.readouterr()))
    assert "127.0.0.1" in caplog.text  # the libraries do log


def test_a_key_that_cannot_be_sent_and_one_that_would_be_seen(
    drawer: Callable[..., OpenAIDrawer], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with pytest.raises(UserError, match="unencrypted") as raised:
        OpenAIDrawer("http://example.invalid/v1", "m").draw(WINE, "a prompt", seed=0)
    assert key not in str(raised.value)
    monkeypatch.setenv(KEY_VARIABLE, "two words")
    with pytest.raises(UserError, match="no header can carry"):
        drawer(fails(500)).draw(WINE, "a prompt", seed=0)


def test_nobody_there(monkeypatch: pytest.MonkeyPatch, serve: Any) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    one = OpenAIDrawer("http://127.0.0.1:9/v1", "m", attempts=2, sleep=serve.waits.append)
    with pytest.raises(UserError, match=r"no connection to http://127\.0\.0\.1:9/v1 in 2 attempts"):
        one.draw(WINE, "a prompt", seed=0)
    assert len(serve.waits) == 1


@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("ftp://host/v1", "m"),
        ("https://user:password@host/v1", "m"),
        ("https://host/v1?key=abc", "m"),
        ("https://host/v1", ""),
    ],
)
def test_addresses_that_cannot_be_meant(url: str, model: str) -> None:
    with pytest.raises(UserError) as raised:
        OpenAIDrawer(url, model)
    assert "password" not in str(raised.value)
    assert "abc" not in str(raised.value)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(UserError, match="without the library 'openai'") as raised:
        OpenAIDrawer("https://host/v1", "m").draw(WINE, "a prompt", seed=0)
    assert raised.value.remedy == "pip install 'unrelate[collect]'"


def test_the_json_of_a_request_is_small(
    serve: Any, drawer: Callable[..., OpenAIDrawer], encoded: Encoded
) -> None:
    """Nothing of the tuple but the prompt leaves this machine."""
    drawer(draws(encoded())).draw(WINE, "a prompt", seed=0)
    sent = {name for name in serve.requests[0] if name not in ("path", "method")}
    assert sent == {"model", "prompt", "n", "response_format", "seed"}
    assert "wine" not in json.dumps(serve.requests[0])
