"""SPARQL 1.1 Protocol, query operation (section 2.1), and the QUERY method of HTTP.

:func:`parse` is the pure part: method, media type, query string and body become one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes

from pyoxigraph import NamedNode
from starlette.types import Receive

from endpoint.errors import (
    BadParameter,
    MalformedRequest,
    PayloadTooLarge,
    ReadOnly,
    RequestTimeout,
    UnsupportedMediaType,
)
from endpoint.settings import Settings

METHODS: Final = ("GET", "HEAD", "POST", "QUERY", "OPTIONS")

# A form may repeat graph names; more pairs than this are no SPARQL request.
MOST_PAIRS: Final = 2000
# A percent-encoded text is up to three times as long as the text.
_ENCODED: Final = 3
# Seconds; less would only make work of killing and forking.
_LEAST_TIMEOUT: Final = 0.1
# How much of a body over the limit is read and thrown away, so that its sender reads the refusal.
_DRAINED: Final = 32

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ProtocolRequest:
    """One request of the protocol; ``query`` is None where there is none.

    ``formats`` are the names given, the first one offered is taken; ``timeout`` is in seconds.
    """

    query: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    timeout: float | None = None
    download: bool = False


async def read_body(receive: Receive, limit: int, patience: float) -> bytes:
    """The whole body. Raises :class:`PayloadTooLarge` above ``limit`` bytes.

    Raises :class:`RequestTimeout` when nothing comes for ``patience`` seconds.
    """
    parts: list[bytes] = []
    size = 0
    more = True
    while more and size <= limit * _DRAINED:
        try:
            async with asyncio.timeout(patience):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout(f"No more of the body came within {patience:g} s.") from None
        if message["type"] == "http.disconnect":
            raise MalformedRequest("The connection closed before the body was complete.")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        more = message.get("more_body", False)
    if size > limit:
        raise PayloadTooLarge(f"The request body is longer than the limit of {limit:,} bytes.", limit)
    return b"".join(parts)


def parse(method: str, content_type: str, query_string: bytes, body: bytes, limit: int) -> ProtocolRequest:
    """Read a request of the protocol; each parameter is read exactly once.

    Raises MalformedRequest, BadParameter, UnsupportedMediaType, PayloadTooLarge, and ReadOnly for
    an update. ``limit`` is the longest query text, in bytes.
    """
    if len(query_string) > limit * _ENCODED:
        raise PayloadTooLarge(f"The URL is too long: a query may have {limit:,} bytes. Use POST.", limit)
    pairs = decode_pairs(query_string)
    if method in ("POST", "QUERY"):
        pairs += _body_pairs(content_type, body)
    request = _request(pairs)
    if request.query is not None and len(request.query.encode()) > limit:
        raise PayloadTooLarge(f"The query text is longer than the limit of {limit:,} bytes.", limit)
    return request


def decode_pairs(text: bytes) -> Pairs:
    """Decode ``application/x-www-form-urlencoded`` once, as UTF-8 and nothing else."""
    if not text:
        return []
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PAIRS)
    except UnicodeDecodeError:
        raise _not_utf8(text) from None
    except ValueError:
        raise MalformedRequest(f"The request has more than {MOST_PAIRS} parameters.") from None


def _not_utf8(text: bytes) -> BadParameter:
    for pair in text.split(b"&"):
        name, _, value = pair.partition(b"=")
        raw = unquote_to_bytes(value.replace(b"+", b" "))
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            shown = name.decode("ascii", "replace")
            return BadParameter(
                shown,
                f"The parameter {shown} is not UTF-8: byte {error.start + 1} of its value is "
                f"0x{raw[error.start]:02X}. Percent-encode the UTF-8 bytes of the text.",
                rule="characters",
            )
    return BadParameter("", "The name of a parameter is not UTF-8.", rule="characters")


def _body_pairs(content_type: str, body: bytes) -> Pairs:
    media_type, _, parameters = content_type.partition(";")
    _check_charset(parameters)
    match media_type.strip().lower():
        case "application/x-www-form-urlencoded":
            return decode_pairs(body.strip())
        case "application/sparql-query":
            return [("query", _text(body))]
        case "application/sparql-update":
            return [("update", "")]
        case "":
            received = "The body has no Content-Type."
        case other:
            received = f"The body has the Content-Type {other[:80]}."
    raise UnsupportedMediaType(
        f"{received} Send the query as application/sparql-query, or as query=… in "
        "application/x-www-form-urlencoded."
    )


def _check_charset(parameters: str) -> None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType(f"The body is {charset[:40]}; SPARQL is sent as UTF-8.")


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"The query is not UTF-8: byte {error.start + 1} is 0x{body[error.start]:02X}."
        ) from None


def _request(pairs: Pairs) -> ProtocolRequest:
    # YASQE sends some parameter names with a trailing blank.
    named = [(name.strip(), value) for name, value in pairs]
    if any(name == "update" for name, _ in named):
        raise ReadOnly("This endpoint takes no updates; send a query as the parameter query.")
    query = _single(named, "query")
    return ProtocolRequest(
        query=None if query is None else query.removeprefix("\ufeff"),
        default_graphs=_graphs(named, "default-graph-uri"),
        named_graphs=_graphs(named, "named-graph-uri"),
        formats=read_formats(named),
        timeout=read_timeout(named),
        download=read_download(named),
    )


def _single(pairs: Pairs, name: str) -> str | None:
    values = [value for given, value in pairs if given == name]
    if len(values) > 1:
        told = f"The parameter {name} is given {len(values)} times; give it once."
        raise BadParameter(name, told, rule="repeated")
    return values[0] if values else None


def _graphs(pairs: Pairs, name: str) -> tuple[str, ...]:
    found = dict.fromkeys(value.strip() for given, value in pairs if given == name and value.strip())
    for iri in found:
        try:
            NamedNode(iri)
        except ValueError:
            told = f"The parameter {name} is not an absolute IRI."
            raise BadParameter(name, told, iri[:200], "type") from None
    return tuple(found)


def read_formats(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The values of ``format`` or, as existing clients send it, ``output``.

    SPARQLWrapper repeats both, with a short name and with lists of media types.
    """
    given = list(pairs)
    for name in ("format", "output"):
        values = ",".join(value for key, value in given if key == name).split(",")
        if found := tuple(value.strip() for value in values if value.strip()):
            return found
    return ()


def read_download(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether the answer is to be saved as a file, as the links of our own pages ask."""
    return any(name == "download" and value == "1" for name, value in pairs)


def read_timeout(pairs: Iterable[tuple[str, str]]) -> float | None:
    """The value of ``timeout`` in seconds; None where absent, empty or 0, as Virtuoso's form sends it."""
    value = (_single(list(pairs), "timeout") or "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise BadParameter(
            "timeout", "The parameter timeout is a number of seconds, such as 5 or 0.5.", value[:80], "type"
        )
    return seconds or None


def allowed_timeout(asked: float | None, settings: Settings) -> float:
    """The deadline in seconds: the server's, or less where the client asks for less."""
    return settings.timeout if asked is None else min(max(asked, _LEAST_TIMEOUT), settings.timeout)
