"""The HTTP server: uvicorn on a bound socket, from its start to its end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from types import FrameType
from typing import Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from endpoint.errors import StoreError
from endpoint.server.connection import Connection
from endpoint.server.connection_limits import ConnectionLimits
from endpoint.server.listener import Listener
from endpoint.server.metrics_listener import MetricsListener
from endpoint.server.reloading import Reloader
from endpoint.server.service_manager import Manager
from endpoint.server.tls import Tls
from endpoint.server.transport import limit_kernel
from endpoint.settings import Settings
from endpoint.telemetry import log
from endpoint.web import Site
from endpoint.web.http.boundary import Boundary
from endpoint.web.http.html import compile_templates

_BACKLOG: Final = 2048
# Seconds between two looks at the connections while the server ends, and for what was cut to notice it.
_LOOK: Final = 0.05
_AFTERMATH: Final = 5.0
# Objects that are allocated until the collector looks for garbage among them. With Python's 700 it does after
# every few requests, whose objects are mostly still in use, and are looked at again; with 10,000 a flood of
# requests leaves 70 MB in place of 44.
_YOUNG: Final = 4_000
# Seconds after the start until the templates are compiled, which takes a quarter of one of a processor.
_SETTLED: Final = 1.0
# Seconds that TLS handshakes may need, which are no connections yet.
_HANDSHAKES: Final = 1.0


class Server(uvicorn.Server):
    """A server of uvicorn that prints its URL when it answers, drains on SIGTERM and reloads on SIGHUP.

    ``metrics`` is a listener that begins and ends with it.
    """

    def __init__(
        self,
        app: ASGIApp,
        site: Site,
        reloader: Reloader,
        tls: Tls,
        manager: Manager,
        metrics: MetricsListener | None = None,
    ) -> None:
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
                # The boundary looks at what proxies say, once.
                proxy_headers=False,
                reset_contextvars=True,
            )
        )
        self._site = site
        self._at_once = app.at_once if isinstance(app, Boundary) else None
        self._limits = ConnectionLimits(site)
        self._reloader = reloader
        self._tls = tls.context
        self._manager = manager
        self._metrics = metrics
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[Listener] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def serve_on(self, sockets: list[socket.socket]) -> bool:
        """Serve until a signal ends it. Return whether it ever answered."""
        # uvicorn raises the signal again when it has shut down; that would hide a clean end.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        # Until the server runs there is nothing to read again, and by default the signal would end it.
        signal.signal(signal.SIGHUP, lambda *_: None)
        try:
            self.run(sockets=sockets)
        except SystemExit:
            # The application did not start; it has logged the reason.
            return False
        return self.started

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain on the first signal; end now on the second, or while the dataset is still being read."""
        if not self.started:
            # Nothing is being written or answered yet, and reading could go on for half a minute. The
            # template process ends when it finds its socket closed.
            os._exit(0)
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = self._site.draining = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ending.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept connections and say so."""
        self._site.instruments.watchdog.watch(asyncio.get_running_loop())
        self._site.instruments.connections = cast("set[Connection]", self.server_state.connections)
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        self._loop = loop = asyncio.get_running_loop()
        for sock in sockets or ():
            limit_kernel(sock, self._site.settings.client_timeout)
            sock.listen(_BACKLOG)
            self._listeners.append(Listener(sock, self._connection, self._limits, self._tls))
            self._listeners[-1].start()
        if self._metrics is not None:
            await self._metrics.start()
        self.started = True
        # What is here by now lasts.
        gc.freeze()
        gc.set_threshold(_YOUNG)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._start(self._reload()))
        self._start(self._prepare())
        if self._site.settings.reload:
            self._start(self._reloader.watch())
        if self._manager.watchdog:
            self._start(self._show_life())
        if sockets:
            url = own_url(sockets[0], self._site.settings)
            # Whoever started it may not listen any more.
            with suppress(OSError):
                print(f"Serving SPARQL at {url}/sparql", flush=True)
            self._manager.notify("READY=1", f"STATUS=Serving {url}")

    def _connection(self) -> Connection:
        connection = Connection(self.config, self.server_state, self.lifespan.state, limits=self._limits)
        connection.watchdog = self._site.instruments.watchdog
        connection.at_once = self._at_once
        return connection

    async def main_loop(self) -> None:
        """Renew the Date header every second until a signal comes."""
        while not self.should_exit:
            await self.on_tick(0)
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain: accept no more, finish what runs within the setting ``drain``, cut the rest, end the engine.

        A listening socket that was inherited stays open where it came from, so connections that are not
        accepted here wait there for the next process.
        """
        drain = self._site.settings.drain
        self._manager.notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int((drain + 2 * _AFTERMATH) * 1e6)}")
        for task in self._tasks:
            task.cancel()
        for listener in self._listeners:
            listener.close()
        for sock in sockets or ():
            sock.close()
        if self._tls is not None:
            await self._finished(min(_HANDSHAKES, drain), handshakes=True)
        if not await self._finished(drain):
            connections = list(self.server_state.connections)
            log.warning("cut %d connections that were not finished after %g s", len(connections), drain)
            for connection in connections:
                connection.transport.abort()
            await self._finished(_AFTERMATH)
        await self.lifespan.shutdown()
        if self._metrics is not None:
            await self._metrics.stop()

    async def _finished(self, seconds: float, handshakes: bool = False) -> bool:
        """Wait until every connection has ended, for so many seconds at most. Return whether they have."""
        end = time.monotonic() + seconds
        state = self.server_state
        while handshakes or state.connections or state.tasks or any(each.busy for each in self._listeners):
            # Also those that were accepted just before.
            for connection in list(state.connections):
                connection.shutdown()
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(_LOOK)
        return True

    async def _prepare(self) -> None:
        await asyncio.sleep(_SETTLED)
        await compile_templates()

    async def _reload(self) -> None:
        self._manager.reloading()
        await self._reloader.reload()
        self._manager.notify("READY=1")

    async def _show_life(self) -> None:
        """Tell the service manager twice in each of its intervals that the event loop runs."""
        while True:
            self._manager.notify("WATCHDOG=1")
            await asyncio.sleep(self._manager.watchdog / 2)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what the server does beside its requests failed", exc_info=error)


def listen(settings: Settings, manager: Manager) -> list[socket.socket]:
    """Take over the manager's sockets, or bind the address of the settings where there are none.

    Raises :class:`ListenError` when the address is not available.
    """
    return manager.listening or [_bound(settings.host, settings.port)]


def listen_for_metrics(settings: Settings, manager: Manager) -> list[socket.socket]:
    """Take over the manager's sockets for the metrics, or bind their address where the settings have one.

    Raises :class:`ListenError` when the address is not available.
    """
    if not manager.metrics and settings.metrics_address is not None:
        return [_bound(*settings.metrics_address)]
    return manager.metrics


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) and error.errno else 0
        # Numbers below zero are those of name resolution.
        reason = os.strerror(number) if number > 0 else "this is no address of this machine"
        raise ListenError(f"Cannot listen on {host} port {port}: {reason}.") from None


class ListenError(StoreError):
    """The address cannot be listened on."""


def own_url(sock: socket.socket, settings: Settings) -> str:
    """Return the URL to print: the public one, or the bound address."""
    if settings.public_url:
        return settings.public_url
    host, port = cast("tuple[str, int]", sock.getsockname()[:2])
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"{'https' if settings.tls_certificate else 'http'}://{shown}:{port}"
