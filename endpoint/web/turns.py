"""The order in which clients are served by the one thread that answers all requests.

What a request does between two waits is a step. A few connections and requests begin in one round of the
event loop, clients in turn, those first that have few waiting. Of a client that has used much lately, or has
several requests at work, also each further step waits for its turn while others ask: one such step is done in
a round, that of the client that used least, and none while a request of a client that used less has just
come. So a crawler that asks for many pages at once delays others by one step, not by all of its pages.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final

from endpoint.engine import Client
from endpoint.telemetry import Exchange
from endpoint.telemetry.watchdog import Watchdog

# Requests that begin in one round of the event loop; one only after a round of more than so many seconds.
AT_ONCE: Final = 4
SHORT: Final = 0.002
# Seconds for which a new request of other clients goes before steps that take turns, and after which one of
# those is done all the same.
FRESH: Final = 0.01
PATIENCE: Final = 0.02
# Requests that a client may have at work before its steps take turns, and may have waiting and still begin
# before those of clients with more.
SEVERAL: Final = 2
# Seconds used lately from which the steps of a client take turns: those of some pages.
MUCH: Final = 1.0
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
        self._beginning: dict[object, deque[Callable[[], None]]] = {}
        # Steps that wait, by client, and when the last one had its turn.
        self._steps: dict[Client, deque[asyncio.Future[None]]] = {}
        self._stepped = 0.0
        self._taken = False  # there was such a step in this round
        self._light: set[str] = set()  # requests at work of clients that take no turns
        # Until then what has come last goes before what takes turns, of clients that used more than this one.
        self._fresh = 0.0
        self._first: Client | None = None
        self._last: Client | None = None
        self._last_peer = ""
        self._crowded = 0.0  # until then several clients ask
        self._look: asyncio.Handle | None = None
        self._armed = 0.0  # when, by the performance counter
        self._soon = False  # the look is in the next round

    def begin(self, peer: str, connection: object, start: Callable[[], None]) -> None:
        """Call ``start`` now or in the turn of ``peer``, once: it begins a connection or a request.

        Where the peer is "", a proxy's, its connections are of many clients and have turns of their own.
        """
        # The clock of the event loop stands still during a round.
        if (now := asyncio.get_running_loop().time()) != self._moment:
            self._moment, self._begun = now, 0
        if peer and peer != self._last_peer:
            self._last_peer, self._crowded = peer, now + CROWDED
        if self._begun < AT_ONCE and not self._beginning:
            self._begun += 1
            start()
        else:
            self._beginning.setdefault(peer or connection, deque()).append(start)
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
        if now >= self._fresh or (self._first is not None and client.recent() <= self._first.recent()):
            self._fresh, self._first = now + FRESH, client
        return None

    def leave(self, exchange: Exchange, client: Client) -> None:
        """Take note of the end of a request."""
        client.requests -= 1
        self._light.discard(exchange.identifier)
        if not self._light:
            self._fresh = 0.0
            if self._steps or self._beginning:
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
        if not (self._taken or self._steps or self._yields(now, client)):
            self._taken, self._stepped = True, now
            self._arm()
            return None
        turn: asyncio.Future[None] = loop.create_future()
        self._steps.setdefault(client, deque()).append(turn)
        self._arm(_LOOK)
        return turn

    def _yields(self, now: float, client: Client | None = None) -> bool:
        """Return whether what takes turns, of this client, is put off for what has come last."""
        if now >= self._fresh or now - self._stepped >= PATIENCE:
            return False
        return client is None or self._first is None or self._first.recent() < client.recent()

    def _arm(self, seconds: float = 0.0) -> None:
        """Look after those that wait in the next round, or after so many seconds."""
        if self._soon or (seconds and self._look is not None):
            return
        if self._look is not None:
            self._look.cancel()
        loop = asyncio.get_running_loop()
        self._soon, self._armed = not seconds, perf_counter()
        self._look = loop.call_later(seconds, self._round) if seconds else loop.call_soon(self._round)

    def _round(self) -> None:
        self._look, self._soon, self._taken = None, False, False
        now = asyncio.get_running_loop().time()
        # What began in the last round was done since then.
        most = AT_ONCE if perf_counter() - self._armed < SHORT else 1
        begun = 0
        while begun < most and self._begin_next(now):
            begun += 1
        self._take_step(now)
        if begun or self._taken:
            self._arm()
        elif self._beginning or self._steps:
            self._arm(_LOOK)

    def _begin_next(self, now: float) -> bool:
        """Begin what is next, unless it has to be put off. Return whether anything began."""
        many = {peer for peer, starts in self._beginning.items() if len(starts) > SEVERAL}
        few = next((peer for peer in self._beginning if peer not in many), None)
        if few is None and (not many or self._yields(now)):
            return False
        if few is None:
            self._stepped = now
        elif many:
            self._fresh, self._first = now + FRESH, None
        peer = next(iter(self._beginning)) if few is None else few
        starts = self._beginning.pop(peer)
        start = starts.popleft()
        if starts:
            # Whoever has had a turn goes to the end.
            self._beginning[peer] = starts
        start()
        return True

    def _take_step(self, now: float) -> None:
        """Let the next one do its step, unless it has to be put off."""
        for client, waiting in list(self._steps.items()):
            while waiting and waiting[0].done():
                waiting.popleft()
            if not waiting:
                del self._steps[client]
        if not self._steps:
            return
        client = min(self._steps, key=Client.recent)
        if self._yields(now, client):
            return
        self._taken, self._stepped = True, now
        self._steps[client].popleft().set_result(None)


def takes_turns(client: Client) -> bool:
    """Return whether the steps of a client take turns."""
    return client.requests > SEVERAL or client.recent() > MUCH or client.heavy
