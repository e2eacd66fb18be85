"""Saved queries over HTTP: ``GET /api`` lists them, ``GET /api/<name>?…`` calls one.

:mod:`endpoint.web.api.targets` has the other addresses. ``POST`` takes the parameters as a JSON object or a
form, and an array of calls as a batch.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import read_values
from endpoint.errors import (
    BadParameter,
    EndpointError,
    MalformedQuery,
    MalformedRequest,
    NotFound,
    UnsupportedMediaType,
)
from endpoint.formats import FLAT_JSON, HTML, Representation
from endpoint.web.api.batch import Batch, check_count, json_pairs, read_json
from endpoint.web.api.calls import (
    CHART,
    SOURCE,
    bind_call,
    evaluate_call,
    formats_of,
    negotiate_call,
    not_valid,
    own_pairs,
)
from endpoint.web.api.drawings import chart_answer, has_chart
from endpoint.web.api.listing import listing_answer
from endpoint.web.api.query_page import form_page, page_around, without_blanks
from endpoint.web.api.targets import Part, Target, find_query, named, segments_of, target_of
from endpoint.web.api.values import ValueLists
from endpoint.web.explanation import explanation_answer, measured, wants_explanation
from endpoint.web.http.answer import Answer, Whole, strong_tag
from endpoint.web.http.request import (
    MOST_PAIRS,
    Pairs,
    Request,
    choose,
    decode_pairs,
    read_flag,
    read_formats,
)
from endpoint.web.http.send import check_method
from endpoint.web.own_queries import OwnQueries
from endpoint.wording import shown

_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
_READING: Final = ("GET", "HEAD", "OPTIONS")
# Sources and values can only be read, without a body.
_READ_ONLY: Final = (Part.SOURCE, Part.VALUES)
_FORM: Final = "application/x-www-form-urlencoded"
# A bound text is sent as SPARQL unless the client prefers JSON.
_TEXT: Final = replace(SOURCE, short_names=("rq", "sparql"), by_wildcard=True)


class SavedQueries:
    """The handlers of all addresses at ``/api`` and below."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries
        self._values = ValueLists(own_queries)

    async def answer(self, request: Request) -> Answer:
        """Answer a request. Raises designed errors."""
        segments = segments_of(request.scope)
        target = None if segments in ([], [""]) else target_of(self._site.catalog, segments)
        methods = _READING if target is not None and target.part in _READ_ONLY else _METHODS
        if (answer := check_method(request, methods)) is not None:
            return answer
        if request.method == "POST":
            return await self._post(request, target)
        if target is None:
            return await listing_answer(self._own_queries, request)
        return await self._one(request, target, [])

    async def _post(self, request: Request, target: Target | None) -> Answer:
        body = await request.body(self._site.settings.max_query)
        if request.media_type == _FORM and target is not None:
            return await self._one(request, target, decode_pairs(body.strip()))
        if request.media_type != "application/json":
            raise UnsupportedMediaType(
                f"The body is {shown(request.media_type) or 'of no Content-Type'}. Send parameters as "
                f"application/json, or to one saved query as {_FORM}."
            )
        value = read_json(body)
        if isinstance(value, dict) and target is not None:
            return await self._one(request, target, json_pairs(value))
        if target is not None and target.part is not Part.ANSWER:
            raise MalformedRequest("This explains one call: send its parameters as a JSON object.")
        items = [value] if isinstance(value, dict) else value
        # Counted before any of them is looked up, because each takes a while that is not found.
        check_count(items)
        if isinstance(value, dict) and "query" not in value:
            raise BadParameter("query", 'A call names its saved query: {"query": "…"}.', rule="required")
        return Batch(request, [self._item(target, item) for item in items]).answer()

    def _item(self, target: Target | None, item: object) -> tuple[Target | EndpointError, object]:
        """Return one call of a batch: its target, or the failure to find it, and its parameters."""
        if target is not None:
            # The answers are envelopes, whatever the extension of the address.
            return replace(target, path=target.stem, extension=""), item
        members = item if isinstance(item, dict) else {}
        parameters = members.get("parameters", {})
        try:
            return named(find_query(self._site.catalog, str(members.get("query", "")))), parameters
        except NotFound as error:
            return error, parameters

    async def _one(self, request: Request, target: Target, sent: Pairs) -> Answer:
        pairs = [*((name.strip(), value) for name, value in request.pairs), *sent]
        match target.part:
            case Part.SOURCE:
                return source_answer(target.query)
            case Part.EXPLANATION:
                return _explanation(request, target, pairs)
            case Part.VALUES:
                return await self._values.answer(request, target, pairs)
        if wants_explanation(request, read_flag(pairs, "explain")):
            return await self._explained(request, target, pairs)
        representation = negotiate_call(request, target, pairs)
        if representation.format is SOURCE:
            return source_answer(target.query)
        if representation.format is CHART:
            return await chart_answer(self._own_queries, request, target, pairs)
        if representation.format is HTML:
            return await self._page(request, target, pairs, representation)
        call = bind_call(self._site, request.base, target, pairs, representation, began=request.began)
        return await evaluate_call(request, call, call.around)

    async def _explained(self, request: Request, target: Target, pairs: Pairs) -> Answer:
        """Evaluate a call, and return what it did. Raises what the call would raise."""
        names = (target.extension,) if target.extension else read_formats(pairs)
        representation = measured(names, formats_of(target.query))
        call = bind_call(self._site, request.base, target, pairs, representation, began=request.began)
        try:
            return await explanation_answer(
                request, call.operation, call.representation, call.limits, call.engine
            )
        except MalformedQuery as error:
            raise not_valid(call.query, error) from None

    async def _page(
        self, request: Request, target: Target, pairs: Pairs, representation: Representation
    ) -> Answer:
        """Return the page of a call, or the form where its values are not valid."""
        if len(pairs) > MOST_PAIRS:
            raise MalformedRequest(f"A page shows {MOST_PAIRS:,} values at most. Ask for another format.")
        view, pairs = request.view, without_blanks(target.query, pairs)
        linked = replace(representation, links=view.links)
        try:
            call = bind_call(self._site, view.base, target, pairs, linked, paged=True, began=request.began)
        except BadParameter as error:
            return await form_page(view, target, pairs, error)
        chart = await has_chart(self._own_queries, target.query, call.operation, view)
        return await evaluate_call(request, call, partial(page_around, view, call, chart), view.variant)


def source_answer(query: SavedQuery) -> Whole:
    """Return the source of a query as in its file."""
    source = query.source
    modified = datetime.fromtimestamp(int(source.modified), UTC)
    return Whole(source.content, SOURCE.content_type(), tag=f'"{source.digest}"', modified=modified)


def _explanation(request: Request, target: Target, pairs: Pairs) -> Whole:
    """Return the text that the engine would get, as SPARQL or in JSON. Raises what the call would raise."""
    chosen = choose(read_formats(pairs), request.accept, (_TEXT, FLAT_JSON))
    own = own_pairs(target, pairs)
    text = target.query.bind(own).text
    body = text.encode()
    if chosen.format is not _TEXT:
        url = f"{request.base}/sparql"
        members = {"query": text, "parameters": _bound_values(target.query, own), "url": url}
        body = json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"
    return Whole(body, chosen.content_type, tag=strong_tag(body))


def _bound_values(query: SavedQuery, own: Pairs) -> dict[str, str | list[str]]:
    """Return the values that were bound, defaults included, as a client would send them."""
    terms = read_values(query.parameters, own)
    values: dict[str, str | list[str]] = {}
    for parameter in query.parameters:
        value = terms.get(parameter.variable)
        if isinstance(value, tuple):
            values[parameter.name] = [term.value for term in value]
        elif value is not None:
            values[parameter.name] = value.value
    return values
