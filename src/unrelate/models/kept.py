"""Results that are kept, up to so many bytes together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key. Where they are too much together, what was not asked for longest goes first.

    Args:
        most: bytes to keep.
        size: of a value, in bytes.
    """

    def __init__(self, most: int, size: Callable[[V], int]) -> None:
        self._most, self._size_of = most, size
        self._values: OrderedDict[bytes, V] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: bytes) -> V | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: bytes, value: V) -> None:
        """A value larger than all that may be kept is not."""
        if key in self._values:
            self._size -= self._size_of(self._values.pop(key))
        self._values[key] = value
        self._size += self._size_of(value)
        while self._size > self._most:
            _, oldest = self._values.popitem(last=False)
            self._size -= self._size_of(oldest)
