"""Answers that a connection writes at once: those of :mod:`~endpoint.web.http.repeats`, without a task.

They have the bytes that the long way gives them, and the same checks come first. What needs more than a look
(a token, an entity tag, a body that was not encoded yet) goes the long way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from starlette.types import Scope

from endpoint.engine import Engine
from endpoint.engine.cache import HIT
from endpoint.errors import EndpointError
from endpoint.telemetry import Exchange
from endpoint.web import Site
from endpoint.web.http.access import caller, rate_limit
from endpoint.web.http.answer import cache_status
from endpoint.web.http.encodings import WORTHWHILE, Accepted, is_text, negotiate
from endpoint.web.http.forwarded import proxies
from endpoint.web.http.hosts import check_host
from endpoint.web.http.repeats import Repeat, key_of, look_up
from endpoint.web.http.security import security_headers
from endpoint.web.http.send import head_of, variant_of

# Larger bodies are sent piece by piece, as the client reads them.
_LARGEST: Final = 2**16
# Fields of requests that go the long way.
_LONG_WAY: Final = frozenset(
    (b"authorization", b"cache-control", b"if-none-match", b"if-modified-since", b"expect")
)

Fields = Sequence[tuple[bytes, bytes]]


class AtOnce:
    """The answers of a site that are written at once.

    ``identify`` returns the identifier of a request, and ``shared`` the fields that all answers have; None
    where they depend on the request.
    """

    def __init__(self, site: Site, identify: Callable[[], str], shared: Callable[[], Fields | None]) -> None:
        self._site = site
        self._identify = identify
        self._shared = shared

    def response(self, scope: Scope, first: Fields) -> bytes | None:
        """Return the whole response to a request, with some ``first`` fields; None for the long way."""
        started = time.perf_counter()
        site, method = self._site, scope["method"]
        engine = site.running
        if method not in ("GET", "HEAD") or engine is None or site.instruments.tracing is not None:
            return None
        found = self._find(scope, engine)
        if found is None or not self._may_ask(scope):
            return None
        repeat, head, body = found
        address = scope["client"][0] if scope.get("client") else "-"
        exchange = Exchange(self._identify(), method, scope["path"], address)
        site.instruments.request_begun(exchange)
        site.cache.use(repeat.kept)
        site.cache.uses[HIT.result] += 1
        own = (b"x-request-id", exchange.identifier.encode())
        fields = (*first, own, *rate_limit(engine, caller(address, exchange.identifier, None)))
        response = b"HTTP/1.1 200 OK\r\n%s%s\r\n" % (_written(fields), head)
        if method == "GET":
            response += body
            exchange.sent = len(body)
        exchange.status, exchange.generation, exchange.cache = 200, repeat.generation, HIT.result
        exchange.media_type = repeat.answer.content_type.partition(";")[0]
        exchange.route = "" if repeat.route is None else repeat.route.path
        exchange.duration = time.perf_counter() - started
        site.instruments.request_ended(exchange)
        return response

    def _find(self, scope: Scope, engine: Engine) -> tuple[Repeat, bytes, bytes] | None:
        """Return what is remembered of a request, the head without its own fields, and the body."""
        encoding = b""
        for name, value in scope["headers"]:
            if name in _LONG_WAY:
                return None
            if name == b"accept-encoding":
                encoding += b", " + value if encoding else value
        key = key_of(scope["path"], scope["query_string"], scope["headers"], None)
        repeat = look_up(self._site, engine.generation.version, key)
        if repeat is None:
            return None
        content_type, body = repeat.answer.content_type, repeat.kept.value.body
        accepted = negotiate(encoding.decode("latin-1") if is_text(content_type) else None)
        coding = _coding(accepted, len(body))
        if coding:
            body = repeat.kept.value.coded.get(coding)
        if body is None or len(body) > _LARGEST:
            return None
        head = repeat.heads.get(coding)
        if head is None:
            head = self._head(repeat, accepted if coding else Accepted(None, True), len(body))
            if head is None:
                return None
            repeat.heads[coding] = head
        return repeat, head, body

    def _head(self, repeat: Repeat, accepted: Accepted, size: int) -> bytes | None:
        """Return the fields of an answer that all requests for it get."""
        answer, coding, shared = repeat.answer, accepted.coding, self._shared()
        if shared is None:
            return None
        fields = head_of(answer, answer.content_type, variant_of(answer.tag, coding))
        if coding is not None:
            fields.append((b"content-encoding", coding.name.encode()))
        fields.append((b"content-type", answer.content_type.encode("latin-1")))
        fields.append((b"content-length", b"%d" % size))
        secured = security_headers(200, fields, bool(self._site.settings.cors_origins))
        return _written((*fields, *secured, *shared, (b"cache-status", cache_status(HIT).encode())))

    def _may_ask(self, scope: Scope) -> bool:
        """Return whether the request is for this server, and set its client."""
        proxies(self._site.settings.trusted_proxies).apply(scope)
        try:
            check_host(scope, self._site.settings)
        except EndpointError:
            return False
        return True


def _coding(accepted: Accepted, size: int) -> str:
    """Return the name of the content coding in which a body of this size is sent; empty for none."""
    if accepted.coding is None or (size <= WORTHWHILE and accepted.plain):
        return ""
    return accepted.coding.name


def _written(fields: Fields) -> bytes:
    return b"".join([b"%s: %s\r\n" % field for field in fields])
