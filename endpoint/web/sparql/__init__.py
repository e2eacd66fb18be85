"""The SPARQL endpoints: ``/sparql`` on the whole dataset, ``/<dataset>/sparql`` on one graph."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from endpoint.engine import Result
from endpoint.errors import BadParameter, ReadOnly
from endpoint.formats import HTML, Format, offered
from endpoint.sparql.operation import Operation, admit, classify
from endpoint.tokens import UPDATE
from endpoint.web import Site
from endpoint.web.explanation import explanation_answer, measured, wants_explanation
from endpoint.web.http.answer import NOTHING, Answer, Around, Headers, as_file, evaluate
from endpoint.web.http.html import NOINDEX, NOINDEX_HEADERS, render_around
from endpoint.web.http.repeats import find_repeat, remember
from endpoint.web.http.request import Request, allowed_limits, choose
from endpoint.web.http.send import Handler
from endpoint.web.http.view import View, link
from endpoint.web.sparql.description import DESCRIPTION_FORMATS, Descriptions
from endpoint.web.sparql.editor import editor_page
from endpoint.web.sparql.federation import LONG_TEXT, Federation
from endpoint.web.sparql.protocol import METHODS, ProtocolRequest, parse
from endpoint.web.sparql.updates import UPDATE_TYPE, Updates, authorize

_QUERY_TYPES: Final = '"application/sparql-query", "application/x-www-form-urlencoded"'


class SparqlEndpoint:
    """One SPARQL endpoint; ``graph`` restricts it to one named graph, and to queries."""

    def __init__(self, site: Site, descriptions: Descriptions, graph: str | None = None) -> None:
        self._site = site
        self._descriptions = descriptions
        self._graph = graph
        self._updates = Updates(site)
        self._federation = Federation(site)

    def handler(self) -> Handler:
        """Return the endpoint as an ASGI application."""
        return Handler(self.answer, METHODS, _QUERY_TYPES)

    async def answer(self, request: Request) -> Answer:
        """Answer a request of the protocol, or one without a query with the service description."""
        limit = self._site.settings.max_query
        body: bytes | None = None
        content_type = request.headers.get("content-type", "")
        if request.method in ("POST", "QUERY"):
            body = await request.body(self._longest_body(request, content_type))
            # A repeat of a POST would lack what only a QUERY is told.
            if request.method == "POST" and (known := find_repeat(request, body)) is not None:
                return known
        protocol = parse(request.method, content_type, request.scope["query_string"], body or b"", limit)
        if protocol.update is not None:
            return await self._update(request, protocol, protocol.update)
        if protocol.query is None:
            return await self._without_query(request, protocol)
        return await self._with_query(request, protocol, protocol.query, body)

    def _longest_body(self, request: Request, content_type: str) -> int:
        # A form has the text percent-encoded, three bytes for one at the worst.
        limit = self._site.settings.max_query * (3 if "form" in content_type else 1)
        if request.media_type == UPDATE_TYPE:
            authorize(request, UPDATE)
        # A password may be meant for a proxy, and is not looked at before an update is found.
        known = request.media_type == UPDATE_TYPE or request.token is not None
        return max(limit, self._updates.longest_body(request)) if known else limit

    async def _update(self, request: Request, protocol: ProtocolRequest, text: str) -> Answer:
        if self._graph is not None:
            raise ReadOnly("This endpoint on one graph takes queries; send updates to /update.")
        return await self._updates.update(request, protocol, text)

    async def _with_query(
        self, request: Request, protocol: ProtocolRequest, text: str, body: bytes | None
    ) -> Answer:
        request.query = text
        limits = allowed_limits(protocol.timeout, self._site.settings, request.began)
        if not protocol.cache:
            limits = replace(limits, anew=True)
        if len(text) > LONG_TEXT:
            classified = await self._site.engine.classify(text, self._site.dataset.base, limits)
        else:
            classified = classify(text, self._site.settings.max_nesting, self._site.dataset.base)
        operation = self._over_graphs(classified, protocol)
        operation = admit(await self._federation.answered(operation, limits))
        formats = offered(operation.query_form)
        if wants_explanation(request, protocol.explain):
            return await explanation_answer(
                request, operation, measured(protocol.formats, formats), limits, self._site.engine
            )
        representation = choose(protocol.formats, request.accept, formats)
        if representation.format is not HTML:
            around = as_file("result", representation) if protocol.download else NOTHING
            if request.method == "QUERY":
                around = replace(around, headers=_equivalent(request, text, protocol))
                return await evaluate(request, operation, representation, limits, around)
            answer = await evaluate(request, operation, representation, limits, around)
            remember(request, answer, body)
            return answer
        view = request.view
        page = partial(_page, view, text, protocol, formats)
        linked = replace(representation, links=view.links)
        return await evaluate(request, operation, linked, limits, page, view.variant)

    def _over_graphs(self, operation: Operation, protocol: ProtocolRequest) -> Operation:
        """Return the operation over the graphs of the request, with columns or without."""
        default, named = protocol.default_graphs, protocol.named_graphs
        if self._graph is not None and not default and not named and not operation.dataset_clause:
            default = named = (self._graph,)
        operation = operation.over(default, named)
        return operation if protocol.columns else replace(operation, columns=False)

    async def _without_query(self, request: Request, protocol: ProtocolRequest) -> Answer:
        if request.method not in ("GET", "HEAD"):
            raise BadParameter("query", "The parameter query is missing: send the SPARQL text in it.")
        chosen = choose(protocol.formats, request.accept, DESCRIPTION_FORMATS)
        if chosen.format is HTML:
            return await editor_page(request, request.path)
        return await self._descriptions.describe(request, chosen, self._graph)


def _parameters(protocol: ProtocolRequest) -> list[tuple[str, str]]:
    """Return the parameters that determine the answer to a text, but for its format."""
    pairs = [("default-graph-uri", iri) for iri in protocol.default_graphs]
    pairs += [("named-graph-uri", iri) for iri in protocol.named_graphs]
    pairs += [] if protocol.columns else [("columns", "off")]
    return pairs if protocol.cache else [*pairs, ("cache", "off")]


def _equivalent(request: Request, text: str, protocol: ProtocolRequest) -> Headers:
    """Return the header with the address where GET asks the same (RFC 10008); none where it is too long."""
    pairs = [("query", text), *_parameters(protocol), *(("format", name) for name in protocol.formats)]
    pairs += [("download", "1")] if protocol.download else []
    pairs += [] if protocol.timeout is None else [("timeout", f"{protocol.timeout:g}")]
    address = link(request.view.root + request.path, pairs)
    return () if address is None else ((b"location", address.encode("latin-1")),)


async def _page(
    view: View, text: str, protocol: ProtocolRequest, formats: tuple[Format, ...], _: Result
) -> Around:
    """Return the page around the rows, with the query to edit and links to the result in other formats."""
    own = _parameters(protocol)
    links = view.downloads(view.path, [("query", text), *own], formats)
    action = view.root + view.path
    context = {"query": text, "action": action, "links": links, "hidden": own}
    around = await render_around("result.html", view, robots=NOINDEX, canonical=None, **context)
    return Around(*around, headers=NOINDEX_HEADERS, lasting=True)
