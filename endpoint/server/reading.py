"""Requests of HTTP/1.1 read from a connection, of which only as many as are wanted reach the application."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from endpoint.errors import EndpointError, HeadTooLarge, MalformedRequest, UrlTooLong
from endpoint.server.connection_limits import ConnectionLimits
from endpoint.server.transport import Flow

# Bytes of a URL that httptools can parse.
_PARSED_URL: Final = 2**16 - 1
_MOST_HEADERS: Final = 200
# Requests of one connection that may wait for the one that is answered; then no more is read.
_WAITING: Final = 8
# Bytes that the parser gets at once of a head, and at least of a body without a length.
_OF_HEAD: Final = 2**14
_OF_CHUNKS: Final = 2**12
_VERSIONS: Final = ("1.1", "1.0")
_END: Final = b"\r\n\r\n"
# Bytes of a field besides its name and value: a colon and the end of the line.
_BESIDE: Final = 3


class RequestReader(HttpToolsProtocol):
    """The half of a connection that reads; ``refuse`` is told what is no request.

    - A few requests wait for the one that is answered. Then nothing more is parsed or read.
    - A head has a limit. Fields after a body in chunks are no part of it, have the same limit, and are not
      kept.
    - A URL may be longer than the 64 kB at which httptools' URL parser stops.
    - An offer to upgrade to another protocol is passed over, body and all.
    """

    flow: Flow
    url = b""
    # Whether nothing more is parsed.
    over = False
    # Whether a head is awaited or read, rather than a body; its bytes so far, and those of the body.
    heading = True
    head_size = 0
    _body_size = 0
    # Bytes of the fields after a body in chunks.
    _trailing = 0
    # What was read and not parsed yet, from ``_at`` on.
    _input = b""
    _at = 0

    def __init__(self, *arguments: Any, limits: ConnectionLimits, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.limits = limits
        self.since = self.loop.time()
        # Bytes of each request that was not answered yet, oldest first.
        self.sizes: deque[int] = deque()
        self.extensions: dict[str, dict[object, object]] = {}

    @abstractmethod
    def refuse(self, error: EndpointError) -> None:
        """Answer with an error, after the answers that are owed, and close."""

    @abstractmethod
    def forget(self) -> None:
        """Forget the oldest request, which was answered."""

    def stop(self) -> None:
        """Parse nothing more."""
        self.over = True
        self._input = b""
        self._at = 0

    @property
    def owes_more(self) -> bool:
        """Return whether there are requests that wait for the one that is answered."""
        return bool(self.pipeline) or self._at < len(self._input)

    def read(self, data: bytes) -> None:
        """Take what has come."""
        self._input = self._input[self._at :] + data if self._input else data
        self._at = 0
        self.parse()

    def parse(self) -> None:
        """Give the parser what was read, up to the end of the last request that may wait."""
        while self._at < len(self._input) and not self.over:
            if len(self.pipeline) >= _WAITING:
                self.flow.hold()
                return
            end = self._end_of_piece()
            piece = self._input if self._at == 0 and end == len(self._input) else self._input[self._at : end]
            self._at = end
            if self.heading:
                self.head_size += len(piece)
            try:
                self._feed(piece)
                if self.sizes:
                    self.sizes[-1] += len(piece)
                if self.head_size:
                    self._check_head()
            except EndpointError as error:
                self.refuse(error)
        self._input = b""
        self._at = 0

    def _end_of_piece(self) -> int:
        """Return where the next piece for the parser ends: with a head or body, so that few come at once."""
        start, length = self._at, len(self._input)
        if self.heading:
            end = self._input.find(_END, start, start + _OF_HEAD)
            return min(length, start + _OF_HEAD) if end < 0 else end + len(_END)
        for name, value in self.scope["headers"]:
            if name == b"content-length":
                return min(length, start + int(value) - self._body_size)
        end = self._input.find(_END, start + _OF_CHUNKS)
        return length if end < 0 else end + len(_END)

    def _feed(self, piece: bytes) -> None:
        """Parse a piece. Raises the designed errors of callbacks, and MalformedRequest."""
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as offer:
            self._pass_over(piece[offer.args[0] :])
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, EndpointError):
                raise error.__context__ from None
            raise MalformedRequest("This is no request of HTTP/1.1.") from None

    def _pass_over(self, rest: bytes) -> None:
        """Read on as HTTP/1.1 after an offer of another protocol (RFC 9110 section 7.8).

        The parser has stopped after the head. Another one begins with the same framing of the body, as the
        first one understood it.
        """
        framing = (b"content-length", b"transfer-encoding")
        kept = [b"%s: %s\r\n" % pair for pair in self.scope["headers"] if pair[0] in framing]
        body = _Body(self)
        self.parser = httptools.HttpRequestParser(body)
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(kept) + b"\r\n")
        body.whole = True
        if rest:
            self._feed(rest)

    def _check_head(self) -> None:
        """Raise what is wrong with a head so far."""
        longest, most = self.limits.settings.max_url, self.limits.settings.max_head
        if len(self.url) > longest:
            raise UrlTooLong(
                f"The URL is longer than the limit of {longest:,} bytes. Send what is long by POST.", longest
            )
        if self.head_size - len(self.url) > most:
            raise HeadTooLarge(f"The header fields are longer than the limit of {most:,} bytes.", most)
        if self.heading and self.headers and len(self.headers) > _MOST_HEADERS:
            raise HeadTooLarge(f"There are more than {_MOST_HEADERS} header fields.", _MOST_HEADERS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.since = self.loop.time()
        self.sizes.append(0)
        self.scope["extensions"] = self.extensions

    def on_headers_complete(self) -> None:
        self._check_head()
        if self.parser.get_http_version() not in _VERSIONS or self.parser.get_method() == b"CONNECT":
            raise MalformedRequest("This server answers requests of HTTP/1.1 and HTTP/1.0, and no CONNECT.")
        url = self.url
        if not url.startswith(b"/"):
            self._check_target(url)
        if len(url) <= _PARSED_URL:
            super().on_headers_complete()
        else:
            self.url, _, query = url.partition(b"?")
            super().on_headers_complete()
            self.scope["query_string"] = query
        self.heading = False
        self.head_size = self._body_size = self._trailing = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head; those after a body in chunks are none (RFC 9110 section 6.5.1)."""
        if self.heading:
            super().on_header(name, value)
            return
        self._trailing += len(name) + len(value) + _BESIDE
        if self._trailing > (most := self.limits.settings.max_head):
            raise HeadTooLarge(f"Fields after the body are longer than the limit of {most:,} bytes.", most)

    def _check_target(self, target: bytes) -> None:
        """Raise MalformedRequest for a target that names another host than Host (RFC 9112 section 3.2.2)."""
        try:
            parsed = httptools.parse_url(target)
        except httptools.HttpParserInvalidURLError:
            raise MalformedRequest("The target of the request is no path and no URL.") from None
        named = parsed.host if parsed.port is None else b"%s:%d" % (parsed.host, parsed.port)
        if (b"host", named.lower()) not in [(name, value.lower()) for name, value in self.headers]:
            raise MalformedRequest("The target of the request names another host than the Host header.")

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self.heading = True
        if self.cycle.response_complete:
            self.forget()
        super().on_message_complete()


class _Body:
    """The events of a parser that reads the body after a head which another parser has read.

    Until the connection says that the head is ``whole``, that is the same head again.
    """

    whole = False

    def __init__(self, connection: RequestReader) -> None:
        self._connection = connection
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete

    def on_message_begin(self) -> None:
        if self.whole:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.whole:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.whole:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.whole:
            self._connection.on_headers_complete()
