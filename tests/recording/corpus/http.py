"""Requests that look at HTTP itself: every route in other ways, CORS, HTTP/1.0, encodings of content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tests.recording.corpus.shorthand import (
    BROWSER,
    JSON,
    SPARQL,
    get,
    post,
    revalidated,
    slug,
    spelled,
)
from tests.recording.corpus.sparql import SELECT, queries
from tests.recording.exchange import Request

# One address for each route.
ROUTES: Final = (
    *("/", "/overview", "/browse/year", "/query", "/sparql", "/lod/sparql", "/mofapub/sparql"),
    *("/mofadocu/sparql", "/mofabrief/sparql", "/mofapress/sparql", "/mofadaily/sparql"),
    *("/api", "/api/years", "/api/openapi.json", "/api/docs", "/search", "/void", "/void.ttl"),
    *("/.well-known/void", "/catalog", "/catalog.ttl", "/-/completion/classes", "/-/completion/properties"),
    *("/-/prefixes.json", "/feed", "/mofapub/Publication", "/lod/view.do", "/resource", "/robots.txt"),
    *("/sitemap.xml", "/sitemap-1.xml", "/-/live", "/-/ready", "/favicon.ico", "/-/static/endpoint.css"),
)
ENCODED: Final = "compression of answers"
_ORIGIN: Final = "https://page.example"


def requests() -> Iterator[Request]:
    """Everything that is asked about HTTP."""
    for path in ROUTES:
        name = slug(path) if path != "/" else "root"
        yield get(f"http/routes/{name}-slash", f"{path}/")
        yield get(f"http/routes/{name}-odd-query", f"{path}?%zz&=&a=%ff")
        yield Request(f"http/routes/{name}-delete", path, "DELETE")
        yield Request(f"http/routes/{name}-patch", path, "PATCH")
        yield Request(f"http/routes/{name}-head", path, "HEAD")
        preflight = (("Origin", _ORIGIN), ("Access-Control-Request-Method", "POST"))
        yield Request(f"http/routes/{name}-preflight", path, "OPTIONS", preflight)
    yield from _cors()
    yield from _version()
    yield from _lines()
    yield from _content_encodings()


def _cors() -> Iterator[Request]:
    preflight = (
        ("Origin", _ORIGIN),
        ("Access-Control-Request-Method", "QUERY"),
        ("Access-Control-Request-Headers", "Authorization, Content-Type"),
    )
    yield Request("http/cors/preflight-headers", "/sparql", "OPTIONS", preflight)
    yield Request("http/cors/preflight-missing-path", "/nothing", "OPTIONS", preflight)
    yield Request("http/cors/preflight-no-method", "/sparql", "OPTIONS", preflight[:1])
    yield get("http/cors/origin", "/sparql", {"query": "ASK {}"}, origin=_ORIGIN)
    yield get("http/cors/origin-mistake", "/sparql", {"query": "AKS {}"}, origin=_ORIGIN)
    yield get("http/cors/origin-null", "/api/years", origin="null")


def _version() -> Iterator[Request]:
    """HTTP/1.0 has no chunks: the answer has its length or ends with the connection."""
    for name, request in (
        ("page", get("", "/", accept=BROWSER)),
        ("select", get("", "/sparql", {"query": SELECT})),
        ("many-rows", get("", "/sparql", {"query": queries()["many-rows"]})),
        ("mistake", get("", "/sparql", {"query": "AKS {}"})),
        ("saved", get("", "/api/terms")),
        ("saved-paged", get("", "/api/terms", {"pageSize": 2})),
        ("batch", post("", "/api", '[{"query": "years"}]', JSON)),
        ("resource", get("", "/mofapub/resource/Publication/14209")),
        ("feed", get("", "/feed")),
        ("missing", get("", "/nothing")),
    ):
        yield replace(request, name=f"http/version/1.0-{name}", version="1.0")
        kept = (*request.headers, ("Connection", "keep-alive"))
        yield replace(request, name=f"http/version/1.0-{name}-kept", version="1.0", headers=kept)
        closed = (*request.headers, ("Connection", "close"))
        yield replace(request, name=f"http/version/1.1-{name}-closed", headers=closed)
    yield replace(get("http/version/1.0-head", "/api/terms"), version="1.0", method="HEAD")


def _lines() -> Iterator[Request]:
    """Request lines and headers as odd clients send them."""
    for path in ("/%", "/%zz", "/%2e%2e/", "/a%00b", "/?", "/?&&", "//", "/a/../sparql?query=ASK%7B%7D",
                 "/sparql%3Fquery=ASK%7B%7D", "/sparql;a=b?query=ASK%7B%7D", "/SPARQL?query=ASK%7B%7D",
                 "http://recording.example/-/live", "/sparql?query=ASK%7B%7D#fragment",
                 "/mofapub/resource/Publication/14209?locale=en&format=ttl", "/" + "a" * 5000):  # fmt: skip
        yield Request(f"http/lines/{spelled(path)}", path)
    yield Request("http/lines/unknown-method", "/", "BREW")
    yield Request("http/lines/utf8", "/api/송태은")
    yield get("http/lines/accept-odd", "/sparql", {"query": "ASK {}"}, "text/csv;q=0.5;level=1, */*;q=0.1;x")
    yield get("http/lines/accept-long", "/sparql", {"query": "ASK {}"}, "a/b, " * 500)
    twice = (("Accept", "text/csv"), ("Accept", JSON))
    yield replace(get("http/lines/accept-twice", "/sparql", {"query": SELECT}), headers=twice)
    forwarded = (("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "elsewhere.example"))
    yield Request("http/lines/forwarded", "/api", headers=forwarded)
    ranged = (("Range", "bytes=0-10"),)
    yield Request("http/lines/range", "/-/static/icon.svg", headers=ranged)
    yield Request("http/lines/range-page", "/", headers=(("Accept", BROWSER), *ranged))


def _content_encodings() -> Iterator[Request]:
    """Answers to clients that can read compressed ones."""
    for name, request in (
        ("page", get("", "/", accept=BROWSER)),
        ("resource", get("", "/mofapub/resource/Publication/14209", accept=BROWSER)),
        ("turtle", get("", "/mofapub/resource/Publication/14209.ttl")),
        ("select", get("", "/sparql", {"query": queries()["many-rows"]})),
        ("posted", post("", "/sparql", queries()["many-rows"], SPARQL)),
        ("saved", get("", "/api/terms")),
        ("void", get("", "/void")),
        ("description", get("", "/sparql", accept="text/turtle")),
        ("openapi", get("", "/api/openapi.json")),
        ("feed", get("", "/feed")),
        ("sitemap", get("", "/sitemap-2.xml")),
        ("style", get("", "/-/static/endpoint.css")),
        ("small", get("", "/sparql", {"query": "ASK {}"})),
        ("mistake", get("", "/api/nothing")),
        ("workbook", get("", "/api/terms.xlsx")),
    ):
        for accepted in ("gzip", "gzip;q=0, *;q=0", "identity"):
            headers = (*request.headers, ("Accept-Encoding", accepted))
            expected = ENCODED if accepted == "gzip" else ""
            named = replace(
                request, name=f"http/encoding/{name}-{slug(accepted)}", headers=headers, expected=expected
            )
            yield named
        yield revalidated(named)
    for accepted in ("br", "zstd", "gzip, deflate, br, zstd", "gzip;q=0.1, br;q=0.2", "*", "nonsense"):
        name = f"http/encoding/any-{spelled(accepted)}"
        yield replace(get(name, "/", accept=BROWSER, accept_encoding=accepted), expected=ENCODED)
    yield replace(get("http/encoding/head", "/", accept=BROWSER), method="HEAD",
                  headers=(("Accept", BROWSER), ("Accept-Encoding", "gzip")), expected=ENCODED)  # fmt: skip
