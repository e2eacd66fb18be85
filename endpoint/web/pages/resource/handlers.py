"""Resources over HTTP: at their own path, at ``/lod/view.do?uri=`` and ``/resource?iri=`` for any IRI.

RFC 9110: a representation has an address of its own (Content-Location, section 8.7) that needs no
negotiation, an entity tag of the generation, and the same Vary as every other. RFC 8288: links lead to
the others.

The RDF is the concise bounded description (W3C member submission CBD): the statements about the resource with
the blank nodes below them. A document is described with its hash IRIs, an ontology by its whole graph, and a
resource that is no subject by the statements that mention it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from endpoint.dataset import Dataset
from endpoint.errors import NotAcceptable
from endpoint.formats import (
    BIBLIOGRAPHIES,
    GRAPH_FORMATS,
    HTML,
    LINKSET,
    QueryForm,
    Representation,
    negotiate,
)
from endpoint.results.bibliography import Item, write_items
from endpoint.storage.generations import Generation
from endpoint.vocabulary import DCTERMS, SD
from endpoint.web.http.answer import (
    NO_STORE,
    NOTHING,
    Answer,
    Headers,
    Made,
    Streamed,
    Whole,
    as_file,
    document_tag,
    note_use,
    page,
    result_answer,
)
from endpoint.web.http.html import NOINDEX_HEADERS, render
from endpoint.web.http.request import Pairs, Request, choose, read_download, read_formats
from endpoint.web.http.send import check_method
from endpoint.web.http.view import View
from endpoint.web.own_queries import OwnQueries, Snapshot
from endpoint.web.pages.resource.described import describe_item
from endpoint.web.pages.resource.labels import read_labels
from endpoint.web.pages.resource.linkset import write_linkset
from endpoint.web.pages.resource.lookup import (
    EXTENSIONS,
    Address,
    KnownResource,
    UnknownResource,
    look_up,
    of_parameter,
    of_path,
)
from endpoint.web.pages.resource.page import ResourcePage
from endpoint.web.pages.resource.page_data import PARAMETERS, read_page_data, read_parameters
from endpoint.web.pages.resource.rendering import FORMATS, Addresses, page_address
from endpoint.web.pages.resource.writes import WRITING, methods, write_resource

# Links of more bytes than this are left out but for the first: proxies commonly take 4 to 8 kB of headers.
_LINKS: Final = 3000
# Statements that mention a resource which is the subject of none.
MENTIONS: Final = 1000

_WHOLE_GRAPH: Final = "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {iri} {{ ?s ?p ?o }} }}"
_MENTIONS: Final = """CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ SELECT ?s ?p ?o WHERE {{ ?s ?p {iri} BIND({iri} AS ?o) }} LIMIT {most} }} UNION
  {{ SELECT ?s ?p ?o WHERE {{ ?s {iri} ?o BIND({iri} AS ?p) }} LIMIT {most} }} }}"""
_GRAPH: Final = "CONSTRUCT {{ {iri} a <{sd}Graph> {title} }} WHERE {{}}"


class Resources:
    """The handlers of requests for resources, by each kind of address."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._own_queries = own_queries

    async def at_path(self, request: Request) -> Answer:
        """Answer with, or write, the resource whose IRI is the dataset's base and the path of the request."""
        if (answer := check_method(request, methods(request.site))) is not None:
            return answer
        path = (request.scope.get("raw_path") or request.path.encode()).decode("utf-8", "replace")
        return await self._answer(request, of_path(path, request.site.dataset.base))

    async def for_people(self, request: Request) -> Answer:
        """Answer with the resource that a parameter names, by default with its page."""
        return await self._answer(request, _named(request, people=True))

    async def for_programs(self, request: Request) -> Answer:
        """Answer with the resource that a parameter names, by default with its RDF, or write it."""
        if (answer := check_method(request, methods(request.site))) is not None:
            return answer
        return await self._answer(request, _named(request, people=False))

    async def _answer(self, request: Request, address: Address) -> Answer:
        snapshot = self._own_queries.snapshot()
        request.exchange.generation = snapshot.generation.number
        if request.method in WRITING:
            return await write_resource(request, snapshot, address, partial(entity_tags, request.view))
        try:
            known = await look_up(snapshot, address)
        except UnknownResource as error:
            return await _missing(request, snapshot, error)
        selected, item = await _select(request, snapshot, address, known)
        representation = selected.representation
        make: Callable[[], Awaitable[bytes | Whole | Streamed]]
        if representation.format is HTML:
            make = partial(_page, request, snapshot, known, selected)
        elif representation.format is LINKSET:
            make = partial(_linkset, item, selected.addresses)
        elif item is not None:
            make = partial(_bibliography, item, representation)
        else:
            make = partial(_rdf, request, snapshot, known, selected)
        return Made(
            make,
            representation.content_type,
            exists=True,
            tag=selected.tag,
            modified=selected.modified,
            headers=selected.headers,
            version=snapshot.generation.version,
        )


def _named(request: Request, people: bool) -> Address:
    return of_parameter(request.pairs, request.site.dataset.prefixes, people)


async def _select(
    request: Request, snapshot: Snapshot, address: Address, known: KnownResource
) -> tuple[SelectedRepresentation, Item | None]:
    """Return the representation, and the publication where it is a bibliography of one."""

    def selected(cited: bool) -> Representation:
        return select(known.extension, request.pairs, request.accept, address.people, cited)

    representation, item = selected(cited=True), None
    if representation.format in (*BIBLIOGRAPHIES, LINKSET):
        item = (await describe_item(snapshot, known.iri)).item
        if item is None and representation.format is not LINKSET:
            representation = selected(cited=False)
    addresses = Addresses(known.iri, request.view, known.taken)
    shown = parameters_shown(request.pairs, PARAMETERS)
    cited = item is not None
    return SelectedRepresentation(addresses, representation, snapshot.generation, cited, shown), item


async def _page(
    request: Request, snapshot: Snapshot, known: KnownResource, selected: SelectedRepresentation
) -> bytes | Whole:
    parameters = read_parameters(request.pairs)
    data = await read_page_data(snapshot, known, parameters)
    body = await ResourcePage(data, request.view, parameters).render()
    if data.related is not None and data.related.failed:
        # The next page may be complete, so this one must not be cached.
        return page(body, request.view.language, cache=NO_STORE)
    return body


async def _linkset(item: Item | None, addresses: Addresses) -> bytes:
    return write_linkset(item, addresses)


async def _bibliography(item: Item, representation: Representation) -> bytes:
    return "".join(write_items([item], representation.format)).encode()


async def _rdf(
    request: Request, snapshot: Snapshot, known: KnownResource, selected: SelectedRepresentation
) -> Whole | Streamed:
    representation = selected.representation
    operation = snapshot.operation(*describe(known, request.site.dataset))
    around = as_file(_file_name(known.iri), representation) if read_download(request.pairs) else NOTHING
    around = replace(around, headers=selected.headers, lasting=True)
    result = await snapshot.begin(operation, representation)
    request.exchange.queue = result.queued
    note_use(request, result.use)
    return replace(
        await result_answer(result, representation, selected.digest, around), modified=selected.modified
    )


async def _missing(request: Request, snapshot: Snapshot, error: UnknownResource) -> Answer:
    """Answer 404 with a page of links for people; programs get the problem as everywhere."""
    chosen = negotiate(request.accept, FORMATS)
    if chosen is None or chosen.format is not HTML:
        raise error
    view = request.view
    labels = await read_labels(snapshot, error.suggestions)
    near = [(name, labels.name(name, view), page_address(view, name)) for name in error.suggestions]
    request.exchange.code = error.code
    body = await render("resource_missing.html", view, wanted=error.wanted, near=near, canonical=None)
    return page(body, view.language, status=error.status, cache=NO_STORE)


def _file_name(iri: str) -> str:
    return iri.rstrip("/#").rpartition("/")[2].rpartition("#")[2] or "resource"


def select(extension: str, pairs: Pairs, accept: str | None, people: bool, cited: bool) -> Representation:
    """Select a representation by extension, else by ``format=``, else by Accept.

    Without a preference it is Turtle, or with ``people`` the page. ``cited`` is true where the resource is a
    publication. Raises :class:`~endpoint.errors.NotAcceptable`, which lists the formats.
    """
    formats = (*(FORMATS if cited else (*GRAPH_FORMATS, HTML)), LINKSET)
    if extension:
        named = EXTENSIONS[extension]
        if named.format not in formats:
            types = [fmt.media_type for fmt in formats]
            raise NotAcceptable(f"This is no publication: there is no .{extension} of it.", types)
        return named
    names = read_formats(pairs)
    if people and not names and (accept or "*/*").strip() in ("", "*/*"):
        return Representation(HTML, HTML.content_type())
    return choose(names, accept, formats)


@dataclass(frozen=True, slots=True)
class SelectedRepresentation:
    """The representation of a resource on one generation; ``shown`` are the parameters of the page."""

    addresses: Addresses
    representation: Representation
    generation: Generation
    cited: bool
    shown: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """A text that differs for every other representation of the same generation."""
        view = self.addresses.view
        parts: tuple[str, ...] = (
            view.site.version,
            self.addresses.iri,
            self.representation.digest,
            view.base,
        )
        if self.representation.format is HTML:
            parts += (view.language, str(view.chosen), *(f"{name}={value}" for name, value in self.shown))
        return "\0".join(parts)

    @property
    def tag(self) -> str:
        """The entity tag; weak, because the order of statements may differ (RFC 9110 section 8.8.1)."""
        return document_tag(self.generation, self.digest)

    @property
    def modified(self) -> datetime:
        """The moment of publication; HTTP dates have whole seconds."""
        return self.generation.created.astimezone(UTC).replace(microsecond=0)

    @property
    def headers(self) -> Headers:
        """The headers that every answer with this representation has, 304 included."""
        view, page = self.addresses.view, self.representation.format is HTML
        location = self.addresses.of(self.representation, view.language if page else None)
        headers = [
            ("content-location", view.root + location),
            ("link", _link_header(self.addresses.links(self.cited))),
        ]
        if page:
            headers.append(("content-language", view.language))
        written = tuple((name.encode(), value.encode("latin-1")) for name, value in headers)
        return (*written, *NOINDEX_HEADERS) if page and self.shown else written


def entity_tags(view: View, iri: str, generation: Generation, _: Sequence[str]) -> frozenset[str]:
    """Return the entity tags of a resource in all formats of RDF; content codings have no others."""
    media_types = (
        (media_type, fmt) for fmt in GRAPH_FORMATS for media_type in (fmt.media_type, *fmt.aliases)
    )
    negotiated = (negotiate(media_type, (fmt,)) for media_type, fmt in media_types)
    addresses = Addresses(iri, view)
    return frozenset(
        SelectedRepresentation(addresses, each, generation, cited=False).tag
        for each in (*negotiated, *EXTENSIONS.values())
        if each is not None and each.format is not HTML
    )


def _link_header(links: Iterator[tuple[str, str, str]]) -> str:
    written = [
        f'<{url}>; rel="{relation}"' + (f'; type="{media_type}"' if media_type else "")
        for url, relation, media_type in links
    ]
    whole = ", ".join(written)
    return whole if len(whole) <= _LINKS else written[0]


def parameters_shown(pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the parameters that determine the content of a page."""
    return tuple(sorted(pair for pair in pairs if pair[0] in names))


class DescriptionQuery(NamedTuple):
    """The query of a description; with ``whole`` its default graph must have all graphs."""

    text: str
    form: QueryForm
    whole: bool = False


def describe(known: KnownResource, dataset: Dataset) -> DescriptionQuery:
    """Return the query for the RDF of a resource."""
    node = str(NamedNode(known.iri))
    if known.ontology:
        return DescriptionQuery(_WHOLE_GRAPH.format(iri=node), QueryForm.CONSTRUCT)
    if known.subject or known.parts:
        parts = " ".join(str(NamedNode(part)) for part in known.parts)
        return DescriptionQuery(f"DESCRIBE {node} {parts}".rstrip(), QueryForm.DESCRIBE, whole=True)
    if known.mentioned or known.predicate:
        return DescriptionQuery(_MENTIONS.format(iri=node, most=MENTIONS), QueryForm.CONSTRUCT, whole=True)
    graph = next((graph for graph in dataset.graphs if graph.iri == known.iri), None)
    titles = {} if graph is None else graph.title
    title = "".join(f" ; <{DCTERMS}title> {Literal(text, language=tag)}" for tag, text in titles.items())
    return DescriptionQuery(_GRAPH.format(iri=node, sd=SD, title=title), QueryForm.CONSTRUCT)
