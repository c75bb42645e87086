"""The entries of one large JSON document, one after another, so that none but the current is in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from unrelate.collect.sources.extra import imported
from unrelate.errors import UserError

Entry = dict[str, object]
# Far deeper than any annotation, far less than what exhausts memory: ``ijson.items`` names the whole path
# of every event, so that 100 kB of brackets would take gigabytes. Hence the own walk over plain events.
DEEPEST = 100
_STARTS, _ENDS = ("start_map", "start_array"), ("end_map", "end_array")


def entries(path: Path, listed: str, source: str) -> Iterator[tuple[str, Entry]]:
    """The objects in a list of the document, each with the place to look, such as ``file: images[3]``.

    Args:
        path: a JSON document.
        listed: the key of the list; empty where the document itself is the list.
        source: the source that asks, for what is said where ``ijson`` is not installed.

    Raises:
        UserError: it is not JSON, is cut short, or the list holds something else than objects. What comes
            before the fault has been given by then.
    """
    ijson = imported("ijson", source)
    number = -1
    try:
        with path.open("rb") as file:
            events = ijson.basic_parse(file, use_float=True)
            for number, entry in enumerate(_built(events, listed, ijson.ObjectBuilder)):
                where = f"{path}: {listed}[{number}]"
                if not isinstance(entry, dict):
                    raise UserError(f"is not a JSON object but {type(entry).__name__}", where=where)
                yield where, entry
    except UserError:
        raise
    except (ijson.JSONError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        after = f"after {listed}[{number}]" if number >= 0 else f"before {listed}[0]"
        raise UserError(
            f"is not JSON, or is cut short {after} ({reason})", "a whole JSON document", where=str(path)
        ) from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from error


def _built(events: Iterable[tuple[str, Any]], listed: str, build: Callable[[], Any]) -> Iterator[object]:
    """What stands in the list, each built from its own events.

    Raises:
        ValueError: the document is nested more than `DEEPEST` deep.
    """
    level = 2 if listed else 1  # how deep the entries lie
    depth, key, within, builder = 0, "", False, None
    for event, value in events:
        if event in _ENDS:
            depth -= 1
        if builder is None and within and depth == level and event not in _ENDS:
            builder = build()
        if builder is not None:
            builder.event(event, value)
            if depth == level and event not in _STARTS:
                yield builder.value
                builder = None
        elif event == "map_key":
            key = value if depth == 1 else key
        elif depth == level - 1:
            within = event == "start_array" and key == listed
        if event in _STARTS:
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"is nested more than {DEEPEST} deep")
