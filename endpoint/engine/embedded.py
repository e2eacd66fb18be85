"""The embedded engine: generations on disk, a template process, a pool of workers."""

from __future__ import annotations

import time
from typing import Final

from endpoint.engine import Limits, wire
from endpoint.engine.answer import Answer
from endpoint.engine.pool import Pool, PoolGone
from endpoint.engine.supervisor import Succession
from endpoint.errors import GenerationGone, WorkerDied
from endpoint.formats import Representation
from endpoint.search import Request
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation

# A worker that was killed from outside within this time (seconds) was most likely dead when asked.
STILLBORN: Final = 0.1


class EmbeddedEngine:
    """Evaluates operations on the generations of a data directory. Made by :meth:`open`."""

    def __init__(self, settings: Settings, succession: Succession) -> None:
        self._settings = settings
        self._succession = succession

    @classmethod
    async def open(cls, settings: Settings, prefixes: dict[str, str]) -> EmbeddedEngine:
        """Start on the current generation. Raises :class:`StoreError` when there is none."""
        return cls(settings, await Succession.start(settings, prefixes))

    @property
    def generation(self) -> Generation:
        """The generation that the next query sees."""
        return self._succession.pool.generation

    def held(self, number: int) -> Generation | None:
        """Generation ``number``, where it is the current one or one that is kept."""
        current = self.generation
        return current if number == current.number else self._succession.retention.find(number)

    @property
    def alive(self) -> bool:
        """Whether workers can be had."""
        return self._succession.pool.alive

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Answer:
        """Evaluate on the generation asked for; returns when the first bytes of the answer exist."""
        frame = wire.pack_query(operation, representation)
        return await self._answer(frame, operation.text, limits, operation.generation)

    async def search(self, request: Request, limits: Limits, generation: int | None = None) -> Answer:
        """Search the text index of the generation asked for."""
        return await self._answer(wire.pack_search(request), "", limits, generation)

    async def _answer(self, frame: bytes, text: str, limits: Limits, generation: int | None) -> Answer:
        for _ in range(self._settings.pool_size):
            started = time.perf_counter()
            try:
                return await self._begin(frame, text, limits, generation)
            except PoolGone:
                continue
            except WorkerDied:
                if time.perf_counter() - started > STILLBORN:
                    raise
        return await self._begin(frame, text, limits, generation)

    async def _begin(self, frame: bytes, text: str, limits: Limits, number: int | None) -> Answer:
        started = time.perf_counter()
        pool = self._succession.pool
        if number is not None and number != pool.generation.number:
            pool = await self._older(number, limits.timeout)
        if (worker := pool.take()) is None:
            worker = await pool.wait(limits.timeout)
        answer = Answer(pool, worker, limits, queued=time.perf_counter() - started)
        await answer.begin(frame, text)
        return answer

    async def _older(self, number: int, timeout: float) -> Pool:
        pool = await self._succession.retention.pool(number, timeout)
        if pool is None:
            current = self.generation.number
            raise GenerationGone(
                f"Generation {number} of the data is not kept, and generation {current} is served now. "
                "Ask without naming a generation.",
                number,
                current,
            )
        return pool

    async def aclose(self) -> None:
        """End every process that this engine started."""
        await self._succession.aclose()
