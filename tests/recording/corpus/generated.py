"""Requests to a server on the generated catalogue, with further saved queries beside the project's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.recording.corpus.api import SELECT_FORMATS, of_query
from tests.recording.corpus.pages import FACETS
from tests.recording.corpus.resources import representations
from tests.recording.corpus.saved_queries import read
from tests.recording.corpus.shorthand import BROWSER, as_method, get, page, post, revalidated, slug
from tests.recording.corpus.sparql import BASE, SELECT, ask, queries
from tests.recording.exchange import Request

# Resources of each of these classes are looked at, by the path of their IRIs.
_KINDS: Final = (
    *("core/resource/Country", "core/resource/City", "core/resource/Person", "core/resource/Organization"),
    *("core/resource/Event", "core/resource/Area", "core/resource/Year", "core/resource/Position"),
    *("mofapub/resource/Publication", "mofapub/resource/Series", "mofadaily/resource/DiplomatJ"),
)


def requests(folder: Path, records: str) -> Iterator[Request]:
    """Yield requests for a catalogue of these records (N-Quads), with the saved queries of the folder."""
    for query in read(folder):
        if query.name == "x-broken":
            yield get("api/x-broken/example", "/api/x-broken")
        elif query.name.startswith("x-"):
            yield from of_query(query)
        else:
            yield get(f"api/{query.name}/example", f"/api/{query.name}", query.example)
    yield from _rows()
    yield from _facets(records)
    for kind in _KINDS:
        names = dict.fromkeys(re.findall(f"^<{BASE}{kind}/([^>]+)>", records, re.MULTILINE))
        for at, name in enumerate(list(names)[:2]):
            yield from representations(f"resource/{slug(kind)}-{at}", f"/{kind}/{name}")
    yield from _links()
    yield from _documents()
    for name in ("count", "count-graphs", "from-two", "aggregate", "text-search-snippet", "path"):
        yield ask(f"query-{name}", queries()[name])
    yield ask("select", SELECT)


def _rows() -> Iterator[Request]:
    """Pages of long answers, by number and by following their links."""
    path = "/api/publications-by-language"
    english: dict[str, object] = {"language": "ENG", "pageSize": 10}
    for number in (1, 2, 5, "all"):
        yield get(f"paging/page-{number}", path, {**english, "page": number, "count": "true"})
    for times in (1, 2, 3, 20):
        yield replace(get(f"paging/followed-{times}", path, {**english, "after": ""}), follow=times)
        yield replace(get(f"paging/followed-csv-{times}", f"{path}.csv", english), follow=times)
    for fmt in SELECT_FORMATS:
        yield get(f"paging/format-{fmt}", path, {**english, "page": 3, "format": fmt})
    for name in ("x-paged", "x-shaped", "x-star", "x-now", "x-framed"):
        yield replace(get(f"paging/{name}-followed", f"/api/{name}", {"pageSize": 3}), follow=1)
        yield revalidated(get(f"paging/{name}", f"/api/{name}"))
        yield as_method(get(f"paging/{name}", f"/api/{name}"), "HEAD")
        batch = f'[{{"query": "{name}", "parameters": {{"pageSize": 2}}}}]'
        yield post(f"paging/{name}-batch", "/api", batch, "application/json")
    yield from page("paging/page", path, {"language": "ENG", "page": 2})
    yield get("paging/enum-refused", "/api/x-enum", {"language": "FRA"})
    yield get("paging/several", "/api/x-several", {"language": ["ENG", "KOR"], "n": 4})
    yield get("paging/optional", "/api/x-optional", {"year": 2020, "n": 3, "start": 1})
    yield get("paging/enum-values", "/api/x-enum/values/language")
    yield get("paging/author-values", "/api/publications-by-author/values/author", {"limit": 30})
    yield get("paging/author-values-q", "/api/publications-by-author/values/author", {"q": "김"})
    yield get("paging/list", "/api")
    yield from page("paging/list", "/api")
    yield get("paging/openapi", "/api/openapi.json", accept_language="en")


def _facets(records: str) -> Iterator[Request]:
    """The catalogue with the first values of its facets, and every way to page and to sort."""
    author = re.search('hasAuthor> "([^"]+)"', records)
    series = re.search('category> "([^"]+)"', records)
    chosen: dict[str, dict[str, object]] = {
        "all": {},
        "third": {"page": 3},
        "last": {"page": 500},
        "newest": {"sort": "newest", "page": 2},
        "title": {"sort": "title"},
        "words": {"q": "korea", "sort": "oldest"},
        "korean": {"q": "한국 정책"},
        "prefix": {"q": "secur*", "language": "ENG"},
        "years": {"year": [2020, 2021], "language": "KOR"},
        "author": {"author": author[1] if author else ""},
        "series": {"series": series[1] if series else "", "page": 2},
    }
    for name, parameters in chosen.items():
        yield from page(f"catalogue/{name}", "/", parameters)
        yield get(
            f"search/{name}", "/search", {"q": "", **{k: v for k, v in parameters.items() if k != "page"}}
        )
    for facet in FACETS:
        yield from page(f"browse/{facet}", f"/browse/{facet}")
    yield from page("overview/page", "/overview")
    yield get("search/paged", "/search", {"q": "korea", "limit": 5, "offset": 10, "facets": 3})


def _links() -> Iterator[Request]:
    """Pages of what many things point to."""
    label, inverse = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", f"{BASE}mofadocu/relatedCountry"
    for number in (1, 2, 99):
        yield from page(f"links/class-{number}", "/mofapub/Publication", {"inverse": label, "page": number})
        yield get(
            f"links/country-{number}",
            "/core/resource/Country/1",
            {"inverse": inverse, "page": number},
            BROWSER,
        )


def _documents() -> Iterator[Request]:
    for name, path in (("feed", "/feed"), ("sitemap", "/sitemap.xml"), ("sitemap-1", "/sitemap-1.xml"),
                       ("sitemap-2", "/sitemap-2.xml"), ("robots", "/robots.txt"), ("ready", "/-/ready"),
                       ("void", "/void.ttl"), ("catalog", "/catalog.ttl"), ("description", "/sparql"),
                       ("classes", "/-/completion/classes"),
                       ("properties", "/-/completion/properties?q=rel")):  # fmt: skip
        yield get(f"machine/{name}", path)
