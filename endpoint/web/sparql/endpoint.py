"""The SPARQL endpoints: ``/sparql`` on the whole dataset, ``/<dataset>/sparql`` on one graph."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from endpoint.engine import Limits
from endpoint.errors import BadParameter, MethodNotAllowed
from endpoint.formats import HTML, Negotiated, offered
from endpoint.formats.representation import Presentation, presented
from endpoint.sparql.gate import admit
from endpoint.sparql.operation import Operation, classify
from endpoint.web.http.html import render_around
from endpoint.web.http.request import METHODS, ProtocolRequest, allowed_timeout, parse, read_body
from endpoint.web.http.responses import PLAIN, Wrapping, as_file, choose, links_to, respond, send_options
from endpoint.web.http.site import QUERY_TEXT, Site, accept_of
from endpoint.web.http.view import view_of
from endpoint.web.sparql.description import DESCRIPTION_FORMATS, Descriptions
from endpoint.web.sparql.editor import send_editor

_QUERY_TYPES: Final = '"application/sparql-query", "application/x-www-form-urlencoded"'
# Reading the tokens of a text longer than this (characters) is done beside the event loop.
_LONG_TEXT: Final = 50_000


class SparqlEndpoint:
    """One SPARQL endpoint as an ASGI application; ``graph`` restricts it to one named graph."""

    def __init__(self, site: Site, descriptions: Descriptions, graph: str | None = None) -> None:
        self._site = site
        self._descriptions = descriptions
        self._graph = graph

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        headers = Headers(scope=scope)
        if method == "OPTIONS":
            await send_options(send, METHODS, _QUERY_TYPES)
            return
        if method not in METHODS:
            raise MethodNotAllowed(f"{method} does not apply here; use {', '.join(METHODS)}.", METHODS)
        limit = self._site.settings.max_query
        body = b""
        if method in ("POST", "QUERY"):
            # A form holds the text percent-encoded, three bytes for one at the worst.
            form = "form" in headers.get("content-type", "")
            body = await read_body(receive, limit * 3 if form else limit, self._site.settings.client_timeout)
        request = parse(method, headers.get("content-type", ""), scope["query_string"], body, limit)
        accept = accept_of(scope)
        if request.query is None:
            await self._without_query(scope, send, request, accept)
        else:
            await self._with_query(scope, receive, send, request, accept)

    async def _with_query(
        self, scope: Scope, receive: Receive, send: Send, request: ProtocolRequest, accept: str | None
    ) -> None:
        text = scope[QUERY_TEXT] = request.query or ""
        operation = await self._operation(text, request)
        formats = offered(operation.form)
        chosen = choose(request.formats, accept, formats)
        limits = Limits(allowed_timeout(request.timeout, self._site.settings))
        wrapping = PLAIN
        if chosen.format is HTML:
            own = [("default-graph-uri", iri) for iri in request.default_graphs]
            own += [("named-graph-uri", iri) for iri in request.named_graphs]
            links = links_to([("query", text), *own], formats)
            view = view_of(scope)
            action = view.root + view.path
            page = render_around("result.html", view, query=text, action=action, links=links, hidden=own)
            wrapping = Wrapping(*page)
            linked = presented(chosen.format, Presentation(pages=view.pages))
            chosen = Negotiated(linked, chosen.content_type)
        elif request.download:
            wrapping = as_file("result", chosen)
        await respond(scope, receive, send, self._site, operation, chosen, limits, wrapping)

    async def _operation(self, text: str, request: ProtocolRequest) -> Operation:
        nesting = self._site.settings.max_nesting
        if len(text) > _LONG_TEXT:
            classified = await asyncio.to_thread(classify, text, nesting)
        else:
            classified = classify(text, nesting)
        default, named = request.default_graphs, request.named_graphs
        if self._graph is not None and not default and not named and not classified.dataset_clause:
            default = named = (self._graph,)
        return admit(text, classified, self._site.dataset.base, default, named)

    async def _without_query(
        self, scope: Scope, send: Send, request: ProtocolRequest, accept: str | None
    ) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise BadParameter("query", "The parameter query is missing: send the SPARQL text in it.")
        chosen = choose(request.formats, accept, DESCRIPTION_FORMATS)
        if chosen.format is HTML:
            await send_editor(scope, send, scope["path"])
            return
        await self._descriptions.describe(scope, send, chosen, self._graph)
