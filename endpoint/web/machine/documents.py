"""Documents that the server makes of what it knows: negotiated, with an entity tag, kept for a generation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import RdfFormat, Triple, serialize

from endpoint.formats import Representation
from endpoint.web.cache import Region
from endpoint.web.http.answer import NO_CACHE, NO_STORE, Whole, strong_tag
from endpoint.web.machine.statistics import Statistics
from endpoint.web.store import OwnQueries, Snapshot

# A few formats of a few documents: clients choose the host in the addresses, so it must be few.
_SERIALIZED: Final[Region[bytes]] = Region("descriptions", entries=24, size=len)


@dataclass(frozen=True, slots=True)
class Document:
    """A graph at ``url``; ``statistics`` are those it tells, None where they are not counted yet."""

    url: str
    prefixes: Mapping[str, str]
    triples: Callable[[], Iterable[Triple]]
    statistics: Statistics | None


async def serialized(snapshot: Snapshot, document: Document, chosen: Representation) -> bytes:
    """Return the bytes of ``document`` in the format chosen. A new one is made beside the event loop."""
    rdf_format = RdfFormat.from_media_type(chosen.format.media_type)
    if rdf_format is None:
        raise ValueError(f"{chosen.format.name} is no RDF format")

    async def make(_: Snapshot) -> bytes:
        return await asyncio.to_thread(_written, document, rdf_format)

    statistics = document.statistics
    generation = statistics.generation.version if statistics else None
    key = (document.url, rdf_format, generation, snapshot.site.reading)
    return await snapshot.cached(_SERIALIZED, make, key)


def _written(document: Document, rdf_format: RdfFormat) -> bytes:
    return serialize(document.triples(), format=rdf_format, prefixes=dict(document.prefixes)) or b""


async def document_answer(own_queries: OwnQueries, document: Document, chosen: Representation) -> Whole:
    """Return a graph as an answer; what is still to be counted is not to be kept by anybody."""
    body = await serialized(own_queries.snapshot(), document, chosen)
    cache = NO_CACHE if document.statistics else NO_STORE
    return Whole(body, chosen.content_type, tag=strong_tag(body), cache=cache)
