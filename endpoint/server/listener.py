"""A listening socket whose clients are let in in turn."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final

from endpoint.server.connection_limits import ACCEPTED, ConnectionLimits
from endpoint.server.tls import HANDSHAKE
from endpoint.telemetry import log

# Connections that are accepted in one round of the event loop, which takes a few milliseconds.
_AT_ONCE: Final = 128
# Seconds for which nothing is accepted where the system has no descriptor or memory left.
_REST: Final = 1.0
_EXHAUSTED: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


class Listener:
    """Accepts the connections that wait on a socket, many in one round, and begins them clients in turn.

    The event loop's own server begins one in each of its rounds, in the order of their arrival, so that a
    client who opens a thousand keeps others out until the last of them has begun.
    """

    def __init__(
        self,
        sock: socket.socket,
        connection: Callable[[], asyncio.Protocol],
        limits: ConnectionLimits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._sock = sock
        self._connection = connection
        self._limits = limits
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._waiting: set[socket.socket] = set()
        self._beginning: set[asyncio.Task[None]] = set()
        self._open = False
        self._rest: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Accept connections from now on. Idempotent, also after :meth:`close`."""
        self._sock.setblocking(False)
        self._open = True
        self._loop.add_reader(self._sock, self._accept)

    def close(self) -> None:
        """Accept no more; those that were accepted begin."""
        self._pause()
        self._open = False
        if self._rest is not None:
            self._rest.cancel()

    @property
    def busy(self) -> bool:
        """Return whether a connection was accepted that has not begun."""
        return bool(self._waiting or self._beginning)

    def _pause(self) -> None:
        self._loop.remove_reader(self._sock)

    def _accept(self) -> None:
        for _ in range(min(_AT_ONCE, ACCEPTED - len(self._waiting))):
            try:
                accepted, address = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                log.error("no connection can be accepted: %s", error.strerror)
                self._pause()
                self._rest = self._loop.call_later(_REST, self.start)
                return
            self._waiting.add(accepted)
            client = address[:2] if isinstance(address, tuple) else None
            self._limits.turns.begin(self._limits.peer(client), accepted, partial(self._begin, accepted))
        if len(self._waiting) >= ACCEPTED:
            self._pause()

    def _begin(self, accepted: socket.socket) -> None:
        self._waiting.discard(accepted)
        if self._open and len(self._waiting) == ACCEPTED - 1:
            self.start()
        task = self._loop.create_task(self._connect(accepted))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _connect(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(
                self._connection,
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else HANDSHAKE,
            )
        except (OSError, ssl.SSLError) as error:
            log.debug("a connection did not begin: %s", error)
            accepted.close()
