"""Writes over HTTP: who may, and what they are answered. SPARQL Update (SPARQL 1.1 Protocol section 2.2).

An answer to a write comes when it is on the disk and this server answers queries from it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from endpoint.engine.writes import Write, Written
from endpoint.errors import BadParameter, EndpointError, Forbidden, PayloadTooLarge, ReadOnly, Unauthorized
from endpoint.tokens import GRAPH_STORE, UPDATE, Token
from endpoint.web import Site
from endpoint.web.http.access import read_password, require
from endpoint.web.http.answer import NO_STORE, Answer, Whole
from endpoint.web.http.request import Request
from endpoint.web.sparql.protocol import ProtocolRequest, parse

UPDATE_TYPE: Final = "application/sparql-update"
# Bytes of a form for one byte of the text, at the worst.
_ENCODED: Final = 3
# Seconds between two looks whether the generation is served.
_LOOK: Final = 0.01


class Updates:
    """SPARQL Update at ``/update`` and at the endpoints on the whole dataset."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def longest_body(self, request: Request) -> int:
        """Return the bytes that a body may have because of an update in it: none without the right token."""
        try:
            authorize(request, UPDATE)
        except EndpointError:
            return 0
        return self._site.settings.max_update * (_ENCODED if "form" in request.media_type else 1)

    async def answer(self, request: Request) -> Answer:
        """Answer a request of ``/update``. Raises what :meth:`update` does, and what is wrong with it."""
        authorize(request, UPDATE)
        body = await request.body(self.longest_body(request))
        content_type = request.headers.get("content-type", "")
        limit = self._site.settings.max_update
        protocol = parse(request.method, content_type, request.scope["query_string"], body, limit)
        if protocol.update is None:
            raise BadParameter("update", "The parameter update is missing: send the SPARQL text in it.")
        return await self.update(request, protocol, protocol.update)

    async def update(self, request: Request, protocol: ProtocolRequest, text: str) -> Answer:
        """Evaluate an update, and answer with the number of the generation that has it.

        Raises ReadOnly, Unauthorized, Forbidden, PayloadTooLarge, and what the write is refused for.
        """
        token = authorize(request, UPDATE)
        request.query = text
        limit = self._site.settings.max_update
        if len(text.encode()) > limit:
            raise PayloadTooLarge(f"The update is longer than the limit of {limit:,} bytes.", limit)
        write = Write(
            "update",
            token.name,
            request.exchange.identifier,
            self._site.dataset.base,
            token.graphs,
            text,
            protocol.default_graphs,
            protocol.named_graphs,
        )
        return written_answer(await commit(request, write))


def authorize(request: Request, scope: str) -> Token:
    """Return the token of a request that writes, sent as Bearer, or as the password of any user.

    A browser sends a password by itself, also with what a page of another site makes it send, so from a
    browser only Bearer counts. Raises ReadOnly where no token lets anybody write, Unauthorized, Forbidden and
    TooManyAttempts.
    """
    site, sent = request.site, request.headers.authorization
    if not site.tokens.grant(UPDATE, GRAPH_STORE):
        raise ReadOnly("This server takes no writes: there is no token for it. See endpoint token --help.")
    by_browser = "sec-fetch-site" in request.headers or "origin" in request.headers
    token = request.token
    if token is None and (sent or "").strip()[:6].lower() == "basic ":
        if by_browser:
            raise Forbidden('From a browser, send the token as "Authorization: Bearer TOKEN".')
        token = read_password(sent, site.tokens, site.attempts, request.exchange.client)
    if token is None:
        raise Unauthorized(
            f'This needs a token with the scope "{scope}". Send it as "Authorization: Bearer TOKEN", or as '
            "the password of any user.",
            browser=not by_browser,
        )
    return require(token, scope)


async def commit(request: Request, write: Write, release: Callable[[], None] = lambda: None) -> Written:
    """Commit a write, and wait until it is served. Raises what it is refused for.

    ``release`` is called when its files are needed no longer.
    """
    site = request.site
    written = await site.writes.submit(write, release)
    request.exchange.generation = written.generation
    # The supervisor finds the generation within milliseconds, and opens it within a tenth of a second or so.
    began = time.monotonic()
    while site.running is not None and site.engine.generation.number < written.generation:
        await asyncio.sleep(_LOOK)
    site.instruments.writes.served(time.monotonic() - began)
    return written


def written_answer(written: Written, status: int = 200, location: str = "") -> Whole:
    """Return the answer to a write: the number of its generation, and what it has changed."""
    members = {"generation": written.generation, "added": written.added, "removed": written.removed}
    answer = Whole(json.dumps(members).encode() + b"\n", "application/json", status, cache=NO_STORE, vary="")
    if location:
        answer = replace(answer, headers=((b"location", location.encode()),))
    return answer
