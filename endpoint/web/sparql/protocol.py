"""SPARQL 1.1 Protocol, query operation (section 2.1), and the QUERY method of HTTP.

:func:`parse` is pure: it turns method, media type, query string and body into one request of the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from endpoint.errors import (
    BadParameter,
    MalformedRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from endpoint.web.http.request import (
    Pairs,
    decode_pairs,
    read_download,
    read_flag,
    read_formats,
    read_timeout,
    single,
)

METHODS: Final = ("GET", "HEAD", "POST", "QUERY", "OPTIONS")

# A percent-encoded text is up to three times as long as the text.
_ENCODED: Final = 3


@dataclass(frozen=True, slots=True)
class ProtocolRequest:
    """One request of the protocol: ``query``, or ``update``, is None where there is none.

    ``formats`` are the names given, the first one offered is taken; ``timeout`` is in seconds.
    ``explain``: what the query did is wanted in place of its answer. Without ``columns`` the engine is to
    answer; without ``cache`` no answer that is kept is wanted.
    """

    query: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    timeout: float | None = None
    download: bool = False
    explain: bool = False
    columns: bool = True
    cache: bool = True
    update: str | None = None


def parse(method: str, content_type: str, query_string: bytes, body: bytes, limit: int) -> ProtocolRequest:
    """Parse a request of the protocol; each parameter is read exactly once.

    The graphs of an update are those of using-graph-uri and using-named-graph-uri (section 2.2.3). ``limit``
    is the longest text of a query, in bytes. Raises MalformedRequest, BadParameter, UnsupportedMediaType,
    PayloadTooLarge, and MethodNotAllowed for an update that is not sent by POST.
    """
    if len(query_string) > limit * _ENCODED:
        raise PayloadTooLarge(f"The URL is too long: a query may have {limit:,} bytes. Use POST.", limit)
    pairs = decode_pairs(query_string)
    if method in ("POST", "QUERY"):
        pairs += _body_pairs(content_type, body)
    request = _request(pairs)
    if request.update is not None and method != "POST":
        raise MethodNotAllowed("An update is sent by POST, never in a URL alone.", ("POST",))
    if request.query is not None and len(request.query.encode()) > limit:
        raise PayloadTooLarge(f"The query text is longer than the limit of {limit:,} bytes.", limit)
    return request


def _body_pairs(content_type: str, body: bytes) -> Pairs:
    media_type, _, parameters = content_type.partition(";")
    _check_charset(parameters)
    match media_type.strip().lower():
        case "application/x-www-form-urlencoded":
            return decode_pairs(body.strip())
        case "application/sparql-query":
            return [("query", _text(body))]
        case "application/sparql-update":
            return [("update", _text(body))]
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
    if len(pairs) == 1 and pairs[0][0] == "query":
        # As most requests are: no other parameter need be looked for.
        return ProtocolRequest(pairs[0][1].removeprefix("\ufeff"))
    named = [(name.strip(), value) for name, value in pairs]
    query, update = single(named, "query"), single(named, "update")
    if query is not None and update is not None:
        raise BadParameter("update", "Send a query or an update, not both.")
    using = "" if update is None else "using-"
    defaults = "default-graph-uri" if update is None else "using-graph-uri"
    return ProtocolRequest(
        query=None if query is None else query.removeprefix("\ufeff"),
        update=None if update is None else update.removeprefix("\ufeff"),
        default_graphs=_graphs(named, defaults),
        named_graphs=_graphs(named, f"{using}named-graph-uri"),
        formats=read_formats(named),
        timeout=read_timeout(named),
        download=read_download(named),
        explain=read_flag(named, "explain"),
        columns=_switch(named, "columns"),
        cache=_switch(named, "cache"),
    )


def _graphs(pairs: Pairs, name: str) -> tuple[str, ...]:
    iris = dict.fromkeys(value.strip() for given, value in pairs if given == name and value.strip())
    for iri in iris:
        try:
            NamedNode(iri)
        except ValueError:
            sentence = f"The parameter {name} is not an absolute IRI."
            raise BadParameter(name, sentence, iri[:200], "type") from None
    return tuple(iris)


def _switch(pairs: Pairs, name: str) -> bool:
    value = (single(pairs, name) or "on").strip().lower()
    if value not in ("on", "off"):
        raise BadParameter(name, f"The parameter {name} is on or off.", value[:80], "type")
    return value == "on"
