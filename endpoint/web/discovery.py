"""What crawlers read first, ``/robots.txt`` (RFC 9309), and how a document made for machines is sent.

Such a document is made of the answers of a few queries, once for each generation of the dataset.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncGenerator, Awaitable, Callable
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from endpoint import __version__
from endpoint.engines import Generation, Limits
from endpoint.errors import MethodNotAllowed
from endpoint.formats import Format, QueryForm
from endpoint.operation import Operation
from endpoint.web.language import LANGUAGES, PARAMETER
from endpoint.web.responses import Watch, send_options
from endpoint.web.site import Site, exchange_of

# Makes a document; called only where the client does not have it yet.
Make = Callable[[], Awaitable[bytes]]

_METHODS: Final = ("GET", "HEAD", "OPTIONS")
# Compressing less than this (bytes) saves no packet.
_SMALL: Final = 1400

_ROBOTS: Final = """\
# Pages of resources, of the catalogue and of the API may be read by everybody; {root}/sitemap.xml lists them.
User-agent: *
# Queries and searches are made by people and programs, each for itself: there is no end of them.
Disallow: {root}/sparql?
Disallow: {root}/*/sparql?
Disallow: {root}/search?
Disallow: {root}/api/*?
{languages}
# The same page in another format or with another choice of filters.
Disallow: {root}/*?*format=
Disallow: {root}/*?*output=
Disallow: {root}/*?*&*&
# For the operator.
Disallow: {root}/-/live
Disallow: {root}/-/ready
Allow: {root}/

Sitemap: {base}/sitemap.xml
"""


class Robots:
    """``/robots.txt`` as an ASGI application."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base = self._site.url(scope)
        root = urlsplit(base).path
        # The longest rule that fits wins (RFC 9309 section 2.2.2).
        languages = "\n".join(f"Allow: {root}/api/*?{PARAMETER}={language}$" for language in LANGUAGES)
        body = _ROBOTS.format(root=root, base=base, languages=languages).encode()
        tag = document_tag(None, base)
        await send_made(scope, receive, send, "text/plain; charset=utf-8", tag, _ready(body))


def _ready(body: bytes) -> Make:
    async def make() -> bytes:
        return body

    return make


def document_tag(generation: Generation | None, *parts: str) -> str:
    """The entity tag of what is made of a generation and of ``parts``; weak, as it may be compressed."""
    made = f"{generation.number}.{generation.created.timestamp():.0f}" if generation else ""
    digest = blake2b("\0".join((__version__, made, *parts)).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'


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
    if scope["method"] == "OPTIONS":
        await send_options(send, _METHODS)
        return
    if scope["method"] not in _METHODS:
        raise MethodNotAllowed(f"{scope['method']} does not apply here; use {', '.join(_METHODS)}.", _METHODS)
    sent = Headers(scope=scope)
    headers = [(b"etag", tag.encode()), (b"cache-control", b"no-cache"), (b"vary", vary)]
    status, body = 304, b""
    if not _known(tag, sent.getlist("if-none-match")):
        with Watch(receive):
            status, body = 200, await make()
            if len(body) > _SMALL and "gzip" in sent.get("accept-encoding", ""):
                body = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
                headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-type", content_type.encode()))
        headers.append((b"content-length", str(len(body)).encode()))
        exchange_of(scope).media_type = content_type.partition(";")[0]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _known(tag: str, sent: list[str]) -> bool:
    opaque = tag.removeprefix("W/")
    return any(given.strip().removeprefix("W/") == opaque for given in ",".join(sent).split(","))


def whole(site: Site, text: str, form: QueryForm) -> Operation:
    """A query of the server's own on all graphs, however the server reads the queries of clients."""
    strict = site.settings.default_graph == "strict"
    graphs = tuple(graph.iri for graph in site.dataset.graphs) if strict else ()
    return Operation(text=text, form=form, base_iri=site.dataset.base, default_graphs=graphs)


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
