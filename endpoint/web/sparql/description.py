"""SPARQL 1.1 Service Description: what an endpoint is and offers, as a graph.

Besides what that vocabulary has, query editors find here the prefixes and the saved queries, in SHACL's
vocabulary, and what the data is made of, in VoID's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.dataset import SourceGraph
from endpoint.formats import GRAPH_FORMATS, HTML, RESULT_FORMATS, Representation
from endpoint.vocabulary import DCTERMS, SCHEMA, SD, SH, SPEX, VOID, VOID_EXT, XSD
from endpoint.web.http.answer import Whole
from endpoint.web.http.request import Request
from endpoint.web.http.site import Site
from endpoint.web.machine.documents import Document, document_answer
from endpoint.web.machine.statistics import Statistics, latest_statistics
from endpoint.web.machine.void import (
    TYPE,
    graph_node,
    names,
    statistics_triples,
    texts,
    whole_node,
)
from endpoint.web.sparql.executables import executable_triples
from endpoint.web.store import OwnQueries

DESCRIPTION_FORMATS: Final = (*GRAPH_FORMATS, HTML)
# Seconds that a client waits for the first count of a generation: editors give up after five.
PATIENCE: Final = 3.0


class Descriptions:
    """The service descriptions of a site's endpoints."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries

    async def describe(self, request: Request, chosen: Representation, graph: str | None) -> Whole:
        """Return the description of the endpoint that the request is for, on ``graph`` where it has one.

        Numbers that are not counted yet are left out, and come with the next request.
        """
        statistics = await latest_statistics(self._own_queries, PATIENCE)
        base = request.base
        url = base + request.path
        prefixes = {"sd": SD, "sh": SH, "dcterms": DCTERMS, "schema": SCHEMA, "spex": SPEX, "void": VOID}
        prefixes |= {"void-ext": VOID_EXT, "here": names(base)}
        document = Document(
            url, prefixes, lambda: service_triples(self._site, base, url, graph, statistics), statistics
        )
        return await document_answer(self._own_queries, document, chosen)


def service_triples(
    site: Site, base: str, endpoint_url: str, graph: str | None, statistics: Statistics | None
) -> Iterator[Triple]:
    """The service description of the endpoint at ``endpoint_url``, on one ``graph`` or on all.

    ``base`` is the server's own URL.
    """
    service, dataset, url = BlankNode("service"), BlankNode("dataset"), NamedNode(endpoint_url)
    yield Triple(service, TYPE, _sd("Service"))
    yield Triple(service, _sd("endpoint"), url)
    yield Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query"))
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
    """The node whose statistics are those of the default graph; the strict reading's is empty."""
    if graph is not None:
        return graph_node(base, graph)
    return whole_node(base) if site.settings.default_graph == "union" else BlankNode("default")


def _graphs(
    site: Site, base: str, dataset: BlankNode, only: str | None, statistics: Statistics | None
) -> Iterator[Triple]:
    """The named graphs: those of the manifest, then those that were loaded besides."""
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
