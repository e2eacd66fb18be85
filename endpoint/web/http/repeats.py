"""Requests that were answered from the cache before: found without routing, parsing or classification.

Such an answer depends on target, Accept header and body of its request, on the generation of the data, and on
settings and saved queries; that of a page depends on its reader too. What else of a request may shape an
answer is not remembered here. Whoever looks for a request knows who asks, and that it may.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, TypeAlias

from starlette.routing import Route
from starlette.types import Scope

from endpoint.catalog import Catalog
from endpoint.engine.cache import HIT, Entry
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.http.answer import Answer, Headers, Whole, cached_timing, note_use
from endpoint.web.http.request import Request
from endpoint.web.http.view import choose_language, default_language

# Seconds that it spares to find an answer here: small, beside those of an evaluation.
_SPARED: Final = 0.0002
# Bytes of the heads of an answer in all content codings.
_HEADS: Final = 4000
# What a scope has whose request was looked for before, and may ask: True where it was not found.
NEW: Final = "endpoint.new"
# Stands for the answers to a request that depend on its reader.
_FOR_READERS: Final = object()

Target: TypeAlias = tuple[bytes, bytes]
Key: TypeAlias = tuple[Target, bytes, bytes, bytes | None]
# The server's own URL and the language, where the address names none.
Reader: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Repeat:
    """An answer whose body is ``kept``, and is not held here; with what it was made, and for which route.

    ``heads`` are header fields that were written before, by the content coding.
    """

    answer: Whole
    kept: Entry
    generation: int
    route: Route | None
    settings: Settings
    catalog: Catalog
    heads: dict[str, bytes] = field(default_factory=dict)


def look_up(site: Site, version: str, scope: Scope, body: bytes | None = None) -> Repeat | None:
    """Return what is remembered of a request on a version of the data, where it still holds.

    ``body`` is that of a method which has one. Raises MalformedRequest where the Host header is none.
    """
    key = _key(scope, body)
    entry = site.cache.find(version, key)
    if entry is not None and entry.value is _FOR_READERS:
        entry = site.cache.find(version, (key, reader_of(site, scope)))
    if entry is None:
        return None
    repeat: Repeat = entry.value
    current = repeat.settings is site.settings and repeat.catalog is site.catalog
    return repeat if current and repeat.kept.kept else None


def find_repeat(request: Request, body: bytes | None = None) -> Whole | None:
    """Return the answer to a request that was answered from the cache before, None where there is none.

    ``body`` is that of a method which has one, also an empty one.
    """
    site, scope = request.site, request.scope
    if site.running is None or scope.get(NEW) or request.wants_anew:
        return None
    repeat = look_up(site, site.running.generation.version, scope, body)
    if repeat is None:
        return None
    kept = repeat.kept
    site.cache.use(kept)
    site.cache.uses[HIT.result] += 1
    note_use(request, HIT)
    scope["route"] = repeat.route
    request.exchange.generation = repeat.generation
    return replace(repeat.answer, body=kept.value.body, kept=kept)


def remember(request: Request, answer: Answer, body: bytes | None = None) -> None:
    """Remember what a request was answered with, where that came from the cache, whoever reads it."""
    kept = answer.kept if isinstance(answer, Whole) else None
    if not isinstance(answer, Whole) or kept is None or not kept.kept:
        return
    if request.exchange.cache == HIT.result:
        key = _key(request.scope, body)
        _put(request, key, answer, kept, _size(key))


def remember_for_reader(request: Request, answer: Whole, kept: Entry) -> None:
    """Remember what a request without a body was answered with, for readers of the same language."""
    site, key = request.site, _key(request.scope, None)
    if not kept.kept:
        return
    site.cache.put(kept.version, key, _FOR_READERS, _size(key), _SPARED)
    _put(request, (key, reader_of(site, request.scope)), answer, kept, _size(key))


def bare(answer: Whole) -> Whole:
    """Return an answer that is kept, without its body, with the header fields that it has from then on."""
    headers: Headers = tuple(field for field in answer.headers if field[0] != b"server-timing")
    headers = (*headers, cached_timing(HIT))
    return replace(answer, body=b"", kept=None, headers=headers, version="")


def _put(request: Request, key: Hashable, answer: Whole, kept: Entry, size: int) -> None:
    made = (request.exchange.generation, request.scope.get("route"), request.settings, request.catalog)
    request.site.cache.put(kept.version, key, Repeat(bare(answer), kept, *made), size + _HEADS, _SPARED)


def target_of(scope: Scope) -> Target:
    """Return path and query of a request as they were sent."""
    return scope.get("raw_path") or scope["path"].encode(), scope["query_string"]


def reader_of(site: Site, scope: Scope) -> Reader:
    """Return what a page depends on besides its address. Raises MalformedRequest."""
    accepted = [value for name, value in scope["headers"] if name == b"accept-language"]
    return site.url(scope), _language(b", ".join(accepted), default_language(site))


@lru_cache(maxsize=256)
def _language(accepted: bytes, default: str) -> str:
    return choose_language(None, accepted.decode("latin-1"), default)


def _key(scope: Scope, body: bytes | None) -> Key:
    """Return all of a request that shapes its answer for any reader; a ``body`` of None is that of no method.

    A body that is empty has a media type all the same, which may be refused.
    """
    accept = content_type = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept += b"," + value
        elif name == b"content-type" and body is not None:
            content_type += b"," + value
    return target_of(scope), accept, content_type, body


def _size(key: Key) -> int:
    """Return the bytes of a key."""
    target, *others = key
    return sum(len(part) for part in (*target, *others) if part)
