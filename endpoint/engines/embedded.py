"""The embedded engine: generations on disk, a template process, a pool of workers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from endpoint.engines import Generation, Limits, frames, generations
from endpoint.engines.answer import Answer
from endpoint.engines.nursery import Nursery
from endpoint.engines.pool import Pool, PoolGone
from endpoint.errors import EndpointError, StoreError, WorkerDied
from endpoint.formats import Format
from endpoint.operation import Operation
from endpoint.settings import Settings
from endpoint.telemetry import log

# How often (seconds) the server looks whether another process has published a generation.
WATCH: Final = 0.5
# A worker that was killed from outside within this time (seconds) was most likely dead when asked.
STILLBORN: Final = 0.1
# An image in memory needs about this much, per quad and per byte on disk (text is stored compressed).
IMAGE_PER_QUAD: Final = 450
IMAGE_PER_BYTE: Final = 3


class EmbeddedEngine:
    """Evaluates operations on the current generation of a data directory. Made by :meth:`open`."""

    def __init__(self, settings: Settings, prefixes: dict[str, str], pool: Pool) -> None:
        self._settings = settings
        self._prefixes = prefixes
        self._pool = pool
        self._retiring: list[Pool] = []
        self._seen = generations.fingerprint(settings.data)
        self._watch = asyncio.create_task(self._follow())

    @classmethod
    async def open(cls, settings: Settings, prefixes: dict[str, str]) -> EmbeddedEngine:
        """Start on the current generation. Raises :class:`StoreError` when there is none."""
        generation = generations.current(settings.data)
        if generation is None:
            raise StoreError(
                f"There is no store in {settings.data}. Build one with 'endpoint serve' or 'load'."
            )
        return cls(settings, prefixes, await _open_pool(settings, prefixes, generation))

    @property
    def generation(self) -> Generation:
        """The generation that the next query sees."""
        return self._pool.generation

    @property
    def alive(self) -> bool:
        """Whether workers can be had."""
        return self._pool.alive

    async def query(self, operation: Operation, fmt: Format, limits: Limits) -> Answer:
        """Evaluate on the current generation; returns when the first bytes of the answer exist."""
        question: frames.Question = {
            "text": operation.text,
            "base_iri": operation.base_iri,
            "default_graphs": list(operation.default_graphs),
            "named_graphs": list(operation.named_graphs),
            "dataset_clause": operation.dataset_clause,
            "star": operation.star,
            "format": fmt.name,
            "search": operation.search,
        }
        for _ in range(self._settings.pool_size):
            started = time.perf_counter()
            try:
                return await self._ask(question, limits)
            except PoolGone:
                continue
            except WorkerDied:
                if time.perf_counter() - started > STILLBORN:
                    raise
        return await self._ask(question, limits)

    async def _ask(self, question: frames.Question, limits: Limits) -> Answer:
        pool = self._pool
        queued = 0.0
        if (worker := pool.take()) is None:
            started = time.perf_counter()
            worker = await pool.wait(limits.timeout)
            queued = time.perf_counter() - started
        answer = Answer(pool, worker, limits, queued)
        await answer.begin(question)
        return answer

    async def _follow(self) -> None:
        """Move to every generation that another process publishes; replace a template that died."""
        while True:
            await asyncio.sleep(WATCH)
            seen = generations.fingerprint(self._settings.data)
            if seen == self._seen and self._pool.alive:
                continue
            try:
                await self._move()
                self._seen = seen
            except EndpointError as error:
                log.error("the new generation cannot be served yet: %s", error)
            except Exception:  # whatever it is, the next look may go better, and must come
                log.exception("the new generation cannot be served yet")

    async def _move(self) -> None:
        generation = generations.current(self._settings.data)
        if generation is None:
            raise StoreError(f"{self._settings.data} holds no generation any more.")
        old = self._pool
        self._pool = await _open_pool(self._settings, self._prefixes, generation)
        old.retire()
        self._retiring = [pool for pool in (*self._retiring, old) if not pool.finished]
        log.info("serving generation %d, %d quads", generation.number, generation.quads)

    async def aclose(self) -> None:
        """End every process that this engine started."""
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        for pool in (*self._retiring, self._pool):
            await pool.aclose()


async def _open_pool(settings: Settings, prefixes: dict[str, str], generation: Generation) -> Pool:
    in_memory = _image_size(generation) <= settings.image
    order: frames.TemplateOrder = {
        "generation": str(generation.path.absolute()),
        "in_memory": in_memory,
        "union": settings.default_graph == "union",
        "memory": settings.memory,
        "prefixes": prefixes,
    }
    nursery = await Nursery.start(generation, order)
    if not nursery.fenced:
        log.warning("this system has no seccomp filter: only the query gate keeps workers off the network")
    pool = Pool(nursery, settings.pool_size, settings.queue)
    try:
        await pool.start()
    except BaseException:
        await pool.aclose()
        raise
    return pool


def _image_size(generation: Generation) -> int:
    """Roughly how many bytes the generation takes as an in-memory store."""
    on_disk = sum(file.stat().st_size for file in _files(generation.path))
    return generation.quads * IMAGE_PER_QUAD + on_disk * IMAGE_PER_BYTE


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
