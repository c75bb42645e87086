"""What stands about each pair, kept in step with the journal on the disk.

Every change says what it replaces. One that replaces something else than what stands is refused, so that
two pages never overwrite each other unseen; one that already stands is answered for and not written
again, so that a page that lost an answer may simply ask once more.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from unrelate.data.decisions import Decision, Verdict, decide, read_decisions


class State(NamedTuple):
    """What stands about a pair; an empty caption is the collected one."""

    verdict: Verdict = "undecided"
    caption: str = ""


class Step(NamedTuple):
    """One pair's way from one state to another."""

    pair: str
    before: State
    after: State


class Crossed(Exception):
    """Somebody else decided about the pair in between."""


@dataclass(frozen=True)
class Counts:
    """Pairs by verdict; ``mended`` of any verdict."""

    accepted: int
    rejected: int
    undecided: int
    mended: int


class Ledger:
    """The only writer of a folder's journal; safe to call from any thread.

    Args:
        folder: where the journal lies.
        pairs: the names that may be decided about.
        by: who decides.

    Raises:
        UserError: the journal cannot be read.
    """

    def __init__(self, folder: Path, pairs: Collection[str], by: str) -> None:
        self._folder, self._pairs, self._by = folder, frozenset(pairs), by
        self._lock = threading.Lock()
        self._journal: list[Decision] = []
        self._states: dict[str, State] = {}
        self._steps: list[Step] = []
        for decision in read_decisions(folder):
            self._take(decision)

    def decide(self, step: Step) -> None:
        """Write down that ``step.after`` stands from now on.

        Raises:
            KeyError: there is no such pair.
            Crossed: neither ``step.before`` nor ``step.after`` stands.
            OSError: it cannot be written; nothing is decided then.
            ValueError: the caption is no text.
        """
        if step.pair not in self._pairs:
            raise KeyError(step.pair)
        before, after = _trimmed(step.before), _trimmed(step.after)
        with self._lock:
            stands = self._states.get(step.pair, State())
            if stands == after:
                return
            if stands != before:
                raise Crossed(step.pair)
            made = decide(self._folder, step.pair, after.verdict, caption=after.caption, by=self._by)
            self._take(made)

    def since(self, number: int) -> tuple[int, list[Decision], int]:
        """The decisions after the first ``number``, after how many they come, and how many there are;
        all of them where the asker knew another, longer journal."""
        with self._lock:
            start = number if 0 <= number <= len(self._journal) else 0
            made = [one for one in self._journal[start:] if one.pair in self._pairs]
            return start, made, len(self._journal)

    def undo(self) -> Step | None:
        """The step that takes back the last of this person's decisions that still stands."""
        with self._lock:
            at = self._last()
            return (
                None
                if at is None
                else self._steps[at]._replace(before=self._steps[at].after, after=self._steps[at].before)
            )

    def counts(self) -> Counts:
        with self._lock:
            states = [self._states.get(pair, State()) for pair in self._pairs]
        found = Counter(state.verdict for state in states)
        mended = sum(bool(state.caption) for state in states)
        return Counts(found["accepted"], found["rejected"], found["undecided"], mended)

    def _take(self, decision: Decision) -> None:
        """Count a line of the journal. One that takes back the last step is no step of its own: so undo
        goes on to the one before, in this sitting or another, as far as the journal goes."""
        step = Step(
            decision.pair,
            self._states.get(decision.pair, State()),
            State(decision.verdict, decision.caption),
        )
        if decision.by == self._by and decision.pair in self._pairs and step.before != step.after:
            at = self._last()
            if at is not None and self._steps[at] == Step(step.pair, step.after, step.before):
                del self._steps[at:]
            else:
                self._steps.append(step)
        self._journal.append(decision)
        self._states[decision.pair] = step.after

    def _last(self) -> int | None:
        """The place of the last step whose outcome nobody else has changed since."""
        for at in range(len(self._steps) - 1, -1, -1):
            if self._states.get(self._steps[at].pair, State()) == self._steps[at].after:
                return at
        return None


def _trimmed(state: State) -> State:
    """As the journal has it."""
    return State(state.verdict, " ".join(state.caption.split()))
