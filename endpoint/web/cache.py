"""The values that are made once for each generation of the data, beside the answers that are kept.

Those whose size is known take part in the memory of the cache, where what is worth least goes first. Small
ones that all pages need are always kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from endpoint.engine.cache import ByteCache
from endpoint.storage.generations import Generation

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Region(Generic[T]):
    """A kind of value in the cache.

    ``size`` returns the bytes of a value, which is then kept as long as it is worth its place. Without it,
    the values are small, and the one that was made last is kept for each generation. ``lifetime`` returns the
    seconds after which a value is made anew on the same generation, None for never. With ``stale`` the value
    of an older generation is kept until there is a newer one (:meth:`Cache.latest`).
    """

    name: str
    size: Callable[[T], int] | None = None
    lifetime: Callable[[T], float | None] | None = None
    stale: bool = False


@dataclass(slots=True, eq=False)
class _Entry:
    """One value, being made or made; ``until`` is a time of :func:`time.monotonic`."""

    task: asyncio.Task[Any]
    began: float
    making: bool = True
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class _Sized:
    """A value in the memory of the cache."""

    value: Any
    until: float


_Entries = dict[Hashable, _Entry]


@dataclass(slots=True)
class _Kept:
    """The values of one generation by region; ``used`` is the time of the last request for one."""

    used: float
    regions: dict[Region[Any], _Entries] = field(default_factory=dict)

    def running(self) -> bool:
        return any(entry.making for entries in self.regions.values() for entry in entries.values())


class Cache:
    """Values made once for each generation and region.

    All requests for a value that is being made wait for the same task, which belongs to none of them: it goes
    on when a client leaves. A failure is raised for all that wait, and is not kept. Values with a size are in
    ``memory``. A replaced generation keeps the others for ``keep`` seconds after they were last used, as long
    as the engine keeps the generation itself.
    """

    def __init__(self, keep: float, memory: ByteCache) -> None:
        self._keep = keep
        self._memory = memory
        self._generations: dict[str, _Kept] = {}
        self._latest: dict[Region[Any], tuple[str, Any]] = {}

    def begin(
        self,
        generation: Generation,
        region: Region[T],
        key: Hashable,
        make: Callable[[], Coroutine[Any, Any, T]],
    ) -> asyncio.Future[T]:
        """Return the task that makes the value of ``key``, or a future that has it."""
        now = time.monotonic()
        version = generation.version
        if region.size is not None:
            sized = self._memory.find(version, (region, key))
            if sized is not None and sized.value.until > now:
                done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
                done.set_result(sized.value.value)
                return done
        kept = self._generations.setdefault(version, _Kept(now))
        kept.used = now
        entries = kept.regions.setdefault(region, {})
        entry = entries.get(key)
        if entry is None or entry.until <= now:
            entry = entries[key] = _Entry(asyncio.create_task(make()), now)
            made = entry
            entry.task.add_done_callback(lambda _: self._made(version, region, key, made))
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

    def __len__(self) -> int:
        return sum(len(entries) for kept in self._generations.values() for entries in kept.regions.values())

    def _made(self, version: str, region: Region[Any], key: Hashable, entry: _Entry) -> None:
        """Keep the value that a task has made, within the bounds; drop a failure."""
        entry.making = False
        entries = self._generations[version].regions[region]
        # The failure is retrieved here, because no request may be waiting for it any more.
        if entry.task.cancelled() or entry.task.exception() is not None:
            del entries[key]
            return
        value, now = entry.task.result(), time.monotonic()
        if region.stale:
            self._latest[region] = version, value
        lifetime = None if region.lifetime is None else region.lifetime(value)
        entry.until = float("inf") if lifetime is None else now + lifetime
        if region.size is not None:
            del entries[key]
            sized = _Sized(value, entry.until)
            self._memory.put(version, (region, key), sized, region.size(value), now - entry.began)
            return
        # Values being made stay: the engine bounds their number, as it does that of queries.
        for other in [other for other, each in entries.items() if each is not entry and not each.making]:
            del entries[other]
