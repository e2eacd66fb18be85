"""Saved queries as an API: ``GET /api`` lists them, ``GET /api/<name>?…`` answers one.

``/api/<name>.<extension>`` chooses the format. ``POST`` takes the parameters as a JSON object or a form,
and an array of calls as a batch.
"""

from __future__ import annotations

import difflib
import json
from typing import Final
from urllib.parse import quote, urlencode

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from endpoint.catalog import SavedQuery
from endpoint.errors import EndpointError, MalformedQuery, MethodNotAllowed, NotFound, UnsupportedMediaType
from endpoint.web.batch import Batch, json_pairs, read_json
from endpoint.web.calls import formats_of, not_valid, read_call
from endpoint.web.protocol import Pairs, decode_pairs, read_body
from endpoint.web.responses import Watch, respond, send_body, send_options
from endpoint.web.site import Site
from endpoint.wording import shown

_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
_FORM: Final = "application/x-www-form-urlencoded"


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
        if scope["method"] == "POST":
            await self._post(scope, receive, send, name)
        elif name is None:
            await send_body(send, self._index(scope), "application/json")
        else:
            await self._one(scope, receive, send, name, [])

    async def _post(self, scope: Scope, receive: Receive, send: Send, name: str | None) -> None:
        settings = self._site.settings
        body = await read_body(receive, settings.max_query, settings.client_timeout)
        media_type = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        if media_type == _FORM and name is not None:
            await self._one(scope, receive, send, name, decode_pairs(body.strip()))
            return
        if media_type != "application/json":
            raise UnsupportedMediaType(
                f"The body is {shown(media_type) or 'of no Content-Type'}. Send parameters as "
                f"application/json, or to one saved query as {_FORM}."
            )
        found = read_json(body)
        if isinstance(found, dict) and name is not None:
            await self._one(scope, receive, send, name, json_pairs(found))
            return
        items = [found] if isinstance(found, dict) else found
        batch = Batch(self._site, scope, [self._call(name, item) for item in items])
        with Watch(receive):
            await batch.send(send)

    def _call(self, name: str | None, item: object) -> tuple[SavedQuery | EndpointError, object]:
        """One call of a batch: its query or why there is none, and its parameters."""
        parameters = item
        if name is None:
            members = item if isinstance(item, dict) else {}
            name, parameters = str(members.get("query", "")), members.get("parameters", {})
        try:
            return self._find(name), parameters
        except NotFound as error:
            return error, parameters

    async def _one(self, scope: Scope, receive: Receive, send: Send, path: str, sent: Pairs) -> None:
        query, extension = self._split(path)
        in_url = [(key.strip(), value) for key, value in decode_pairs(scope["query_string"])]
        call = read_call(self._site, scope, query, [*in_url, *sent], extension)
        try:
            await respond(
                *(scope, receive, send, self._site, call.operation, call.presented, call.limits),
                wrapping=call.wrapping,
                opening=call.open,
            )
        except MalformedQuery as error:
            raise not_valid(query, error) from None

    def _split(self, path: str) -> tuple[SavedQuery, str]:
        """The saved query and the extension that a path names: the longest name wins."""
        stem, extension = path, ""
        while stem not in self._site.catalog.queries and "." in stem:
            stem = stem.rpartition(".")[0]
            extension = path[len(stem) + 1 :]
        return self._find(stem), extension

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
        document = {
            "generation": self._site.engine.generation.number,
            "queries": listed,
            "links": {"self": f"{base}/api"},
        }
        return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _describe(query: SavedQuery, base: str) -> dict[str, object]:
    values = urlencode(query.example_values())
    url = f"{base}/api/{quote(query.name)}"
    return {
        "name": query.name,
        "summary": query.summary,
        "description": query.description,
        "tags": list(query.tags),
        "deprecated": query.options.deprecated,
        "pageSize": query.options.page_size,
        "url": url,
        "example": f"{url}?{values}" if values else url,
        "formats": [
            {"name": fmt.name, "mediaType": fmt.media_type, "url": f"{url}?format={fmt.name}"}
            for fmt in formats_of(query)
        ],
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
