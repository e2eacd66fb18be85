"""SPARQL 1.1 Service Description: an endpoint and its features, as a graph.

For query editors it also has the prefixes and the saved queries, in the vocabulary of SHACL, and the
statistics of the data, in that of VoID.

The saved queries are SHACL executables, which query editors list as examples (SHACL Advanced Features,
section 5), with the conventions of the SIB Swiss Institute of Bioinformatics: the comment is what an editor
shows, ``schema:target`` the endpoint that the text is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.catalog import SavedQuery
from endpoint.dataset import SourceGraph
from endpoint.formats import GRAPH_FORMATS, HTML, RESULT_FORMATS, QueryForm, Representation
from endpoint.sparql.parameter_sites import numbers
from endpoint.tokens import UPDATE
from endpoint.vocabulary import DCTERMS, RDFS, RDFS_COMMENT, SCHEMA, SD, SH, SPEX, VOID, VOID_EXT, XSD
from endpoint.web import Site
from endpoint.web.http.answer import Whole
from endpoint.web.http.request import Request
from endpoint.web.http.view import query_string
from endpoint.web.machine.datasets import (
    TYPE,
    graph_node,
    names,
    statistics_triples,
    texts,
    whole_node,
)
from endpoint.web.machine.documents import Document, document_answer
from endpoint.web.machine.statistics import Statistics, latest_statistics
from endpoint.web.own_queries import OwnQueries

DESCRIPTION_FORMATS: Final = (*GRAPH_FORMATS, HTML)
# Seconds that a client waits for the first count of a generation: editors give up after five.
PATIENCE: Final = 3.0
# Classes and properties of the text by query form. SHACL 1.1 has none for DESCRIBE: SHACL 1.2 has the
# one, the examples of SIB the other.
_TERMS: Final = {
    QueryForm.SELECT: ((f"{SH}SPARQLSelectExecutable", f"{SH}select"),),
    QueryForm.ASK: ((f"{SH}SPARQLAskExecutable", f"{SH}ask"),),
    QueryForm.CONSTRUCT: ((f"{SH}SPARQLConstructExecutable", f"{SH}construct"),),
    QueryForm.DESCRIBE: (
        (f"{SPEX}SPARQLDescribeExecutable", f"{SPEX}describe"),
        (f"{SH}SPARQLDescribeExecutable", f"{SH}describe"),
    ),
}


class Descriptions:
    """The service descriptions of a site's endpoints."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries

    async def describe(self, request: Request, chosen: Representation, graph: str | None) -> Whole:
        """Return the description of the endpoint that the request is for, on ``graph`` where it has one.

        Numbers that are not counted yet are left out until a later request.
        """
        statistics = await latest_statistics(self._own_queries, PATIENCE)
        base = request.base
        url = base + request.path
        prefixes = {"sd": SD, "sh": SH, "dcterms": DCTERMS, "schema": SCHEMA, "spex": SPEX, "void": VOID}
        prefixes |= {"void-ext": VOID_EXT, "here": names(base)}
        document = Document(
            url,
            prefixes,
            lambda: service_triples(self._site, base, url, graph, statistics),
            statistics,
            variant="update" if self._site.tokens.grant(UPDATE) else "",
        )
        return await document_answer(self._own_queries, document, chosen)


def service_triples(
    site: Site, base: str, endpoint_url: str, graph: str | None, statistics: Statistics | None
) -> Iterator[Triple]:
    """Yield the service description of the endpoint at ``endpoint_url``, on one ``graph`` or on all.

    ``base`` is the server's own URL.
    """
    service, dataset, url = BlankNode("service"), BlankNode("dataset"), NamedNode(endpoint_url)
    yield Triple(service, TYPE, _sd("Service"))
    yield Triple(service, _sd("endpoint"), url)
    yield Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query"))
    if graph is None and site.tokens.grant(UPDATE):
        yield Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Update"))
    if graph is None and site.settings.default_graph == "union":
        yield Triple(service, _sd("feature"), _sd("UnionDefaultGraph"))
    for fmt in (*RESULT_FORMATS, *GRAPH_FORMATS):
        if fmt.iri is not None:
            yield Triple(service, _sd("resultFormat"), NamedNode(fmt.iri))
    yield Triple(service, _sd("defaultDataset"), dataset)
    yield Triple(dataset, TYPE, _sd("Dataset"))
    default = _default_graph(site, base, graph)
    yield Triple(dataset, _sd("defaultGraph"), default)
    yield Triple(default, TYPE, _sd("Graph"))
    yield from _graphs(site, base, dataset, graph, statistics)
    yield from _prefixes(site, url)
    if graph is None:
        yield from executable_triples(site, base, endpoint_url)
    if statistics is not None:
        yield from statistics_triples(base, statistics, graph)


def _default_graph(site: Site, base: str, graph: str | None) -> NamedNode | BlankNode:
    """Return the node with the statistics of the default graph, which is empty in the strict reading."""
    if graph is not None:
        return graph_node(base, graph)
    return whole_node(base) if site.settings.default_graph == "union" else BlankNode("default")


def _graphs(
    site: Site, base: str, dataset: BlankNode, only: str | None, statistics: Statistics | None
) -> Iterator[Triple]:
    """Yield the named graphs: those of the manifest, then others in the data."""
    known = {source.iri: source for source in site.dataset.graphs}
    counted = statistics.graphs if statistics else {}
    for number, iri in enumerate({**known, **counted} if only is None else [only]):
        named, node = BlankNode(f"graph{number}"), graph_node(base, iri)
        yield Triple(dataset, _sd("namedGraph"), named)
        yield Triple(named, TYPE, _sd("NamedGraph"))
        yield Triple(named, _sd("name"), NamedNode(iri))
        yield Triple(named, _sd("graph"), node)
        yield Triple(node, TYPE, _sd("Graph"))
        yield from _titles(named, known.get(iri))


def _titles(named: BlankNode, source: SourceGraph | None) -> Iterator[Triple]:
    return texts(named, f"{DCTERMS}title", source.title if source else {})


def _prefixes(site: Site, url: NamedNode) -> Iterator[Triple]:
    for number, (prefix, namespace) in enumerate(site.dataset.prefixes.items()):
        declaration = BlankNode(f"prefix{number}")
        yield Triple(url, NamedNode(f"{SH}declare"), declaration)
        yield Triple(declaration, NamedNode(f"{SH}prefix"), Literal(prefix))
        written = Literal(namespace, datatype=NamedNode(f"{XSD}anyURI"))
        yield Triple(declaration, NamedNode(f"{SH}namespace"), written)


def _sd(name: str) -> NamedNode:
    return NamedNode(SD + name)


def executable_triples(site: Site, base: str, endpoint_url: str) -> Iterator[Triple]:
    """Yield all saved queries that run with their examples, deprecated ones left out.

    Each is named by its address below ``base``; the address of the call with its examples is at
    ``rdfs:seeAlso``.
    """
    for query in site.catalog.queries.values():
        text = runnable(query)
        if text is not None and not query.options.deprecated:
            yield from _one(query, text, base, endpoint_url)


def runnable(query: SavedQuery) -> str | None:
    """Return the text with the examples in place of the parameters.

    A required parameter without an example stays a variable, which matches anything; None where the grammar
    requires a number in its place.
    """
    known = tuple(row for row in query.parameters if row.sample is not None or not row.required)
    unknown = {row.variable for row in query.parameters} - {row.variable for row in known}
    if unknown & numbers(query.text):
        return None
    return replace(query, parameters=known).operation(list(query.example_values().items())).text


def _one(query: SavedQuery, text: str, base: str, endpoint_url: str) -> Iterator[Triple]:
    address = f"{base}/api/{quote(query.name, safe='')}"
    subject = NamedNode(address)
    yield Triple(subject, TYPE, NamedNode(f"{SH}SPARQLExecutable"))
    for class_iri, predicate in _TERMS[query.form]:
        yield Triple(subject, TYPE, NamedNode(class_iri))
        yield Triple(subject, NamedNode(predicate), Literal(text))
    yield from texts(subject, RDFS_COMMENT, _plain(query.summary) or {"": query.name})
    yield from texts(subject, f"{DCTERMS}description", _plain(query.description))
    for tag in query.tags:
        yield Triple(subject, NamedNode(f"{SCHEMA}keywords"), Literal(tag))
    yield Triple(subject, NamedNode(f"{SCHEMA}target"), NamedNode(endpoint_url))
    yield Triple(subject, NamedNode(f"{SH}prefixes"), NamedNode(endpoint_url))
    values = query_string(query.example_values().items())
    yield Triple(
        subject, NamedNode(f"{RDFS}seeAlso"), NamedNode(f"{address}?{values}" if values else address)
    )


def _plain(by_language: Mapping[str, str]) -> dict[str, str]:
    """Return the texts without line breaks, which editors would show."""
    return {language: " ".join(text.split()) for language, text in by_language.items()}
