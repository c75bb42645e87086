"""The page in a real Chromium: what others do to it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unrelate.data.decisions import read_decisions, standing

pytestmark = pytest.mark.slow
WriteFolder = Callable[..., Path]
Row = Callable[..., dict[str, Any]]
Start = Callable[..., Any]
Browse = Callable[[], Any]


def name(number: int) -> str:
    return f"pair-{number:04d}"


def post_from(browser: Any, url: str, token: str, pair: str) -> Any:
    """What a script in the page that is open gets for a decision: a status, or why there is none."""
    body = json.dumps(
        {"pair": pair, "before": {"verdict": "undecided", "caption": ""},
         "after": {"verdict": "accepted", "caption": ""}, "since": 0}
    )  # fmt: skip
    return browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "fetch(arguments[0], {method: 'POST', credentials: 'include', body: arguments[1], headers:"
        f" {{'Content-Type': 'application/json', 'X-Review-Token': {token}}}}})"
        ".then((answer) => done(answer.status), (error) => done(String(error)));",
        url,
        body,
    )


def test_a_decision_that_another_page_made_meanwhile_is_shown_and_stands(
    collected: WriteFolder, start: Start, browse: Browse
) -> None:
    folder = collected(3)
    server, browser = start(folder), browse()
    browser.open(server.url)
    browser.settled(name(0))
    assert post_from(browser, "/decide", "document.body.dataset.token", name(0)) == 200
    browser.press("r")
    browser.until("return !document.querySelector('#refused').hidden")
    assert "is accepted meanwhile; not written: rejected" in browser.text("#refused")
    assert standing(read_decisions(folder))[name(0)].verdict == "accepted"


def test_markup_is_shown_as_text_and_pictures_that_are_none_are_said(
    collected: WriteFolder, start: Start, browse: Browse, row: Row
) -> None:
    hostile = "<img src=x onerror=\"document.title='hacked'\">"
    cells = dict.fromkeys(("caption", "prompt", "checks", "source", "pair", "object", "split"), hostile)
    folder = collected([row(0, **cells), row(1)])
    (folder / "pictures/0001.png").write_text(f"<svg>{hostile}</svg>")
    browser = browse()
    browser.open(start(folder).url)
    browser.settled(hostile)
    assert browser.text("#caption") == hostile
    assert browser.text("#checks li") == hostile
    assert browser.ask("return document.querySelectorAll('img').length") == 1
    browser.press("r")
    browser.until("return document.body.dataset.pair === 'pair-0001' && document.querySelector('#picture p')")
    assert "is not a picture" in browser.text("#picture")
    browser.press("a")
    assert "unseen" in browser.text("#said")
    assert browser.ask("return document.title") == "Review of wine"
    assert [one.verdict for one in read_decisions(folder)] == ["rejected"]


def test_another_sites_page_can_neither_post_nor_read(
    collected: WriteFolder, start: Start, browse: Browse
) -> None:
    folder = collected(3)
    server, browser = start(folder), browse()
    browser.open(server.url)  # the cookie is there from now on
    address, token = server.url.split("/?token=")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>another site</title>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        # Another site, and another port of this one, to which the browser does send the cookie.
        for host in ("localhost", "127.0.0.1"):
            browser.driver.get(f"http://{host}:{other.server_port}/")
            # Even with the token, which it cannot know.
            for header in ("'guess'", f"'{token}'"):
                assert "TypeError" in post_from(browser, f"{address}/decide", header, name(0))
            form = (
                "const f = document.createElement('form'); f.method = 'post'; f.enctype = 'text/plain';"
                f"f.action = '{address}/decide'; document.body.append(f); f.submit();"
            )
            browser.ask(form)
            # The browser follows a form, cookie or not, and is shown the refusal.
            browser.until("return location.pathname === '/decide'")
            assert "this one lacks its token" in browser.text("body") or "must carry" in browser.text("body")
            browser.driver.get(f"http://{host}:{other.server_port}/")
            read = "const done = arguments[0]; fetch('%s/pairs', {credentials: 'include', mode: '%s'})"
            for mode in ("cors", "no-cors"):
                told = browser.driver.execute_async_script(
                    f"{read % (address, mode)}.then(() => done('read'), (error) => done(String(error)))"
                )
                assert "TypeError" in told
        other.shutdown()
    assert read_decisions(folder) == ()
    browser.open(f"{address}/")
    assert post_from(browser, "/decide", "document.body.dataset.token", name(0)) == 200
    assert len(read_decisions(folder)) == 1
