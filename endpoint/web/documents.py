"""Documents that the server makes of what it knows: negotiated, with an entity tag, kept for a generation."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from pyoxigraph import RdfFormat, Triple, serialize
from starlette.datastructures import Headers
from starlette.types import Scope, Send

from endpoint.errors import MethodNotAllowed
from endpoint.formats import Negotiated
from endpoint.web.responses import send_options
from endpoint.web.site import VARY, Site
from endpoint.web.statistics import Statistics

METHODS: Final = ("GET", "HEAD", "OPTIONS")
# Serialized documents that are kept: a few formats of a few documents. Clients choose the host in the
# addresses, so it must be few.
_KEPT: Final = 12


@dataclass(frozen=True, slots=True)
class Document:
    """A graph at ``url``; ``statistics`` are those it tells, None where they are not counted yet."""

    url: str
    prefixes: Mapping[str, str]
    triples: Callable[[], Iterable[Triple]]
    statistics: Statistics | None


class Shelf:
    """The documents that were sent last, serialized."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    async def serialized(self, document: Document, chosen: Negotiated) -> bytes:
        """The bytes of ``document`` in the format chosen. A new one is made beside the event loop."""
        rdf_format = RdfFormat.from_media_type(chosen.format.media_type)
        if rdf_format is None:
            raise ValueError(f"{chosen.format.name} is no RDF format")
        statistics = document.statistics
        generation = statistics.generation.number if statistics else None
        key = (document.url, rdf_format, generation, self._site.reading)
        body = self._kept.pop(key, None)
        if body is None:
            body = await asyncio.to_thread(_written, document, rdf_format)
        self._kept[key] = body
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return body


def _written(document: Document, rdf_format: RdfFormat) -> bytes:
    return serialize(document.triples(), format=rdf_format, prefixes=dict(document.prefixes)) or b""


async def send_document(
    scope: Scope, send: Send, shelf: Shelf, document: Document, chosen: Negotiated
) -> None:
    """Answer GET or HEAD with a graph; what is still to be counted is not to be kept by anybody."""
    body = await shelf.serialized(document, chosen)
    cache = "no-cache" if document.statistics else "no-store"
    await send_tagged(scope, send, body, chosen.content_type, cache)


async def send_json(scope: Scope, send: Send, value: object, cache: str) -> None:
    """Answer GET or HEAD with ``value`` as JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    await send_tagged(scope, send, body, "application/json", cache)


async def send_tagged(scope: Scope, send: Send, body: bytes, content_type: str, cache: str) -> None:
    """Send a whole body with an entity tag of its own (RFC 9110 section 8.8.3), or 304 for it."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'.encode()
    headers = [(b"etag", tag), (b"vary", VARY), (b"cache-control", cache.encode())]
    if _has(scope, tag):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers += [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _has(scope: Scope, tag: bytes) -> bool:
    """Whether the client has this representation already (RFC 9110 section 13.1.2)."""
    sent = ",".join(Headers(scope=scope).getlist("if-none-match")).encode()
    return any(given.strip().removeprefix(b"W/") in (tag, b"*") for given in sent.split(b","))


async def allows(scope: Scope, send: Send, methods: Sequence[str] = METHODS) -> bool:
    """Answer OPTIONS; tells whether the request is still to be answered. Raises MethodNotAllowed."""
    if scope["method"] == "OPTIONS":
        await send_options(send, methods)
        return False
    if scope["method"] not in methods:
        raise MethodNotAllowed(f"This answers {', '.join(methods)}.", methods)
    return True
