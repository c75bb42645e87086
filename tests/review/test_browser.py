"""The page in a real Chromium: what a person does to it."""

from __future__ import annotations

import json
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


def review_one(browser: Any, number: int, then: str) -> tuple[str, str]:
    """Decide about a pair by keys alone; gives what should stand."""
    browser.settled(name(number))
    if number % 7 == 2:
        browser.press("r")
        return "rejected", ""
    if number % 7 == 4:
        browser.press("e")
        browser.write(f"mended {number}")
        browser.press("Enter")
        browser.settled(name(number))
        browser.press("a")
        return "accepted", f"mended {number}"
    browser.press("a")
    if number % 11 == 5:
        browser.settled(then)
        browser.press("u")
        browser.settled(name(number))
        browser.press("r")
        return "rejected", ""
    return "accepted", ""


def test_three_hundred_pairs_through_a_killed_server_and_a_closed_browser(
    collected: WriteFolder, start: Start, browse: Browse
) -> None:
    count = 300
    folder = collected(count)
    server, browser = start(folder), browse()
    browser.open(server.url)
    stands = {}
    for number in range(count):
        if number == 150:
            browser.settled(name(number))
            made = len(read_decisions(folder))
            server.kill()
            browser.press("a")
            browser.until("return !document.querySelector('#trouble').hidden")
            assert "1 decision waits" in browser.text("#trouble")
            # It is not counted before it is on the disk.
            assert browser.text("#counts .accepted b") == str(
                sum(verdict == "accepted" for verdict, _ in stands.values())
            )
            assert len(read_decisions(folder)) == made
            server = start(folder)
            browser.open(server.url)
            stands[name(number)] = ("accepted", "")
            continue
        if number == 220:
            browser.settled(name(number))
            browser.driver.quit()
            browser = browse()
            browser.open(server.url)
        stands[name(number)] = review_one(browser, number, name((number + 1) % count))
    browser.until("return document.body.dataset.waiting === '0'")
    found = {pair: (one.verdict, one.caption) for pair, one in standing(read_decisions(folder)).items()}
    assert found == stands
    counts = {
        verdict: sum(one[0] == verdict for one in stands.values()) for verdict in ("accepted", "rejected")
    }
    browser.driver.refresh()
    browser.until("return document.body.dataset.ready === 'yes'")
    for verdict, many in counts.items():
        assert browser.text(f"#counts .{verdict} b") == str(many)
    assert browser.ask("const p = document.querySelector('#progress'); return p.value / p.max") == 1
    mended = sum(bool(caption) for _, caption in stands.values())
    assert json.loads(server.interrupt()) == {**counts, "undecided": 0, "mended": mended}


def test_what_was_typed_outlives_server_and_browser(
    collected: WriteFolder, start: Start, browse: Browse
) -> None:
    folder = collected(3)
    server, browser = start(folder), browse()
    browser.open(server.url)
    browser.settled(name(0))
    server.kill()
    browser.press("r")
    browser.until("return document.body.dataset.waiting === '1'")
    browser.press("e")
    browser.write("half a capt")
    browser.driver.quit()
    server, browser = start(folder), browse()
    browser.open(server.url)
    browser.settled(name(1))
    assert [(one.pair, one.verdict) for one in read_decisions(folder)] == [(name(0), "rejected")]
    assert browser.ask("return !document.querySelector('#draft').hidden")
    browser.press("e")
    assert browser.ask("return document.querySelector('#typed').value") == "half a capt"
    browser.press("Escape")
    assert browser.ask("return document.querySelector('#draft').hidden")
    assert browser.text("#caption") == "caption 1"


def test_it_fits_a_phone_and_a_thumb_and_shows_where_the_keyboard_is(
    collected: WriteFolder, start: Start, browse: Browse, row: Row
) -> None:
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
    folder = collected([row(0, caption=long, prompt=long, checks=long, pair=long, source=long), row(1)])
    browser = browse()
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.open(start(folder).url)
    browser.until("return document.body.dataset.seen === 'yes'")
    browser.press("f")
    browser.press("Escape")
    browser.press("e")
    assert browser.ask("return [document.documentElement.scrollWidth, innerWidth]") == [360, 360]
    boxes = browser.ask(
        "return [...document.querySelectorAll('.keys button')].map((b) => b.getBoundingClientRect())"
        ".filter((b) => b.width).map((b) => [b.left, b.right, b.bottom, b.height])"
    )
    assert len(boxes) == 6
    for left, right, bottom, height in boxes:
        assert left >= 0
        assert right <= 360
        assert bottom <= 740
        assert height >= 44
    browser.press("Escape")
    reached = set()
    for _ in range(16):
        browser.press("Tab")
        element, style, width = browser.ask(
            "const e = document.activeElement, s = getComputedStyle(e);"
            "return [e.dataset.does ?? e.name ?? e.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]"
        )
        reached.add(element)
        # Between the last control and the first the browser's own come.
        assert element == "BODY" or (style, width >= 3) == ("solid", True), element
    assert {"accept", "reject", "mend", "undo", "verdict", "text"} <= reached
    browser.ask("document.querySelector('[data-does=accept]').click()")
    browser.until(
        "return document.body.dataset.waiting === '0' && document.body.dataset.pair === 'pair-0001'"
    )
    assert [one.verdict for one in read_decisions(folder)] == ["accepted"]
