"""Run directories that hold a record, and the pages that are written into them, parsed."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from math import exp
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from unrelate.audit.record import AuditRecord
from unrelate.report import write_report

VOID = {"meta", "img", "br", "wbr", "link", "path", "line", "rect", "circle"}


class Page(HTMLParser):
    """Collects tags, attributes and text, and fails on a tag that is closed out of turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.words: list[str] = []
        self.html = html
        self.feed(html)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] not in ("style",):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def parse() -> Callable[[str], Page]:
    """A function that parses a page."""
    return Page


@pytest.fixture
def page_of(make_run: Callable[[AuditRecord], Path]) -> Callable[..., Page]:
    """A function that writes the pages of a record, and parses one of them."""

    def page(audit: AuditRecord, name: str = "report.html") -> Page:
        return Page(write_report(make_run(audit)).with_name(name).read_text(encoding="utf-8"))

    return page


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[[AuditRecord], Path]:
    """A function that writes a complete run directory for a record."""
    return lambda audit: write_run(tmp_path / "run", audit)


def write_run(folder: Path, audit: AuditRecord) -> Path:
    """A complete run directory: settings, policy, log of losses, tiny pictures."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_text(audit.to_json(), encoding="utf-8")
    settings = {
        "settings": {"steps": 300, "learning_rate": 0.002, "rank": 8},
        "hashes": {"policy": "3f" * 32, "data": "a1" * 32, "base_weights": "9c" * 32},
        "versions": {"unrelate": "0.1.0", "torch": "2.13.0"},
        "seed": 0,
    }
    (folder / "run.json").write_text(json.dumps(settings), encoding="utf-8")
    policy = "name: child drinking alcohol\nforget:\n  - child drinking alcohol\n"
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    (folder / "losses.jsonl").write_text("".join(_loss_line(s) for s in range(1, 301)), encoding="utf-8")
    shown = [item.picture for item in audit.items]
    shown += [breach.picture for held in audit.attacks.values() for breach in held.breaches]
    for name in shown:
        if name and "/" not in name:
            _picture(name).save(folder / "pictures" / name)
    return folder


def _loss_line(step: int) -> str:
    wave = 0.03 * ((step * 7919) % 13 / 13 - 0.5)
    terms = {
        "L3": 0.84 * exp(-step / 40) + abs(wave),
        "Ladv": 0.8 * exp(-step / 55) + abs(wave),
        "L1": 0.05 * exp(-(((step - 40) / 40) ** 2)) + 0.01,
        "L2": 0.03 * exp(-(((step - 40) / 60) ** 2)) + 0.004,
        "L4": 0.006 + wave / 20,
        "Lc": 0.02 * (1 - exp(-step / 30)),
    }
    return json.dumps({"step": step, "total": sum(terms.values()), "lr": 2e-3, "terms": terms}) + "\n"


def _picture(name: str) -> Image.Image:
    """A figure with a glass, small enough to keep the tests fast."""
    hue = sum(map(ord, name)) * 37 % 360
    image = Image.new("RGB", (64, 64), f"hsl({hue}, 45%, 82%)")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 48, 64, 64), fill=f"hsl({hue}, 30%, 62%)")
    pen.ellipse((24, 10, 40, 26), fill="#e8b48c")
    pen.rectangle((22, 27, 42, 52), fill=f"hsl({(hue + 150) % 360}, 55%, 45%)")
    pen.rectangle((44, 30, 50, 40), fill="#8c1c3a")
    return image
