"""The real command line, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO

import pytest
import typer

from unrelate.cli import main

# Typer builds every command anew for each call, which is most of what refusing a word takes.
_command = cache(typer.main.get_command)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def unrelate() -> Callable[..., Said]:
    """``unrelate("plan", "policy.yaml")``: exit code, standard output, standard error."""

    def call(*arguments: object) -> Said:
        out, err = StringIO(), StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", ["unrelate", *map(str, arguments)])
            patch.setattr(typer.main, "get_command", _command)
            with pytest.raises(SystemExit) as caught:
                main()
        return Said(int(caught.value.code or 0), out.getvalue(), err.getvalue())

    return call
