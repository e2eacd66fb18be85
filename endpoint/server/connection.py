"""HTTP/1.1 connections of uvicorn, with what a server on the open internet needs besides."""

from __future__ import annotations

import asyncio
import re
import select
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Bytes of a URL that httptools can parse; bytes of a request head, URL included, that are read at all.
_PARSED_URL: Final = 2**16 - 1
_LONGEST_HEAD: Final = 2**22
_MOST_HEADERS: Final = 200
# Seconds in which the head of a request has to come.
_HEAD_TIME: Final = 30.0
# Seconds for which an idle connection stays when the server ends.
_QUIET: Final = 1
_UPGRADE: Final = re.compile(rb"(\r\n)U(?=pgrade[ \t]*:)", re.IGNORECASE)


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
    is bounded in size and time; an offer to upgrade to HTTP/2 is passed over. A server that ends leaves no
    request unanswered that has arrived.
    """

    _heading = True
    _head_size = 0
    _late: asyncio.TimerHandle | None = None
    _draining = False

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
        if self._draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._heading = True
        self._head_size = 0
        super().on_message_complete()

    def shutdown(self) -> None:
        """End the connection with the answers that are owed. Idempotent.

        An answer whose head is not sent yet says ``Connection: close``. A client that was told that the
        connection stays may be sending its next request now, so it is closed only when the client has been
        quiet for a moment (RFC 9112 section 9.6).
        """
        if self._draining:
            return
        self._draining = True
        self.timeout_keep_alive = _QUIET
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = cycle.keep_alive and cycle.response_started
        elif self._head_size == 0:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(_QUIET, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, unless something has arrived that the event loop has not read yet."""
        unread = select.poll()
        unread.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        if not unread.poll(0):
            super().timeout_keep_alive_handler()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._late = self.loop.call_later(_HEAD_TIME, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
