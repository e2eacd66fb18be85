"""Documents made of the answers of the server's own queries: their entity tags, and how they are sent."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from typing import Final, TypeVar

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from endpoint import __version__
from endpoint.errors import MethodNotAllowed
from endpoint.storage.generations import Generation
from endpoint.web.http.responses import Watch, has_already, send_options
from endpoint.web.http.site import VARY, exchange_of

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
    tag: str | None,
    make: Make,
    vary: bytes = b"Accept-Encoding",
) -> None:
    """Send what ``make`` makes, or 304 where the client has it. Raises designed errors, also of ``make``.

    There is no ``tag`` for what is another document each time.
    """
    if not await allows(scope, send):
        return
    headers = [(b"cache-control", b"no-store" if tag is None else b"no-cache"), (b"vary", vary)]
    if tag is not None:
        headers.append((b"etag", tag.encode()))
    status, body = 304, b""
    if tag is None or not has_already(scope, tag.encode()):
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
