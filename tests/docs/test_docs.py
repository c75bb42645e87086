"""What the pages say can be followed: links lead somewhere, commands and imports are as they are quoted."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from unrelate.cli import app
from unrelate.microworld import render

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])
CODE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(\s*<?([^)>\s]+)>?[^)]*\)")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+?)\s*$", CODE.sub("", text_of(page)), re.MULTILINE)
    bare = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in bare}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(CODE.sub("", text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert not broken


def test_every_page_is_on_the_map() -> None:
    linked = set(LINK.findall(text_of(ROOT / "docs" / "index.md")))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} <= linked


def quoted(page: Path) -> Iterator[tuple[str, bool]]:
    """The command lines on a page; whether each stands in a block, to be typed as it is."""
    text = text_of(page)
    fenced = "\n".join(block[0] for block in CODE.finditer(text)).splitlines()
    indented = [line for line in CODE.sub("", text).splitlines() if line.startswith("    ")]
    for line in (*fenced, *indented):
        shown = re.match(r"^\s*(?:\$ )?(?:\.venv/bin/)?(unrelate [a-z].*)$", line)
        if shown:
            yield shown[1], True
    yield from ((words, False) for words in re.findall(r"`(unrelate [a-z][^`]*)`", CODE.sub("", text)))


def faults(line: str, whole: bool) -> list[str]:
    """What `unrelate` would object to; an argument left out is no fault in running text."""
    command: Any = get_command(app)
    words = shlex.split(line, comments=True)[1:]
    while hasattr(command, "commands"):
        if not words:
            return []
        if words[0] not in command.commands:
            return [f"no command {words[0]}"]
        command = command.commands[words.pop(0)]
    options = {name: one for one in command.params for name in one.opts if one.param_type_name == "option"}
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    needed = {one.opts[0] for one in options.values() if one.required}
    given, wrong = 0, []
    while words:
        word = words.pop(0)
        name, _, value = word.partition("=")
        if not word.startswith("-"):
            given += 1
        elif name == "--help":
            return wrong
        elif name not in options:
            wrong.append(f"no option {name}")
        else:
            needed.discard(options[name].opts[0])
            if not options[name].is_flag and not value:
                wrong += [] if words else [f"{name} without a value"]
                words = words[1:]
    if given > len(arguments) and not any(one.nargs == -1 for one in arguments):
        wrong.append(f"{given} arguments")
    if whole and given < sum(one.required for one in arguments):
        wrong.append("an argument is missing")
    return wrong + [f"{name} is missing" for name in sorted(needed) if whole]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_is_quoted_can_be_typed(page: Path) -> None:
    found = {line: faults(line, whole) for line, whole in quoted(page)}
    assert not {line: wrong for line, wrong in found.items() if wrong}


def test_the_commands_page_has_all_commands() -> None:
    lines = [line for line, whole in quoted(ROOT / "docs" / "cli.md") if whole]
    commands: Any = get_command(app)
    flat = [name for name in commands.commands if name != "embedded"]
    flat += [f"embedded {name}" for name in commands.commands["embedded"].commands]
    assert not [name for name in flat if not any(line.startswith(f"unrelate {name} ") for line in lines)]


def test_a_fault_is_found() -> None:
    assert faults("unrelate paln P", True) == ["no command paln"]
    assert faults("unrelate plan P --drow g.svg", True) == ["no option --drow", "2 arguments"]
    assert faults("unrelate edit P", True) == ["--out is missing"]
    assert faults("unrelate export RUN --out", True) == ["--out without a value"]
    assert faults("unrelate report", True) == ["an argument is missing"]
    assert not faults("unrelate report", False)
    assert not faults("unrelate compare A B C --json  # any number", True)


def python_blocks() -> list[Any]:
    return [
        pytest.param(text, id=f"{name_of(page)}-{number}")
        for page in PAGES
        for number, text in enumerate(
            re.findall(r"^```python\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)
        )
    ]


@pytest.mark.parametrize("program", python_blocks())
def test_python_on_the_pages_imports_what_there_is(program: str) -> None:
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unrelate"):
            module = import_module(node.module or "")
            assert not [name.name for name in node.names if not hasattr(module, name.name)]
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "unrelate"
        ):
            assert hasattr(import_module("unrelate"), node.attr)


def test_the_picture_of_the_embedded_world_is_said_as_shown() -> None:
    image, caption = render("child", "drinking", "wine", place="beach", style="pastel", seed=1)
    assert f"# {caption}" in text_of(ROOT / "docs" / "embedded-world.md")
    assert image.mode == "RGB"
