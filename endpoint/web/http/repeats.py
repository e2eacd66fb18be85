"""Requests that were answered from the cache before: found without routing, parsing or classification.

Such an answer depends on target, Accept header and body of its request, on the generation of the data, and on
settings and saved queries. What else of a request may shape an answer is not remembered here. Whoever looks
for a request knows who asks, and that it may.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from starlette.routing import Route

from endpoint.catalog import Catalog
from endpoint.engine.cache import HIT, Entry
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.http.answer import Answer, NotModified, Whole, note_use
from endpoint.web.http.request import Request

# Seconds that it spares to find an answer here: small, beside those of an evaluation.
_SPARED: Final = 0.0002
# Bytes of the heads of an answer in all content codings.
_HEADS: Final = 4000

Key: TypeAlias = tuple[str, bytes, bytes, bytes, bytes | None]


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


def look_up(site: Site, version: str, key: Key) -> Repeat | None:
    """Return what is remembered of a request on a version of the data, where it still holds."""
    entry = site.cache.find(version, key)
    if entry is None:
        return None
    repeat: Repeat = entry.value
    current = repeat.settings is site.settings and repeat.catalog is site.catalog
    return repeat if current and repeat.kept.kept else None


def find_repeat(request: Request, body: bytes | None = None) -> Whole | NotModified | None:
    """Return the answer to a request that was answered from the cache before, None where there is none.

    ``body`` is that of a method which has one, also an empty one.
    """
    site, scope = request.site, request.scope
    if site.running is None or request.wants_anew:
        return None
    key = key_of(scope["path"], scope["query_string"], scope["headers"], body)
    repeat = look_up(site, site.running.generation.version, key)
    if repeat is None:
        return None
    answer, kept = repeat.answer, repeat.kept
    site.cache.use(kept)
    site.cache.uses[HIT.result] += 1
    note_use(request, HIT)
    scope["route"] = repeat.route
    if answer.tag is not None and request.has(answer.tag):
        return NotModified(answer.content_type, tag=answer.tag, cache=answer.cache)
    request.exchange.generation = repeat.generation
    return Whole(
        *(kept.value.body, answer.content_type, answer.status, kept),
        tag=answer.tag,
        cache=answer.cache,
        headers=answer.headers,
    )


def remember(request: Request, answer: Answer, body: bytes | None = None) -> None:
    """Remember what a request was answered with, where that came from the cache."""
    kept = answer.kept if isinstance(answer, Whole) else None
    if not isinstance(answer, Whole) or kept is None or not kept.kept:
        return
    if request.exchange.cache != HIT.result:
        return
    site, scope = request.site, request.scope
    bare = Whole(b"", answer.content_type, tag=answer.tag, cache=answer.cache, headers=answer.headers)
    made = (request.exchange.generation, scope.get("route"), request.settings, request.catalog)
    key = key_of(scope["path"], scope["query_string"], scope["headers"], body)
    size = sum(len(part) for part in key if part) + _HEADS
    site.cache.put(kept.version, key, Repeat(bare, kept, *made), size, _SPARED)


def key_of(path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes | None) -> Key:
    """Return all of a request that shapes its answer; ``body`` is None where its method has none.

    A body that is empty has a media type all the same, which may be refused.
    """
    accept = content_type = b""
    for name, value in headers:
        if name == b"accept":
            accept += b"," + value
        elif name == b"content-type" and body is not None:
            content_type += b"," + value
    return path, query, accept, content_type, body
