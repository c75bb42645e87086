"""The command as somebody runs it: its address, its end, and what stands in its way."""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unrelate import cli_review
from unrelate.data.decisions import decide
from unrelate.errors import UserError

pytest.importorskip("uvicorn", reason="needs the extra 'collect'")

WriteFolder = Callable[..., Path]
Start = Callable[..., Any]


def fetch(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(autouse=True)
def never_served_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What should be refused must not wait for ctrl-C if it is not."""

    def run(*_: object, **__: object) -> None:
        raise AssertionError("it was not refused")

    monkeypatch.setattr("uvicorn.Server.run", run)


def refused(folder: Path, **options: Any) -> UserError:
    usual: dict[str, Any] = {"by": "Ada", "port": 0, "browser": False, "as_json": True}
    with pytest.raises(UserError) as error:
        cli_review.review(folder, **(usual | options))
    assert error.value.remedy
    return error.value


@pytest.mark.slow
def test_it_says_its_address_serves_the_page_and_ends_with_counts(
    collected: WriteFolder, start: Start
) -> None:
    folder = collected(3)
    decide(folder, "pair-0001", "rejected", by="Bob")
    running = start(folder, "--by", "Ada <Lovelace>")
    assert {key: running.said[key] for key in ("pairs", "undecided")} == {"pairs": 3, "undecided": 2}
    assert running.url.startswith("http://127.0.0.1:")
    status, page = fetch(running.url)
    assert (status, "Ada &lt;Lovelace&gt;" in page) == (200, True)
    assert fetch(running.url.partition("?")[0])[0] == 403
    assert json.loads(running.interrupt()) == {"accepted": 0, "rejected": 1, "undecided": 2, "mended": 0}


def test_it_listens_on_this_machine_alone(collected: WriteFolder, start: Start) -> None:
    port = int(start(collected(1)).url.split(":")[2].split("/")[0])
    # Every address of 127/8 is this machine's; a server on all addresses would answer to this one too.
    with socket.socket() as elsewhere:
        elsewhere.settimeout(5)
        with pytest.raises(OSError, match=r"refused|timed out"):
            elsewhere.connect(("127.0.0.2", port))


def test_a_folder_has_one_server_and_the_other_is_named(collected: WriteFolder, start: Start) -> None:
    folder = collected(1)
    first = start(folder)
    error = refused(folder)
    assert f"process {first.process.pid}" in error.received
    assert first.url.partition("/?")[0] in error.received
    assert first.url.partition("token=")[2] not in str(error)


@pytest.mark.slow
def test_killed_it_leaves_the_folder_and_its_port_to_the_next_with_another_token(
    collected: WriteFolder, start: Start
) -> None:
    folder = collected(1)
    first = start(folder)
    first.kill()
    second = start(folder)
    assert second.url != first.url
    assert second.url.partition("token=")[0] == first.url.partition("token=")[0]
    assert fetch(first.url)[0] == 403
    assert first.url.partition("token=")[2] not in (folder / ".review.json").read_text()


def test_a_port_that_is_taken_is_said_and_the_folders_last_one_is_not_insisted_on(
    collected: WriteFolder, start: Start
) -> None:
    folder = collected(1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"port {port} is taken" in str(refused(folder, port=port))
        (folder / ".review.json").write_text(json.dumps({"process": 1, "port": port}))
        assert f":{port}/" not in start(folder).url


@pytest.mark.parametrize("torn", ["{", '{"process": 1, "port": 99999999}'])
def test_a_torn_note_of_the_last_server_does_no_harm(collected: WriteFolder, start: Start, torn: str) -> None:
    folder = collected(1)
    (folder / ".review.json").write_text(torn)
    assert start(folder).said["pairs"] == 1


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "filelock"])
def test_a_missing_library_is_named_with_its_extra(
    collected: WriteFolder, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in list(sys.modules):
        if name.startswith((f"{missing}.", "unrelate.review.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    error = refused(collected(1))
    assert error.received == f"{missing} is not installed"
    assert "unrelate[collect]" in error.remedy


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_in_is_refused(collected: WriteFolder) -> None:
    folder = collected(1)
    folder.chmod(0o500)
    try:
        assert "cannot write" in refused(folder).received
    finally:
        folder.chmod(0o700)


def test_a_broken_journal_is_refused(collected: WriteFolder) -> None:
    folder = collected(1)
    (folder / "decisions.jsonl").write_text('{"pair": "pair-0000", "verdict": "perhaps"}\n')
    assert refused(folder).where.endswith("decisions.jsonl:1")


def test_nobody_cannot_review(collected: WriteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = collected(1)
    assert "--by" in refused(folder, by="  ").remedy

    def nobody() -> str:
        raise OSError("no name")

    monkeypatch.setattr(cli_review.getpass, "getuser", nobody)
    assert "--by" in refused(folder, by=None).remedy
