"""Saved queries as an API: ``GET /api`` lists them, ``GET /api/<name>?…`` answers one.

:mod:`endpoint.web.api.targets` has the other addresses. ``POST`` takes the parameters as a JSON object or a
form, and an array of calls as a batch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from endpoint.errors import (
    BadParameter,
    EndpointError,
    MalformedQuery,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
    shown,
)
from endpoint.web.api.api_page import prefers_page, send_page
from endpoint.web.api.batch import Batch, json_pairs, read_json
from endpoint.web.api.calls import formats_of, is_for_people, not_valid, read_call
from endpoint.web.api.drawings import Drawings, asks_for_drawing
from endpoint.web.api.listing import listing
from endpoint.web.api.query_page import send_form, without_blanks
from endpoint.web.api.sources import prefers_source, send_explanation, send_source
from endpoint.web.api.targets import Part, Target, find, find_target, named, segments_of
from endpoint.web.api.values import ValueLists
from endpoint.web.http.request import MOST_PAIRS, Pairs, decode_pairs, read_body, read_formats
from endpoint.web.http.responses import Watch, respond, send_body, send_options
from endpoint.web.http.site import Site, accept_of
from endpoint.web.http.view import view_of

_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
_READING: Final = ("GET", "HEAD", "OPTIONS")
# Sources and values are there to be read, and take no body.
_READ_ONLY: Final = (Part.SOURCE, Part.VALUES)
_FORM: Final = "application/x-www-form-urlencoded"


class SavedQueries:
    """The API as an ASGI application: all that is at ``/api`` and below."""

    def __init__(self, site: Site, drawings: Drawings) -> None:
        self._site = site
        self._values = ValueLists(site)
        self._drawings = drawings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        segments = segments_of(scope)
        target = None if segments in ([], [""]) else find_target(self._site.catalog, segments)
        methods = _READING if target is not None and target.part in _READ_ONLY else _METHODS
        if scope["method"] not in methods:
            raise MethodNotAllowed(f"This answers {', '.join(methods)}.", methods)
        if scope["method"] == "OPTIONS":
            await send_options(send, methods)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send, target)
        elif target is None and prefers_page(scope):
            await send_page(scope, send)
        elif target is None:
            await send_body(send, listing(self._site, scope), "application/json")
        else:
            await self._one(scope, receive, send, _asked(scope, target), [])

    async def _post(self, scope: Scope, receive: Receive, send: Send, target: Target | None) -> None:
        settings = self._site.settings
        body = await read_body(receive, settings.max_query, settings.client_timeout)
        media_type = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        if media_type == _FORM and target is not None:
            await self._one(scope, receive, send, target, decode_pairs(body.strip()))
            return
        if media_type != "application/json":
            raise UnsupportedMediaType(
                f"The body is {shown(media_type) or 'of no Content-Type'}. Send parameters as "
                f"application/json, or to one saved query as {_FORM}."
            )
        found = read_json(body)
        if isinstance(found, dict) and target is not None:
            await self._one(scope, receive, send, target, json_pairs(found))
            return
        if target is not None and target.part is not Part.ANSWER:
            raise MalformedRequest("This explains one call: send its parameters as a JSON object.")
        items = [found] if isinstance(found, dict) else found
        batch = Batch(self._site, scope, [self._call(target, item) for item in items])
        with Watch(receive):
            await batch.send(send)

    def _call(self, target: Target | None, item: object) -> tuple[Target | EndpointError, object]:
        """One call of a batch: what it asks for or why there is none, and its parameters."""
        if target is not None:
            # The answers are envelopes, whatever the address says.
            return replace(target, path=target.stem, extension=""), item
        members = item if isinstance(item, dict) else {}
        parameters = members.get("parameters", {})
        try:
            return named(find(self._site.catalog, str(members.get("query", "")))), parameters
        except NotFound as error:
            return error, parameters

    async def _one(self, scope: Scope, receive: Receive, send: Send, target: Target, sent: Pairs) -> None:
        in_url = [(key.strip(), value) for key, value in decode_pairs(scope["query_string"])]
        pairs = [*in_url, *sent]
        match target.part:
            case Part.SOURCE:
                await send_source(scope, send, target.query)
            case Part.EXPLANATION:
                await send_explanation(scope, send, self._site, target, pairs)
            case Part.VALUES:
                await self._values.answer(scope, receive, send, target, pairs)
            case Part.ANSWER:
                await self._answer(scope, receive, send, target, pairs)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, target: Target, pairs: Pairs) -> None:
        if asks_for_drawing(target, pairs):
            await self._drawings.answer(scope, receive, send, target, pairs)
            return
        for_people = is_for_people(scope, target, pairs)
        if for_people:
            if len(pairs) > MOST_PAIRS:
                raise MalformedRequest(f"A page shows {MOST_PAIRS:,} values at most. Ask for another format.")
            pairs = without_blanks(target.query, pairs)
        try:
            call = read_call(self._site, scope, target, pairs)
        except BadParameter as error:
            if not for_people:
                raise
            await send_form(scope, send, target, pairs, error)
            return
        if for_people:
            call = replace(call, chart=await self._drawings.there_is(call, view_of(scope)))
        try:
            await respond(
                *(scope, receive, send, self._site, call.operation, call.representation, call.limits),
                wrapping=call.wrapping,
                opening=call.open,
            )
        except MalformedQuery as error:
            raise not_valid(target.query, error) from None


def _asked(scope: Scope, target: Target) -> Target:
    """The target, or the source of its query where the Accept header of a GET prefers that."""
    named_format = target.extension or read_formats(decode_pairs(scope["query_string"]))
    if target.part is not Part.ANSWER or named_format:
        return target
    if not prefers_source(accept_of(scope), formats_of(target.query)):
        return target
    return replace(target, part=Part.SOURCE)
