"""Descriptions as RDF documents (``/void``, ``/.well-known/void``, ``/catalog``), and the process's state.

The service description of an endpoint is such a document too. Documents are negotiated, and kept serialized
for a generation of the data. ``/-/live`` and ``/-/ready`` are for a supervisor or a load balancer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pyoxigraph import BlankNode, RdfFormat, Triple, serialize

from endpoint.errors import Overloaded
from endpoint.formats import GRAPH_FORMATS, Representation
from endpoint.results.json_ld import compacted
from endpoint.vocabulary import DCAT, DCTERMS, FOAF, RDF_TYPE, VOID, VOID_EXT
from endpoint.web import Site
from endpoint.web.cache import Region
from endpoint.web.http.answer import NO_CACHE, NO_STORE, Answer, Redirect, Whole, strong_tag
from endpoint.web.http.request import Request, choose, read_formats
from endpoint.web.machine.datasets import VOID_PATH, names
from endpoint.web.machine.statistics import Statistics, require_statistics
from endpoint.web.own_queries import OwnQueries, Snapshot

Describe = Callable[[Site, str, Statistics], Iterable[Triple]]

_PREFIXES: Final = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "void": VOID,
    "void-ext": VOID_EXT,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A graph at ``url``; ``statistics`` are the numbers in it, None where they are not counted yet.

    ``variant`` tells apart what else it depends on than data, settings and catalog.
    """

    url: str
    prefixes: Mapping[str, str]
    triples: Callable[[], Iterable[Triple]]
    statistics: Statistics | None
    variant: str = ""


class _Serialized(NamedTuple):
    """A document in one format, with its entity tag."""

    body: bytes
    tag: str


_SERIALIZED: Final[Region[_Serialized]] = Region("descriptions", size=lambda document: len(document.body))


async def _serialized(snapshot: Snapshot, document: Document, chosen: Representation) -> _Serialized:
    """Return ``document`` in the format chosen. A new one is serialized beside the event loop."""
    rdf_format = RdfFormat.from_media_type(chosen.format.media_type)
    if rdf_format is None:
        raise ValueError(f"{chosen.format.name} is no RDF format")

    async def make(_: Snapshot) -> _Serialized:
        return await asyncio.to_thread(_written, document, rdf_format)

    statistics = document.statistics
    generation = statistics.generation.version if statistics else None
    key = (document.url, document.variant, rdf_format, generation, snapshot.site.version)
    return await snapshot.cached(_SERIALIZED, make, key)


def _written(document: Document, rdf_format: RdfFormat) -> _Serialized:
    # In order, so that what is said of a subject stands together; a description has each statement once.
    triples = sorted(set(document.triples()), key=_place)
    if rdf_format == RdfFormat.JSON_LD:
        body = "".join(compacted(triples, document.prefixes)).encode()
    else:
        body = serialize(triples, format=rdf_format, prefixes=dict(document.prefixes)) or b""
    return _Serialized(body, strong_tag(body))


def _place(triple: Triple) -> tuple[bool, str, bool, str, str]:
    """Return the place of a statement: IRIs before blank nodes, the classes of a subject first."""
    predicate = triple.predicate.value
    blank = isinstance(triple.subject, BlankNode)
    return blank, str(triple.subject), predicate != RDF_TYPE, predicate, str(triple.object)


async def document_answer(own_queries: OwnQueries, document: Document, chosen: Representation) -> Whole:
    """Return a graph as an answer, which no cache may keep while statistics are missing."""
    body, tag = await _serialized(own_queries.snapshot(), document, chosen)
    cache = NO_CACHE if document.statistics else NO_STORE
    return Whole(body, chosen.content_type, tag=tag, cache=cache)


class DataDocument:
    """A description of the data at ``path``, and at ``path.<extension>`` in one format."""

    def __init__(self, own_queries: OwnQueries, path: str, describe: Describe) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries
        self._path = path
        self._describe = describe

    async def answer(self, request: Request) -> Answer:
        """Answer with the document. Raises NotAcceptable and Overloaded."""
        extension = request.scope["path_params"].get("extension")
        named = read_formats(request.pairs)
        chosen = choose([extension] if extension else named, request.accept, GRAPH_FORMATS)
        statistics = await require_statistics(self._own_queries, self._site.settings.timeout)
        base = request.base
        document = Document(
            base + self._path,
            _prefixes(self._site, base),
            lambda: self._describe(self._site, base, statistics),
            statistics,
        )
        return await document_answer(self._own_queries, document, chosen)


def _prefixes(site: Site, base: str) -> Mapping[str, str]:
    return {**_PREFIXES, "here": names(base)}


async def well_known_void(request: Request) -> Answer:
    """Redirect ``/.well-known/void`` to the description of the dataset (VoID note, section 7.2)."""
    # Without a host, so that nobody can choose it.
    return Redirect(urlsplit(request.base).path + VOID_PATH)


async def live(request: Request) -> Answer:
    """Answer while the process lives, also while it ends: a restart would not help."""
    return _state({"status": "live"})


async def ready(request: Request) -> Answer:
    """Answer while new requests should be sent here. Raises :class:`Overloaded`."""
    if request.site.draining:
        raise Overloaded("The server is stopping. Send new requests to another one.", 1)
    engine = request.site.engine
    if not engine.alive:
        raise Overloaded("The worker processes are being replaced. Try again in a moment.", 1)
    generation = engine.generation
    return _state(
        {
            "status": "ready",
            "generation": generation.number,
            "quads": generation.quads,
            "created": generation.created.isoformat(),
        }
    )


def _state(members: dict[str, object]) -> Whole:
    return Whole(f"{json.dumps(members)}\n".encode(), "application/json", cache=NO_STORE, vary="")
