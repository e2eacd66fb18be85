"""The supervisor of the pools of workers: from generation to generation, from disk to memory.

A generation is served as soon as its answers are right. Where no triple is in two graphs its
store on disk answers like its image in memory, so the disk serves at once and the image is read
behind it; otherwise, with a union default graph, the generation before serves until the image is read.
While small changes follow each other, each generation is served from disk, and the image of the last is read;
so it is while writes over HTTP are expected, however small the generation is.
A pool finishes every query that it has begun. The generation before stays answerable for a
while (:mod:`endpoint.engine.kept_generations`).
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from endpoint.engine.folder_watch import FolderWatch
from endpoint.engine.kept_generations import KeptGenerations
from endpoint.engine.lanes import default_places
from endpoint.engine.pool import Pool
from endpoint.engine.template_process import TemplateForks, TemplateProcess
from endpoint.errors import EndpointError, StoreError
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.telemetry import log

# Seconds after which a generation that could not be served is tried again.
AGAIN: Final = 0.2
# An image in memory needs about this much: for each quad, for each byte on disk (text is stored
# compressed), and for each quad once more where the union of all graphs is a copy.
IMAGE_PER_QUAD: Final = 350
IMAGE_PER_BYTE: Final = 0.8
IMAGE_PER_COPY: Final = 450
# Up to this many quads are read into memory in half a second: serving them from disk before gains nothing.
QUICK: Final = 20_000
# How long (seconds) the reading of an image waits for the image before to leave the memory.
DRAINING: Final = 30.0
_DRAINED: Final = 0.05  # seconds between two looks
# Generations follow each other where less time than this (seconds) is between them, or than so many times
# what reading the last image took. Then an image is read once that time has passed without another.
SETTLING: Final = 20.0
_SETTLING_BY_READING: Final = 5
# Generations that follow each other before a process is kept from which template processes are forked.
_MANY: Final = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The way in which a generation is served: from disk, from memory, or from disk and then from memory."""

    disk: bool
    memory: bool

    @classmethod
    def of(cls, generation: Generation, settings: Settings, passing: bool = False) -> Plan:
        """Return the plan for ``generation``; ``passing``: another one may follow soon."""
        copied = _copied(generation, settings)
        if _image_size(generation, copied) > settings.image:
            return cls(disk=True, memory=False)
        return cls(disk=not copied and (passing or generation.quads > QUICK), memory=True)


class Supervisor:
    """The supervisor of ``pool``, which evaluates, and of those that end or come. Made by :meth:`start`."""

    def __init__(self, settings: Settings, prefixes: dict[str, str]) -> None:
        self.pool: Pool
        self.kept = KeptGenerations(settings, prefixes)
        self._settings = settings
        self._prefixes = prefixes
        self._retiring: list[Pool] = []
        self._reading: asyncio.Task[None] | None = None
        self._awaited = False  # nothing but the image that is being read can serve its generation
        self._moved = -math.inf
        self._following = 0  # generations that followed each other
        self._expected = False  # a generation is coming
        self._forks: TemplateForks | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._reading_took = 0.0
        self._seen: tuple[int, int, int] | None = None
        self._changes = FolderWatch(settings.data)
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, settings: Settings, prefixes: dict[str, str], process: TemplateProcess | None = None
    ) -> Supervisor:
        """Serve the current generation. Raises :class:`StoreError` when there is none.

        ``process`` is a template process that was started ahead.
        """
        started = cls(settings, prefixes)
        started._seen = generations.fingerprint(settings.data)
        generation = generations.current(settings.data)
        if generation is None:
            raise StoreError(
                f"There is no store in {settings.data}. Build one with 'endpoint serve' or 'load'."
            )
        plan = Plan.of(generation, settings)
        started._log_union(generation, plan)
        started.pool = await started._open(generation, not plan.disk, process)
        started.kept.tidy()
        _log_serving(started.pool)
        if plan.disk and plan.memory:
            started._read(generation, awaited=False)
        started._watch = asyncio.create_task(started._follow())
        return started

    def reconfigure(self, settings: Settings) -> None:
        """Go by changed settings from now on."""
        self._settings = settings
        self.kept.reconfigure(settings)

    def expect(self, generation: bool) -> None:
        """Keep a process from which template processes are forked while a generation is coming."""
        self._expected = generation
        if not generation:
            self._end_forks()
        elif self._forks is None:
            self._start_forks()

    def _start_forks(self) -> None:
        if hasattr(os, "pidfd_open"):
            try:
                self._forks = TemplateForks()
            except StoreError as error:
                log.warning("%s", error)

    async def _follow(self) -> None:
        """Move to every generation that another process publishes; replace a template that died."""
        said = ""
        while True:
            await self._changes.wait()
            try:
                seen = generations.fingerprint(self._settings.data)
                if seen != self._seen or not (self.pool.alive or self._awaited):
                    await self._move()
                    self._seen = seen
                said = ""
                continue
            except EndpointError as error:
                if str(error) != said:
                    log.error("the new generation cannot be served yet: %s", error)
                said = str(error)
            except Exception:  # whatever it is, the next check may succeed, and must come
                log.exception("the new generation cannot be served yet")
            await asyncio.sleep(AGAIN)
            self._changes.wake()

    async def _move(self) -> None:
        if self._awaited and self._reading is not None:
            # Changes that follow each other would put an end to one reading after another.
            await asyncio.wait([self._reading])
        generation = generations.current(self._settings.data)
        if generation is None:
            raise StoreError(f"{self._settings.data} holds no generation any more.")
        await self._stop_reading()
        plan = Plan.of(generation, self._settings, self._expected)
        self._log_union(generation, plan)
        at_once = plan.disk or generation.quads <= QUICK
        pause = self._pause_before(generation)
        if at_once:
            await self._replace(generation, in_memory=not plan.disk)
        if not at_once or (plan.disk and plan.memory):
            self._read(generation, awaited=not at_once, pause=pause)
        elif self._forks is not None:
            self._reading = asyncio.create_task(self._settle(pause))

    async def _settle(self, pause: float) -> None:
        """Let the process that forks templates end where no generation follows within a ``pause``."""
        await asyncio.sleep(pause)
        if not self._expected:
            self._end_forks()

    def _pause_before(self, generation: Generation) -> float:
        """Return how long (seconds) to wait for a further generation before the image of this one is read."""
        if generation == self.pool.generation:
            return 0.0
        settling = max(SETTLING, _SETTLING_BY_READING * self._reading_took)
        before, self._moved = self._moved, time.monotonic()
        follows = self._expected or self._moved - before < settling
        self._following = self._following + 1 if follows else 0
        return settling if follows else 0.0

    def _end_forks(self) -> None:
        """Let the process that forks templates end, as soon as those of its forks have that still answer."""
        if self._forks is not None:
            forks, self._forks = self._forks, None
            forks.close()
            ending = asyncio.create_task(asyncio.to_thread(forks.wait))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _forked(self) -> TemplateProcess | None:
        """Return a template process that is ready at once, while generations come; else None."""
        if self._forks is None and (self._expected or self._following >= _MANY):
            self._start_forks()
        elif self._forks is not None:
            try:
                return await asyncio.to_thread(self._forks.fork)
            except StoreError as error:
                log.warning("%s", error)
                forks, self._forks = self._forks, None
                forks.kill()
                await asyncio.to_thread(forks.wait)
        return None

    async def _replace(
        self, generation: Generation, in_memory: bool, process: TemplateProcess | None = None
    ) -> None:
        """Open a pool that evaluates from now on; the previous one ends with its last query."""
        pool = await self._open(generation, in_memory, process)
        old, self.pool = self.pool, pool
        if old.generation != generation:
            self._keep(old)
        self.kept.forget(generation.number)
        old.retire()
        self._retiring = [pool for pool in (*self._retiring, old) if not pool.finished]
        _log_serving(pool)

    async def _open(
        self, generation: Generation, in_memory: bool, process: TemplateProcess | None = None
    ) -> Pool:
        process = process or await self._forked()
        size, places = self._settings.pool_size, default_places(self._settings)
        pool = await Pool.open(self._settings, self._prefixes, generation, in_memory, size, places, process)
        pool.when_gone(self._changes.wake)
        return pool

    def _keep(self, old: Pool) -> None:
        """Keep the generation of ``old``: on disk, or as an image that is small."""
        generation, in_memory = old.generation, old.order["in_memory"]
        small = generation.quads <= QUICK
        if in_memory and not small and _copied(generation, self._settings):
            log.info(
                "generation %d cannot be kept: a triple %s in more than one graph, and its image would take "
                "too much memory beside the next one",
                generation.number,
                "is" if generation.overlap else "may be",
            )
            return
        self.kept.keep(generation, in_memory and small)

    def _read(self, generation: Generation, awaited: bool, pause: float = 0.0) -> None:
        self._awaited = awaited
        self._reading = asyncio.create_task(self._read_image(generation, pause))

    async def _read_image(self, generation: Generation, pause: float) -> None:
        """Read the image in the background, after a ``pause`` unless it is awaited; then let it evaluate."""
        if not self._awaited:
            await asyncio.sleep(pause)
            await self._drained()
        started = time.monotonic()
        try:
            # No fork where the process that forks may end with this.
            ends = self._forks is not None and not self._expected
            await self._replace(generation, True, TemplateProcess() if ends else None)
            if not self._expected:
                self._end_forks()
            self._reading_took = time.monotonic() - started
        except Exception as error:  # the disk goes on serving, or the next check tries again
            log.error("generation %d could not be read into memory: %s", generation.number, error)
            if self._awaited:
                self._seen = None
                self._changes.wake()
        finally:
            self._awaited = False

    async def _drained(self) -> None:
        """Wait until the images of earlier generations have left the memory, or for long enough."""
        end = time.monotonic() + DRAINING
        while any(not pool.finished for pool in self._retiring) and time.monotonic() < end:
            await asyncio.sleep(_DRAINED)

    async def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    def _log_union(self, generation: Generation, plan: Plan) -> None:
        """Log how a triple in more than one graph delays or repeats answers."""
        if not _copied(generation, self._settings):
            return
        message = "generation %d, %d quads: a triple %s in more than one graph; %s"
        known = "is" if generation.overlap else "may be"
        if plan.memory:
            then = "it is served when it has been read into memory"
            log.info(message, generation.number, generation.quads, known, then)
        else:
            then = "it is too large for the setting 'image', and on disk the union of graphs repeats it"
            log.warning(message, generation.number, generation.quads, known, then)

    def pools(self) -> Iterator[Pool]:
        """Yield every pool that has processes, the one that evaluates first."""
        yield self.pool
        yield from self._retiring
        yield from self.kept.pools()

    async def aclose(self) -> None:
        """End every process that was started."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        self._changes.close()
        await self._stop_reading()
        for pool in (*self._retiring, self.pool):
            await pool.aclose()
        await self.kept.aclose()
        self._end_forks()
        await asyncio.gather(*self._ending)


def _log_serving(pool: Pool) -> None:
    place = "memory" if pool.order["in_memory"] else "disk"
    log.info("serving generation %d from %s, %d quads", pool.generation.number, place, pool.generation.quads)


def _copied(generation: Generation, settings: Settings) -> bool:
    """Return whether the image needs a copy of the union, since the disk repeats triples of two graphs."""
    return settings.default_graph == "union" and generation.overlap is not False


def _image_size(generation: Generation, copied: bool) -> float:
    """Estimate the bytes of the generation as an in-memory store; rather too many than too few."""
    store = generation.path / generations.STORE
    on_disk = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    per_quad = IMAGE_PER_QUAD + (IMAGE_PER_COPY if copied else 0)
    return generation.quads * per_quad + on_disk * IMAGE_PER_BYTE
