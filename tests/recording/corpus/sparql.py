"""Requests to the SPARQL endpoints: forms, formats, ranges of Accept, datasets, methods, mistakes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from tests.recording.corpus.shorthand import (
    BROWSER,
    FORM,
    JSON,
    SPARQL,
    as_method,
    encoded,
    get,
    post,
    revalidated,
    slug,
)
from tests.recording.exchange import Request

BASE: Final = "http://opendata.mofa.go.kr/"
PUBLICATION: Final = f"{BASE}mofapub/resource/Publication/14209"

SELECT: Final = (
    "SELECT ?publication ?title ?year WHERE { ?publication a mofapub:Publication ; rdfs:label ?title "
    "OPTIONAL { ?publication mofa:yearOfData ?year } } ORDER BY ?publication ?title LIMIT 5"
)
ASK: Final = f"ASK {{ <{PUBLICATION}> a mofapub:Publication }}"
CONSTRUCT: Final = (
    "CONSTRUCT { ?publication rdfs:label ?title ; mofapub:hasAuthor ?author } "
    f"WHERE {{ VALUES ?publication {{ <{PUBLICATION}> }} ?publication rdfs:label ?title ; "
    "mofapub:hasAuthor ?author }"
)
DESCRIBE: Final = f"DESCRIBE <{PUBLICATION}>"
FORMS: Final = {"select": SELECT, "ask": ASK, "construct": CONSTRUCT, "describe": DESCRIBE}

FORMATS: Final = (
    *("json", "xml", "csv", "tsv", "html", "srj", "srx", "ttl", "turtle", "n3", "nt", "jsonld", "rdf"),
    *("trig", "nq", "bibtex", "ris", "csl", "flat", "ndjson", "xlsx", "geojson", "nonsense", "text/csv"),
)

ACCEPTED: Final = (
    *("*/*", "application/json", "application/sparql-results+json", "application/sparql-results+xml"),
    *("application/xml", "text/xml", "text/csv", "text/csv; charset=utf-8", "text/tab-separated-values"),
    *("text/turtle", "application/n-triples", "text/plain", "application/ld+json", "application/rdf+xml"),
    *("application/trig", "application/n-quads", "text/*", "application/*", "image/*", "application/pdf"),
    *("text/html", BROWSER, "application/xhtml+xml"),
    "text/csv;q=0.5, text/tab-separated-values;q=0.9",
    "application/*;q=0.1, text/csv",
    "application/sparql-results+json;q=0, */*",
    "*/*;q=0",
    "application/rdf+xml;q=0.9, text/turtle;q=0.8",
    "text/turtle;q=0.4, application/ld+json;q=0.4, */*;q=0.1",
    "application/json;q=1.5, text/csv;q=abc",
    "nonsense",
    "text/csv,,;,",
    "application/problem+json",
    "application/x-bibtex",
    'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
)

GRAPHS: Final = ("mofapub", "mofadocu", "mofabrief", "mofapress", "mofadaily")


@cache
def queries() -> dict[str, str]:
    """More queries, by what is looked at; each defines the order of its rows."""
    return _read()["queries"]


@cache
def mistakes() -> dict[str, str]:
    """Queries that are refused."""
    nested = {
        "nested": "SELECT * " + "{" * 600 + "}" * 600,
        "nested-calls": "ASK { FILTER(" + "!(" * 600 + "true" + ")" * 600 + ") }",
    }
    return _read()["mistakes"] | nested


def _read() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "queries.toml").read_text())


def ask(name: str, query: str, accept: str = "", path: str = "/sparql", **parameters: object) -> Request:
    """GET of a query; underscores in names of parameters are hyphens."""
    given = {key.replace("_", "-"): value for key, value in parameters.items()}
    return get(f"sparql/{name}", path, {"query": query, **given}, accept)


def requests() -> Iterator[Request]:
    """Everything that is asked of the SPARQL endpoints."""
    for form, query in FORMS.items():
        yield ask(f"form-{form}", query)
        yield from (ask(f"format-{form}-{slug(fmt)}", query, format=fmt) for fmt in FORMATS)
        yield ask(f"output-{form}", query, output="xml")
        yield revalidated(ask(f"valid-{form}", query))
    for form in ("select", "construct"):
        yield from (
            ask(f"accept-{form}-{at:02}-{slug(accept)}", FORMS[form], accept)
            for at, accept in enumerate(ACCEPTED, 1)
        )
    yield from (ask(f"query-{name}", query) for name, query in queries().items())
    yield from _expressed()
    yield from (ask(f"mistake-{name}", query) for name, query in mistakes().items())
    for accept in (JSON, "application/problem+json", BROWSER, "text/plain"):
        yield ask(f"mistake-as-{slug(accept)[:24]}", mistakes()["misspelt"], accept)
        yield ask(f"refused-as-{slug(accept)[:24]}", mistakes()["update-insert"], accept)
    yield from _datasets()
    yield from _parameters()
    yield from _methods()
    yield from _bodies()


def _expressed() -> Iterator[Request]:
    """Values and results that some formats hold differently, or not at all."""
    for name in ("values", "odd-values", "empty", "no-columns", "control-character", "count-graphs"):
        for fmt in ("xml", "csv", "tsv", "html"):
            yield ask(f"query-{name}-{fmt}", queries()[name], format=fmt)
    for name in ("empty-construct", "no-xml-name", "from-construct"):
        for fmt in ("nt", "jsonld", "rdf", "trig", "nq", "html"):
            yield ask(f"query-{name}-{fmt}", queries()[name], format=fmt)
    yield ask("query-many-rows-html", queries()["many-rows"], format="html")
    yield ask("query-many-rows-bibtex", queries()["many-rows"], format="bibtex")


def _datasets() -> Iterator[Request]:
    count, graphs = queries()["count"], queries()["count-graphs"]
    for graph in GRAPHS:
        yield ask(f"dataset-{graph}", count, path=f"/{graph}/sparql")
        yield ask(f"dataset-{graph}-graphs", graphs, path=f"/{graph}/sparql")
    one = "/mofapub/sparql"
    yield ask("dataset-lod", count, path="/lod/sparql")
    yield ask("dataset-mofapub-from", queries()["from-two"], path=one)
    yield ask("dataset-mofapub-default-graph", count, path=one, default_graph_uri=f"{BASE}mofadocu")
    yield ask("dataset-default-graph", count, default_graph_uri=f"{BASE}mofapub")
    yield ask("dataset-default-graphs", count, default_graph_uri=[f"{BASE}mofapub", f"{BASE}mofadocu"])
    yield ask("dataset-named-graph", graphs, named_graph_uri=f"{BASE}mofapub")
    yield ask("dataset-named-graph-only", count, named_graph_uri=f"{BASE}mofapub")
    yield ask("dataset-both", graphs, default_graph_uri=f"{BASE}mofapub", named_graph_uri=f"{BASE}mofadocu")
    yield ask("dataset-instead-of-from", queries()["from"], default_graph_uri=f"{BASE}mofadocu")
    yield ask("dataset-relative", count, default_graph_uri="mofapub")
    yield ask("dataset-no-iri", count, default_graph_uri="no iri")
    yield ask("dataset-empty", count, default_graph_uri="")


def _parameters() -> Iterator[Request]:
    for value in ("5", "0", "0.5", "-1", "x", "1e9", ""):
        yield ask(f"parameter-timeout-{slug(value)}", ASK, timeout=value)
    yield ask("parameter-timeout-twice", ASK, timeout=["1", "2"])
    yield ask("parameter-format-twice", ASK, format=["json", "xml"])
    yield ask("parameter-format-empty", ASK, format="")
    yield ask("parameter-unknown", ASK, debug="on")
    yield get("sparql/parameter-query-twice", "/sparql", {"query": [ASK, ASK]})
    yield get("sparql/parameter-query-empty", "/sparql", {"query": ""})
    yield get("sparql/parameter-query-blank", "/sparql", {" query ": ASK})
    yield get("sparql/parameter-update", "/sparql", {"update": mistakes()["update-insert"]})
    yield get("sparql/parameter-too-long", "/sparql", {"query": "ASK {} #" + "x" * 60_000})
    yield Request("sparql/parameter-plus", "/sparql?query=ASK+%7B%7D")
    yield Request("sparql/parameter-not-utf8", "/sparql?query=ASK%20%7B%7D%20%23%ff")
    yield Request("sparql/parameter-half-encoded", "/sparql?query=ASK%20{}%2")
    yield Request("sparql/parameter-bom", "/sparql?query=%EF%BB%BFASK%20%7B%7D")
    for tag in ("*", '"other"', 'W/"a", W/"b"'):
        request = ask(f"valid-select-{slug(tag)}", SELECT)
        yield replace(request, headers=(("If-None-Match", tag),))
    yield revalidated(ask("valid-csv", SELECT, format="csv"))
    yield revalidated(ask("valid-now", queries()["now"]))


def _methods() -> Iterator[Request]:
    for form, query in FORMS.items():
        yield post(f"sparql/post-form-{form}", "/sparql", encoded({"query": query}), FORM)
        yield post(f"sparql/post-direct-{form}", "/sparql", query, SPARQL)
        yield as_method(ask(f"method-{form}", query), "HEAD")
    query_form = post("sparql/method-form", "/sparql", encoded({"query": SELECT}), FORM)
    query_direct = post("sparql/method-direct", "/sparql", SELECT, SPARQL)
    yield from (as_method(request, "QUERY") for request in (query_form, query_direct))
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "QUERY"):
        yield as_method(ask("method-with-query", ASK), method)
    yield as_method(query_form, "PUT")
    yield as_method(ask("method-mistake", mistakes()["misspelt"]), "HEAD")
    yield as_method(ask("method-not-acceptable", ASK, "image/png"), "HEAD")
    yield as_method(ask("method-csv", SELECT, format="csv"), "HEAD")


def _bodies() -> Iterator[Request]:
    form = encoded({"query": SELECT})
    for accept in ("text/csv", "text/turtle", BROWSER):
        yield post(f"sparql/body-accept-{slug(accept)[:16]}", "/sparql", SELECT, SPARQL, accept)
    yield post("sparql/body-format-in-url", "/sparql?format=csv", SELECT, SPARQL)
    yield post("sparql/body-format-in-form", "/sparql", f"{form}&format=csv", FORM)
    yield post(
        "sparql/body-graph-in-url", f"/sparql?default-graph-uri={BASE}mofapub", queries()["count"], SPARQL
    )
    yield post("sparql/body-form-graph-in-url", f"/sparql?default-graph-uri={BASE}mofapub",
               encoded({"query": queries()["count"]}), FORM)  # fmt: skip
    yield post("sparql/body-query-in-both", f"/sparql?{encoded({'query': ASK})}", SELECT, SPARQL)
    yield post("sparql/body-query-in-url-only", f"/sparql?{encoded({'query': ASK})}", "", FORM)
    yield post("sparql/body-query-twice", "/sparql", f"{form}&{form}", FORM)
    yield post("sparql/body-empty-form", "/sparql", "", FORM)
    yield post("sparql/body-empty-direct", "/sparql", "", SPARQL)
    yield post("sparql/body-no-type", "/sparql", SELECT, "")
    for media_type in (
        *("application/sparql-query; charset=utf-8", "application/sparql-query; charset=iso-8859-1"),
        *("Application/SPARQL-Query", "text/plain", "application/json", "multipart/form-data; boundary=x"),
        f"{FORM}; charset=UTF-8",
    ):
        body = form if media_type.startswith(FORM) else SELECT
        yield post(f"sparql/body-type-{slug(media_type)}", "/sparql", body, media_type)
    yield post(
        "sparql/body-update-direct", "/sparql", mistakes()["update-insert"], "application/sparql-update"
    )
    yield post("sparql/body-update-form", "/sparql", encoded({"update": "CLEAR ALL"}), FORM)
    yield post("sparql/body-update-as-query", "/sparql", "CLEAR ALL", SPARQL)
    yield post("sparql/body-bom", "/sparql", "\ufeffASK {}", SPARQL)
    yield post("sparql/body-not-utf8", "/sparql", b"ASK {} # \xff", SPARQL)
    yield post("sparql/body-korean", "/sparql", "SELECT ('송태은' AS ?이름) {}", SPARQL)
    yield post("sparql/body-too-long", "/sparql", "ASK {} #" + "x" * 600_000, SPARQL)
    yield post("sparql/body-mistake", "/sparql", mistakes()["korean-place"], SPARQL, JSON)
