"""Limits on what all connections hold together: descriptors, requests in memory, answers not read.

A client that wants more than its part pays itself: its own idle connections make room for its new ones, and
where the server is full, those of whoever has most make room for everybody else's. One timer looks after
all connections, and only while there are any.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterable
from typing import Final, Protocol

from endpoint.errors import EndpointError, Overloaded, TooManyConnections
from endpoint.settings import Settings
from endpoint.telemetry import Exchange, log
from endpoint.web import Site
from endpoint.web.http.access import client_key
from endpoint.web.http.forwarded import proxies

# Descriptors that connections leave to everything else: files of the store, pipes, the log.
_RESERVED: Final = 256
# Connections of one listener that may wait for their turn to begin.
ACCEPTED: Final = 1024
# Descriptors of one worker or template in the server process.
_PER_WORKER: Final = 4
# Connections that may be told why they are refused; more are closed without a word.
_TOLD: Final = 64
# Bytes of one connection that are always granted; and in what steps it is granted more.
STEP: Final = 2**14
# The part of the memory for requests that one client may have.
_SHARE: Final = 4
# Seconds between two looks at all connections.
_INTERVAL: Final = 1.0
# The part of all connections that one look finds to make room, and seconds for which it is good.
_RANKED: Final = 8
_FRESH: Final = 1.0
# Seconds until a client that was refused should come back.
COME_BACK: Final = 5


class LimitedConnection(Protocol):
    """A connection as its limits know it.

    ``peer`` is the client that it is counted for, "" for none. ``held`` tells that its request has not begun.
    """

    peer: str
    granted: int
    held: bool

    def waited(self, now: float) -> float | None:
        """Return for how many seconds the server has done nothing; None while it works for the client."""
        ...

    def unsent(self) -> int:
        """Return the bytes that the client has not taken yet."""
        ...

    def check(self, now: float) -> None:
        """End the connection where its client took too long."""
        ...

    def cut(self) -> None:
        """End the connection now."""
        ...


class ConnectionLimits:
    """The limits that all connections of one server share."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.turns = site.turns
        self._most = connections_allowed(site.settings)
        # Oldest first.
        self._open: dict[LimitedConnection, None] = {}
        # Those that make room, the first one last, and until when this is so.
        self._ranked: list[LimitedConnection] = []
        self._ranked_until = 0.0
        self._told: set[LimitedConnection] = set()
        self._by_peer: dict[str, dict[LimitedConnection, None]] = {}
        self._granted = 0
        self._granted_to: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._site.settings

    @property
    def watching(self) -> bool:
        """Return whether a timer runs."""
        return self._timer is not None

    def peer(self, client: tuple[str, int] | None) -> str:
        """Return the client that a connection from this address is counted for; "" for a trusted proxy."""
        if client is None or proxies(self.settings.trusted_proxies).trusts(client[0]):
            return ""
        return client_key(client[0])

    def note_refusal(self, client: tuple[str, int] | None, error: EndpointError, sent: int) -> None:
        """Log and count an error that a connection has sent by itself."""
        exchange = Exchange("-", "-", "-", client[0] if client else "-", status=error.status, sent=sent)
        exchange.code = error.code
        self._site.instruments.request_begun(exchange)
        self._site.instruments.request_ended(exchange)

    def enter(self, connection: LimitedConnection) -> EndpointError | None:
        """Count a new connection. Return why it is refused, None where it is not; it leaves in any case.

        A connection that is refused while many others are is cut.
        """
        self._watch()
        refusal = self._refusal(connection)
        if refusal is None:
            self._open[connection] = None
            if connection.peer:
                self._by_peer.setdefault(connection.peer, {})[connection] = None
        elif len(self._told) < _TOLD:
            self._told.add(connection)
        else:
            connection.cut()
        return refusal

    def leave(self, connection: LimitedConnection) -> None:
        """Forget a connection that was lost. Idempotent."""
        self._open.pop(connection, None)
        self._told.discard(connection)
        self.release(connection)
        if (others := self._by_peer.get(connection.peer)) is not None:
            others.pop(connection, None)
            if not others:
                del self._by_peer[connection.peer]

    def _refusal(self, connection: LimitedConnection) -> EndpointError | None:
        mine = self._by_peer.get(connection.peer, ())
        # To cut what a client asked for is worse for it than to refuse one more.
        idle = (each for each in mine if not each.held)
        if len(mine) >= self.settings.max_connections_per_client and not self._make_room(idle):
            return TooManyConnections(
                f"You have {len(mine)} connections open, each with a request that is being answered. That is "
                "the limit for one client. Use one connection for several requests, or wait.",
                COME_BACK,
            )
        if len(self._open) >= self._most and not self._make_room_for_all():
            return Overloaded("The server has as many connections as it may. Try again later.", COME_BACK)
        return None

    def _make_room(self, among: Iterable[LimitedConnection]) -> bool:
        """Cut the connection for which nothing was done longest, of the client that has most of them."""
        ranked = self._rank(among, asyncio.get_running_loop().time())
        return bool(ranked) and self._cut(ranked[0])

    def _make_room_for_all(self) -> bool:
        """Do the same among all connections, without a look at each of them for every one that comes."""
        now = asyncio.get_running_loop().time()
        for _ in range(2):
            while self._ranked and now < self._ranked_until:
                longest = self._ranked.pop()
                if longest in self._open and longest.waited(now) is not None:
                    return self._cut(longest)
            ranked = self._rank(self._open, now)
            self._ranked = ranked[: max(1, self._most // _RANKED)][::-1]
            self._ranked_until = now + _FRESH
        return False

    def _rank(self, among: Iterable[LimitedConnection], now: float) -> list[LimitedConnection]:
        """Return the connections whose clients are waited for, in the order in which they make room."""
        waited = {each: seconds for each in among if (seconds := each.waited(now)) is not None}
        return sorted(
            waited, key=lambda each: (len(self._by_peer.get(each.peer, ())), waited[each]), reverse=True
        )

    def _cut(self, connection: LimitedConnection) -> bool:
        connection.cut()
        self.leave(connection)
        return True

    def grant(self, connection: LimitedConnection, size: int) -> bool:
        """Grant a connection memory for ``size`` bytes of requests. Return whether it may have as much."""
        more = (size - connection.granted + STEP - 1) // STEP * STEP
        theirs = self._granted_to.get(connection.peer, 0) + more
        if connection.peer and theirs > self.settings.max_input // _SHARE:
            return False
        while self._granted + more > self.settings.max_input:
            if not self._take_back(connection):
                return False
        connection.granted += more
        self._granted += more
        self._granted_to[connection.peer] = self._granted_to.get(connection.peer, 0) + more
        return True

    def _take_back(self, connection: LimitedConnection) -> bool:
        """Cut the unfinished request that was granted most, of the client that was granted most."""
        now = asyncio.get_running_loop().time()
        others = [each for each in self._open if each.granted and each.waited(now) is not None]
        others = [each for each in others if each is not connection]
        if not others:
            return False
        most = max(others, key=lambda each: (each.peer and self._granted_to[each.peer], each.granted))
        if most.peer == connection.peer and most.granted <= connection.granted:
            return False
        most.cut()
        self.leave(most)
        return True

    def release(self, connection: LimitedConnection) -> None:
        """Take back all that was granted to a connection."""
        if connection.granted:
            self._granted -= connection.granted
            left = self._granted_to.pop(connection.peer) - connection.granted
            if left:
                self._granted_to[connection.peer] = left
            connection.granted = 0

    def relieve(self) -> None:
        """Cut the largest answer of the client that leaves most unread, where all leave too much together."""
        unread = {each: each.unsent() for each in self._open}
        excess = sum(unread.values()) - self.settings.max_output
        if excess <= 0:
            return
        of_peer: dict[str, int] = {}
        for each, size in unread.items():
            of_peer[each.peer] = of_peer.get(each.peer, 0) + size
        # What comes from trusted proxies is of many clients.
        ranked = sorted(unread, key=lambda each: (of_peer[each.peer] if each.peer else 0, unread[each]))
        while excess > 0 and ranked:
            largest = ranked.pop()
            excess -= unread[largest]
            log.warning(
                "a client that read too slowly was cut, for all together left %d bytes unread",
                self.settings.max_output,
            )
            largest.cut()

    def _watch(self) -> None:
        if self._timer is None:
            interval = min(_INTERVAL, self.settings.client_timeout / 4)
            self._timer = asyncio.get_running_loop().call_later(interval, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for connection in [*self._open, *self._told]:
            connection.check(now)
        if self._open or self._told:
            self._watch()


def connections_allowed(settings: Settings) -> int:
    """Raise the limit of descriptors as far as the system allows; return how many may be connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + _TOLD + ACCEPTED + _RESERVED + _PER_WORKER * settings.pool_size
    # A spool for HTTP/1.0 needs one more; there are never more of them than connections.
    wanted += settings.max_connections
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return settings.max_connections
    allowed = max(16, settings.max_connections - (wanted - soft + 1) // 2)
    log.warning(
        "the system allows %d open files, so that at most %d connections are served at once; raise the limit "
        "to %d (LimitNOFILE, ulimit -n)",
        soft,
        allowed,
        wanted,
    )
    return allowed
