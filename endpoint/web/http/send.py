"""The sender of answers.

HEAD and OPTIONS, entity tags and 304, content codings, HTTP/1.0, and clients that leave are handled here and
nowhere else. The status is sent with the first bytes of the body; a failure after that cuts the connection.
How slowly a client may read, its connection decides (:mod:`endpoint.server.connection`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import Final

from starlette.types import Receive, Scope, Send

from endpoint.engine.cache import ALWAYS, Entry
from endpoint.errors import EndpointError, MethodNotAllowed
from endpoint.web.http.answer import Answer, Described, Made, NotModified, Streamed, Whole, options
from endpoint.web.http.encodings import (
    WORTHWHILE,
    Accepted,
    Coding,
    Encoder,
    is_text,
    negotiate,
)
from endpoint.web.http.kept_whole import find_kept, keep
from endpoint.web.http.request import Request
from endpoint.web.http.spool import Spool

READING: Final = ("GET", "HEAD", "OPTIONS")

# Bodies of at least this size (bytes) are encoded on a thread; for smaller ones the switch takes longer.
_BESIDE: Final = 2**15
# Bytes that are written at once: more of a body wait until the client has taken these.
_AT_ONCE: Final = 2**17

# The last line of a text that cannot be sent to its end. No format allows it, because of the quotation mark
# above all: a reader who does not notice the cut connection finds a mistake, and its reason.
BROKEN: Final = b'\n"!! This answer is not complete. %s\n'

Handle = Callable[[Request], Awaitable[Answer]]
Headers = list[tuple[bytes, bytes]]


class ClientGone(Exception):
    """The connection was lost, so that no answer can be sent."""


class Handler:
    """A function that answers requests, as an ASGI application below the boundary.

    ``methods`` are those that it answers, besides OPTIONS, which is answered here; with an empty sequence
    the function answers every method. ``query_types`` are the media types of a QUERY.
    """

    def __init__(self, handle: Handle, methods: Sequence[str] = READING, query_types: str = "") -> None:
        self._handle = handle
        self._methods = methods
        self._query_types = query_types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request.of(scope)
        with Watch(request):
            answer = self._allowed(request) or await self._handle(request)
            await send_answer(request, send, answer)

    def _allowed(self, request: Request) -> Answer | None:
        return check_method(request, self._methods, self._query_types) if self._methods else None


def check_method(request: Request, methods: Sequence[str], query_types: str = "") -> Answer | None:
    """Return the answer to OPTIONS, None for other methods. Raises MethodNotAllowed."""
    if request.method == "OPTIONS":
        return options(methods, query_types)
    if request.method not in methods:
        raise MethodNotAllowed(f"{request.method} does not apply here; use {', '.join(methods)}.", methods)
    return None


class Watch:
    """A context that cancels the current task and raises :class:`ClientGone` when the client leaves."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._gone = False

    def __enter__(self) -> None:
        self._call = self._request.delayed.add(self._start)

    def _start(self) -> None:
        if self._request.body_pending:
            # Watching would consume the body that the handler reads.
            self._call = self._request.delayed.add(self._start)
        else:
            self._watcher = asyncio.create_task(self._look())

    async def _look(self) -> None:
        await self._request.disconnected()
        self._gone = True
        if self._task is not None:
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._request.delayed.cancel(self._call)
        if self._watcher is not None:
            self._watcher.cancel()
        if self._gone and isinstance(error, asyncio.CancelledError):
            if self._task is not None:
                self._task.uncancel()
            raise ClientGone from None


async def send_answer(request: Request, send: Send, answer: Answer) -> None:
    """Send ``answer``. Raises what making or reading it raises, and ClientGone."""
    if isinstance(answer, Made):
        answer = _held(request, answer) or find_kept(request, answer) or await _made(answer)
    if isinstance(answer, Whole):
        await _send_whole(request, send, keep(request, answer))
    elif isinstance(answer, Streamed):
        try:
            await _send_streamed(request, send, answer)
        finally:
            await answer.pieces.aclose()
    elif isinstance(answer, NotModified):
        await _send(send, 304, head_of(answer, answer.content_type, answer.tag), b"")
    else:
        headers = [(b"location", answer.location.encode("latin-1")), (b"content-length", b"0")]
        await _send(send, answer.status, [*head_of(answer, "", answer.tag), *headers], b"")


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _made(answer: Made) -> Whole | Streamed:
    made = await answer.make()
    if isinstance(made, Whole | Streamed):
        return made
    return Whole(
        made,
        answer.content_type,
        tag=answer.tag,
        modified=answer.modified,
        cache=answer.cache,
        vary=answer.vary,
        headers=answer.headers,
        version=answer.version,
    )


async def _send_whole(request: Request, send: Send, answer: Whole) -> None:
    if answer.status == 200 and (unchanged := _held(request, answer)) is not None:
        await _send(send, 304, head_of(unchanged, answer.content_type, unchanged.tag), b"")
        return
    body, tag = answer.body, answer.tag
    accepted = _accepted(request, answer.content_type)
    coding = accepted.coding
    if coding is None or (len(body) <= WORTHWHILE and accepted.plain):
        headers = head_of(answer, answer.content_type, tag)
    else:
        body = await _encoded(request, answer, coding)
        headers = head_of(answer, answer.content_type, variant_of(tag, coding))
        headers.append((b"content-encoding", coding.name.encode()))
    if answer.content_type:
        request.exchange.media_type = answer.content_type.partition(";")[0]
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    if answer.status != 204:
        headers.append((b"content-length", b"%d" % len(body)))
    if request.method == "HEAD":
        body = b""
    if len(body) <= _AT_ONCE:
        await _send(send, answer.status, headers, body)
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for start in range(0, len(body), _AT_ONCE):
        await _send_piece(send, body[start : start + _AT_ONCE])
    await send({"type": "http.response.body", "body": b""})


async def _encoded(request: Request, answer: Whole, coding: Coding) -> bytes:
    """Return the body in this coding, and keep it where it has a strong entity tag, or is kept itself."""
    body, tag = answer.body, answer.tag
    if (entry := answer.kept) is not None and entry.kept:
        return await _kept_encoded(request, entry, body, coding)
    if len(body) < _BESIDE:
        return coding.compress(body)
    cache, key = request.site.cache, (tag, coding.name)
    strong = tag is not None and not tag.startswith("W/")
    if strong and (entry := cache.find(ALWAYS, key)) is not None:
        kept: bytes = entry.value
        return kept
    began = time.perf_counter()
    encoded = await asyncio.to_thread(coding.compress, body)
    if strong:
        cache.put(ALWAYS, key, encoded, len(encoded), time.perf_counter() - began)
    return encoded


async def _kept_encoded(request: Request, entry: Entry, body: bytes, coding: Coding) -> bytes:
    """Return a body of the cache in this coding, which is kept once it is sent for the second time."""
    coded: dict[str, bytes] = entry.value.coded
    if (encoded := coded.get(coding.name)) is not None:
        return encoded
    began = time.perf_counter()
    if len(body) < _BESIDE:
        encoded = coding.compress(body)
    else:
        encoded = await asyncio.to_thread(coding.compress, body)
    # Meanwhile another request may have done the same.
    seconds = time.perf_counter() - began
    again = entry.uses > 1 and coding.name not in coded
    if again and request.site.cache.grow(entry, len(encoded), seconds):
        coded[coding.name] = encoded
    return encoded


async def _send_streamed(request: Request, send: Send, answer: Streamed) -> None:
    coding = _accepted(request, answer.content_type).coding
    headers = head_of(answer, answer.content_type, variant_of(answer.tag, coding))
    headers.append((b"content-type", answer.content_type.encode("latin-1")))
    if coding is not None:
        headers.append((b"content-encoding", coding.name.encode()))
    request.exchange.media_type = answer.content_type.partition(";")[0]
    if request.method == "HEAD":
        await _send(send, 200, headers, b"")
        return
    async with aclosing(_pieces(answer, coding)) as pieces:
        if request.scope["http_version"] == "1.0":
            await _send_spooled(request, send, pieces, headers)
            return
        # The head is written together with the first bytes.
        first = await anext(pieces)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _send_piece(send, first)
        async for piece in pieces:
            await _send_piece(send, piece)
    await send({"type": "http.response.body", "body": b""})


async def _pieces(answer: Streamed, coding: Coding | None) -> AsyncGenerator[bytes, None]:
    """Yield the body in this coding, in pieces that can be decoded when they arrive."""
    encoder = None if coding is None else coding.encoder()
    # The bytes before the first piece are sent together with it.
    before, begun = answer.first, False
    try:
        async for piece in answer.pieces:
            joined, before, begun = before + piece, b"", True
            yield joined if encoder is None else await _encoded_piece(encoder, joined)
    except EndpointError as error:
        if begun and is_text(answer.content_type):
            broken = BROKEN % error.detail.encode("utf-8", "replace")
            yield broken if encoder is None else encoder.encode(broken)
        raise
    last = before + answer.last
    yield last if encoder is None else encoder.encode(last) + encoder.finish()


async def _encoded_piece(encoder: Encoder, piece: bytes) -> bytes:
    if len(piece) < _BESIDE:
        return encoder.encode(piece)
    return await asyncio.to_thread(encoder.encode, piece)


async def _send_piece(send: Send, piece: bytes) -> None:
    if piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _send_spooled(request: Request, send: Send, pieces: AsyncIterator[bytes], headers: Headers) -> None:
    """Send a body whole, for HTTP/1.0: without chunks only its length shows that it is complete."""
    with Spool(request.site) as spool:
        async for piece in pieces:
            await spool.write(piece)
        headers.append((b"content-length", b"%d" % spool.size))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in spool.pieces():
            await _send_piece(send, piece)
    await send({"type": "http.response.body", "body": b""})


def head_of(answer: Described, content_type: str, tag: str | None) -> Headers:
    """Return the headers that describe an answer, without those of its body."""
    headers = [*answer.headers]
    if tag is not None:
        headers.append((b"etag", tag.encode()))
    if answer.modified is not None:
        headers.append((b"last-modified", format_datetime(answer.modified, usegmt=True).encode()))
    if answer.cache:
        headers.append((b"cache-control", answer.cache.encode()))
    if vary := _vary(answer.vary, content_type):
        headers.append((b"vary", vary))
    return headers


@lru_cache(maxsize=64)
def _vary(vary: str, content_type: str) -> bytes:
    """Return the Vary of an answer: texts depend on Accept-Encoding, encoded or not."""
    return ", ".join(filter(None, (vary, "Accept-Encoding" if is_text(content_type) else ""))).encode()


def _accepted(request: Request, content_type: str) -> Accepted:
    """Return the content coding for an answer; none for media that are compressed by their nature."""
    return negotiate(request.accept_encoding if is_text(content_type) else None)


def variant_of(tag: str | None, coding: Coding | None) -> str | None:
    """Return the entity tag of an answer in this coding: strong ones differ (RFC 9110 section 8.8.3.3)."""
    if tag is None or coding is None or tag.startswith("W/"):
        return tag
    return f'{tag[:-1]}-{coding.name}"'


def _held(request: Request, answer: Whole | Made) -> NotModified | None:
    """Return 304 where the client has this answer (RFC 9110 section 13.2.2)."""
    tag = answer.tag
    if request.conditional:
        if tag is None:
            return None
        if request.headers["if-none-match"].strip() == "*":
            # "*" matches any existing representation (RFC 9110 section 13.1.2): a whole body surely is one.
            there = answer.exists if isinstance(answer, Made) else not tag.startswith("W/")
            return _not_modified(answer, tag) if there else None
        accepted = _accepted(request, answer.content_type)
        # The tag in any of the codings that this client accepts now.
        variants = [variant_of(tag, accepted.coding), *([tag] if accepted.plain else [])]
        tag = next((one for one in variants if one is not None and request.has(one)), None)
        if tag is None:
            return None
    elif answer.modified is None or not _is_unchanged(request, answer.modified):
        return None
    return _not_modified(answer, tag)


def _not_modified(answer: Whole | Made, tag: str | None) -> NotModified:
    return NotModified(
        answer.content_type,
        tag=tag,
        modified=answer.modified,
        cache=answer.cache,
        vary=answer.vary,
        headers=answer.headers,
    )


def _is_unchanged(request: Request, modified: datetime) -> bool:
    """Return whether nothing has changed for the client since ``modified`` (RFC 9110 section 13.1.3)."""
    if request.method not in ("GET", "HEAD"):
        return False
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError):
        return False
    # The oldest form of the three has no zone, and is in UTC as they all are (section 5.6.7).
    return modified <= (since if since.tzinfo is not None else since.replace(tzinfo=UTC))
