"""Requests to the saved queries: every format, pages, addresses, bodies, batches, mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tests.recording.corpus.saved_queries import SavedQuery, read
from tests.recording.corpus.shorthand import (
    BROWSER,
    FORM,
    JSON,
    as_method,
    encoded,
    get,
    page,
    post,
    revalidated,
    slug,
    spelled,
)
from tests.recording.exchange import Request

SELECT_FORMATS: Final = (
    *("flat-json", "sparql-json", "sparql-xml", "csv", "tsv", "bibtex", "ris", "csl-json"),
    *("ndjson", "excel-csv", "xlsx", "markdown", "geojson", "svg"),
)
GRAPH_FORMATS: Final = (
    *("flat-json", "turtle", "n-triples", "json-ld", "rdf-xml", "trig", "n-quads"),
    *("bibtex", "ris", "csl-json", "csv"),
)
EXTENSIONS: Final = (
    *("json", "ndjson", "srj", "srx", "csv", "tsv", "xlsx", "md", "geojson", "bib", "ris", "csl.json"),
    *("svg", "html", "ttl", "nt", "jsonld", "rdf", "trig", "nq", "rq", "pdf"),
)
ACCEPTED: Final = (
    *("*/*", "application/json", "text/csv", "application/sparql-results+json", "text/html", BROWSER),
    *("application/pdf", "text/*", "application/*;q=0.5, text/markdown;q=0.4", "image/svg+xml"),
    *("application/sparql-query", "text/turtle", "application/x-ndjson", "application/json;q=0, */*"),
    *("application/geo+json", "application/x-bibtex;q=0.3, text/csv;q=0.2", "application/problem+json"),
)
# Queries with many rows on the seed too, one that has parameters, one that answers a graph.
LONG: Final = "terms"
WITH_VALUES: Final = "publications-by-author"
GRAPH: Final = "publication-schema-org"


def requests(queries: Path) -> Iterator[Request]:
    """Everything that is asked of the saved queries in this folder."""
    yield from _listing()
    for query in read(queries):
        yield from of_query(query)
    yield from _negotiated()
    yield from _paged()
    yield from _addresses()
    yield from _values()
    yield from _bodies()
    yield from _mistakes()
    yield from _described()


def of_query(query: SavedQuery) -> Iterator[Request]:
    """One query: its example in every format, its page, its source, its bound text, what it needs."""
    name, path = f"api/{query.name}", f"/api/{query.name}"
    yield get(f"{name}/example", path, query.example)
    for fmt in SELECT_FORMATS if query.form == "SELECT" else GRAPH_FORMATS:
        yield get(f"{name}/format-{fmt}", path, {**query.example, "format": fmt})
    yield from page(f"{name}/page", path, query.example)
    yield get(f"{name}/paged", path, {**query.example, "page": 1, "pageSize": 3, "count": "true"})
    yield get(f"{name}/source", f"{path}.rq")
    yield get(f"{name}/explain", f"{path}/explain", query.example)
    yield get(f"{name}/explain-json", f"{path}/explain", query.example, JSON)
    if query.path:
        filled = query.path
        for key, value in query.example.items():
            filled = filled.replace(f"{{{key}}}", quote(str(value), safe=""))
        yield get(f"{name}/path", f"/api{filled}")
        yield get(f"{name}/path-csv", f"/api{filled}.csv")
    if query.required:
        yield get(f"{name}/without-values", path)
        yield from page(f"{name}/form", path)


def _listing() -> Iterator[Request]:
    yield get("api/list/json", "/api")
    yield revalidated(get("api/list/json", "/api"))
    yield as_method(get("api/list/json", "/api"), "HEAD")
    yield from page("api/list/page", "/api")
    yield from page("api/list/page-filtered", "/api", {"q": "author"})
    yield get("api/list/not-acceptable", "/api", accept="text/csv")
    yield get("api/list/slash", "/api/")
    for method in ("OPTIONS", "PUT", "DELETE"):
        yield as_method(get("api/list/method", "/api"), method)


def _negotiated() -> Iterator[Request]:
    for at, accept in enumerate(ACCEPTED, 1):
        yield get(f"api/accept/list-{at:02}-{slug(accept)}", f"/api/{LONG}", {"pageSize": 5}, accept)
        yield get(f"api/accept/graph-{at:02}-{slug(accept)}", f"/api/{GRAPH}", {"publication": 14209}, accept)
    for extension in EXTENSIONS:
        yield get(f"api/extension/select-{extension}", f"/api/{LONG}.{extension}", {"pageSize": 5})
        yield get(f"api/extension/graph-{extension}", f"/api/{GRAPH}.{extension}", {"publication": 14209})
    yield get("api/accept/extension-wins", f"/api/{LONG}.csv", {"pageSize": 2, "format": "json"}, JSON)
    yield get("api/accept/output", f"/api/{LONG}", {"pageSize": 2, "output": "csv"})
    yield get("api/accept/unknown-format", f"/api/{LONG}", {"format": "nonsense"})
    yield get("api/accept/language-tags", "/api/publication", {"publication": 14209, "languageTags": "true"})
    yield get("api/accept/language-tags-wrong", f"/api/{LONG}", {"languageTags": "perhaps"})
    for request in (get("api/valid/example", f"/api/{LONG}"), get("api/valid/csv", f"/api/{LONG}.csv"),
                    get("api/valid/page", f"/api/{LONG}", {"page": 2}),
                    get("api/valid/html", f"/api/{LONG}", accept=BROWSER),
                    get("api/valid/source", f"/api/{LONG}.rq"),
                    get("api/valid/explain", f"/api/{LONG}/explain")):  # fmt: skip
        yield request
        yield revalidated(request)
        yield as_method(request, "HEAD")
    yield revalidated(get("api/valid/source", f"/api/{LONG}.rq"), "If-Modified-Since")
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "QUERY"):
        yield as_method(get("api/method/query", f"/api/{LONG}", {"pageSize": 2}), method)
        yield as_method(get("api/method/source", f"/api/{LONG}.rq"), method)
        yield as_method(get("api/method/explain", f"/api/{LONG}/explain"), method)


def _paged() -> Iterator[Request]:
    given: dict[str, dict[str, object]] = {
        "first": {"page": 1, "pageSize": 7},
        "second": {"page": 2, "pageSize": 7},
        "beyond": {"page": 999, "pageSize": 7},
        "size-only": {"pageSize": 7},
        "page-only": {"page": 2},
        "all": {"page": "all"},
        "all-of-size": {"page": "all", "pageSize": 7},
        "counted": {"count": "true", "pageSize": 7},
        "counted-last": {"page": 1, "count": "true", "pageSize": 10_000},
        "not-counted": {"count": "false", "pageSize": 7},
        "count-wrong": {"count": "maybe"},
        "cursor": {"after": "", "pageSize": 7},
        "cursor-wrong": {"after": "nonsense"},
        "cursor-stale": {"after": "1.7.000000000000"},
        "generation": {"generation": 1, "pageSize": 7},
        "generation-gone": {"generation": 99},
        "generation-wrong": {"generation": "x"},
        "page-zero": {"page": 0},
        "page-wrong": {"page": "x"},
        "page-twice": {"page": [1, 2]},
        "page-and-after": {"page": 2, "after": ""},
        "size-zero": {"pageSize": 0},
        "size-too-large": {"pageSize": 10_001},
        "size-wrong": {"pageSize": "many"},
        "empty-parameters": {"page": "", "pageSize": "", "count": "", "format": ""},
        "timeout": {"timeout": 5, "pageSize": 2},
    }
    for name, parameters in given.items():
        yield get(f"api/paging/{name}", f"/api/{LONG}", parameters)
    for fmt in ("csv", "ndjson", "sparql-json", "sparql-xml", "xlsx", "markdown"):
        yield get(f"api/paging/second-{fmt}", f"/api/{LONG}", {"page": 2, "pageSize": 7, "format": fmt})
    for times in (1, 2):
        followed = get(f"api/paging/followed-{times}", f"/api/{LONG}", {"after": "", "pageSize": 7})
        yield replace(followed, follow=times)
        counted = get(f"api/paging/counted-{times}", f"/api/{LONG}.csv", {"pageSize": 7, "count": "true"})
        yield replace(counted, follow=times)
    yield from page("api/paging/second-page", f"/api/{LONG}", {"page": 2})
    yield from page("api/paging/gone-page", f"/api/{LONG}", {"generation": 99})
    yield get(
        "api/paging/graph", f"/api/{GRAPH}", {"publication": 14209, "pageSize": 5, "format": "n-triples"}
    )
    yield get("api/paging/graph-json", f"/api/{GRAPH}", {"publication": 14209, "page": 2, "pageSize": 5})


def _addresses() -> Iterator[Request]:
    for path in (
        *("publications/by-author/SONG%20Tae%20Eun", "publications/by-author/SONG+Tae+Eun"),
        *("publications/by-author/%EC%86%A1%ED%83%9C%EC%9D%80", "publications/by-author/A%2FB.json"),
        *("publications/14209.csv", "publications/14209.pdf", "publications/14209/explain"),
        *("publications/14209/related", "publications/14209/related.json", "publications/14209/"),
        *("publications/V.1", "publications/by-year/2023.json", "publications/by-year/soon"),
        *("publications", "publications/by-year", "publications/by-yaer/2023", "publications/a%0Ab"),
        *("%79ears", "years/", "years.rq/", "years/values", "years/nothing", "yeers", "nothing-like-it"),
        *("years.csv.json", "years.", ".csv", "a//b", "years%2Fexplain", "%ff", "%", "years/explain/"),
    ):
        yield get(f"api/address/{spelled(path)}", f"/api/{path}")
    yield get("api/address/upper-case", "/api/YEARS")
    yield from page("api/address/page-unknown", "/api/yeers")
    yield from page("api/address/page-by-path", "/api/publications/by-year/2023")
    yield get("api/address/given-twice", "/api/publications/by-year/2023", {"year": 2022})
    yield get("api/address/source-accept", f"/api/{LONG}", accept="application/sparql-query")
    yield get("api/address/source-accept-path", "/api/publications/14209", accept="application/sparql-query")
    yield get("api/address/explain-html", f"/api/{LONG}/explain", accept=BROWSER)
    yield get("api/address/explain-csv", f"/api/{LONG}/explain", accept="text/csv")
    yield get("api/address/explain-missing", f"/api/{WITH_VALUES}/explain")


def _values() -> Iterator[Request]:
    author = f"/api/{WITH_VALUES}/values/author"
    for name, path in (
        ("author", author),
        ("category", "/api/publications-by-category/values/category"),
        ("country", "/api/publications-by-country/values/country"),
        ("language", "/api/publications-by-language/values/language"),
        ("year", "/api/publications-by-year/values/year"),
        ("from", "/api/publications-by-year-range/values/from"),
        ("publication", "/api/publication/values/publication"),
        ("limit", "/api/latest-publications/values/limit"),
        ("unknown", f"/api/{WITH_VALUES}/values/autor"),
        ("slash", f"{author}/"),
        ("by-path", "/api/publications/by-year/2023/values/year"),
    ):
        yield get(f"api/values/{name}", path)
    for key, value in (("q", "so"), ("q", "태"), ("limit", 1), ("limit", 0), ("limit", "x"), ("page", 1)):
        yield get(f"api/values/author-{key}-{slug(str(value))}", author, {key: value})
    yield get("api/values/author-q-twice", author, {"q": ["a", "b"]})
    yield revalidated(get("api/values/author", author))
    yield as_method(get("api/values/author", author), "HEAD")
    yield get("api/values/author-csv", author, accept="text/csv")
    yield as_method(get("api/values/method", author), "POST")


def _bodies() -> Iterator[Request]:
    path, author = f"/api/{WITH_VALUES}", {"author": "SONG Tae Eun"}
    year: dict[str, object] = {"query": "publications-by-year", "parameters": {"year": 2023}}
    for name, sent in (
        ("json", author),
        ("json-paged", {**author, "page": 1, "pageSize": 1}),
        ("json-format", {**author, "format": "csv"}),
        ("json-null", {"author": None}),
        ("json-array-value", {"author": ["a", "b"]}),
        ("json-object-value", {"author": {"a": 1}}),
        ("json-number", {"author": 5}),
        ("json-unknown", {"autor": "x"}),
        ("several", [author, {"author": "nobody"}, {}]),
        ("several-none", []),
        ("several-wrong", [1, "x"]),
        ("text", "hello"),
    ):
        yield post(f"api/body/{name}", path, json.dumps(sent), JSON)
    yield post("api/body/json-html", path, json.dumps(author), JSON, BROWSER)
    yield post("api/body/json-csv", path, json.dumps(author), JSON, "text/csv")
    yield post("api/body/form", path, encoded(author), FORM)
    yield post("api/body/form-and-url", f"{path}?pageSize=1", encoded(author), FORM)
    yield post("api/body/both", f"{path}?author=x", json.dumps(author), JSON)
    yield post("api/body/empty", path, "", JSON)
    yield post("api/body/broken", path, '{"author": ', JSON)
    yield post("api/body/duplicate", path, '{"author": "a", "author": "b"}', JSON)
    yield post("api/body/not-utf8", path, b'{"author": "\xff"}', JSON)
    yield post("api/body/no-type", path, json.dumps(author), "")
    yield post("api/body/text-type", path, json.dumps(author), "text/plain")
    yield post("api/body/by-path", "/api/publications/by-year/2023", "{}", JSON)
    yield post("api/body/extension", f"{path}.csv", json.dumps(author), JSON)
    for name, batch in (
        ("two", [year, {"query": "years"}]),
        (
            "with-mistakes",
            [year, {"query": "yeers"}, {"query": "publications-by-year"}, {"parameters": {}}, 5],
        ),
        ("paged", [{"query": LONG, "parameters": {"page": 2, "pageSize": 3}}]),
        ("graph", [{"query": GRAPH, "parameters": {"publication": 14209}}]),
        ("by-path", [{"query": "publications/by-year/2023"}]),
        ("empty", []),
        ("object", year),
        ("too-many", [{"query": "years"}] * 51),
        ("unknown-member", [{"query": "years", "params": {}}]),
    ):
        yield post(f"api/batch/{name}", "/api", json.dumps(batch), JSON)
    yield post("api/batch/html", "/api", json.dumps([year]), JSON, BROWSER)
    yield post("api/batch/csv", "/api", json.dumps([year]), JSON, "text/csv")
    yield post("api/batch/form", "/api", encoded({"query": "years"}), FORM)
    tagged = {"publication": 14209, "languageTags": "true", "pageSize": 3}
    yield post("api/batch/tagged", "/api", json.dumps([{"query": "publication", "parameters": tagged}]), JSON)


def _mistakes() -> Iterator[Request]:
    for name, path, parameters in (
        ("unknown", WITH_VALUES, {"author": "x", "colour": "red"}),
        ("unknown-near", WITH_VALUES, {"autor": "x"}),
        ("repeated", WITH_VALUES, {"author": ["a", "b"]}),
        ("empty", WITH_VALUES, {"author": ""}),
        ("nobody", WITH_VALUES, {"author": "nobody"}),
        ("injection", WITH_VALUES, {"author": '" } UNION { ?s ?p ?o } #'}),
        ("control", WITH_VALUES, {"author": "a\x01b"}),
        ("korean", WITH_VALUES, {"author": "송태은"}),
        ("type", "publications-by-year", {"year": "soon"}),
        ("minimum", "publications-by-year", {"year": 1800}),
        ("maximum", "publications-by-year", {"year": 99999}),
        ("decimal", "publications-by-year", {"year": "2023.0"}),
        ("blanks", "publications-by-year", {"year": " 2023 "}),
        ("from-only", "publications-by-year-range", {"from": 2023}),
        ("neither", "publications-by-year-range", {}),
        ("limit", "latest-publications", {"limit": 0}),
        ("limit-given", "latest-publications", {"limit": 2}),
        ("search-empty", "search", {"q": ""}),
        ("search-words", "search", {"q": "arms -korea OR title:전쟁"}),
        ("search-quote", "search", {"q": '"unclosed'}),
        ("by-iri", "publication", {"publication": "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"}),
        ("unknown-publication", "publication", {"publication": 1}),
        ("country-korean", "publications-by-country", {"country": "베트남"}),
        ("class-above", "archive-documents-by-class", {"class": "722"}),
    ):  # fmt: skip
        yield get(f"api/value/{name}", f"/api/{path}", parameters)
        yield get(f"api/value/{name}-page", f"/api/{path}", parameters, BROWSER, accept_language="ko")


def _described() -> Iterator[Request]:
    for language in ("ko", "en", "fr", "en;q=0.5, ko;q=0.8"):
        yield get(f"api/openapi/{slug(language)}", "/api/openapi.json", accept_language=language)
    yield get("api/openapi/locale", "/api/openapi.json", {"locale": "en"}, accept_language="ko")
    yield get("api/openapi/locale-wrong", "/api/openapi.json", {"locale": "xx"})
    yield revalidated(get("api/openapi/valid", "/api/openapi.json"))
    yield as_method(get("api/openapi/valid", "/api/openapi.json"), "HEAD")
    yield get("api/openapi/html", "/api/openapi.json", accept=BROWSER)
    yield get("api/openapi/yaml", "/api/openapi.json", accept="application/yaml")
    yield from page("api/openapi/swagger", "/api/docs")
    yield get("api/openapi/swagger-json", "/api/docs", accept=JSON)
