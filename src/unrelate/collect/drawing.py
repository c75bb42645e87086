"""Have what is missing drawn, scene by scene."""

from __future__ import annotations

import time

from unrelate.collect.intake import Intake
from unrelate.collect.store import pair_name
from unrelate.collect.types import Drawer, Need, Pair, SourceFailed
from unrelate.collect.wording import Scene, Scenes
from unrelate.data.hashing import text_sha256

# Scenes tried for each pair that is missing, before a need is given up in this run.
_TRIES = 3


class _Capped(Exception):
    """No further request may be made."""


def draw_missing(intake: Intake, source: Drawer, scenes: Scenes, *, cap: int | None = None) -> None:
    """Ask ``source`` for what is missing until nothing is, or the cap is reached.

    What was drawn stands in the journal before it is looked at, so that a second run calls for nothing
    that a first one paid for. A request that a kill left without an answer may have been charged: it counts
    against the cap, it is not made again, and another scene takes its place. What failed without being
    charged is asked for again in the next run.

    Args:
        cap: requests that a paid source may be sent, retries and those of earlier runs included.

    Raises:
        UserError: the source cannot be used at all; what was collected stays.
    """
    seen = intake.store.seen.values()
    intake.outcome.calls = sum(line.get("asked", 0) for line in seen if line.get("source") == source.name)
    tried: set[str] = set()
    for need in intake.needs.values():
        for number in range(need.wanted * _TRIES):
            if intake.outcome.capped or intake.missing(need.triple, need.split) <= 0:
                break
            scene = scenes.of(need, number)
            # The caption is not in the key: other words for it are no reason to pay for another picture.
            key = text_sha256(f"{source.name}\n{source.model}\n{scene.prompt}\n{scene.seed}")[:24]
            pair = _pair(source, need, scene, key)
            if key in tried or intake.store.has(pair.name):
                continue
            tried.add(key)
            data = _drawn(intake, source, scene, key, cap)
            if data is not None:
                intake.offer(key, data, pair, need.triple)
    intake.flush()


def _drawn(intake: Intake, source: Drawer, scene: Scene, key: str, cap: int | None) -> bytes | None:
    """The picture, from the journal if it is there; None if it is not to be had."""
    store, outcome = intake.store, intake.outcome
    held = store.seen.get(key, {})
    if held and not held.get("again"):
        return store.picture(held["sha256"]) if held.get("sha256") and not held.get("why") else None
    asked = held.get("asked", 0)

    def spend() -> None:
        nonlocal asked
        if cap is not None and outcome.calls >= cap:
            raise _Capped
        asked, outcome.calls = asked + 1, outcome.calls + 1
        store.note(key, source=source.name, asked=asked)

    begun = time.monotonic()
    try:
        data = source.draw(scene.triple, scene.prompt, seed=scene.seed, spend=spend)
    except _Capped:
        outcome.capped = True
        return None
    except SourceFailed as error:
        if error.paid or not source.paid:
            intake.drop(key, error.why, source=source.name)
        else:
            outcome.left_out[error.why] += 1
            store.note(key, source=source.name, asked=asked, again=True)
        return None
    if source.paid:
        seconds = round(time.monotonic() - begun, 2)
        path = store.keep_picture(data)
        store.note(key, source=source.name, asked=asked, sha256=path.stem, seconds=seconds)
    return data


def _pair(source: Drawer, need: Need, scene: Scene, key: str) -> Pair:
    return Pair(
        name=pair_name(source.name, key, scene.triple),
        caption=scene.caption,
        triple=scene.triple,
        role=need.role,
        split=need.split,
        source=source.name,
        licence=source.licence,
        model=" + ".join(name for name in (source.model, scene.worded_by) if name),
        prompt=scene.prompt,
        seed=str(scene.seed),
    )
