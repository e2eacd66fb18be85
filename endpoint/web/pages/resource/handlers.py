"""Resources over HTTP: at their own path, at ``/lod/view.do?uri=`` and ``/resource?iri=`` for any IRI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from endpoint.formats import BIBLIOGRAPHIES, HTML, Representation, negotiate
from endpoint.results.bibliography import Item, write_items
from endpoint.web.http.answer import NO_STORE, NOTHING, Answer, Made, Streamed, Whole, as_file, begun, page
from endpoint.web.http.html import render
from endpoint.web.http.request import Request, read_download
from endpoint.web.pages.resource.address import Address, of_parameter, of_path
from endpoint.web.pages.resource.lookup import KnownResource, UnknownResource, look_up
from endpoint.web.pages.resource.page import ResourcePage
from endpoint.web.pages.resource.page_data import PARAMETERS, read_item, read_page_data, read_parameters
from endpoint.web.pages.resource.rendering import page_address
from endpoint.web.pages.resource.representation import (
    FORMATS,
    Addresses,
    SelectedRepresentation,
    describe,
    parameters_shown,
    select,
)
from endpoint.web.pages.resource.terms import read_labels
from endpoint.web.store import OwnQueries, Snapshot


class Resources:
    """Answers requests for resources by whichever address names them."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._own_queries = own_queries

    async def at_path(self, request: Request) -> Answer:
        """Answer with the resource whose IRI is the dataset's base and the path of the request."""
        path = (request.scope.get("raw_path") or request.path.encode()).decode("utf-8", "replace")
        return await self._answer(request, of_path(path, request.site.dataset.base))

    async def for_people(self, request: Request) -> Answer:
        """Answer with the resource that a parameter names, with its page where nothing else is wanted."""
        return await self._answer(request, _named(request, people=True))

    async def for_programs(self, request: Request) -> Answer:
        """Answer with the resource that a parameter names, with its data where nothing else is wanted."""
        return await self._answer(request, _named(request, people=False))

    async def _answer(self, request: Request, address: Address) -> Answer:
        snapshot = self._own_queries.snapshot()
        request.exchange.generation = snapshot.generation.number
        try:
            known = await look_up(snapshot, address)
        except UnknownResource as error:
            return await _missing(request, snapshot, error)
        selected, item = await _select(request, snapshot, address, known)
        representation = selected.representation
        make: Callable[[], Awaitable[bytes | Whole | Streamed]]
        if representation.format is HTML:
            make = partial(_page, request, snapshot, known, selected)
        elif item is not None:
            make = partial(_bibliography, item, representation)
        else:
            make = partial(_rdf, request, snapshot, known, selected)
        return Made(
            make,
            representation.content_type,
            tag=selected.tag,
            modified=selected.modified,
            headers=selected.headers,
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
    if representation.format in BIBLIOGRAPHIES:
        item = await read_item(snapshot, known.iri)
        if item is None:
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
    body = ResourcePage(data, request.view, parameters).render()
    if data.related is not None and data.related.failed:
        # The next page may be complete: this one must not be kept.
        return page(body, request.view.language, cache=NO_STORE)
    return body


async def _bibliography(item: Item, representation: Representation) -> bytes:
    return "".join(write_items([item], representation.format)).encode()


async def _rdf(
    request: Request, snapshot: Snapshot, known: KnownResource, selected: SelectedRepresentation
) -> Whole | Streamed:
    representation = selected.representation
    operation = snapshot.operation(*describe(known, request.site.dataset))
    around = as_file(_file_name(known.iri), representation) if read_download(request.pairs) else NOTHING
    around = replace(around, headers=selected.headers)
    result = await snapshot.begin(operation, representation)
    request.exchange.queue = result.queued
    return replace(await begun(result, representation, selected.digest, around), modified=selected.modified)


async def _missing(request: Request, snapshot: Snapshot, error: UnknownResource) -> Answer:
    """Answer 404 with a page of links for people; programs get the problem as everywhere."""
    chosen = negotiate(request.accept, FORMATS)
    if chosen is None or chosen.format is not HTML:
        raise error
    view = request.view
    labels = await read_labels(snapshot, error.suggestions)
    near = [(name, labels.name(name, view), page_address(view, name)) for name in error.suggestions]
    request.exchange.code = error.code
    body = render("resource_missing.html", view, wanted=error.wanted, near=near)
    return page(body, view.language, status=error.status, cache=NO_STORE)


def _file_name(iri: str) -> str:
    return iri.rstrip("/#").rpartition("/")[2].rpartition("#")[2] or "resource"
