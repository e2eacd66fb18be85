"""The embedded engine: generations on disk, a template process, a pool of workers."""

from __future__ import annotations

import time
from typing import Final

from endpoint.engines import Generation, Limits, frames
from endpoint.engines.answer import Answer
from endpoint.engines.pool import PoolGone
from endpoint.engines.succession import Succession
from endpoint.errors import WorkerDied
from endpoint.formats import Format
from endpoint.operation import Operation
from endpoint.settings import Settings

# A worker that was killed from outside within this time (seconds) was most likely dead when asked.
STILLBORN: Final = 0.1


class EmbeddedEngine:
    """Evaluates operations on the current generation of a data directory. Made by :meth:`open`."""

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

    @property
    def alive(self) -> bool:
        """Whether workers can be had."""
        return self._succession.pool.alive

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
        pool = self._succession.pool
        queued = 0.0
        if (worker := pool.take()) is None:
            started = time.perf_counter()
            worker = await pool.wait(limits.timeout)
            queued = time.perf_counter() - started
        answer = Answer(pool, worker, limits, queued)
        await answer.begin(question)
        return answer

    async def aclose(self) -> None:
        """End every process that this engine started."""
        await self._succession.aclose()
