"""The answer to a request: one value, which a handler returns and :mod:`endpoint.web.http.send` sends.

Failures are raised as designed errors; the boundary turns them into answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final, Protocol, TypeAlias
from urllib.parse import quote

from endpoint import __version__
from endpoint.engine import Engine, Limits, Result
from endpoint.engine.cache import COLLAPSED, HIT, Entry, Use
from endpoint.formats import HTML, Representation
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from endpoint.web import Site
from endpoint.web.http.request import Request

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

# The request headers that choose the representation. Without the same Vary on all representations of a
# resource, a browser confuses them.
VARY: Final = "Accept, Accept-Language"
# A name of a file that stands in quotes as it is: no line of a header ends in it, and no folder is named.
_PLAIN_NAME: Final = re.compile(r"[\w .,()+=@-]+", re.ASCII)
# Cache-Control of an answer that no cache may keep.
NO_STORE: Final = "no-store"
# Cache-Control of an answer that a client revalidates each time, mostly with a 304.
NO_CACHE: Final = "no-cache"


class Pieces(Protocol):
    """The pieces of a body, as an engine's result or an asynchronous generator gives them."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """Discard the pieces that were not read. Idempotent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The head of an answer without its status.

    ``tag`` is the entity tag, quoted, ``modified`` the Last-Modified; a request that has the one or is
    newer than the other is answered 304. ``cache`` is the Cache-Control and ``vary`` the Vary, both left
    out where they are empty. The sender adds the content coding to both, and to strong entity tags.
    ``headers`` are all others. ``version`` is that of the data of an answer which any request for the same
    by a reader of the same language gets too, so that it may be kept whole; empty for all others.
    """

    tag: str | None = None
    modified: datetime | None = None
    cache: str = NO_CACHE
    vary: str = VARY
    headers: Headers = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Whole(Described):
    """An answer with its whole body; ``content_type`` is empty where there is none.

    ``kept`` is where the cache keeps the body, and keeps it encoded too.
    """

    body: bytes
    content_type: str
    status: int = 200
    kept: Entry | None = None


@dataclass(frozen=True, slots=True)
class Streamed(Described):
    """An answer that has begun: ``first`` is its beginning, ``pieces`` follow, then ``last``.

    A failure while they are read cuts the connection. The sender closes ``pieces``.
    """

    pieces: Pieces
    content_type: str
    first: bytes = b""
    last: bytes = b""


@dataclass(frozen=True, slots=True)
class Made(Described):
    """A document that is made only where the client does not have it.

    ``make`` returns the body, or an answer with another head than this one. It may raise designed errors.
    This head is also that of a 304. ``exists``: what it is of was found, whatever becomes of the making.
    """

    make: Callable[[], Awaitable[bytes | Whole | Streamed]]
    content_type: str
    exists: bool = False


@dataclass(frozen=True, slots=True)
class NotModified(Described):
    """304: the client has the representation already (RFC 9110 section 15.4.5)."""

    content_type: str


@dataclass(frozen=True, slots=True)
class Redirect(Described):
    """The address where the answer is (RFC 9110 section 15.4)."""

    location: str
    status: int = 302
    cache: str = field(default="", kw_only=True)


Answer: TypeAlias = Whole | Streamed | Made | NotModified | Redirect


def page(
    body: bytes,
    language: str = "",
    *,
    status: int = 200,
    cache: str = NO_CACHE,
    headers: Headers = (),
    version: str = "",
) -> Whole:
    """Return an HTML page, which names its language where that is given."""
    if language:
        headers = (*headers, (b"content-language", language.encode()))
    return Whole(body, HTML.content_type(), status, cache=cache, headers=headers, version=version)


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of a serialized result: a page, headers, the name of a file to save it in.

    ``lasting``: they are the same each time, for a reader of the same language, on the same data.
    """

    head: bytes = b""
    tail: bytes = b""
    filename: str = ""
    headers: Headers = ()
    lasting: bool = False


NOTHING: Final = Around()


async def evaluate(
    request: Request,
    operation: Operation,
    representation: Representation,
    limits: Limits,
    around: Around | Callable[[Result], Awaitable[Around]] = NOTHING,
    variant: str = "",
    cache: str = NO_CACHE,
) -> Whole | Streamed | NotModified:
    """Evaluate ``operation`` and return its answer, once it has begun. Raises designed errors.

    ``around`` may be a function that is called when the result has begun; ``variant`` distinguishes answers
    with the same operation and representation, for the entity tag. An operation that may have a different
    result each time has no tag (NOW, RAND, UUID, …), and ``cache`` is the Cache-Control of all others.
    """
    engine, digest = request.site.engine, None
    if not operation.volatile:
        digest = _digest(request.site, operation, representation, variant)
        if request.conditional and (generation := _generation(engine, operation)) is not None:
            tag = document_tag(generation, digest)
            if request.has(tag):
                if request.site.cache.most:
                    request.site.cache.uses[HIT.result] += 1
                    note_use(request, HIT)
                return NotModified(representation.content_type, tag=tag, cache=cache)
    if request.wants_anew and not limits.anew:
        limits = replace(limits, anew=True)
    result = await engine.query(operation, representation, limits)
    note_use(request, result.use)
    exchange = request.exchange
    exchange.generation, exchange.queue = result.generation.number, result.queued
    try:
        if not isinstance(around, Around):
            around = await around(result)
        return await result_answer(result, representation, digest, around, cache)
    except BaseException:
        await result.aclose()
        raise


async def result_answer(
    result: Result, representation: Representation, digest: str | None, around: Around, cache: str = NO_CACHE
) -> Whole | Streamed:
    """Return a result as an answer; ``digest`` makes its entity tag, None for an answer without one."""
    tag = None if digest is None else document_tag(result.generation, digest)
    cache = NO_STORE if digest is None else cache
    headers = (*around.headers, server_timing(result))
    if around.filename:
        headers = (*headers, attachment(around.filename))
    content_type = representation.content_type
    if not result.complete:
        return Streamed(result, content_type, around.head, around.tail, tag=tag, cache=cache, headers=headers)
    body = around.head + await result.read() + around.tail
    kept = None if around.head or around.tail else result.kept
    # Rows that are not kept may be others the next time, or are not wanted from the cache.
    version = result.generation.version if around.lasting and result.kept is not None else ""
    return Whole(body, content_type, kept=kept, tag=tag, cache=cache, headers=headers, version=version)


def note_use(request: Request, use: Use | None) -> None:
    """Take note of what the cache did for an answer, for its header Cache-Status and for the log."""
    if use is not None:
        exchange = request.exchange
        exchange.cache, exchange.cache_status = use.result, cache_status(use)


def cache_status(use: Use) -> str:
    """Return the value of the header Cache-Status (RFC 9211)."""
    return f"endpoint; {use.parameters}"


def _generation(engine: Engine, operation: Operation) -> Generation | None:
    """Return the generation that an operation would be evaluated on, None where it cannot be."""
    number = operation.generation
    return engine.generation if number is None else engine.answerable(number)


def _digest(site: Site, operation: Operation, representation: Representation, variant: str) -> str:
    """Return a digest of all that distinguishes one answer from another on the same generation."""
    parts = (
        operation.text,
        "\1".join(operation.default_graphs),
        "\1".join(operation.named_graphs),
        representation.digest,
        site.version,
        variant,
        "" if operation.columns else "engine",
    )
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def server_timing(result: Result) -> tuple[bytes, bytes]:
    """Return the header with the times of waiting, planning and evaluation (W3C Server Timing).

    An answer from the cache took none of them.
    """
    use = result.use
    if use is not None and use in (HIT, COLLAPSED):
        return cached_timing(use)
    timing = f"queue;dur={result.queued * 1000:.1f}"
    if use is not None:
        timing = f'cache;desc="{use.result}", {timing}'
    if result.complete:
        timing += f", plan;dur={result.planned * 1000:.2f}, eval;dur={result.evaluated * 1000:.2f}"
        timing += f', by;desc="{"columns" if result.columns else "engine"}"'
    return b"server-timing", timing.encode()


def cached_timing(use: Use) -> tuple[bytes, bytes]:
    """Return the header Server-Timing of an answer that took no evaluation."""
    return b"server-timing", f'cache;desc="{use.result}"'.encode()


def strong_tag(body: bytes) -> str:
    """Return the entity tag of a body, as a strong one (RFC 9110 section 8.8.3)."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def document_tag(generation: Generation | None, *parts: str) -> str:
    """Return the entity tag of a document that depends on a generation and on ``parts``.

    It is weak, because the order of rows may differ (RFC 9110 section 8.8.1), and the same in all codings.
    """
    version = generation.version if generation else ""
    digest = blake2b("\0".join((__version__, version, *parts)).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'


def json_answer(value: object, cache: str = NO_CACHE) -> Whole:
    """Return ``value`` as JSON, with an entity tag of its own."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return Whole(body, "application/json", tag=strong_tag(body), cache=cache)


def options(methods: Sequence[str], query_types: str = "") -> Whole:
    """Return the answer to OPTIONS: the methods, and the media types of a QUERY (RFC 9110 section 9.3.7)."""
    headers: Headers = ((b"allow", ", ".join(methods).encode()),)
    if query_types:
        headers += ((b"accept-query", query_types.encode()),)
    return Whole(b"", "", cache="", vary="", headers=headers)


def attachment(filename: str) -> tuple[bytes, bytes]:
    """Return the header with which a browser saves an answer as a file of this name (RFC 6266)."""
    if _PLAIN_NAME.fullmatch(filename):
        named = f'filename="{filename}"'
    else:
        named = f"filename*=UTF-8''{quote(filename, safe='')}"  # RFC 8187
    return b"content-disposition", f"attachment; {named}".encode()


def as_file(name: str, representation: Representation) -> Around:
    """Return the name of a file for a client that follows a download link."""
    return Around(filename=f"{name}.{representation.format.extension}")
