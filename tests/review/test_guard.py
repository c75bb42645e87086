"""Every rule of the server with what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unrelate.data.decisions import read_decisions

pytest.importorskip("starlette", reason="needs the extra 'collect'")

HOST, TOKEN, ORIGIN = "127.0.0.1:4711", "the-token", "http://127.0.0.1:4711"
WriteFolder = Callable[..., Path]
Row = Callable[..., dict[str, Any]]
Client = Callable[[Path], Any]
Post = Callable[..., Any]
ACCEPT = {
    "pair": "pair-0000",
    "before": {"verdict": "undecided", "caption": ""},
    "after": {"verdict": "accepted", "caption": ""},
    "since": 0,
}


def test_the_token_opens_the_page_and_becomes_a_cookie(collected: WriteFolder, outside: Client) -> None:
    client = outside(collected(2))
    answer = client.get(f"/?token={TOKEN}")
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"unrelate-review-4711={TOKEN};")
    assert {part.strip() for part in cookie.split(";")[1:]} == {"Path=/", "HttpOnly", "SameSite=Strict"}
    for path in ("/", "/pairs", "/changes", "/picture/0", "/static/page.js", "/static/page.css"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    ["/", "/?token=", "/?token=another", f"/?token={TOKEN}&token=x", "/pairs", "/changes", "/picture/0",
     f"/pairs?token={TOKEN}", "/static/page.js", "/favicon.ico", "/nowhere", "/?token=%C3%A9"],
)  # fmt: skip
def test_without_the_token_nothing_is_told(collected: WriteFolder, path: str, outside: Client) -> None:
    client = outside(collected(2))
    assert client.get(path).status_code == 403
    assert client.get(path, headers={"cookie": "unrelate-review-4711=another"}).status_code == 403
    assert "set-cookie" not in client.get(path).headers


@pytest.mark.parametrize(
    "host",
    ["localhost:4711", "127.0.0.1", "127.0.0.1:80", "evil.example:4711", "127.0.0.1.evil.example:4711"],
)
def test_another_name_for_this_machine_is_refused(
    collected: WriteFolder, host: str, inside: Client, post: Post
) -> None:
    client = inside(collected(2))
    assert client.get("/pairs").status_code == 200
    assert client.get("/pairs", headers={"host": host}).status_code == 403
    assert client.get(f"/?token={TOKEN}", headers={"host": host}).status_code == 403
    assert post(client, ACCEPT, host=host).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"x_review_token": None},
        {"x_review_token": "another"},
        {"origin": None},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:4711"},
        {"cookie": "unrelate-review-4711=another"},
    ],
)
def test_another_sites_page_cannot_decide(
    collected: WriteFolder, headers: dict[str, str | None], inside: Client, post: Post
) -> None:
    folder = collected(2)
    client = inside(folder)
    assert post(client, ACCEPT, **headers).status_code == 403
    assert read_decisions(folder) == ()
    assert post(client, ACCEPT).status_code == 200


def test_other_methods_change_nothing_and_are_not_offered_to_other_sites(
    collected: WriteFolder, inside: Client
) -> None:
    client = inside(collected(2))
    assert client.get("/decide").status_code == 405
    asked = client.options("/decide", headers={"origin": "http://evil.example"})
    assert asked.status_code == 403
    assert not [name for name in asked.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", [f"/?token={TOKEN}", "/pairs", "/picture/0", "/picture/9", "/nowhere"])
def test_every_answer_says_what_the_browser_may_do_with_it(
    collected: WriteFolder, path: str, outside: Client, inside: Client
) -> None:
    folder = collected(2)
    for client in (inside(folder), outside(folder)):
        headers = client.get(path).headers
        rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert rules["default-src"] == "'none'"
        assert {rules[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
        assert {rules[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_the_page_brings_no_script_of_its_own_and_nothing_remote(
    collected: WriteFolder, row: Row, inside: Client
) -> None:
    folder = collected([row(0), row(1, pair="", caption="x")], name="<b>wine & bread")
    text = inside(folder).get("/").text
    assert "&lt;b&gt;wine &amp; bread" in text
    assert "<b>" not in text
    assert "1 row without a pair" in text
    assert "http:" not in text
    assert "https:" not in text
    assert " style=" not in text
    assert "<script>" not in text
    for name in ("page.js", "page.css"):
        content = inside(folder).get(f"/static/{name}").text
        assert "http:" not in content
        assert "innerHTML" not in content
