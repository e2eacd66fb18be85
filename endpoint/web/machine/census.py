"""Keeps the statistics of the generation that is served: counted once for each, one count at a time."""

from __future__ import annotations

import asyncio
import time

from endpoint.errors import EndpointError
from endpoint.telemetry import log
from endpoint.web.http.site import Site
from endpoint.web.machine.counting import BUDGET, Counting, Moved
from endpoint.web.machine.statistics import Statistics

# Reasons in the log of what could not be counted, at most.
_TOLD = 5


class Census:
    """The statistics of one site; ``budget`` is in seconds, for each generation."""

    def __init__(self, site: Site, budget: float = BUDGET) -> None:
        self._site = site
        self._budget = budget
        self._latest: Statistics | None = None
        self._task: asyncio.Task[None] | None = None

    async def statistics(self, patience: float) -> Statistics | None:
        """The statistics of the generation that is served, where they are there within ``patience`` seconds.

        Otherwise those of a generation before, and None while none have been counted. The count goes on
        when its caller has left. Raises :class:`~endpoint.errors.Overloaded` while the server starts or
        stops.
        """
        if (task := self.begin()) is not None:
            await asyncio.wait([task], timeout=patience)
            if task.done():
                task.result()
        return self._latest

    def begin(self) -> asyncio.Task[None] | None:
        """Begin to count the generation that is served; the count that runs, None where there is no need.

        Raises :class:`~endpoint.errors.Overloaded` while the server starts or stops.
        """
        generation = self._site.engine.generation
        if self._latest is not None and self._latest.generation.number == generation.number:
            return None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._count())
        return self._task

    async def _count(self) -> None:
        while True:
            started = time.monotonic()
            try:
                generation = self._site.engine.generation
                self._latest = await Counting(self._site, generation, self._budget).run()
            except Moved:
                continue
            except EndpointError as error:
                log.warning("the data could not be counted: %s", error.detail)
                return
            _tell(self._latest, time.monotonic() - started)
            return


def _tell(statistics: Statistics, taken: float) -> None:
    number, left_out = statistics.generation.number, statistics.left_out
    log.info("counted what generation %d is made of, in %.1f s", number, taken)
    if left_out:
        shown = "; ".join(left_out[:_TOLD])
        log.warning("generation %d: %d numbers are left out: %s", number, len(left_out), shown)
