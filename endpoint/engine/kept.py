"""Generations that were replaced and stay answerable, so that whoever pages through one may finish.

Each is held on disk by a lock, which the kernel ends with this process. It has no process of its own before
somebody asks for it; then one worker answers, and ends when nobody has asked for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import IO, Any, Final, TypeVar

from endpoint.engine.pool import RETRY_AFTER, Pool
from endpoint.errors import Overloaded, StoreError
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.telemetry import log

T = TypeVar("T")

# Generations that are kept at most; the one that was not asked for the longest goes first.
MOST: Final = 3
# How long (seconds) the processes of an older generation wait for another query.
IDLE: Final = 20.0
# Queries evaluated at once on one older generation.
WORKERS: Final = 1


@dataclass(slots=True, eq=False)
class _Kept:
    """A generation that is kept; ``used`` is when it was replaced or last asked for, by the loop's clock."""

    generation: Generation
    in_memory: bool
    hold: IO[bytes]
    used: float
    opening: asyncio.Task[Pool] | None = None
    pool: Pool | None = None


class Retention:
    """The older generations of one data directory that are still answerable, by their numbers."""

    def __init__(self, settings: Settings, prefixes: dict[str, str]) -> None:
        self._settings = settings
        self._prefixes = prefixes
        self._kept: dict[int, _Kept] = {}
        self._retiring: list[Pool] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.get_running_loop()

    def find(self, number: int) -> Generation | None:
        """Generation ``number`` where it is kept; whoever asks keeps it for longer."""
        kept = self._kept.get(number)
        if kept is None:
            return None
        kept.used = self._loop.time()
        return kept.generation

    def keep(self, generation: Generation, in_memory: bool) -> None:
        """Keep a generation for as long as the setting ``keep`` says after each query on it.

        It is answered from disk, or ``in_memory`` from an image, which must be small.
        """
        self.forget(generation.number)
        try:
            hold = generations.hold(generation)
        except StoreError as error:
            log.warning("generation %d cannot be kept: %s", generation.number, error)
            return
        self._kept[generation.number] = _Kept(generation, in_memory, hold, self._loop.time())
        while len(self._kept) > MOST:
            self.forget(min(self._kept, key=lambda number: self._kept[number].used))

    def forget(self, number: int) -> None:
        """Keep a generation no longer. A query that has begun on it ends on it."""
        kept = self._kept.pop(number, None)
        if kept is not None:
            if kept.opening is None:
                self._release(kept)
            log.info("generation %d is not kept any longer", number)

    def _release(self, kept: _Kept) -> None:
        kept.hold.close()
        self._retire(kept)
        self.tidy()

    async def pool(self, number: int, timeout: float) -> Pool | None:
        """The workers of generation ``number``, started where there are none; None where it is not kept.

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
                f"No worker for generation {number} started within {timeout:g} s. "
                f"Try again in {RETRY_AFTER} seconds.",
                RETRY_AFTER,
            ) from None

    async def _open(self, kept: _Kept) -> Pool:
        generation, place = kept.generation, "memory" if kept.in_memory else "disk"
        try:
            pool = await Pool.open(self._settings, self._prefixes, generation, kept.in_memory, WORKERS)
            self._retire(kept)
            kept.pool, kept.used = pool, self._loop.time()
            log.info("generation %d is asked for again and answers from %s", generation.number, place)
            return pool
        finally:
            kept.opening = None
            if self._kept.get(generation.number) is not kept:
                # Forgotten meanwhile: it answers those who waited for it, and ends.
                self._release(kept)

    def look(self) -> None:
        """End what has not been used for long enough. To be called several times in a second."""
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

    def _retire(self, kept: _Kept) -> None:
        if kept.pool is not None:
            kept.pool.retire()
            self._retiring.append(kept.pool)
            kept.pool = None

    def tidy(self) -> None:
        """Remove from the disk what nobody needs any more, behind what runs."""
        self._run(asyncio.to_thread(generations.tidy, self._settings.data))

    def _run(self, coroutine: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """End every process that was started, and hold nothing any longer."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for kept in self._kept.values():
            self._retire(kept)
            kept.hold.close()
        self._kept.clear()
        for pool in self._retiring:
            await pool.aclose()


def _untouched(generation: Generation) -> bool:
    """Whether its folder still holds this generation: a data directory may have been made anew by hand."""
    try:
        return generations.read_folder(generation.path) == generation
    except StoreError:
        return False
