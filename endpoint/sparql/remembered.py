"""Values that are remembered by keys, as many as fit into a bounded size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The values that were asked for last; the sum of their sizes is at most ``most``."""

    def __init__(self, most: int) -> None:
        self.size = 0
        self._most = most
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """Return the value of a key; None where there is none."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Remember a value with its size, in place of another one of the same key."""
        replaced = self._kept.pop(key, None)
        self.size += size - (0 if replaced is None else replaced[1])
        self._kept[key] = value, size
        while self.size > self._most:
            self.size -= self._kept.popitem(last=False)[1][1]
