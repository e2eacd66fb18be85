"""Requests for the catalogue, its search and its facets, the overview and the query editor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.recording.corpus.shorthand import BROWSER, JSON, as_method, get, page, revalidated, slug, spelled
from tests.recording.exchange import Request

FACETS: Final = ("year", "series", "language", "country", "author")
WORDS: Final = ("korea", "우크라이나 전쟁",
                '"arms exports"', "defen*", "-korea arms", "title:korea", "qqqqqq",
                "한미동맹", "ukrane", "a OR b", '"', "*", "-", "<script>", "")  # fmt: skip
_CATALOGUE: Final[Mapping[str, Mapping[str, object]]] = {
    "all": {},
    "year": {"year": 2023},
    "years": {"year": [2022, 2023]},
    "series": {"series": "IFANS Focus"},
    "language": {"language": "ENG"},
    "country": {"country": "베트남"},
    "author": {"author": "SONG Tae Eun"},
    "two-facets": {"year": 2023, "language": "ENG", "q": "korea"},
    "unknown-value": {"year": "soon"},
    "unknown-parameter": {"colour": "red"},
    "newest": {"sort": "newest"},
    "oldest": {"sort": "oldest", "q": "korea"},
    "title": {"sort": "title"},
    "sort-wrong": {"sort": "colour"},
    "second": {"page": 2},
    "beyond": {"page": 99},
    "page-wrong": {"page": "x"},
    "page-zero": {"page": 0},
    "q-twice": {"q": ["a", "b"]},
    "locale": {"locale": "en", "q": "korea"},
}
_SEARCH: Final[Mapping[str, Mapping[str, object]]] = {
    "missing": {},
    "limit": {"q": "", "limit": 3},
    "offset": {"q": "", "limit": 3, "offset": 3},
    "offset-beyond": {"q": "", "offset": 10_000},
    "offset-too-far": {"q": "", "offset": 10_001},
    "limit-too-large": {"q": "", "limit": 101},
    "limit-wrong": {"q": "", "limit": "x"},
    "facets-none": {"q": "korea", "facets": 0},
    "facets-two": {"q": "korea", "facets": 2},
    "facets-too-many": {"q": "korea", "facets": 5000},
    "newest": {"q": "korea", "sort": "newest"},
    "oldest": {"q": "korea", "sort": "oldest"},
    "by-title": {"q": "korea", "sort": "title"},
    "sort-wrong": {"q": "korea", "sort": "colour"},
    "year": {"q": "", "year": 2023},
    "years": {"q": "", "year": [2022, 2023]},
    "selected": {"q": "", "language": "ENG", "author": "SONG Tae Eun"},
    "unknown": {"q": "", "colour": "red"},
    "unknown-near": {"q": "", "yaer": 2023},
    "q-twice": {"q": ["a", "b"]},
    "format-csv": {"q": "", "format": "csv"},
    "long": {"q": "korea " * 500},
    "timeout": {"q": "", "timeout": 5},
}


def requests() -> Iterator[Request]:
    """Everything that is asked of these pages."""
    for name, parameters in _CATALOGUE.items():
        yield from page(f"catalogue/{name}", "/", parameters)
    for at, words in enumerate(WORDS, 1):
        yield from page(f"catalogue/words-{at:02}-{slug(words)}", "/", {"q": words})
        yield get(f"search/words-{at:02}-{slug(words)}", "/search", {"q": words})
    for name, parameters in _SEARCH.items():
        yield get(f"search/{name}", "/search", parameters)
    yield from _search_methods()
    for facet in (*FACETS, "colour", "yaer", "year/"):
        yield from page(f"browse/{spelled(facet)}", f"/browse/{facet}")
    yield from page("browse/author-q", "/browse/author", {"q": "so"})
    yield from page("overview/page", "/overview")
    for name, path in (
        ("catalogue", "/"),
        ("overview", "/overview"),
        ("browse", "/browse/year"),
        ("editor", "/query"),
    ):
        yield from _asked_otherwise(name, path)
    yield from page("editor/query", "/query")
    yield from page("editor/query-given", "/query", {"query": "ASK {}"})
    for path in ("/sparql", "/mofapub/sparql", "/lod/sparql"):
        yield from page(f"editor{slug(path)}", path)
    yield from page(
        "editor/sparql-given", "/sparql", {"query": "SELECT ?s { ?s a mofapub:Publication } ORDER BY ?s"}
    )


def _search_methods() -> Iterator[Request]:
    words = {"q": "korea"}
    for accept in ("text/html", "text/csv", JSON, "*/*", "application/*"):
        yield get(f"search/accept-{slug(accept.replace('*', 'any'))}", "/search", words, accept)
    yield revalidated(get("search/valid", "/search", words))
    for method in ("HEAD", "OPTIONS", "POST"):
        yield as_method(get("search/method", "/search", words), method)


def _asked_otherwise(name: str, path: str) -> Iterator[Request]:
    """A page for who asks for nothing, for something else, with another method, or again."""
    yield get(f"{name}/without-accept", path)
    for accept in (JSON, "text/turtle", "image/png", "*/*", "text/html;q=0"):
        yield get(f"{name}/accept-{slug(accept.replace('*', 'any'))}", path, accept=accept)
    for language in ("fr", "en-GB", "ko-KR, en;q=0.1", "*", "de, ko;q=0"):
        shown = slug(language.replace("*", "any"))
        yield get(f"{name}/language-{shown}", path, accept=BROWSER, accept_language=language)
    yield get(f"{name}/locale-wrong", path, {"locale": "xx"}, BROWSER)
    yield revalidated(get(f"{name}/valid", path, accept=BROWSER))
    for method in ("HEAD", "OPTIONS", "POST", "PUT"):
        yield as_method(get(f"{name}/method", path, accept=BROWSER), method)
