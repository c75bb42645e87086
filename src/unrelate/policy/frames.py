"""Frames: sentences with a ``{}`` for the tuple, and perhaps a ``{place}``."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter

from unrelate.policy.problems import problem


def check_frames(
    field: str, frames: Sequence[str], keys: Sequence[str] = (), *, not_among: Sequence[str] = ()
) -> None:
    """Refuse a list of frames in which one cannot be filled.

    Args:
        field: what the list is called in a vocabulary.
        keys: slots that a frame may have beside the one for the tuple.
        not_among: the phrasings of daily use, none of which may be reserved for the attacks as well.

    Raises:
        PydanticCustomError: no frames, one without its one ``{}`` or with an unknown slot, or one of
            ``not_among``.
    """
    if not frames:
        raise problem((field,), f"there are no {field}", "at least one")
    for number, frame in enumerate(frames):
        try:
            slots = [slot for _, slot, _, _ in Formatter().parse(frame) if slot is not None]
        except ValueError:
            slots = []
        if slots.count("") != 1 or not set(slots) <= {"", *keys}:
            allowed = "one {} for the sentence" + "".join(f", {{{key}}}" for key in keys)
            raise problem((field, number), f"'{frame}' is not a frame for a sentence", allowed)
        if frame in not_among:
            raise problem(
                (field, number),
                f"'{frame}' is both a phrasing and a reserved one",
                "a reserved phrasing that is used nowhere else",
                "take it away from one of the two lists",
            )
