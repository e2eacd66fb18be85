"""Resources over HTTP: the resource's own path, ``/lod/view.do?uri=`` and ``/resource?iri=`` for any IRI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Scope, Send

from endpoint.engine import Limits
from endpoint.errors import MethodNotAllowed
from endpoint.formats import HTML, Representation, negotiate
from endpoint.results.bibliography import BIBLIOGRAPHIES, Item, write_items
from endpoint.web.http.html import render
from endpoint.web.http.request import Pairs, decode_pairs, read_download
from endpoint.web.http.responses import PLAIN, Watch, as_file, respond, send_body, send_options
from endpoint.web.http.site import VARY, accept_of, exchange_of
from endpoint.web.http.view import view_of
from endpoint.web.pages.resource.address import Address, of_parameter, of_path
from endpoint.web.pages.resource.description import describe
from endpoint.web.pages.resource.labels import read_labels
from endpoint.web.pages.resource.lookup import KnownResource, UnknownResource, look_up
from endpoint.web.pages.resource.page import ResourcePage
from endpoint.web.pages.resource.page_data import PARAMETERS, read_item, read_page_data, read_parameters
from endpoint.web.pages.resource.rendering import page_address
from endpoint.web.pages.resource.variants import FORMATS, Addresses, Variant, chosen_for, parameters_shown
from endpoint.web.store import OwnQueries, Snapshot

METHODS: Final = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class _Request:
    """One request for a resource: the ASGI triple, its parameters, and whom to ask."""

    scope: Scope
    receive: Receive
    send: Send
    pairs: Pairs
    snapshot: Snapshot


class Resources:
    """Answers requests for resources, once it is known which IRI they mean."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self.site = own_queries.site
        self._own_queries = own_queries

    async def answer(self, scope: Scope, receive: Receive, send: Send, address: Address) -> None:
        """Answer with the resource that ``address`` means. Raises designed errors."""
        snapshot = self._own_queries.snapshot()
        request = _Request(scope, receive, send, decode_pairs(scope["query_string"]), snapshot)
        try:
            with Watch(receive):
                known = await look_up(snapshot, address)
                variant, item = await self._choose(request, address, known)
        except UnknownResource as error:
            await self._missing(request, error)
            return
        exchange_of(scope).media_type = variant.chosen.format.media_type
        exchange_of(scope).generation = snapshot.generation.number
        if variant.known(scope):
            await variant.not_modified(send)
        elif variant.chosen.format is HTML:
            await self._page(request, known, variant)
        elif item is not None:
            body = "".join(write_items([item], variant.chosen.format.name)).encode()
            await send_body(variant.dressed(send), body, variant.chosen.content_type)
        else:
            await self._graph(request, known, variant)

    async def _choose(
        self, request: _Request, address: Address, known: KnownResource
    ) -> tuple[Variant, Item | None]:
        """The representation, and the publication where it is a bibliography of one."""
        accept = accept_of(request.scope)

        def chosen_where(cited: bool) -> Representation:
            return chosen_for(known.extension, request.pairs, accept, address.people, cited)

        chosen, item = chosen_where(cited=True), None
        if chosen.format.name in BIBLIOGRAPHIES:
            item = await read_item(request.snapshot, known.iri)
            if item is None:
                chosen = chosen_where(cited=False)
        places = Addresses(known.iri, view_of(request.scope), known.taken)
        shown = parameters_shown(request.pairs, PARAMETERS)
        return Variant(places, chosen, request.snapshot.generation, item is not None, shown), item

    async def _page(self, request: _Request, known: KnownResource, variant: Variant) -> None:
        parameters, view = read_parameters(request.pairs), variant.addresses.view
        with Watch(request.receive):
            data = await read_page_data(request.snapshot, known, parameters)
        body = ResourcePage(data, view, parameters).render()
        if data.related is not None and data.related.failed:
            # The next page may be complete: this one must not be kept.
            await _send_page(request.send, body, 200, view.language)
        else:
            await send_body(variant.dressed(request.send), body, HTML.content_type())

    async def _graph(self, request: _Request, known: KnownResource, variant: Variant) -> None:
        described = describe(known, self.site.dataset)
        operation = request.snapshot.operation(*described)
        wrapping = as_file(_file_name(known.iri), variant.chosen) if read_download(request.pairs) else PLAIN
        await respond(
            *(request.scope, request.receive, variant.dressed(request.send), self.site, operation),
            *(variant.chosen, Limits(self.site.settings.timeout), wrapping),
        )

    async def _missing(self, request: _Request, error: UnknownResource) -> None:
        """404: a page with links for people, and for programs the problem as everywhere."""
        chosen = negotiate(accept_of(request.scope), FORMATS)
        if chosen is None or chosen.format is not HTML:
            raise error
        view = view_of(request.scope)
        labels = await read_labels(request.snapshot, error.suggestions)
        near = [(name, labels.name(name, view), page_address(view, name)) for name in error.suggestions]
        exchange = exchange_of(request.scope)
        exchange.code, exchange.media_type = error.code, HTML.media_type
        body = render("resource_missing.html", view, wanted=error.wanted, near=near)
        await _send_page(request.send, body, error.status, view.language)


class ResourceAtPath:
    """A resource at its own path, the dataset's base and the path making the IRI, as an ASGI application."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await _simple(scope, send):
            path = (scope.get("raw_path") or scope["path"].encode()).decode("utf-8", "replace")
            address = of_path(path, self._resources.site.dataset.base)
            await self._resources.answer(scope, receive, send, address)


class ResourceByParameter:
    """The resource of any IRI, which a parameter names, as an ASGI application.

    With ``people`` it is a page where nothing else is asked for, without it is data.
    """

    def __init__(self, resources: Resources, people: bool) -> None:
        self._resources = resources
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await _simple(scope, send):
            pairs = decode_pairs(scope["query_string"])
            address = of_parameter(pairs, self._resources.site.dataset.prefixes, self._people)
            await self._resources.answer(scope, receive, send, address)


async def _simple(scope: Scope, send: Send) -> bool:
    """Answer OPTIONS, and refuse methods that do not apply; tells whether it was answered."""
    if scope["method"] not in METHODS:
        told = f"{scope['method']} does not apply here; use {', '.join(METHODS)}."
        raise MethodNotAllowed(told, METHODS)
    if scope["method"] == "OPTIONS":
        await send_options(send, METHODS)
        return True
    return False


def _file_name(iri: str) -> str:
    return iri.rstrip("/#").rpartition("/")[2].rpartition("#")[2] or "resource"


async def _send_page(send: Send, body: bytes, status: int, language: str) -> None:
    """A page that is not to be kept."""
    headers = [
        (b"content-type", HTML.content_type().encode()),
        (b"content-length", str(len(body)).encode()),
        (b"content-language", language.encode()),
        (b"cache-control", b"no-store"),
        (b"vary", VARY),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
