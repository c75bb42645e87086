"""Collected folders to review, the page's server within reach or in a process of its own, a Chromium."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unrelate.review.ledger import Ledger
from unrelate.review.pairs import read_pairs

Cells = dict[str, Any]
WriteFolder = Callable[..., Path]
ROLES = ("unsafe", "safe_edge", "node", "neutral")


def pair_row(number: int, **cells: Any) -> Cells:
    """A row as `unrelate collect` writes it."""
    return {
        "image": f"pictures/{number:04d}.png",
        "caption": f"caption {number}",
        "actor": "child",
        "relation": "drinking",
        "object": "wine" if number % 4 == 0 else "milk",
        "place": "kitchen",
        "role": ROLES[number % 4],
        "split": "held_out" if number % 5 == 0 else "train",
        "source": "drawn" if number % 2 else "found",
        "licence": "CC0-1.0",
        "pair": f"pair-{number:04d}",
        "model": "some/painter",
        "prompt": f"prompt {number}",
        "seed": str(number),
        "checks": "shows two people; low contrast" if number % 7 == 3 else "",
        **cells,
    }


@pytest.fixture
def row() -> Callable[..., Cells]:
    return pair_row


@pytest.fixture
def collected(tmp_path: Path) -> WriteFolder:
    """Write a folder of so many pairs, or of the rows given; paints what is not there yet."""

    def write(rows: int | Sequence[Cells], name: str = "wine") -> Path:
        folder = tmp_path / name
        listed = [pair_row(number) for number in range(rows)] if isinstance(rows, int) else rows
        (folder / "pictures").mkdir(parents=True)
        for number, row in enumerate(listed):
            path = folder / str(row.get("image") or "none.png")
            if ".." not in path.parts and not path.exists() and path.parent.is_dir():
                Image.new("RGB", (24, 18), (number % 256, number // 256, 90)).save(path)
        lines = "".join(json.dumps(row) + "\n" for row in listed)
        (folder / "manifest.jsonl").write_text(lines, encoding="utf-8")
        return folder

    return write


HOST, TOKEN = "127.0.0.1:4711", "the-token"


@pytest.fixture
def outside() -> Callable[..., Any]:
    """A browser of a folder's page that was not given its address."""
    from starlette.testclient import TestClient

    from unrelate.review.app import Desk, build_app

    def client(folder: Path) -> Any:
        pairs = read_pairs(folder)
        desk = Desk(pairs, Ledger(folder, [pair.name for pair in pairs.pairs], "Ada"), "Ada")
        return TestClient(build_app(desk, host=HOST, token=TOKEN), base_url=f"http://{HOST}")

    return client


@pytest.fixture
def inside(outside: Callable[..., Any]) -> Callable[..., Any]:
    """One that opened it."""

    def client(folder: Path) -> Any:
        found = outside(folder)
        assert found.get(f"/?token={TOKEN}").status_code == 200
        return found

    return client


@pytest.fixture
def post() -> Callable[..., Any]:
    """Send a decision as the page does; a header given as None is left out."""

    def send(client: Any, body: Any, **headers: str | None) -> Any:
        usual = {"origin": f"http://{HOST}", "x-review-token": TOKEN, "content-type": "application/json"}
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        sent = {key: value for key, value in (usual | given).items() if value is not None}
        content = body if isinstance(body, bytes) else json.dumps(body)
        return client.post("/decide", content=content, headers=sent)

    return send


@dataclass
class Running:
    """`unrelate review` as somebody runs it."""

    process: subprocess.Popen[str]
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.said["url"]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def interrupt(self) -> str:
        """Ctrl-C; what it says at the end."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, err
        return out


# The command on its own: the test needs no other part of the command line.
_RUN = "import typer; from unrelate.cli_review import review; typer.run(review)"


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Start the server of a folder and wait for its address."""
    started: list[Running] = []

    def run(folder: Path, *options: str) -> Running:
        command = [sys.executable, "-c", _RUN, str(folder), "--no-browser", "--json", *options]
        source = str(Path(__file__).parents[2] / "src")
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": source},
        )
        running = Running(process)
        started.append(running)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(process.communicate()[1])
        running.said = json.loads(line)
        return running

    yield run
    for running in started:
        if running.process.poll() is None:
            running.kill()
        for stream in (running.process.stdout, running.process.stderr):
            if stream is not None:
                stream.close()


class Browser:
    """A Chromium with a profile of its own, which outlives it."""

    def __init__(self, webdriver: Any, chromium: str, chromedriver: str, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for one in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-first-run"):
            options.add_argument(f"--{one}")
        options.add_argument(f"--user-data-dir={profile}")
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
        self.driver.set_script_timeout(15)

    def open(self, url: str) -> None:
        self.driver.get(url)
        self.until("return document.body.dataset.ready === 'yes'")

    def ask(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def until(self, script: str, seconds: float = 15) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.ask(script)
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(
            f"{script} is not so; the page says: {self.ask('return document.body.innerText')}"
        )

    def press(self, key: str) -> None:
        """One key, as the keyboard sends it: to whatever has the focus."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Escape": 27, "Tab": 9}.get(key, ord(key[0].upper()))
        sent = {"key": key, "windowsVirtualKeyCode": code, "type": "keyDown", "text": text}
        self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", sent)

    def write(self, text: str) -> None:
        self.driver.execute_cdp_cmd("Input.insertText", {"text": text})

    def settled(self, pair: str) -> None:
        """Wait until this pair is shown with its picture, and nothing waits."""
        self.driver.execute_async_script(
            "const [pair, done] = arguments, d = document.body.dataset;"
            "const look = () => d.pair === pair && d.seen === 'yes' && d.waiting === '0'"
            " ? done() : setTimeout(look, 4); look();",
            pair,
        )

    def text(self, selector: str) -> str:
        return self.ask(f"return document.querySelector({selector!r}).textContent")


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[[], Browser]]:
    """Start Debian's Chromium; nothing is ever downloaded for it."""
    found = shutil.which("chromium"), shutil.which("chromedriver"), find_spec("selenium")
    if not all(found):
        missing = "chromium and chromedriver have to be on the path, and selenium installed"
        if os.environ.get("UNRELATE_NEEDS_CHROMIUM") == "1":
            pytest.fail(f"UNRELATE_NEEDS_CHROMIUM=1, but {missing}")
        pytest.skip(missing)
    webdriver: Any = import_module("selenium.webdriver")
    opened: list[Browser] = []

    def start() -> Browser:
        opened.append(Browser(webdriver, str(found[0]), str(found[1]), tmp_path / "profile"))
        return opened[-1]

    yield start
    for browser in opened:
        browser.driver.quit()
