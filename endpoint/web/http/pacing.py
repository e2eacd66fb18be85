"""The time of the server process itself, shared out among the clients.

One thread answers all requests. What a request does between two waits is a step. Long steps are charged to
the client like evaluation. The steps of a client that has used much lately, or has several requests at work,
take turns, the client that used least first: one in each round of the event loop, and none while a request of
another client has just come. So a crawler that asks for many pages at once delays others by one step, not by
all of its pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from time import perf_counter
from typing import Any, Final

from endpoint.engine import Client

# Seconds from which a step is charged; shorter ones are those of small queries.
LONG: Final = 0.001
# Seconds for which a new request of other clients goes before steps that take turns, and for which such
# a step is put off at most.
FRESH: Final = 0.01
PATIENCE: Final = 0.02
# Requests that a client may have at work before its steps take turns.
SEVERAL: Final = 2
# Seconds after which a client that asks alone takes no turns any longer.
CROWDED: Final = 1.0
# Seconds between two looks while steps are put off.
_LOOK: Final = 0.002


def takes_turns(client: Client) -> bool:
    """Return whether the steps of a client take turns."""
    return client.requests > SEVERAL or client.heavy


class Pacer:
    """The turns of one event loop."""

    def __init__(self) -> None:
        self._light = 0  # requests at work of clients that have not used much
        self._fresh = 0.0  # until then the last of them goes before
        self._last: Client | None = None
        self._crowded = 0.0  # until then several clients ask
        self._taken = False  # there is such a step in this round
        self._waiting: list[tuple[Client, asyncio.Future[None], float]] = []
        self._look: asyncio.Handle | None = None

    async def paced(self, client: Client, work: Awaitable[None]) -> None:
        """Do the work of one request, in steps that are charged to its client and may take turns."""
        now = asyncio.get_running_loop().time()
        if client is not self._last:
            self._last, self._crowded = client, now + CROWDED
        client.requests += 1
        light = not takes_turns(client)
        if light:
            self._light += 1
            self._fresh = now + FRESH
        try:
            await _Paced(self, client, work)
        finally:
            client.requests -= 1
            self._light -= light
            if light and self._waiting and not self._light:
                self._arm(0.0)

    def turn(self, client: Client) -> asyncio.Future[None] | None:
        """Return what to wait for before the next step of a client that has used much; None for nothing."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now > self._crowded:
            return None
        if not (self._taken or self._waiting or self._yields(now)):
            self._taken = True
            loop.call_soon(self._end_round)
            return None
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((client, future, now))
        if self._look is None:
            self._arm(0.0)
        return future

    def _yields(self, now: float) -> bool:
        return self._light > 0 and now < self._fresh

    def _end_round(self) -> None:
        self._taken = False

    def _arm(self, seconds: float) -> None:
        if self._look is not None:
            self._look.cancel()
        loop = asyncio.get_running_loop()
        self._look = loop.call_later(seconds, self._next) if seconds else loop.call_soon(self._next)

    def _next(self) -> None:
        """Let the next one do its step, unless it has to be put off."""
        self._look = None
        self._waiting = [row for row in self._waiting if not row[1].done()]
        if not self._waiting:
            return
        now = asyncio.get_running_loop().time()
        if self._taken or (self._yields(now) and now - self._waiting[0][2] < PATIENCE):
            self._arm(_LOOK)
            return
        row = min(self._waiting, key=lambda waiting: waiting[0].recent())
        self._waiting.remove(row)
        row[1].set_result(None)
        self._arm(0.0)


class _Paced:
    """The work of one request, which is awaited once."""

    def __init__(self, pacer: Pacer, client: Client, work: Awaitable[None]) -> None:
        self._pacer = pacer
        self._client = client
        self._work = work

    def __await__(self) -> Generator[Any, None, None]:
        client, steps = self._client, self._work.__await__()
        error: BaseException | None = None
        while True:
            if error is None and takes_turns(client) and (turn := self._pacer.turn(client)) is not None:
                try:
                    yield from turn
                except BaseException as cancelled:
                    error = cancelled
            began = perf_counter()
            try:
                awaited = steps.send(None) if error is None else steps.throw(error)
            except StopIteration:
                return
            finally:
                if (taken := perf_counter() - began) > LONG:
                    client.charge(taken)
            try:
                yield awaited
                error = None
            except BaseException as raised:
                error = raised
