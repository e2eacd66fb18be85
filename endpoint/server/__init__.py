"""The HTTP server: uvicorn on a bound socket, from its start to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Coroutine
from types import FrameType
from typing import Final, cast

import uvicorn
from starlette.types import ASGIApp

from endpoint.errors import StoreError
from endpoint.server.connection import Connection
from endpoint.server.reloading import Reloader
from endpoint.settings import Settings
from endpoint.telemetry import log

# Seconds for which an idle connection stays open, longer than proxies wait to reuse it.
_KEEP_ALIVE: Final = 75
_GRACE: Final = 10


class Server(uvicorn.Server):
    """A server of uvicorn that prints its URL when it answers, and rereads the saved queries on SIGHUP."""

    def __init__(self, app: ASGIApp, settings: Settings, reloader: Reloader) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                loop="uvloop",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._settings = settings
        self._reloader = reloader
        self._tasks: set[asyncio.Task[None]] = set()

    def serve_on(self, sock: socket.socket) -> bool:
        """Serve until a signal ends it. Return whether it ever answered."""
        # uvicorn raises the signal again when it has shut down; that would hide a clean end.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        # Until the server runs there is nothing to read again, and by default the signal would end it.
        signal.signal(signal.SIGHUP, lambda *_: None)
        try:
            self.run(sockets=[sock])
        except SystemExit:
            # The application did not start; it has logged the reason.
            return False
        return self.started

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on a signal: now while the dataset is still being read, else as uvicorn does it."""
        if not self.started:
            # Nothing is being written or answered yet, and reading could go on for half a minute. The
            # template process ends when it finds its socket closed.
            os._exit(0)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGHUP, lambda: self._start(self._reloader.reload())
        )
        if self._settings.reload:
            self._start(self._reloader.watch())
        if sockets and self.started:
            print(f"Serving SPARQL at {own_url(sockets[0], self._settings)}/sparql", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._tasks:
            task.cancel()
        await super().shutdown(sockets=sockets)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("reading the saved queries again failed", exc_info=error)


def listen(settings: Settings) -> socket.socket:
    """Bind the address of the settings. Raises :class:`StoreError` when it is not available."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) and error.errno else 0
        # Numbers below zero are those of name resolution.
        reason = os.strerror(number) if number > 0 else "this is no address of this machine"
        raise ListenError(f"Cannot listen on {settings.host} port {settings.port}: {reason}.") from None


class ListenError(StoreError):
    """The address cannot be listened on."""


def own_url(sock: socket.socket, settings: Settings) -> str:
    """Return the URL to print: the public one, or the bound address."""
    if settings.public_url:
        return settings.public_url
    host, port = cast("tuple[str, int]", sock.getsockname()[:2])
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"
