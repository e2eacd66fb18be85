"""The HTTP server: uvicorn on a bound socket, with connections that can be cut and saved queries read again.

The catalog is replaced by one assignment, so that a request sees either the old or the new one. A file that
no longer loads keeps its queries; they are removed with the file.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import Coroutine, Iterator
from types import FrameType
from typing import Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.reading import Fingerprint, fingerprint, read_catalog
from endpoint.errors import StoreError
from endpoint.settings import Settings
from endpoint.telemetry import log
from endpoint.web import Site

# Seconds for which an idle connection stays open, longer than proxies wait to reuse it.
_KEEP_ALIVE = 75
_GRACE = 10
# Bytes of a URL that httptools can parse; bytes of a request head, URL included, that are read at all.
_PARSED_URL = 2**16 - 1
_LONGEST_HEAD = 2**22
_MOST_HEADERS = 200
# Seconds in which the head of a request has to come.
_HEAD_TIME = 30.0
# Seconds between two checks of the files of saved queries.
RELOAD_INTERVAL: Final = 1.0
_UPGRADE = re.compile(rb"(\r\n)U(?=pgrade[ \t]*:)", re.IGNORECASE)


class _OneWrite:
    """A transport that sends the head of a response together with the first piece of its body.

    uvicorn writes them one after the other, and each write is a system call and a packet.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n"):
            self._head = data
            asyncio.get_running_loop().call_soon(self.flush)
            return
        self._transport.write(data)

    def flush(self) -> None:
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection, with what a server on the open internet needs besides.

    The ASGI extension ``endpoint.abort`` ends it now, without a clean end; a response leaves in one
    write; a URL may be longer than the 64 kB at which httptools' URL parser stops; a request head
    is bounded in size and time; an offer to upgrade to HTTP/2 is passed over.
    """

    _heading = True
    _head_size = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = cast("asyncio.Transport", _OneWrite(transport))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._heading:
            self._head_size += len(data)
            if self._head_size > _LONGEST_HEAD:
                self.send_400_response("The head of the request is too long.")
                return
            head, end, rest = data.partition(b"\r\n\r\n")
            # A request that offers HTTP/2 (Java's client does, by default) is a request of HTTP/1.1 all
            # the same (RFC 9110 section 7.8), but the parser would stop reading at its body.
            data = _UPGRADE.sub(rb"\1X", head) + end + rest
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()
        self.scope["extensions"] = {"endpoint.abort": {"abort": self.transport.abort}}

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > _MOST_HEADERS:
            raise ValueError("the request has too many header fields")

    def on_headers_complete(self) -> None:
        self._heading = False
        self._stop_waiting()
        url = self.url
        if len(url) <= _PARSED_URL:
            super().on_headers_complete()
        else:
            self.url, _, query = url.partition(b"?")
            super().on_headers_complete()
            self.scope["query_string"] = query

    def on_message_complete(self) -> None:
        self._heading = True
        self._head_size = 0
        super().on_message_complete()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._late = self.loop.call_later(_HEAD_TIME, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class Reloader:
    """The reader of changed saved queries of one site, on demand or when their files change."""

    def __init__(self, site: Site, interval: float = RELOAD_INTERVAL) -> None:
        self._site = site
        self._interval = interval
        self._lock = asyncio.Lock()

    async def reload(self) -> None:
        """Read the folder again and serve its queries. Logs what changed; raises nothing."""
        site = self._site
        async with self._lock:
            before = site.catalog
            after = await asyncio.to_thread(
                read_catalog, site.dataset.queries, site.settings.max_nesting, site.dataset.prefixes, before
            )
            site.catalog = after
        for problem in after.problems:
            log.error("saved query left out: %s", problem)
        for notice in after.notices:
            if str(notice) not in map(str, before.notices):
                log.warning("saved query: %s", notice)
        changes = " ".join(_changes(before, after)) or "nothing changed"
        log.info("read %d saved queries: %s", len(after.queries), changes)

    async def watch(self) -> None:
        """Reload whenever the files have changed, until cancelled."""
        folder = self._site.dataset.queries
        # The files may have changed since they were read, so the state that is served is not known.
        served: Fingerprint | None = None
        seen = await asyncio.to_thread(fingerprint, folder)
        while True:
            await asyncio.sleep(self._interval)
            now = await asyncio.to_thread(fingerprint, folder)
            # Files that still change are being written; the next check reads them.
            if now == seen and now != served:
                served = now
                await self.reload()
            seen = now


def _changes(before: Catalog, after: Catalog) -> Iterator[str]:
    old, new = before.queries, after.queries
    yield from (f"+{name}" for name in new if name not in old)
    yield from (f"-{name}" for name in old if name not in new)
    yield from (f"~{name}" for name in new if name in old and _content(new[name]) != _content(old[name]))


def _content(query: SavedQuery) -> tuple[object, ...]:
    """Return a query without the time of its file, to compare two versions."""
    return query.source.content, query.text, query.tags, query.options


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
