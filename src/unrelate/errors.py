"""The one exception a user sees: what was received, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

T = TypeVar("T")


class UserError(ValueError):
    """Input that cannot be used. The command line prints it and exits with 2.

    Args:
        received: what was found, in the user's own words.
        allowed: what would have been accepted.
        remedy: the next thing to do.
        where: ``file:line`` or another place to look, if known.
    """

    def __init__(self, received: str, allowed: str = "", remedy: str = "", where: str = "") -> None:
        self.received, self.allowed, self.remedy, self.where = received, allowed, remedy, where
        head = f"{where}: {received}" if where else received
        lines = [head]
        if allowed:
            lines.append(f"  allowed: {allowed}")
        if remedy:
            lines.append(f"  remedy:  {remedy}")
        super().__init__("\n".join(lines))


class Unattainable(UserError):
    """The input is in order, but the method cannot do its work on this model.

    To a user who asks for that method it is an error as any other; where methods are compared it is a
    finding.
    """


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the known word nearest to ``word``, or the empty string."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""


def named(table: Mapping[str, T], name: str, what: str) -> T:
    """The entry of a table by its name.

    Args:
        what: the table's entries are, in the singular: ``method``.

    Raises:
        UserError: there is none of this name.
    """
    if name not in table:
        raise UserError(f"{what} '{name}'", ", ".join(table), nearest(name, table) or "choose one of these")
    return table[name]
