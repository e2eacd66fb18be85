"""The cache of values that are made once for each generation of the data."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from endpoint.storage.generations import Generation

T = TypeVar("T")

# Bytes of all values that are kept, of all generations.
SIZE: Final = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Region(Generic[T]):
    """A kind of value in the cache, with bounds of its own, so that one kind never drives out another.

    ``entries`` is the number of values that are kept for one generation; the least recently used goes first.
    ``size`` returns the bytes of a value that may be large, and ``lifetime`` the seconds after which a value
    is made anew on the same generation, None for never. With ``stale`` the value of an older
    generation is kept until there is a newer one (:meth:`Cache.latest`).
    """

    name: str
    entries: int = 1
    size: Callable[[T], int] | None = None
    lifetime: Callable[[T], float | None] | None = None
    stale: bool = False


@dataclass(slots=True, eq=False)
class _Entry:
    """One value, being made or made; ``until`` is a time of :func:`time.monotonic`."""

    task: asyncio.Task[Any]
    making: bool = True
    size: int = 0
    until: float = float("inf")


_Entries = OrderedDict[Hashable, _Entry]


@dataclass(slots=True)
class _Kept:
    """The values of one generation by region; ``used`` is the time of the last request for one."""

    used: float
    regions: dict[Region[Any], _Entries] = field(default_factory=dict)

    def running(self) -> bool:
        return any(entry.making for entries in self.regions.values() for entry in entries.values())


class Cache:
    """Values made once for each generation and region, bounded in number and in bytes.

    All requests for a value that is being made wait for the same task, which belongs to none of them: it goes
    on when a client leaves. A failure is raised for all that wait, and is not kept.
    ``size`` is the most bytes of all values. A replaced generation keeps its values for ``keep`` seconds
    after they were last used, as long as the engine keeps the generation itself.
    """

    def __init__(self, keep: float, size: int = SIZE) -> None:
        self._keep = keep
        self._most = size
        self._generations: dict[str, _Kept] = {}
        self._latest: dict[Region[Any], tuple[str, Any]] = {}

    def begin(
        self,
        generation: Generation,
        region: Region[T],
        key: Hashable,
        make: Callable[[], Coroutine[Any, Any, T]],
    ) -> asyncio.Task[T]:
        """Return the task that makes the value of ``key``, or has made it."""
        now = time.monotonic()
        kept = self._generations.setdefault(generation.version, _Kept(now))
        kept.used = now
        entries = kept.regions.setdefault(region, OrderedDict())
        entry = entries.get(key)
        if entry is None or entry.until <= now:
            entry = entries[key] = _Entry(asyncio.create_task(make()))
            made = entry
            entry.task.add_done_callback(lambda _: self._made(generation.version, region, key, made))
        entries.move_to_end(key)
        return entry.task

    def running(self, region: Region[T]) -> asyncio.Task[T] | None:
        """Return a task that makes a value of the region, of whichever generation."""
        for kept in self._generations.values():
            for entry in kept.regions.get(region, {}).values():
                if entry.making:
                    return entry.task
        return None

    def latest(self, region: Region[T]) -> tuple[str, T] | None:
        """Return the value of a region with ``stale`` that was made last, and its generation's version."""
        return self._latest.get(region)

    def retire(self, current: Generation) -> None:
        """Drop the values of the generations that are neither ``current`` nor in use any more.

        A value that is being made is still in use.
        """
        now = time.monotonic()
        for version, kept in list(self._generations.items()):
            idle = now - kept.used >= self._keep and not kept.running()
            if version != current.version and idle:
                del self._generations[version]

    @property
    def size(self) -> int:
        """The bytes of all values that are kept."""
        return sum(map(_bytes, self._entries()))

    def __len__(self) -> int:
        return sum(map(len, self._entries()))

    def _made(self, version: str, region: Region[Any], key: Hashable, entry: _Entry) -> None:
        """Keep the value that a task has made, within the bounds; drop a failure."""
        entry.making = False
        entries = self._generations[version].regions[region]
        # The failure is retrieved here, because no request may be waiting for it any more.
        if entry.task.cancelled() or entry.task.exception() is not None:
            del entries[key]
            return
        value = entry.task.result()
        if region.stale:
            self._latest[region] = version, value
        lifetime = None if region.lifetime is None else region.lifetime(value)
        entry.size = 0 if region.size is None else region.size(value)
        entry.until = float("inf") if lifetime is None else time.monotonic() + lifetime
        self._shrink(entries, region.entries)

    def _shrink(self, entries: _Entries, most: int) -> None:
        # Values being made stay: the engine bounds their number, as it does that of queries.
        made = [key for key, entry in entries.items() if not entry.making]
        for key in made[: max(0, len(made) - most)]:
            del entries[key]
        while self.size > self._most:
            largest = max(self._entries(), key=_bytes)
            del largest[next(key for key, entry in largest.items() if entry.size)]

    def _entries(self) -> Sequence[_Entries]:
        return [entries for kept in self._generations.values() for entries in kept.regions.values()]


def _bytes(entries: _Entries) -> int:
    return sum(entry.size for entry in entries.values())
