"""Single flight: equal queries that come while one is evaluated wait for its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

from endpoint.engine.clients import Client
from endpoint.errors import (
    EndpointError,
    EvaluationFailed,
    MalformedQuery,
    MemoryLimitExceeded,
    NotExpressible,
    QueryKilled,
    QueryTooComplex,
    ResultTooLarge,
    WorkerDied,
)

# Seconds for which others wait for an answer whose client reads it slowly.
PATIENCE: Final = 1.0
# What would fail again, and would cost as much again.
_SHARED: Final = (
    EvaluationFailed,
    MalformedQuery,
    MemoryLimitExceeded,
    NotExpressible,
    QueryKilled,
    QueryTooComplex,
    ResultTooLarge,
    WorkerDied,
)


class NotShared(Exception):
    """The answer is not for those who wait: each has to ask for itself."""


class LeaderGone(Exception):
    """Whoever asked first has left, or failed for a reason of its own: another one may ask."""


@dataclass(slots=True, eq=False)
class Flight:
    """One evaluation that others may wait for, until ``end`` (a time of the monotonic clock).

    ``leader`` is charged for it. As long as it goes on it is at ``place`` among all ``flights``, unless
    another one has taken that.
    """

    leader: Client
    end: float
    flights: dict[Hashable, Flight]
    place: Hashable
    _waiting: list[asyncio.Future[Any]] | None = None
    _begun: bool = False
    _over: bool = False
    _timer: asyncio.TimerHandle | None = None

    def takes(self, client: Client, end: float) -> bool:
        """Return whether a client may wait for it, whose own deadline is ``end``.

        Not where it would be held up: by a shorter deadline, or in the slow lane that it need not take.
        """
        if self.leader is not client and self.leader.heavy and not client.heavy:
            return False
        now = time.monotonic()
        return self.end - now >= (end - now) / 2

    async def wait(self, end: float) -> Any:
        """Return the answer. Raises NotShared, LeaderGone, TimeoutError at ``end``, and shared failures."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._waiting is None:
            self._waiting = []
        self._waiting.append(future)
        self._limit_patience()
        try:
            async with asyncio.timeout(end - time.monotonic()):
                return await future
        finally:
            # Whoever leaves at the same moment does not look at it.
            if future.done() and not future.cancelled():
                future.exception()

    def begin(self) -> None:
        """The answer has begun, and its client reads it in pieces: others do not wait long for that."""
        self._begun = True
        self._limit_patience()

    def finish(self, answer: object) -> None:
        """Give the answer to all who wait."""
        for future in self._end():
            future.set_result(answer)

    def give_up(self) -> None:
        """Let all who wait ask for themselves."""
        for future in self._end():
            future.set_exception(NotShared())

    def fail(self, error: BaseException) -> None:
        """Let all who wait fail likewise, where they would, and else ask again. Idempotent."""
        for future in self._end():
            shared = isinstance(error, EndpointError) and isinstance(error, _SHARED)
            future.set_exception(error if shared else LeaderGone())

    def _end(self) -> list[asyncio.Future[Any]]:
        if self._over:
            return []
        self._over = True
        if self.flights.get(self.place) is self:
            del self.flights[self.place]
        if self._timer is not None:
            self._timer.cancel()
        return [future for future in self._waiting or () if not future.done()]

    def _limit_patience(self) -> None:
        if self._begun and self._waiting and self._timer is None and not self._over:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.give_up)
