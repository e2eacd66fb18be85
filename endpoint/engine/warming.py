"""Warming: what was asked most of one generation is evaluated on the next one, where workers are idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from contextvars import Context
from typing import Final

from endpoint.engine import Occupancy, Result
from endpoint.errors import EndpointError
from endpoint.telemetry import log

# Queries that are evaluated at most, and seconds that all of them may take, waiting included.
MOST: Final = 64
SECONDS: Final = 10.0
# Seconds that a generation must have been served before the next one is warmed: where they follow each other
# faster, it would be in vain.
LASTING: Final = 10.0
# Seconds between two looks while workers are busy.
_LOOK: Final = 0.02

Ask = Callable[[], Awaitable[Result]]


class Warming:
    """One warming at a time, on behalf of the server itself, which gives way to all clients."""

    def __init__(self, occupancy: Callable[[], Occupancy]) -> None:
        self._occupancy = occupancy
        self._task: asyncio.Task[None] | None = None
        self._since = time.monotonic()

    def begin(self, queries: Sequence[Ask]) -> None:
        """Evaluate these queries, the first one first; give up what is left of those before."""
        since, self._since = self._since, time.monotonic()
        self.end()
        if queries and self._since - since >= LASTING:
            # Nothing of it belongs to the request that found the new generation.
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._run(queries), context=Context())

    def end(self) -> None:
        """Give up what is not evaluated yet. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, queries: Sequence[Ask]) -> None:
        end, warmed = time.monotonic() + SECONDS, 0
        for ask in queries:
            while self._busy() and time.monotonic() < end:
                await asyncio.sleep(_LOOK)
            if time.monotonic() >= end:
                break
            try:
                async with aclosing(await ask()) as result:
                    async for _ in result:
                        pass
                warmed += 1
            except EndpointError as error:
                log.debug("a query was not warmed: %s", error.detail)
        log.info("warmed the cache with %d queries of %d", warmed, len(queries))

    def _busy(self) -> bool:
        """Return whether a query of a client would miss the worker."""
        occupancy = self._occupancy()
        workers = sum(occupancy.states.values())
        return bool(occupancy.waiting) or occupancy.states.get("idle", 0) < min(2, workers)
