"""Saved queries as an API: ``GET /api`` lists them, ``GET /api/<name>?…`` answers one."""

from __future__ import annotations

import difflib
import json
from urllib.parse import urlencode

from starlette.types import Receive, Scope, Send

from endpoint.catalog import SavedQuery, bind_query
from endpoint.declarations import RESERVED
from endpoint.engines import Limits
from endpoint.errors import EvaluationFailed, MalformedQuery, MethodNotAllowed, NotFound
from endpoint.formats import FLAT_JSON, HTML, offered
from endpoint.operation import Operation
from endpoint.web.html import render_around
from endpoint.web.protocol import allowed_timeout, decode_pairs, read_download, read_formats, read_timeout
from endpoint.web.responses import (
    PLAIN,
    Wrapping,
    as_file,
    choose,
    links_to,
    respond,
    send_body,
    send_options,
)
from endpoint.web.site import Site, accept_of

_METHODS = ("GET", "HEAD", "OPTIONS")


class SavedQueries:
    """The API as an ASGI application; the path parameter ``name`` chooses the saved query."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            raise MethodNotAllowed(f"Saved queries answer {', '.join(_METHODS)}.", _METHODS)
        if scope["method"] == "OPTIONS":
            await send_options(send, _METHODS)
            return
        name = scope["path_params"].get("name")
        if name is None:
            await send_body(send, self._index(scope), "application/json")
            return
        query = self._find(name)
        pairs = decode_pairs(scope["query_string"])
        received = [(key.strip(), value) for key, value in pairs]
        formats = (FLAT_JSON, *offered(query.form))
        chosen = choose(read_formats(received), accept_of(scope), formats)
        text = bind_query(query, [pair for pair in received if pair[0] not in RESERVED])
        operation = Operation(
            text=text,
            form=query.form,
            base_iri=self._site.dataset.base,
            volatile=query.volatile,
            dataset_clause=query.dataset_clause,
        )
        limits = Limits(allowed_timeout(read_timeout(received), self._site.settings))
        wrapping = PLAIN
        if chosen.format is HTML:
            links = links_to(received, formats)
            wrapping = Wrapping(
                *render_around("result.html", query=text, action="/sparql", links=links, hidden=())
            )
        elif read_download(received):
            wrapping = as_file(query.name, chosen)
        try:
            await respond(scope, receive, send, self._site, operation, chosen, limits, wrapping)
        except MalformedQuery as error:
            # The values fit their types, so what does not parse is the publisher's text.
            raise EvaluationFailed(f"The saved query {query.name} is not valid SPARQL. {error}") from None

    def _find(self, name: str) -> SavedQuery:
        queries = self._site.catalog.queries
        if name in queries:
            return queries[name]
        near = difflib.get_close_matches(name, queries, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NotFound(f"There is no saved query {name[:80]!r}.{hint} GET /api lists them.")

    def _index(self, scope: Scope) -> bytes:
        base = self._site.url(scope)
        listed = [_describe(query, base) for query in self._site.catalog.queries.values()]
        return json.dumps({"queries": listed}, ensure_ascii=False, indent=1).encode() + b"\n"


def _describe(query: SavedQuery, base: str) -> dict[str, object]:
    example = urlencode(query.example_values())
    return {
        "name": query.name,
        "summary": query.summary,
        "description": query.description,
        "tags": list(query.tags),
        "url": f"{base}/api/{query.name}",
        "example": f"{base}/api/{query.name}?{example}" if example else f"{base}/api/{query.name}",
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "required": parameter.required,
                "description": parameter.description,
                "example": parameter.example,
            }
            for parameter in query.parameters
        ],
    }
