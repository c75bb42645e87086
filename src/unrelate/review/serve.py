"""The server of one folder's page: one at a time, on this machine alone."""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from unrelate.errors import UserError
from unrelate.review.app import Desk, build_app
from unrelate.review.ledger import Ledger
from unrelate.review.pairs import Pairs

ADDRESS = "127.0.0.1"
LOCK = ".review.lock"
# Who serves the folder, or did: its process and its port, never its token.
SERVER = ".review.json"


def serve(
    pairs: Pairs, *, by: str, port: int, browser: bool, started: Callable[[str, Ledger], None]
) -> Ledger:
    """Serve the page until somebody presses ctrl-C; gives what stands then.

    Args:
        pairs: what is reviewed.
        by: who does.
        port: 0 is a free one, if possible the folder's last: a page left open finds its server again.
        browser: open the page.
        started: told the address and what stands, once the page can be opened.

    Raises:
        UserError: another server has the folder, or the port is taken, or nothing can be written there.
    """
    with _locked(pairs.folder) as last_port, _listening(port, last_port) as listener:
        taken = listener.getsockname()[1]
        _say_who(pairs.folder, taken)
        ledger = Ledger(pairs.folder, [pair.name for pair in pairs.pairs], by)
        host, token = f"{ADDRESS}:{taken}", secrets.token_urlsafe(32)
        app = build_app(Desk(pairs, ledger, by), host=host, token=token)
        url = f"http://{host}/?token={token}"
        started(url, ledger)
        if browser:
            # A browser in the terminal would hold up the server that it waits for.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        settings = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        with suppress(KeyboardInterrupt):  # the server ends in order, and then passes ctrl-C on
            uvicorn.Server(settings).run(sockets=[listener])
        return ledger


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Hold the folder against a second server; gives the port of the last one, or 0. A lock goes with
    its process, however that ends."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        who = _who(folder)
        at = f" (process {who['process']}, http://{ADDRESS}:{who['port']})" if who else ""
        raise UserError(
            f"'{folder}' is being reviewed already{at}",
            "one server a folder; its page may be open in several tabs",
            "open the address that it printed, or end it with ctrl-C",
        ) from error
    except OSError as error:
        raise UserError(
            f"cannot write in '{folder}': {error.strerror}",
            "a folder in which decisions can be written",
            "change its permissions, or review a copy",
        ) from error
    try:
        yield _who(folder).get("port", 0)
    finally:
        lock.release()


def _who(folder: Path) -> dict[str, int]:
    """The folder's last server; nothing where there was none, or its note is torn."""
    try:
        found = json.loads((folder / SERVER).read_text(encoding="utf-8"))
        return {"process": int(found["process"]), "port": int(found["port"])}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _say_who(folder: Path, port: int) -> None:
    try:
        (folder / SERVER).write_text(json.dumps({"process": os.getpid(), "port": port}), encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"cannot write in '{folder}': {error.strerror}", "a folder in which decisions can be written"
        ) from error


@contextmanager
def _listening(port: int, last_port: int) -> Iterator[socket.socket]:
    """A socket that listens on this machine alone.

    Raises:
        UserError: the port that was asked for cannot be had.
    """
    if port:
        listener = _bind(port)
    else:
        try:
            listener = _bind(last_port)
        except UserError:
            listener = _bind(0)
    with listener:
        yield listener


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # there it means a port that was just given up; elsewhere, one still in use
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        why = "is taken" if getattr(error, "errno", None) == errno.EADDRINUSE else f"cannot be had ({error})"
        raise UserError(
            f"port {port} {why}", "a free port; 0 chooses one", "leave --port out, or give another"
        ) from error
    return listener
