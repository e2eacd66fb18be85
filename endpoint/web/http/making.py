"""Documents made of the answers of the server's own queries: their entity tags, and how they are sent."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Hashable, Sequence
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from endpoint import __version__
from endpoint.engine import Limits
from endpoint.errors import MethodNotAllowed
from endpoint.formats import Format, QueryForm
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from endpoint.web.http.responses import Watch, has_already, send_options
from endpoint.web.http.site import VARY, Site, exchange_of

T = TypeVar("T")

# Makes a document; called only where the client does not have it yet.
Make = Callable[[], Awaitable[bytes]]

READING: Final = ("GET", "HEAD", "OPTIONS")
# Compressing less than this (bytes) saves no packet.
_SMALL: Final = 1400


def document_tag(generation: Generation | None, *parts: str) -> str:
    """The entity tag of what is made of a generation and of ``parts``; weak, as it may be compressed."""
    made = f"{generation.number}.{generation.created.timestamp():.0f}" if generation else ""
    digest = blake2b("\0".join((__version__, made, *parts)).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'


async def allows(scope: Scope, send: Send, methods: Sequence[str] = READING) -> bool:
    """Answer OPTIONS; tells whether the request is still to be answered. Raises MethodNotAllowed."""
    if scope["method"] == "OPTIONS":
        await send_options(send, methods)
        return False
    if scope["method"] not in methods:
        raise MethodNotAllowed(f"{scope['method']} does not apply here; use {', '.join(methods)}.", methods)
    return True


async def send_tagged(
    scope: Scope, send: Send, body: bytes, content_type: str, cache: str, *more: tuple[bytes, bytes]
) -> None:
    """Send a whole body with an entity tag of its own (RFC 9110 section 8.8.3), or 304 for it.

    ``more`` are further headers.
    """
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'.encode()
    headers = [(b"etag", tag), (b"vary", VARY), (b"cache-control", cache.encode()), *more]
    if has_already(scope, tag):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers += [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def send_json(scope: Scope, send: Send, value: object, cache: str) -> None:
    """Answer GET or HEAD with ``value`` as JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    await send_tagged(scope, send, body, "application/json", cache)


async def send_made(
    scope: Scope,
    receive: Receive,
    send: Send,
    content_type: str,
    tag: str,
    make: Make,
    vary: bytes = b"Accept-Encoding",
) -> None:
    """Send what ``make`` makes, or 304 where the client has it. Raises designed errors, also of ``make``."""
    if not await allows(scope, send):
        return
    headers = [(b"etag", tag.encode()), (b"cache-control", b"no-cache"), (b"vary", vary)]
    status, body = 304, b""
    if not has_already(scope, tag.encode()):
        with Watch(receive):
            status, body = 200, await make()
            if len(body) > _SMALL and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
                body = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
                headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-type", content_type.encode()))
        headers.append((b"content-length", str(len(body)).encode()))
        exchange_of(scope).media_type = content_type.partition(";")[0]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def whole(site: Site, text: str, form: QueryForm) -> Operation:
    """A query of the server's own on all graphs, however the server reads the queries of clients."""
    strict = site.settings.default_graph == "strict"
    graphs = tuple(graph.iri for graph in site.dataset.graphs) if strict else ()
    return Operation(text=text, form=form, base_iri=site.dataset.base, default_graphs=graphs)


class Shared(Generic[T]):
    """What is the same for everybody: made once for all who ask at a time, and the last few kept.

    A failure is that of all who waited for it, and not kept.
    """

    def __init__(self, kept: int = 2) -> None:
        self._kept = kept
        self._tasks: OrderedDict[Hashable, asyncio.Task[T]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The value of ``key``. Raises what ``make`` raises."""
        task = self._tasks.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(make())
            # Nobody may be left to hear of a failure.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._tasks[key] = task
        self._tasks.move_to_end(key)
        while len(self._tasks) > self._kept:
            self._tasks.popitem(last=False)
        # One client that leaves must not take it away from another.
        return await asyncio.shield(task)


async def read_answer(site: Site, operation: Operation, fmt: Format) -> bytes:
    """The whole answer, which must be small. Raises designed errors."""
    return b"".join([piece async for piece in stream_answer(site, operation, fmt)])


async def stream_answer(site: Site, operation: Operation, fmt: Format) -> AsyncGenerator[bytes, None]:
    """The pieces of the answer. Raises designed errors."""
    result = await site.engine.query(operation, fmt, Limits(site.settings.timeout))
    try:
        yield result.first
        async for piece in result:
            yield piece
    finally:
        await result.aclose()
