"""``/-/admin`` and the addresses below it: a page for a browser, JSON for every other client.

They answer only to a token with the scope ``admin``, sent as a Bearer token, or as the password that a
browser asks for. Where no token has that scope, nothing is at these addresses. What changes something is
refused from pages of other sites, because a browser sends the password along with their requests.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import Final
from urllib.parse import urlsplit

from endpoint.engine.running import RunningQuery
from endpoint.errors import Forbidden, NotFound, Unauthorized
from endpoint.formats import FLAT_JSON, HTML, Representation
from endpoint.sparql.slow_shapes import find_slow_shapes
from endpoint.telemetry import log, log_field
from endpoint.telemetry.slow_queries import SlowQuery
from endpoint.tokens import Token
from endpoint.web import Site
from endpoint.web.admin.state import PATH, query_members, state
from endpoint.web.http.access import read_password, require
from endpoint.web.http.answer import NO_STORE, Answer, Redirect, Whole, page
from endpoint.web.http.html import render
from endpoint.web.http.request import Request
from endpoint.wording import shown

SCOPE: Final = "admin"

_FORMATS: Final = (FLAT_JSON, HTML)
# Bytes of the body of a form without fields.
_BODY: Final = 1000
# Texts of the slow-query history that are shown.
_SLOW: Final = 20


class Admin:
    """The handlers of the operator's pages."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def answer(self, request: Request) -> Answer:
        """Answer with the state of the server."""
        operator(request)
        chosen = request.negotiate(_FORMATS)
        members = state(self._site, await self._slow())
        if chosen.format is not HTML:
            return _json(members)
        view = request.view
        body = await render("admin.html", view, state=members)
        return page(body, view.language, cache=NO_STORE)

    async def _slow(self) -> list[SlowQuery]:
        history = self._site.instruments.slow_queries
        if history is None:
            return []
        try:
            return await asyncio.to_thread(history.worst, _SLOW)
        except sqlite3.Error as error:
            log.warning("the slow-query history cannot be read: %s", error)
            return []

    async def query(self, request: Request) -> Answer:
        """Answer with one running query and its whole text, or end it (DELETE)."""
        if request.method == "DELETE":
            return _json({"killed": self._kill(request).identifier})
        operator(request)
        chosen = request.negotiate(_FORMATS)
        members = query_members(self._find(request), whole=True)
        if chosen.format is not HTML:
            return _json(members)
        text = str(members["text"])
        hints = await asyncio.to_thread(find_slow_shapes, text, self._site.search is not None)
        view = request.view
        body = await render("admin_query.html", view, query=members, hints=hints)
        return page(body, view.language, cache=NO_STORE)

    async def kill(self, request: Request) -> Answer:
        """End a running query; a browser is sent back to the list."""
        await request.body(_BODY)
        chosen: Representation = request.negotiate(_FORMATS)
        query = self._kill(request)
        if chosen.format is not HTML:
            return _json({"killed": query.identifier})
        return Redirect(request.view.url(PATH), 303, cache=NO_STORE)

    def _kill(self, request: Request) -> RunningQuery:
        token = operator(request)
        check_origin(request)
        query = self._find(request)
        self._site.engine.queries.kill(query.identifier, token.name)
        log.warning(
            "%s %s %s killed after %.1f s by %s",
            log_field("query", query.identifier),
            log_field("client", query.client),
            log_field("request", query.request),
            query.age,
            log_field("token", token.name),
        )
        return query

    def _find(self, request: Request) -> RunningQuery:
        identifier = request.path_parameter("identifier")
        query = self._site.engine.queries.find(identifier)
        if query is None:
            raise NotFound(f"No query {shown(identifier)} runs: it has ended, or there never was one.")
        return query


def operator(request: Request) -> Token:
    """Return the token of the operator.

    Raises NotFound where there is none, Unauthorized, TooManyAttempts and Forbidden.
    """
    site, sent = request.site, request.headers.authorization
    if not site.tokens.grant(SCOPE):
        raise NotFound(f"There is nothing at {request.path}.")
    token = request.token or read_password(sent, site.tokens, site.attempts, request.exchange.client)
    if token is None:
        raise Unauthorized(
            f'This needs a token with the scope "{SCOPE}". Send it as "Authorization: Bearer TOKEN", or as '
            "the password of any user.",
            browser=True,
        )
    return require(token, SCOPE)


def check_origin(request: Request) -> None:
    """Raise Forbidden for a request that a page of another site makes (Fetch Metadata, section 2.3)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        own = site in ("same-origin", "none")
    else:
        own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not own:
        raise Forbidden("Queries are ended from this server's own page, or by a program; not by other sites.")


def _json(members: object) -> Whole:
    body = json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"
    return Whole(body, "application/json", cache=NO_STORE)
