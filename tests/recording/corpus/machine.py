"""Requests of programs: descriptions of the data, completion, feed, sitemaps, health, static files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.recording.corpus.shorthand import BROWSER, JSON, as_method, get, page, revalidated, slug, unordered
from tests.recording.exchange import Request

EXTENSIONS: Final = ("ttl", "nt", "jsonld", "rdf", "trig", "nq", "html", "json", "csv")
ACCEPTED: Final = (
    *("*/*", "text/turtle", "application/ld+json", "application/json", "application/rdf+xml", BROWSER),
    *("application/n-triples", "image/png", "text/html", "text/*;q=0.1, application/rdf+xml;q=0.2"),
)
_SIMPLE: Final[Mapping[str, str]] = {
    "feed": "/feed",
    "changes": "/feed/changes",
    "robots": "/robots.txt",
    "sitemap": "/sitemap.xml",
    "sitemap-1": "/sitemap-1.xml",
    "sitemap-2": "/sitemap-2.xml",
    "sitemap-3": "/sitemap-3.xml",
    "sitemap-0": "/sitemap-0.xml",
    "sitemap-x": "/sitemap-x.xml",
    "well-known": "/.well-known/void",
    "security": "/.well-known/security.txt",
    "api catalogue": "/.well-known/api-catalog",
    "prefixes": "/-/prefixes.json",
    "live": "/-/live",
    "ready": "/-/ready",
    "favicon": "/favicon.ico",
    "static-style": "/-/static/endpoint.css",
    "static-script": "/-/static/sparql.js",
    "static-notice": "/-/static/NOTICE.md",
    "static-map": "/-/static/vendor/land-110m.json",
    "static-version": "/-/static/icon.svg?v=a61c6c0e7e45",
    "static-version-wrong": "/-/static/icon.svg?v=000000000000",
    "static-missing": "/-/static/nothing.css",
    "static-outside": "/-/static/..%2F__init__.py",
    "static-hidden": "/-/static/.hidden",
    "static-folder": "/-/static/vendor",
    "static-root": "/-/static/",
    "metrics": "/-/metrics",
    "admin": "/-/admin",
    "admin-query": "/-/admin/queries/1",
    "admin-kill": "/-/admin/queries/1/kill",
    "seen": "/-/seen",
    "update": "/update",
    "store-name": "/store/unknown",
}


def requests() -> Iterator[Request]:
    """Everything that is asked of these documents."""
    for name, path in _SIMPLE.items():
        yield from _simple(f"machine/{name}", path)
    for language in ("ko", "en", "fr"):
        yield get(f"machine/feed-{language}", "/feed", accept_language=language)
        yield get(f"machine/feed-locale-{language}", "/feed", {"locale": language})
    for name in ("void", "catalog"):
        yield from _document(name)
    for name, path in (
        ("sparql", "/sparql"),
        ("mofapub", "/mofapub/sparql"),
        ("mofadaily", "/mofadaily/sparql"),
    ):
        yield from _description(name, path)
    yield from unordered(_store())
    yield from _completion()
    yield get("machine/static-vendor", "/-/static/vendor/yasgui.min.js")


def _simple(name: str, path: str) -> Iterator[Request]:
    yield get(name, path)
    yield get(f"{name}-browser", path, accept=BROWSER)
    yield get(f"{name}-image", path, accept="image/png")
    yield revalidated(get(name, path))
    for method in ("HEAD", "OPTIONS", "POST", "PUT"):
        yield as_method(get(name, path), method)


def _document(name: str) -> Iterator[Request]:
    path = f"/{name}"
    yield from _simple(f"machine/{name}", path)
    for extension in EXTENSIONS:
        yield get(f"machine/{name}-extension-{extension}", f"{path}.{extension}")
    for at, accept in enumerate(ACCEPTED, 1):
        yield get(f"machine/{name}-accept-{at:02}-{slug(accept)}", path, accept=accept)
    for fmt in ("ttl", "nt", "jsonld", "csv", "html"):
        yield get(f"machine/{name}-format-{fmt}", path, {"format": fmt})
    yield get(f"machine/{name}-extension-wins", f"{path}.nt", {"format": "ttl"}, "application/rdf+xml")


def _store() -> Iterator[Request]:
    """Yield requests for graphs and dumps."""
    graph = "http://opendata.mofa.go.kr/mofapub"
    targets: dict[str, dict[str, object]] = {
        "dataset": {},
        "graph": {"graph": graph},
        "default": {"default": ""},
        "empty": {"graph": "http://opendata.mofa.go.kr/mofadaily"},
        "unknown": {"graph": "http://opendata.mofa.go.kr/mofapup"},
        "both": {"graph": graph, "default": ""},
        "twice": {"graph": [graph, "urn:a"]},
        "relative": {"graph": "mofapub"},
        "misspelt": {"grahp": graph},
    }
    for name, parameters in targets.items():
        asked = get(f"machine/store-{name}", "/store", parameters)
        yield asked
        yield revalidated(asked)
        for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
            yield as_method(asked, method)
        for fmt in ("ttl", "nt", "rdf", "jsonld", "trig", "nq", "csv"):
            yield get(f"machine/store-{name}-{fmt}", "/store", {**parameters, "format": fmt})
    for at, accept in enumerate(ACCEPTED, 1):
        yield get(f"machine/store-accept-{at:02}-{slug(accept)}", "/store", {"graph": graph}, accept)
    for extension in (*EXTENSIONS, "nq.rar"):
        yield get(f"machine/store-extension-{extension}", f"/store.{extension}")
        yield get(f"machine/store-graph-extension-{extension}", f"/store.{extension}", {"graph": graph})
    yield get("machine/store-download", "/store", {"graph": graph, "download": 1})
    for extension in ("nq.gz", "trig.zst"):
        yield as_method(get(f"machine/store-file-{extension}", f"/store.{extension}"), "HEAD")


def _description(name: str, path: str) -> Iterator[Request]:
    yield get(f"machine/description-{name}", path)
    for at, accept in enumerate(ACCEPTED, 1):
        yield get(f"machine/description-{name}-accept-{at:02}-{slug(accept)}", path, accept=accept)
    for fmt in ("nt", "jsonld", "csv"):
        yield get(f"machine/description-{name}-format-{fmt}", path, {"format": fmt})
    yield as_method(get(f"machine/description-{name}", path), "HEAD")
    yield revalidated(get(f"machine/description-{name}", path))
    yield as_method(get(f"machine/description-{name}", path), "OPTIONS")


def _completion() -> Iterator[Request]:
    for kind in ("classes", "properties"):
        path = f"/-/completion/{kind}"
        given: dict[str, dict[str, object]] = {
            "all": {},
            "q": {"q": "pub"},
            "label": {"q": "저자"},
            "prefixed": {"q": "mofapub:"},
            "nothing": {"q": "qqqq"},
            "limit": {"limit": 2},
            "limit-wrong": {"limit": "x"},
            "limit-zero": {"limit": 0},
            "class": {"class": "mofapub:Publication"},
            "class-iri": {"class": "http://opendata.mofa.go.kr/core/Country", "q": "l"},
            "class-wrong": {"class": "no iri"},
            "q-twice": {"q": ["a", "b"]},
        }
        for name, parameters in given.items():
            yield get(f"machine/completion-{kind}-{name}", path, parameters)
        yield from _simple(f"machine/completion-{kind}", path)
    yield from page("machine/completion-unknown", "/-/completion/nothing")
    yield get("machine/completion-unknown-json", "/-/completion/nothing", accept=JSON)
