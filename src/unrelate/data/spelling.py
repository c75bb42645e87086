"""Slips of the pen: a longer word of a sentence with a letter doubled, dropped, swapped or split off."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

# Words too short for a slip of the pen.
_SHORT = 4
# Numbers that a slip is drawn with: more than there are words and letters to choose among.
_NUMBERS = 1000


def swapped(word: str, place: int) -> str:
    """A letter exchanged with the next."""
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def dropped(word: str, place: int) -> str:
    """A letter left out."""
    return word[:place] + word[place + 1 :]


def doubled(word: str, place: int) -> str:
    """A letter written twice."""
    return word[:place] + word[place] + word[place:]


def _split(word: str, place: int) -> str:
    return f"{word[: place + 1]} {word[place + 1 :]}"


_HOW: Mapping[str, Callable[[str, int], str]] = MappingProxyType(
    {"doubled": doubled, "dropped": dropped, "split": _split, "swapped": swapped}
)
SLIPS = tuple(_HOW)


def any_slip(rng: random.Random) -> tuple[str, int]:
    """How, and a number: what `slipped` takes."""
    return rng.choice(SLIPS), rng.randrange(_NUMBERS)


def slipped(sentence: str, how: str, number: int) -> str:
    """One longer word of a sentence misspelt, at an inner letter; a sentence of short words as it is.

    Args:
        how: one of `SLIPS`.
        number: says which word and where, 0 or more.
    """
    words = sentence.split()
    longer = [place for place, word in enumerate(words) if len(word) > _SHORT]
    if not longer:
        return sentence
    place = longer[number % len(longer)]
    words[place] = _HOW[how](words[place], 1 + number % (len(words[place]) - 3))
    return " ".join(words)
