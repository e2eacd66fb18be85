"""The order in which clients are served by the one thread that answers all requests.

What a request does between two waits is a step. A few requests begin in one round of the event loop, clients
in turn. Of a client that has used much lately, or has several requests at work, also each further step waits
for its turn while others ask: one such step is done in a round, that of the client that used least, and none
while a request of another client has just come. So a crawler that asks for many pages at once delays others
by one step, not by all of its pages.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from endpoint.engine import Client
from endpoint.telemetry import Exchange
from endpoint.telemetry.watchdog import Watchdog

# Requests that begin in one round of the event loop.
AT_ONCE: Final = 4
# Seconds for which a new request of other clients goes before steps that take turns, and after which one of
# those is done all the same.
FRESH: Final = 0.01
PATIENCE: Final = 0.02
# Requests that a client may have at work before its steps take turns.
SEVERAL: Final = 2
# Seconds after which a client that asks alone takes no turns any longer.
CROWDED: Final = 1.0
# Seconds between two looks while steps are put off.
_LOOK: Final = 0.002


class Turns:
    """The turns of one event loop, whose tasks ``watchdog`` watches."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._moment = -1.0  # of the last requests that began at once, and how many those were
        self._begun = 0
        # Those that wait to begin, by client; the client whose turn is next comes first.
        self._beginning: dict[str, deque[Callable[[], None]]] = {}
        # Steps that wait, by client, and when the last one had its turn.
        self._steps: dict[Client, deque[asyncio.Future[None]]] = {}
        self._stepped = 0.0
        self._taken = False  # there was such a step in this round
        self._light: set[str] = set()  # requests at work of clients that take no turns
        self._fresh = 0.0  # until then the last of them goes before
        self._last: Client | None = None
        self._crowded = 0.0  # until then several clients ask
        self._look: asyncio.Handle | None = None
        self._soon = False  # the look is in the next round

    def begin(self, peer: str, start: Callable[[], None]) -> None:
        """Call ``start`` now or in the turn of ``peer``, once: it begins a request."""
        # The clock of the event loop stands still during a round.
        if (now := asyncio.get_running_loop().time()) != self._moment:
            self._moment, self._begun = now, 0
        if self._begun < AT_ONCE and not self._beginning:
            self._begun += 1
            start()
        else:
            self._beginning.setdefault(peer, deque()).append(start)
            self._arm()

    def enter(self, exchange: Exchange, client: Client) -> asyncio.Future[None] | None:
        """Take note of a request of the client, which pays for its steps. Return what it has to wait for.

        :meth:`leave` has to follow.
        """
        exchange.payer = client
        client.requests += 1
        now = asyncio.get_running_loop().time()
        if client is not self._last:
            self._last, self._crowded = client, now + CROWDED
        if now <= self._crowded and takes_turns(client):
            self._watchdog.turn = self._turn
            return self._turn(exchange)
        self._light.add(exchange.identifier)
        self._fresh = now + FRESH
        return None

    def leave(self, exchange: Exchange, client: Client) -> None:
        """Take note of the end of a request."""
        client.requests -= 1
        self._light.discard(exchange.identifier)
        if self._steps and not self._light:
            self._arm()

    def _turn(self, exchange: Exchange | None) -> asyncio.Future[None] | None:
        """Return what the next step of a request has to wait for; None for nothing."""
        client = None if exchange is None else exchange.payer
        if not isinstance(client, Client) or not takes_turns(client):
            return None
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now > self._crowded and not self._steps:
            self._watchdog.turn = None
            return None
        if not (self._taken or self._steps or self._yields(now)):
            self._taken, self._stepped = True, now
            self._arm()
            return None
        turn: asyncio.Future[None] = loop.create_future()
        self._steps.setdefault(client, deque()).append(turn)
        self._arm(_LOOK)
        return turn

    def _yields(self, now: float) -> bool:
        return bool(self._light) and now < self._fresh and now - self._stepped < PATIENCE

    def _arm(self, seconds: float = 0.0) -> None:
        """Look after those that wait in the next round, or after so many seconds."""
        if self._soon or (seconds and self._look is not None):
            return
        if self._look is not None:
            self._look.cancel()
        loop = asyncio.get_running_loop()
        self._soon = not seconds
        self._look = loop.call_later(seconds, self._round) if seconds else loop.call_soon(self._round)

    def _round(self) -> None:
        self._look, self._soon, self._taken = None, False, False
        for _ in range(AT_ONCE):
            if self._beginning:
                self._begin_next()
        self._take_step()
        if self._beginning or self._taken:
            self._arm()
        elif self._steps:
            self._arm(_LOOK)

    def _begin_next(self) -> None:
        peer, starts = next(iter(self._beginning.items()))
        start = starts.popleft()
        # Whoever has had a turn goes to the end.
        del self._beginning[peer]
        if starts:
            self._beginning[peer] = starts
        start()

    def _take_step(self) -> None:
        """Let the next one do its step, unless it has to be put off."""
        for client, waiting in list(self._steps.items()):
            while waiting and waiting[0].done():
                waiting.popleft()
            if not waiting:
                del self._steps[client]
        now = asyncio.get_running_loop().time()
        if not self._steps or self._yields(now):
            return
        client = min(self._steps, key=Client.recent)
        self._taken, self._stepped = True, now
        self._steps[client].popleft().set_result(None)


def takes_turns(client: Client) -> bool:
    """Return whether the steps of a client take turns."""
    return client.requests > SEVERAL or client.heavy
