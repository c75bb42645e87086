"""Many captions, matched in order and in bounded memory, on several cores.

The prefilter runs here, a chunk at a time; what it lets through is read by worker processes. A few
chunks are under way at once and no more: where the reader of the results is slow, so is the reader
of the captions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice

from loky import ProcessPoolExecutor, cpu_count

from unrelate.graph.types import RelationGraph
from unrelate.matching.matcher import Match, Matched, Matcher
from unrelate.matching.prefilter import Prefilter
from unrelate.policy.schema import Policy

CHUNK = 8192  # captions
_AHEAD = 3  # chunks under way for each worker
_Sparse = dict[int, tuple[Matched, ...]]

_matcher: Matcher | None = None  # of this worker process


def match_many(
    policy: Policy, graph: RelationGraph, captions: Iterable[str], *, workers: int | None = None
) -> Iterator[Match | None]:
    """What each caption states, in order; None for one that states nothing.

    Args:
        captions: read as they are needed, never all at once.
        workers: processes besides this one; as many as cores if left out, none at all for fewer
            captions than one chunk. With 0 everything runs here.
    """
    rest = iter(captions)
    matcher = Matcher(policy, graph)
    prefilter = Prefilter(matcher.reader.lexicon)
    first = list(islice(rest, CHUNK))
    if workers is None:
        workers = 0 if len(first) < CHUNK else cpu_count()
    chunks = _chunks(first, rest)
    if workers == 0:
        for chunk in chunks:
            yield from _spread(chunk, _read(matcher, *_survivors(prefilter, chunk)))
    else:
        yield from _side_by_side(policy, graph, prefilter, chunks, workers)


def _chunks(first: list[str], rest: Iterator[str]) -> Iterator[list[str]]:
    chunk = first
    while chunk:
        yield chunk
        chunk = list(islice(rest, CHUNK))


def _side_by_side(
    policy: Policy, graph: RelationGraph, prefilter: Prefilter, chunks: Iterator[list[str]], workers: int
) -> Iterator[Match | None]:
    """loky's processes, unlike the standard library's, do not run the caller's script again."""
    pool = ProcessPoolExecutor(workers, initializer=_begin, initargs=(policy, graph))
    waiting: deque[tuple[list[str], Future[_Sparse]]] = deque()
    finished = False
    try:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(_work, *_survivors(prefilter, chunk))))
            if len(waiting) >= workers * _AHEAD:
                done, future = waiting.popleft()
                yield from _spread(done, future.result())
        while waiting:
            done, future = waiting.popleft()
            yield from _spread(done, future.result())
        finished = True
    finally:
        pool.shutdown(wait=True, kill_workers=not finished)


def _survivors(prefilter: Prefilter, chunk: Sequence[str]) -> tuple[list[int], list[str]]:
    places = prefilter.candidates(chunk)
    return places, [chunk[place] for place in places]


def _begin(policy: Policy, graph: RelationGraph) -> None:
    global _matcher
    _matcher = Matcher(policy, graph)


def _work(places: list[int], captions: list[str]) -> _Sparse:
    assert _matcher is not None, "the pool starts every worker with _begin"
    return _read(_matcher, places, captions)


def _read(matcher: Matcher, places: list[int], captions: list[str]) -> _Sparse:
    """What is stated where; places of captions that state nothing are left out."""
    found: _Sparse = {}
    for place, caption in zip(places, captions, strict=True):
        stated = matcher.match(caption).statements
        if stated:
            found[place] = stated
    return found


def _spread(chunk: list[str], found: _Sparse) -> Iterator[Match | None]:
    """One answer for each caption of the chunk."""
    done = 0
    for place in sorted(found):
        yield from _nothing(place - done)
        yield Match(chunk[place], found[place])
        done = place + 1
    yield from _nothing(len(chunk) - done)


def _nothing(times: int) -> Iterator[None]:
    return iter([None] * times)
