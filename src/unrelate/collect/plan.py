"""What collecting will do before it does it: pairs by role and split, calls, time and money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from unrelate.collect.types import Need
from unrelate.graph.types import Role, Split

# Seconds a call to a remote drawer is taken for until one was timed.
_ASSUMED_SECONDS = 10.0


@dataclass(frozen=True)
class Cost:
    """What the missing pairs cost at least.

    ``calls``: pictures asked for. ``seconds``: in all; ``timed`` tells whether calls were timed in an
    earlier run or 10 s each are assumed. ``money``: calls times the price the user gave; None without one.
    """

    calls: int
    seconds: float
    timed: bool
    money: float | None


def cost_of(missing: int, *, price: float | None, timed: Sequence[float] = ()) -> Cost:
    """What a paid source costs.

    Args:
        missing: pairs to be drawn.
        price: money a call, in the user's currency.
        timed: seconds of earlier calls.
    """
    each = sorted(timed)[len(timed) // 2] if timed else _ASSUMED_SECONDS
    return Cost(missing, missing * each, bool(timed), None if price is None else missing * price)


def plan_summary(needs: Sequence[Need], cost: Cost | None) -> dict[str, Any]:
    """Ready for JSON: by role and split what is wanted, there and missing; what is never pictured."""
    rows = [
        {
            "role": role.value,
            "split": split.value,
            "tuples": len(these),
            "wanted": sum(need.wanted for need in these if need.drawn),
            "have": sum(min(need.have, need.wanted) for need in these if need.drawn),
            "missing": sum(need.missing for need in these),
        }
        for role, split, these in _cells(needs)
    ]
    never = sorted({str(need.triple) for need in needs if not need.drawn})
    said = {"needs": rows, "missing": sum(row["missing"] for row in rows), "never_pictured": never}
    if cost is not None:
        said["cost"] = {
            "calls": cost.calls,
            "seconds": cost.seconds,
            "timed": cost.timed,
            "money": cost.money,
        }
    return said


def plan_table(needs: Sequence[Need]) -> Table:
    """The same for people."""
    table = Table("role", "split", "tuples", "wanted", "there", "missing", title="pairs")
    for row in plan_summary(needs, None)["needs"]:
        cells = (row["role"], row["split"], *(str(row[k]) for k in ("tuples", "wanted", "have", "missing")))
        table.add_row(*cells)
    return table


def cost_line(cost: Cost) -> str:
    """*at least 40 calls, 7 minutes (10 s a call assumed), 1.60 at the price given*."""
    how = "as timed" if cost.timed else f"{_ASSUMED_SECONDS:g} s a call assumed"
    money = "give --price to see the money" if cost.money is None else f"{cost.money:.2f} at the price given"
    return f"at least {cost.calls} calls, {cost.seconds / 60:.0f} minutes ({how}), {money}"


def _cells(needs: Sequence[Need]) -> list[tuple[Role, Split, list[Need]]]:
    cells = [(r, s, [n for n in needs if (n.role, n.split) == (r, s)]) for r in Role for s in Split]
    return [cell for cell in cells if cell[2]]
