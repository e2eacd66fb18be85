"""The outermost layer: one exchange per request, a designed answer to every failure, CORS on every status.

CORS follows the Fetch standard (section 3.2): pages of any origin may call the server without credentials;
where the operator lists origins, those may also send credentials.

A failure is a problem document (RFC 9457), plain text, or a page, as the client prefers. YASGUI prints the
body unchanged, so plain text is the default, and JSON is for a client that names it, with a member
``message`` for older builds of YASGUI. Below ``/api`` answers are JSON for a client without a preference, and
so are problems.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from http import HTTPStatus
from itertools import count
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from endpoint.engine import CALLER
from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    LimitReached,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    RequestTimeout,
    Unauthorized,
)
from endpoint.formats import HTML, Format, negotiate
from endpoint.telemetry import Exchange, log, log_field
from endpoint.telemetry.watchdog import EXCHANGE
from endpoint.web import Site
from endpoint.web.http.access import caller, rate_limit
from endpoint.web.http.answer import NO_STORE, Headers, Whole
from endpoint.web.http.at_once import AtOnce
from endpoint.web.http.delayed import Delayed
from endpoint.web.http.forwarded import proxies
from endpoint.web.http.hosts import check_host
from endpoint.web.http.html import render
from endpoint.web.http.repeats import NEW, find_repeat
from endpoint.web.http.request import Request
from endpoint.web.http.security import security_headers
from endpoint.web.http.send import ClientGone, send_answer

# Seconds until the sender starts to watch for a leaving client; most answers are sent sooner.
WATCH_AFTER: Final = 0.02

# Methods of requests that are found without their body.
_LOOKED_UP: Final = ("GET", "HEAD")
_METHODS: Final = b"GET, HEAD, POST, QUERY, PUT, PATCH, DELETE, OPTIONS"
_EXPOSED: Final = (
    b"Cache-Status, Content-Location, Deprecation, Endpoint-Generation, ETag, Link, Location, RateLimit, "
    b"RateLimit-Policy, Retry-After, Server-Timing, Sunset, X-Request-Id, X-Total-Count"
)

_PLAIN_TEXT = Format("text", "text/plain", (), (), "txt", True, None)
_PROBLEM_JSON = Format(
    "problem", "application/problem+json", ("application/json",), (), "json", False, None, echo=False
)
_OFFERED = (_PLAIN_TEXT, _PROBLEM_JSON, HTML)
_OFFERED_BY_API = (_PROBLEM_JSON, _PLAIN_TEXT, HTML)


class Boundary:
    """Pure ASGI middleware around the routes, which lets only answers and designed problems through."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._prefix = secrets.token_hex(3)
        self._count = count(1)
        self._delayed = Delayed(WATCH_AFTER)
        self.at_once = AtOnce(site, self._identify, self._shared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if NEW not in scope:
            proxies(self._site.settings.trusted_proxies).apply(scope)
        exchange = Exchange(
            self._identify(),
            scope["method"],
            scope["path"],
            scope["client"][0] if scope.get("client") else "-",
        )
        instruments = self._site.instruments
        instruments.request_begun(exchange, scope["headers"])
        started = time.perf_counter()
        request = Request(scope, receive, self._site, exchange, self._delayed)
        scope["app"] = self  # makes Starlette raise its 404 and 405 instead of answering
        headers = self._headers(request)

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                given = list(message.get("headers", ()))
                shared = bool(self._site.settings.cors_origins)
                secured = security_headers(exchange.status, given, shared)
                engine = self._site.running
                limits = () if engine is None else rate_limit(engine, CALLER.get())
                message["headers"] = [*given, *secured, *headers, *limits]
                if exchange.cache_status:
                    message["headers"].append((b"cache-status", exchange.cache_status.encode()))
            else:
                exchange.sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._run(request, receive, observed)
        finally:
            request.detach()
            exchange.duration = time.perf_counter() - started
            if (route := scope.get("route")) is not None:
                exchange.route = route.path
            instruments.request_ended(exchange)

    def _identify(self) -> str:
        return f"{self._prefix}-{next(self._count):x}"

    def _shared(self) -> list[tuple[bytes, bytes]] | None:
        """Return the fields of CORS, None where they depend on the request."""
        origins = self._site.settings.cors_origins
        if not origins:
            return []
        if "*" in origins:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED)]
        return None

    async def _run(self, request: Request, receive: Receive, send: Send) -> None:
        scope, exchange = request.scope, request.exchange
        try:
            if NEW not in scope:
                # Else its host and its proxies were looked at, for an answer at once.
                check_host(scope, self._site.settings)
            # A server gives each request a context of its own, so the values end with it.
            EXCHANGE.set(exchange)
            CALLER.set(caller(exchange.client, exchange.identifier, request.token))
            if request.method == "OPTIONS" and _is_preflight(request):
                await send_answer(request, send, _preflight(request))
            elif request.method in _LOOKED_UP and (known := find_repeat(request)) is not None:
                await send_answer(request, send, known)
            else:
                await self._in_turn(request, receive, send)
        except ClientGone:
            exchange.aborted = True
            abort(scope)
        except Exception as error:  # the boundary: whatever it is, the client gets a designed answer
            problem = _designed(error, exchange)
            exchange.code = problem.code
            if exchange.status:
                exchange.aborted = True
                abort(scope)
            else:
                await send_answer(request, send, await problem_answer(request, problem))

    async def _in_turn(self, request: Request, receive: Receive, send: Send) -> None:
        engine, exchange, turns = self._site.running, request.exchange, self._site.turns
        if engine is None:
            await self._app(request.scope, receive, send)
            return
        client = engine.clients.find(CALLER.get())
        # Health, metrics and the operator's pages are never held, whoever else has this address.
        place = None if request.scope["path"].startswith("/-/") else client.at_work
        if place is not None and place.locked():
            await _hold(place, request)
        elif place is not None:
            await place.acquire()
        turn = turns.enter(exchange, client)
        try:
            if turn is not None:
                await turn
            await self._app(request.scope, receive, send)
        finally:
            turns.leave(exchange, client)
            if place is not None:
                place.release()

    def _headers(self, request: Request) -> list[tuple[bytes, bytes]]:
        headers = [(b"x-request-id", request.exchange.identifier.encode())]
        if (shared := self._shared()) is not None:
            return [*headers, *shared]
        headers.append((b"vary", b"Origin"))
        origin = request.headers.get("origin", "")
        if origin not in self._site.settings.cors_origins:
            return headers
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
        headers.append((b"access-control-allow-credentials", b"true"))
        headers.append((b"access-control-expose-headers", _EXPOSED))
        return headers


async def _hold(place: asyncio.Semaphore, request: Request) -> None:
    """Hold a request until its client has few others at work.

    Meanwhile no deadline of it runs, and its connection may make room for those of others.
    """
    hold = request.scope.get("extensions", {}).get("endpoint.hold", {"hold": lambda _: None})["hold"]
    hold(True)
    await place.acquire()
    hold(False)
    request.began = time.monotonic()


def abort(scope: Scope) -> None:
    """Cut the connection without a clean end, where it is offered (see :mod:`endpoint.server.connection`)."""
    extension = scope.get("extensions", {}).get("endpoint.abort")
    if extension is not None:
        extension["abort"]()


def _is_preflight(request: Request) -> bool:
    return "origin" in request.headers and "access-control-request-method" in request.headers


def _preflight(request: Request) -> Whole:
    wanted = request.headers.get("access-control-request-headers", "")
    headers = (
        (b"access-control-allow-methods", _METHODS),
        # A wildcard would not cover Authorization, so the headers that are requested are named.
        (b"access-control-allow-headers", (wanted or "Accept, Content-Type").encode("latin-1")),
        (b"access-control-max-age", b"86400"),
    )
    vary = "Access-Control-Request-Method, Access-Control-Request-Headers"
    return Whole(b"", "", 204, cache="", vary=vary, headers=headers)


def _designed(error: Exception, exchange: Exchange) -> EndpointError:
    match error:
        case EndpointError():
            return error
        case HTTPException(status_code=404):
            return NotFound(f"There is nothing at {exchange.path}.")
        case HTTPException(status_code=405):
            allowed = (error.headers or {}).get("Allow", "").split(", ")
            return MethodNotAllowed(
                f"{exchange.method} does not apply to {exchange.path}; use {', '.join(allowed)}.", allowed
            )
        case HTTPException(status_code=400):
            return MalformedRequest(str(error.detail))
    log.error("%s failed", log_field("request", exchange.identifier), exc_info=error)
    return EndpointError(
        f"The server failed in a way it should not. Tell its operator the number {exchange.identifier}."
    )


async def problem_answer(request: Request, error: EndpointError) -> Whole:
    """Return the answer to a request that failed."""
    offered = _OFFERED_BY_API if _is_of_api(request) else _OFFERED
    chosen = negotiate(request.accept, offered)
    kind = chosen.format if chosen else offered[0]
    if kind is _PROBLEM_JSON:
        body, content_type = problem_json(error), "application/problem+json"
    elif kind is HTML and (page := await _problem_page(request, error)) is not None:
        body, content_type = page, HTML.content_type()
    else:
        body, content_type = problem_text(error), "text/plain; charset=utf-8"
    return Whole(body, content_type, error.status, cache=NO_STORE, headers=special_headers(error))


def _is_of_api(request: Request) -> bool:
    path = request.path.removeprefix(request.scope.get("root_path", ""))
    return path == "/api" or path.startswith("/api/")


def problem_text(error: EndpointError) -> bytes:
    """Return the problem as plain text: status and title on the first line, then the detail."""
    phrase = HTTPStatus(error.status).phrase
    title = "" if phrase.lower() == error.title.lower() else f" – {error.title}"
    return f"{error.status} {phrase}{title}\n\n{error.detail}\n".encode()


def problem_json(error: EndpointError) -> bytes:
    """Return the problem as ``application/problem+json`` (RFC 9457) with ``code`` and ``message``."""
    members = {
        "type": f"urn:endpoint:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "message": error.detail,
        **error.fields(),
    }
    return json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"


async def _problem_page(request: Request, error: EndpointError) -> bytes | None:
    """Return the page; None where the request is too broken to determine its view of the site."""
    try:
        view = request.view
    except MalformedRequest:
        return None
    # The excerpt of a query is indented; the sentences around it wrap as text.
    blocks = [(block.startswith("    "), block) for block in error.detail.split("\n\n")]
    phrase = HTTPStatus(error.status).phrase
    return await render(
        "problem.html",
        view,
        error=error,
        phrase=phrase,
        blocks=blocks,
        query=request.query,
        action=view.path,
        canonical=None,
    )


def special_headers(error: EndpointError) -> Headers:
    """Return the header fields that an error of its kind has."""
    match error:
        case Overloaded() | LimitReached():
            return ((b"retry-after", str(error.retry_after).encode()),)
        case MethodNotAllowed():
            return ((b"allow", ", ".join(error.allowed).encode()),)
        case DeadlineExceeded():
            return ((b"server-timing", f"eval;dur={error.timeout * 1000:.0f}".encode()),)
        case Unauthorized():
            bearer = (b"www-authenticate", b'Bearer realm="endpoint"')
            basic = (b"www-authenticate", b'Basic realm="endpoint", charset="UTF-8"')
            return (basic, bearer) if error.browser else (bearer,)
        case PayloadTooLarge() | RequestTimeout():
            # The rest of the body is not read.
            return ((b"connection", b"close"),)
    return ()
