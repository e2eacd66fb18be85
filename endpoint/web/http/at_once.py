"""Answers that a connection writes at once: those of :mod:`~endpoint.web.http.repeats`, without a task.

They have the bytes that the long way gives them, and the same checks come first. What needs more than a look
(a token, several entity tags, a body that was not encoded yet) goes the long way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

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
from endpoint.web.http.repeats import NEW, Repeat, look_up
from endpoint.web.http.security import security_headers
from endpoint.web.http.send import head_of, variant_of

# Larger bodies are sent piece by piece, as the client reads them.
_LARGEST: Final = 2**17
# Fields of requests that go the long way.
_LONG_WAY: Final = frozenset((b"authorization", b"cache-control", b"expect"))
# The place of the fields of a 304 among heads by content coding.
_UNCHANGED: Final = "304"

Fields = Sequence[tuple[bytes, bytes]]


class _Asked(NamedTuple):
    """Fields of a request: the content codings, the entity tags, and whether a time counts without those."""

    encoding: bytes
    tags: Sequence[bytes]
    since: bool


class _Found(NamedTuple):
    """An answer that is remembered: its head without the fields of a request alone; 304 has no body."""

    repeat: Repeat
    head: bytes
    body: bytes | None


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
        found = self._find(scope, engine) if self._may_ask(scope) else None
        if found is None:
            return None
        repeat, head, body = found
        status = b"304 Not Modified" if body is None else b"200 OK"
        address = scope["client"][0] if scope.get("client") else "-"
        exchange = Exchange(self._identify(), method, scope["path"], address)
        site.instruments.request_begun(exchange)
        site.cache.use(repeat.kept)
        site.cache.uses[HIT.result] += 1
        own = (b"x-request-id", exchange.identifier.encode())
        fields = (*first, own, *rate_limit(engine, caller(address, exchange.identifier, None)))
        response = b"HTTP/1.1 %s\r\n%s%s\r\n" % (status, _written(fields), head)
        if body is not None:
            exchange.media_type = repeat.answer.content_type.partition(";")[0]
            if method == "GET":
                response += body
                exchange.sent = len(body)
        exchange.status, exchange.cache = int(status[:3]), HIT.result
        exchange.generation = repeat.generation
        exchange.route = "" if repeat.route is None else repeat.route.path
        exchange.duration = time.perf_counter() - started
        site.instruments.request_ended(exchange)
        return response

    def _find(self, scope: Scope, engine: Engine) -> _Found | None:
        """Return the answer to a request, as it was remembered."""
        fields = _read(scope["headers"])
        repeat = None if fields is None else look_up(self._site, engine.generation.version, scope)
        if fields is None or repeat is None:
            scope[NEW] = fields is not None
            return None
        held = _holds(fields, repeat.answer.tag)
        if held is not False:
            return self._unchanged(repeat) if held else None
        return self._whole(repeat, fields.encoding)

    def _whole(self, repeat: Repeat, encoding: bytes) -> _Found | None:
        """Return the answer in the best content coding, None where it was not encoded so yet."""
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
        return _Found(repeat, head, body)

    def _unchanged(self, repeat: Repeat) -> _Found | None:
        """Return that the client has the answer (RFC 9110 section 15.4.5)."""
        head, answer = repeat.heads.get(_UNCHANGED), repeat.answer
        if head is None:
            head = self._described(304, head_of(answer, answer.content_type, answer.tag))
            if head is None:
                return None
            repeat.heads[_UNCHANGED] = head
        return _Found(repeat, head, None)

    def _head(self, repeat: Repeat, accepted: Accepted, size: int) -> bytes | None:
        """Return the fields of an answer that all requests for it get."""
        answer, coding = repeat.answer, accepted.coding
        fields = head_of(answer, answer.content_type, variant_of(answer.tag, coding))
        if coding is not None:
            fields.append((b"content-encoding", coding.name.encode()))
        fields.append((b"content-type", answer.content_type.encode("latin-1")))
        fields.append((b"content-length", b"%d" % size))
        return self._described(200, fields)

    def _described(self, status: int, fields: list[tuple[bytes, bytes]]) -> bytes | None:
        """Return the fields of any answer too; None where some of them depend on the request."""
        shared = self._shared()
        if shared is None:
            return None
        secured = security_headers(status, fields, bool(self._site.settings.cors_origins))
        return _written((*fields, *secured, *shared, (b"cache-status", cache_status(HIT).encode())))

    def _may_ask(self, scope: Scope) -> bool:
        """Return whether the request is for this server, and set its client."""
        proxies(self._site.settings.trusted_proxies).apply(scope)
        try:
            check_host(scope, self._site.settings)
        except EndpointError:
            return False
        return True


def _read(headers: Fields) -> _Asked | None:
    """Return what the fields of a request ask; None for those that go the long way."""
    encoding, tags, since = b"", [], False
    for name, value in headers:
        if name in _LONG_WAY:
            return None
        if name == b"accept-encoding":
            encoding += b", " + value if encoding else value
        elif name == b"if-none-match":
            tags.append(value)
        elif name == b"if-modified-since":
            since = True
    return _Asked(encoding, tags, since)


def _holds(asked: _Asked, tag: str | None) -> bool | None:
    """Return whether a client has an answer by what it sent; None where that needs a longer look."""
    tags = asked.tags
    if not tags and not asked.since:
        return False
    if tag is None or not tag.startswith("W/") or len(tags) != 1 or b"," in tags[0] or tags[0] == b"*":
        return None
    return tags[0].strip().removeprefix(b"W/") == tag.removeprefix("W/").encode()


def _coding(accepted: Accepted, size: int) -> str:
    """Return the name of the content coding in which a body of this size is sent; empty for none."""
    if accepted.coding is None or (size <= WORTHWHILE and accepted.plain):
        return ""
    return accepted.coding.name


def _written(fields: Fields) -> bytes:
    return b"".join([b"%s: %s\r\n" % field for field in fields])
