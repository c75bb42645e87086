"""The one door into a folder: every picture of every source is checked here, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from unrelate.collect.checks import Alike, Checker, Refused, opened
from unrelate.collect.needs import counted
from unrelate.collect.store import PICTURES, Store
from unrelate.collect.types import Need, Pair
from unrelate.data.hashing import bytes_sha256
from unrelate.graph.types import Split
from unrelate.policy.triple import Triple

# Pictures that the base model looks at together.
_BATCH = 32


@dataclass
class Outcome:
    """What collecting came to: pairs ``added`` by role, entries ``left_out`` by why, ``doubtful`` pairs
    among the added; ``calls`` that a paid source was sent in this and earlier runs, and whether the cap on
    them stopped it."""

    added: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    doubtful: int = 0
    calls: int = 0
    capped: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return vars(self) | {"added": dict(self.added), "left_out": dict(self.left_out)}


@dataclass(frozen=True)
class _Candidate:
    key: str
    data: bytes
    image: Image.Image
    pair: Pair
    wanted: Triple


class Intake:
    """What is wanted, what is there, and the checks in between.

    Args:
        store: the folder.
        wanted: the needs, as `needs.needs` states them.
        checker: what says which pictures are doubtful; None looks at none.
        min_side: pixels of a picture's shorter side.
    """

    def __init__(
        self,
        store: Store,
        wanted: tuple[Need, ...],
        *,
        checker: Checker | None = None,
        min_side: int = 64,
    ) -> None:
        self.store = store
        self._checker, self._min_side = checker, min_side
        self.begin()
        self.needs = {(need.triple, need.split): need for need in wanted}
        counts = counted(wanted, store.have())
        self._missing = {(need.triple, need.split): need.missing for need in counts}
        self._total = sum(need.wanted for need in wanted if need.drawn)
        self._alike = Alike()
        self._split_of: dict[str, Split] = {}
        self._shown: set[tuple[str, Triple]] = set()
        self._waiting: list[_Candidate] = []
        for pair in store.pairs():
            self._remember(pair)
            data = store.picture(pair.sha256)
            if data is not None:
                self._alike.add(opened(data, min_side=1), pair.split)

    def begin(self, report: Callable[[int, int], None] = lambda done, of: None) -> None:
        """Count the outcome anew, for the next source. ``report`` is told how many pairs there are, of how
        many."""
        self.outcome, self._report = Outcome(), report

    def missing(self, triple: Triple, split: Split) -> int:
        """Pairs of a tuple that are still wanted in a split."""
        return self._missing.get((triple, split), 0)

    @property
    def full(self) -> bool:
        return not any(count > 0 for count in self._missing.values())

    def drop(self, key: str, why: str, **more: object) -> None:
        """Leave an entry out for good."""
        self.outcome.left_out[why] += 1
        self.store.note(key, **(self.store.seen.get(key, {}) | more | {"why": why}))

    def offer(self, key: str, data: bytes, pair: Pair, wanted: Triple) -> None:
        """Check a picture. It counts from now on, and is written once the base model has looked at it.

        Args:
            key: names the entry in its source.
            pair: all but its ``image`` and ``sha256``.
            wanted: the graph's tuple that it counts for.
        """
        pair = replace(pair, sha256=bytes_sha256(data))
        try:
            image = opened(data, min_side=self._min_side)
            if self._split_of.get(pair.sha256, pair.split) is not pair.split:
                raise Refused("is in the other split already")
            if (pair.sha256, pair.triple) in self._shown:
                raise Refused("is there already")
            self._alike.check(image, pair.split)
        except Refused as error:
            self.drop(key, str(error), sha256=pair.sha256)
            return
        self._remember(pair)
        self._alike.add(image, pair.split)
        self._missing[wanted, pair.split] -= 1
        self._waiting.append(_Candidate(key, data, image, pair, wanted))
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write down what waits."""
        waiting, self._waiting = self._waiting, []
        doubts = [""] * len(waiting)
        if self._checker is not None and waiting:
            doubts = self._checker([c.image for c in waiting], [c.pair.triple for c in waiting])
        for candidate, doubt in zip(waiting, doubts, strict=True):
            path = self.store.keep_picture(candidate.data)
            pair = replace(candidate.pair, image=f"{PICTURES}/{path.name}", checks=(doubt,) if doubt else ())
            self.store.add(pair, candidate.wanted)
            self.outcome.added[pair.role.value] += 1
            self.outcome.doubtful += bool(doubt)
        self._report(self._total - sum(max(0, count) for count in self._missing.values()), self._total)

    def _remember(self, pair: Pair) -> None:
        self._split_of[pair.sha256] = pair.split
        self._shown.add((pair.sha256, pair.triple))
