"""The watchdog of the event loop: how long nothing else could be done, and who was the reason.

One thread answers all requests, so what holds it holds everybody. Every step of every task is measured here,
and nowhere else. A long one is charged to the client of its request. The first step in a round of the loop
asks to be called back in the next round; the time between is what any other request waited. Nothing is done
while the loop waits, and a step costs less than a microsecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from time import perf_counter, thread_time
from typing import Any, Final

from endpoint.telemetry import Exchange, log, log_field

# Seconds from which a pause is logged and counted.
THRESHOLD: Final = 0.1
# Seconds from which a step is charged; shorter ones are those of small queries.
LONG: Final = 0.001
# Seconds of a step for which nobody is named in the log.
_QUICK: Final = 0.01
# Seconds by which the processor time of a pause may be too long.
_ACCURACY: Final = 0.01

# The request that a task works for. The boundary sets it; what a request begins inherits it.
EXCHANGE: Final[ContextVar[Exchange | None]] = ContextVar("exchange", default=None)


class Watchdog:
    """A watchdog of one event loop, from :meth:`watch` on. All times are in seconds.

    ``pauses`` counts those of :data:`THRESHOLD` and more. ``turn``, while it is set, is asked before each
    step of a request what the step has to wait for.
    """

    def __init__(self) -> None:
        self.pauses = 0
        self.armed = False
        self.turn: Callable[[Exchange | None], asyncio.Future[None] | None] | None = None
        self._slowest = _QUICK
        self._longest = 0.0
        self._since = self._read = self._worked = 0.0
        self._culprit: Exchange | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def longest_pause(self) -> float:
        """Return the longest time for which the loop could do nothing else, since it is watched."""
        return self._longest

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch this loop: every task that it begins from now on."""
        self._loop = loop
        loop.set_task_factory(self._task)

    def arm(self, now: float) -> None:
        """Measure from ``now`` (of ``perf_counter``) until the next round. Only for the loop's thread."""
        if self.armed or self._loop is None:
            return
        self.armed = True
        self._since = now
        # This clock is a system call, so it is not read in every round.
        if now - self._read > _ACCURACY:
            self._read, self._worked = now, thread_time()
        self._loop.call_soon(self._disarm)

    def note_step(self, duration: float) -> None:
        """Take note of a long step: charge it, and keep the slowest of this round with its request."""
        exchange = EXCHANGE.get()
        if exchange is not None and exchange.payer is not None:
            exchange.payer.charge(duration)
        if duration > self._slowest:
            self._slowest, self._culprit = duration, exchange

    def _disarm(self) -> None:
        pause = perf_counter() - self._since
        self._longest = max(self._longest, pause)
        if pause >= THRESHOLD:
            self.pauses += 1
            self._report(pause, min(pause, thread_time() - self._worked))
        self.armed = False
        self._slowest = _QUICK
        self._culprit = None

    def _report(self, pause: float, worked: float) -> None:
        parts = [f"the event loop was held pause_ms={pause * 1000:.1f} cpu_ms={worked * 1000:.1f}"]
        if self._culprit is not None:
            parts += [
                f"step_ms={self._slowest * 1000:.1f}",
                log_field("request", self._culprit.identifier),
                log_field("method", self._culprit.method),
                log_field("path", self._culprit.path),
            ]
        log.warning("%s", " ".join(parts))

    def _task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **named: Any,
    ) -> asyncio.Task[Any]:
        return asyncio.Task(_Steps(work, self), loop=loop, **named)


class _Steps(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are measured."""

    __slots__ = ("_waited", "_watchdog", "_work")

    def __init__(self, work: Any, watchdog: Watchdog) -> None:
        self._work = work
        self._watchdog = watchdog
        self._waited = False

    def send(self, value: Any, /) -> Any:
        watchdog = self._watchdog
        began = perf_counter()
        if not watchdog.armed:
            watchdog.arm(began)
        if watchdog.turn is not None:
            if self._waited:
                self._waited = False
            elif (turn := watchdog.turn(EXCHANGE.get())) is not None:
                self._waited = True
                return turn.__await__().send(None)
        try:
            return self._work.send(value)
        finally:
            if (duration := perf_counter() - began) > LONG:
                watchdog.note_step(duration)

    def throw(self, *error: Any) -> Any:
        watchdog = self._watchdog
        began = perf_counter()
        if not watchdog.armed:
            watchdog.arm(began)
        self._waited = False
        try:
            return self._work.throw(*error)
        finally:
            if (duration := perf_counter() - began) > LONG:
                watchdog.note_step(duration)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Generator[Any, Any, Any] = self._work.__await__()
        return steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)
