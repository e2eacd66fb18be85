"""The only place that makes an HTTP response from a query's answer.

The first bytes are awaited, then the status is sent; a failure after that cuts the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Final
from urllib.parse import quote, urlencode

from starlette.types import Receive, Scope, Send

from endpoint.engine import Engine, Limits, Result
from endpoint.errors import NotAcceptable, PayloadTooLarge
from endpoint.formats import HTML, Format, Representation, by_name, negotiate
from endpoint.search import Request
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from endpoint.web.http.send import ClientGone
from endpoint.web.http.site import VARY, Site, exchange_of

# Most queries are over sooner: watching for a leaving client only starts then (seconds).
WATCH_AFTER: Final = 0.02
# An answer to an HTTP/1.0 client is spooled: bytes in memory, and at most.
SPOOL_IN_MEMORY: Final = 2**20
SPOOL: Final = 2**28


Headers = list[tuple[bytes, bytes]]
# Makes the body and further headers of a whole answer of one generation.
Finish = Callable[[bytes, Generation], tuple[bytes, Headers]]


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What is around the serialized answer: a page, or the name of a file to save it in.

    ``headers`` are sent too, and ``cache`` is the Cache-Control of an answer that has an entity tag.
    """

    head: bytes = b""
    tail: bytes = b""
    filename: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    cache: bytes = b"no-cache"


PLAIN: Final = Wrapping()
# Makes what is around an answer that has begun. It may raise a designed error: the status is not sent yet.
Opening = Callable[[Result], Wrapping]


class Watch:
    """Cancels the current task and raises :class:`ClientGone` when the client leaves."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._gone = False

    def __enter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER, self._start)

    def _start(self) -> None:
        self._watcher = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._gone and isinstance(error, asyncio.CancelledError):
            if self._task is not None:
                self._task.uncancel()
            raise ClientGone from None


def choose(names: Sequence[str], accept: str | None, formats: tuple[Format, ...]) -> Representation:
    """The representation: the first of the ``names`` that is offered, else content negotiation.

    Raises :class:`NotAcceptable`, which lists what is offered.
    """
    types = [fmt.media_type for fmt in formats]
    if names:
        found = next((fmt for name in names if (fmt := by_name(name, formats))), None)
        if found is None:
            offers = ", ".join((*fmt.short_names, fmt.name)[0] for fmt in formats)
            raise NotAcceptable(f"There is no format {names[0][:80]!r} here. Offered are: {offers}.", types)
        return Representation.of(found)
    chosen = negotiate(accept, formats)
    if chosen is None:
        raise NotAcceptable(
            f"Nothing offered fits the Accept header. Offered are: {', '.join(types)}.", types
        )
    return chosen


async def respond(
    scope: Scope,
    receive: Receive,
    send: Send,
    site: Site,
    operation: Operation,
    representation: Representation,
    limits: Limits,
    wrapping: Wrapping = PLAIN,
    opening: Opening | None = None,
) -> None:
    """Evaluate ``operation`` and send its answer in ``representation``. Raises designed errors.

    ``opening`` makes the wrapping anew once the answer has begun; the entity tag is that of ``wrapping``.
    """
    engine = site.engine
    validators = _validators(site, operation, representation, wrapping)
    if await _not_modified(scope, send, engine, operation.generation, validators, wrapping.cache):
        return
    with Watch(receive):
        result = await engine.query(operation, representation, limits)
        _observe(scope, result, representation)
        try:
            if opening is not None:
                wrapping = opening(result)
            headers = [*_headers(result, representation, validators, wrapping.cache), *_named(wrapping)]
            await _send_result(scope, send, result, headers, wrapping, site.settings.client_timeout)
        finally:
            await result.aclose()


async def respond_search(
    scope: Scope,
    receive: Receive,
    send: Send,
    site: Site,
    request: Request,
    representation: Representation,
    limits: Limits,
    finish: Finish,
    variant: str = "",
) -> None:
    """Search the text index and send what ``finish`` makes of the answer.

    ``variant`` is what else decides what is made of it, for the entity tag. Raises designed errors.
    """
    engine = site.engine
    validators = _Validators(_digest(site, repr(request), representation.digest, variant))
    if await _not_modified(scope, send, engine, None, validators, PLAIN.cache):
        return
    with Watch(receive):
        result = await engine.search(request, limits)
        _observe(scope, result, representation)
        answer = await result.read()
        headers = _headers(result, representation, validators)
    body, more = finish(answer, result.generation)
    headers += [*more, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _observe(scope: Scope, result: Result, representation: Representation) -> None:
    exchange = exchange_of(scope)
    exchange.media_type = representation.format.media_type
    exchange.generation = result.generation.number
    exchange.queue = result.queued


@dataclass(frozen=True, slots=True)
class _Validators:
    """Makes the entity tag of one representation; weak, because row order may differ (RFC 9110 8.8.1)."""

    digest: bytes

    def tag(self, generation: Generation) -> bytes:
        made = f"{generation.number}.{generation.created.timestamp():.0f}".encode()
        return b'W/"' + blake2b(self.digest + made, digest_size=12).hexdigest().encode() + b'"'


def _validators(
    site: Site, operation: Operation, representation: Representation, wrapping: Wrapping
) -> _Validators | None:
    """None for an operation that may answer differently each time (NOW, RAND, UUID, …)."""
    if operation.volatile:
        return None
    parts = (
        operation.text,
        "\1".join(operation.default_graphs),
        "\1".join(operation.named_graphs),
        representation.digest,
    )
    return _Validators(_digest(site, *parts, around=wrapping.head))


def _digest(site: Site, *parts: str, around: bytes = b"") -> bytes:
    return blake2b("\0".join((*parts, site.reading)).encode() + around, digest_size=16).digest()


def has_already(scope: Scope, tag: bytes) -> bool:
    """Whether the client has the representation with this entity tag (RFC 9110 section 13.1.2)."""
    if scope["method"] not in ("GET", "HEAD"):
        return False
    sent = b", ".join(value for name, value in scope["headers"] if name == b"if-none-match")
    if not sent:
        return False
    # "*" would match any answer, also the refusal of a query that does not parse, which is only known
    # after evaluation (RFC 9110 section 13.2.1).
    opaque = tag.removeprefix(b"W/")
    return any(given.strip().removeprefix(b"W/") == opaque for given in sent.split(b","))


async def _not_modified(
    scope: Scope,
    send: Send,
    engine: Engine,
    number: int | None,
    validators: _Validators | None,
    cache: bytes,
) -> bool:
    """Answer 304 where the client has this representation already; tells whether it did."""
    generation = engine.generation if number is None else engine.answerable(number)
    if validators is None or generation is None or not has_already(scope, tag := validators.tag(generation)):
        return False
    headers = [(b"etag", tag), (b"vary", VARY), (b"cache-control", cache)]
    await send({"type": "http.response.start", "status": 304, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
    return True


def _headers(
    result: Result, representation: Representation, validators: _Validators | None, cache: bytes = PLAIN.cache
) -> Headers:
    timing = f"queue;dur={result.queued * 1000:.1f}"
    if result.complete:
        timing += f", plan;dur={result.planned * 1000:.2f}, eval;dur={result.evaluated * 1000:.2f}"
    headers = [
        (b"content-type", representation.content_type.encode("latin-1")),
        (b"vary", VARY),
        (b"server-timing", timing.encode()),
    ]
    if validators is None:
        headers.append((b"cache-control", b"no-store"))
    else:
        headers.append((b"cache-control", cache))
        headers.append((b"etag", validators.tag(result.generation)))
    return headers


def _named(wrapping: Wrapping) -> Headers:
    if not wrapping.filename:
        return [*wrapping.headers]
    name = wrapping.filename
    if name.isascii() and '"' not in name:
        told = f'attachment; filename="{name}"'
    else:
        told = f"attachment; filename*=UTF-8''{quote(name)}"  # RFC 8187
    return [*wrapping.headers, (b"content-disposition", told.encode())]


def links_to(pairs: list[tuple[str, str]], formats: tuple[Format, ...]) -> list[tuple[str, str]]:
    """Name and relative URL of every other format of the answer to the parameters ``pairs``."""
    own = [pair for pair in pairs if pair[0] not in ("format", "output", "download")]
    return [
        (fmt.title, "?" + urlencode([*own, ("format", fmt.name), ("download", "1")]))
        for fmt in formats
        if fmt is not HTML
    ]


def as_file(name: str, representation: Representation) -> Wrapping:
    """For a client that follows a download link: the answer under a file name."""
    return Wrapping(filename=f"{name}.{representation.format.extension}")


async def _send_result(
    scope: Scope,
    send: Send,
    result: Result,
    headers: Headers,
    wrapping: Wrapping,
    patience: float,
) -> None:
    if result.complete:
        body = wrapping.head + await result.read() + wrapping.tail
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    elif scope["method"] == "HEAD":
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
    elif scope["http_version"] == "1.0":
        await _send_spooled(send, result, headers, wrapping, patience)
    else:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for piece in _pieces(result, wrapping):
            await _send_piece(send, piece, patience)
        await send({"type": "http.response.body", "body": b""})


async def _pieces(result: Result, wrapping: Wrapping) -> AsyncIterator[bytes]:
    head = wrapping.head
    async for piece in result:
        yield head + piece
        head = b""
    if wrapping.tail:
        yield wrapping.tail


async def _send_piece(send: Send, piece: bytes, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError:
        raise ClientGone(f"the client read nothing for {patience:g} s") from None


async def _send_spooled(
    send: Send, result: Result, headers: Headers, wrapping: Wrapping, patience: float
) -> None:
    """For HTTP/1.0, which knows no chunks: only a length tells such a client that it has the whole."""
    with SpooledTemporaryFile(max_size=SPOOL_IN_MEMORY) as spool:
        async for piece in _pieces(result, wrapping):
            spool.write(piece)
            if spool.tell() > SPOOL:
                raise PayloadTooLarge(
                    f"An answer over HTTP/1.0 may have {SPOOL:,} bytes. Use HTTP/1.1, or ask for less.", SPOOL
                )
        headers.append((b"content-length", str(spool.tell()).encode()))
        spool.seek(0)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while piece := spool.read(2**16):
            await _send_piece(send, piece, patience)
    await send({"type": "http.response.body", "body": b""})


async def send_body(
    send: Send, body: bytes, content_type: str, more: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Send a whole body that was negotiated by Accept, with ``more`` headers."""
    headers = [
        (b"content-type", content_type.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
        (b"vary", VARY),
        (b"cache-control", b"no-cache"),
        *more,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_options(send: Send, methods: Sequence[str], query_types: str = "") -> None:
    """Answer OPTIONS: the methods, and what a QUERY may hold (RFC 9110 section 9.3.7)."""
    headers = [(b"allow", ", ".join(methods).encode()), (b"content-length", b"0")]
    if query_types:
        headers.append((b"accept-query", query_types.encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
