"""Documents that the server makes of what it knows: negotiated, with an entity tag, kept for a generation."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import RdfFormat, Triple, serialize
from starlette.types import Scope, Send

from endpoint.formats import Negotiated
from endpoint.web.http.making import send_tagged
from endpoint.web.http.site import Site
from endpoint.web.machine.statistics import Statistics

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
