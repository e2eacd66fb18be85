"""Kept generations: replaced ones that stay answerable for clients that page through their results.

A lock, which the kernel releases with this process, keeps each of them on disk. A kept generation has no
process of its own until the first query on it; then one worker evaluates, and ends after a while without
queries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, TypeVar

from endpoint.engine.fair_queue import RETRY_AFTER
from endpoint.engine.pool import Pool
from endpoint.errors import Overloaded, StoreError
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.retention import Retention, tidy
from endpoint.telemetry import log

T = TypeVar("T")

# Kept generations at most; the one without a query for the longest time goes first.
MOST: Final = 3
# How long (seconds) the processes of an older generation wait for another query.
IDLE: Final = 20.0
# Queries evaluated at once on one older generation.
WORKERS: Final = 1
# Seconds between two looks at those that evaluate or end, and between two looks at all.
LOOK: Final = 0.5
_LEAST: Final = 0.02
# Places in the slow lane of an older generation.
LONG_QUERIES: Final = 2


@dataclass(slots=True, eq=False)
class _KeptGeneration:
    """A kept generation; ``used`` is the time of its replacement or last query, by the loop's clock."""

    generation: Generation
    in_memory: bool
    hold: IO[bytes]
    used: float
    opening: asyncio.Task[Pool] | None = None
    pool: Pool | None = None


class KeptGenerations:
    """The kept generations of one data directory, by their numbers."""

    def __init__(self, settings: Settings, prefixes: dict[str, str]) -> None:
        self._settings = settings
        self._prefixes = prefixes
        self._kept: dict[int, _KeptGeneration] = {}
        self._retiring: list[Pool] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def reconfigure(self, settings: Settings) -> None:
        """Go by changed settings from now on."""
        self._settings = settings
        self._plan()

    def find(self, number: int) -> Generation | None:
        """Return generation ``number`` where it is kept, and keep it for longer; else None."""
        kept = self._kept.get(number)
        if kept is None:
            return None
        kept.used = self._loop.time()
        return kept.generation

    def pools(self) -> Iterator[Pool]:
        """Yield every pool that was started for a kept generation and may have processes."""
        yield from (kept.pool for kept in self._kept.values() if kept.pool is not None)
        yield from self._retiring

    def keep(self, generation: Generation, in_memory: bool) -> None:
        """Keep a generation for the time of the setting ``keep`` after each query on it.

        Queries are evaluated on disk, or ``in_memory`` on an image, which must be small.
        """
        self.forget(generation.number)
        try:
            hold = generations.hold(generation)
        except StoreError as error:
            log.warning("generation %d cannot be kept: %s", generation.number, error)
            return
        self._kept[generation.number] = _KeptGeneration(generation, in_memory, hold, self._loop.time())
        while len(self._kept) > MOST:
            self.forget(min(self._kept, key=lambda number: self._kept[number].used))
        self._plan()

    def forget(self, number: int) -> None:
        """Stop keeping a generation. A query that has begun on it still finishes."""
        kept = self._kept.pop(number, None)
        if kept is not None:
            if kept.opening is None:
                self._release(kept)
            log.info("generation %d is not kept any longer", number)

    def _release(self, kept: _KeptGeneration) -> None:
        kept.hold.close()
        self._retire(kept)
        self.tidy()

    async def pool(self, number: int, timeout: float) -> Pool | None:
        """Return the workers of generation ``number``, started if need be; None where it is not kept.

        Raises :class:`Overloaded` when they do not start within ``timeout`` seconds, and :class:`StoreError`.
        """
        kept = self._kept.get(number)
        if kept is None:
            return None
        kept.used = self._loop.time()
        if kept.pool is not None and kept.pool.alive:
            return kept.pool
        if kept.opening is None:
            if not _untouched(kept.generation):
                self.forget(number)
                return None
            kept.opening = self._run(self._open(kept))
        try:
            async with asyncio.timeout(timeout):
                # Shielded: others wait for it too.
                return await asyncio.shield(kept.opening)
        except TimeoutError:
            raise Overloaded(
                f"No worker for generation {number} started within {round(timeout, 3):g} s. "
                f"Try again in {RETRY_AFTER} seconds.",
                RETRY_AFTER,
            ) from None

    async def _open(self, kept: _KeptGeneration) -> Pool:
        generation, place = kept.generation, "memory" if kept.in_memory else "disk"
        try:
            pool = await Pool.open(
                self._settings, self._prefixes, generation, kept.in_memory, WORKERS, LONG_QUERIES
            )
            self._retire(kept)
            kept.pool, kept.used = pool, self._loop.time()
            self._plan()
            log.info("kept generation %d is queried again, from %s", generation.number, place)
            return pool
        finally:
            kept.opening = None
            if self._kept.get(generation.number) is not kept:
                # Forgotten meanwhile: the pool serves the queries that waited for it, and ends.
                self._release(kept)

    def expire(self) -> None:
        """End what has not been used for too long."""
        now = self._loop.time()
        for number, kept in list(self._kept.items()):
            pool = kept.pool
            if pool is not None and not pool.alive:
                self._retire(kept)
            elif kept.opening is not None or (pool is not None and pool.busy):
                kept.used = now
            elif now - kept.used > self._settings.keep:
                self.forget(number)
            elif now - kept.used > IDLE:
                self._retire(kept)
        if any(pool.ended for pool in self._retiring):
            self._retiring = [pool for pool in self._retiring if not pool.ended]
            self.tidy()
        self._plan()

    def _plan(self) -> None:
        """Look again when one may have to end; where none is kept there is no timer."""
        if self._timer is not None:
            self._timer.cancel()
        now = self._loop.time()
        due = [self._due(kept, now) for kept in self._kept.values()]
        if self._retiring:
            due.append(now + LOOK)
        self._timer = self._loop.call_at(max(min(due), now + _LEAST), self.expire) if due else None

    def _due(self, kept: _KeptGeneration, now: float) -> float:
        keep = self._settings.keep
        if kept.opening is not None or (kept.pool is not None and kept.pool.busy):
            return now + min(LOOK, keep / 2)
        return kept.used + (keep if kept.pool is None else min(IDLE, keep))

    def _retire(self, kept: _KeptGeneration) -> None:
        if kept.pool is not None:
            kept.pool.retire()
            self._retiring.append(kept.pool)
            kept.pool = None
            self._plan()

    def tidy(self) -> None:
        """Remove from the disk, in the background, the generations that are no longer needed."""
        self._run(asyncio.to_thread(tidy, self._settings.data, Retention.of(self._settings)))

    def _run(self, coroutine: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """End every process that was started, and keep no generation any longer."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for kept in self._kept.values():
            self._retire(kept)
            kept.hold.close()
        self._kept.clear()
        if self._timer is not None:
            self._timer.cancel()
        for pool in self._retiring:
            await pool.aclose()


def _untouched(generation: Generation) -> bool:
    """Return whether its folder still has this generation: the data directory may have been replaced."""
    try:
        return generations.read_folder(generation.path) == generation
    except StoreError:
        return False
