"""DCAT 3: the data catalogue, at ``/catalog`` and ``/catalog.<extension>``, as data portals harvest it.

Data Catalog Vocabulary, version 3 (W3C Recommendation). The whole dataset is one ``dcat:Dataset``, and so is
each graph that has an endpoint of its own; data services lead to them: SPARQL and the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from endpoint.dataset import SourceGraph
from endpoint.vocabulary import DCAT, DCTERMS, FOAF, VOID, XSD
from endpoint.web import Site
from endpoint.web.machine.statistics import Statistics
from endpoint.web.machine.void import TYPE, graph_node, integer, texts, whole_node

PATH: Final = "/catalog"
# The IRIs of languages in DCAT-AP.
_LANGUAGES: Final = {
    "ko": "http://publications.europa.eu/resource/authority/language/KOR",
    "en": "http://publications.europa.eu/resource/authority/language/ENG",
}
_SPARQL: Final = NamedNode("http://www.w3.org/TR/sparql11-protocol/")
_OPENAPI: Final = NamedNode("https://spec.openapis.org/oas/v3.1.0")
_ACCESS: Final = {"ko": "SPARQL로 질의", "en": "Query with SPARQL"}
_API: Final = {"ko": "저장된 질의 API", "en": "API of saved queries"}
_PART: Final = {"ko": "{part}. {whole}의 한 부분입니다.", "en": "{part}. A part of: {whole}."}


def catalog_triples(site: Site, base: str, statistics: Statistics) -> Iterator[Triple]:
    """Yield the catalogue of the server at ``base``."""
    catalog, whole = NamedNode(f"{base}{PATH}#catalog"), whole_node(base)
    yield Triple(catalog, TYPE, _dcat("Catalog"))
    yield from _about(site, base, catalog, site.dataset.title, site.dataset.description, statistics)
    yield Triple(catalog, NamedNode(f"{FOAF}homepage"), NamedNode(f"{base}/"))
    yield Triple(catalog, _dcat("dataset"), whole)
    yield Triple(whole, TYPE, _dcat("Dataset"))
    yield from _about(site, base, whole, site.dataset.title, site.dataset.description, statistics)
    yield from _size(whole, statistics.whole.triples if statistics.whole else None)
    sparql = _service(base, "sparql")
    yield from _sparql_service(site, base, sparql, f"{base}/sparql", whole)
    yield from _api_service(site, base, whole)
    for service in (sparql, _service(base, "api")):
        yield Triple(catalog, _dcat("service"), service)
    for graph in site.dataset.graphs:
        if graph.name:
            node = graph_node(base, graph.iri)
            yield Triple(catalog, _dcat("dataset"), node)
            yield Triple(whole, NamedNode(f"{DCTERMS}hasPart"), node)
            yield Triple(catalog, _dcat("service"), _service(base, f"sparql-{graph.name}"))
            yield from _graph(site, base, graph, node, statistics)


def _graph(
    site: Site, base: str, graph: SourceGraph, node: NamedNode, statistics: Statistics
) -> Iterator[Triple]:
    """Yield one graph as a dataset of its own."""
    yield Triple(node, TYPE, _dcat("Dataset"))
    description = {
        language: pattern.format(part=graph.title[language], whole=site.dataset.title[language])
        for language, pattern in _PART.items()
        if language in graph.title and language in site.dataset.title
    }
    yield from _about(site, base, node, graph.title, description or graph.title, statistics)
    yield Triple(node, NamedNode(f"{DCTERMS}identifier"), Literal(graph.iri))
    yield Triple(node, NamedNode(f"{DCTERMS}isPartOf"), whole_node(base))
    counted = statistics.graphs.get(graph.iri)
    yield from _size(node, counted.triples if counted else None)
    service = _service(base, f"sparql-{graph.name}")
    yield from _sparql_service(site, base, service, f"{base}/{graph.name}/sparql", node)


def _about(
    site: Site,
    base: str,
    node: NamedNode,
    title: Mapping[str, str],
    description: Mapping[str, str],
    statistics: Statistics,
) -> Iterator[Triple]:
    """Yield what a catalogue and a dataset both have."""
    yield from texts(node, f"{DCTERMS}title", title)
    yield from texts(node, f"{DCTERMS}description", description)
    created = statistics.generation.created.isoformat(timespec="seconds")
    modified = Literal(created, datatype=NamedNode(f"{XSD}dateTime"))
    yield Triple(node, NamedNode(f"{DCTERMS}modified"), modified)
    yield Triple(node, _dcat("landingPage"), NamedNode(f"{base}/"))
    for language in site.dataset.title:
        if language in _LANGUAGES:
            yield Triple(node, NamedNode(f"{DCTERMS}language"), NamedNode(_LANGUAGES[language]))
    if site.dataset.licence:
        yield Triple(node, NamedNode(f"{DCTERMS}license"), NamedNode(site.dataset.licence))


def _size(node: NamedNode, triples: int | None) -> Iterator[Triple]:
    if triples is not None:
        yield Triple(node, NamedNode(f"{VOID}triples"), integer(triples))


def _sparql_service(
    site: Site, base: str, service: NamedNode, endpoint: str, dataset: NamedNode
) -> Iterator[Triple]:
    """Yield an endpoint, which describes itself, and the distribution that it is."""
    address = NamedNode(endpoint)
    yield from _data_service(site, service, address, address, _ACCESS)
    yield Triple(service, NamedNode(f"{DCTERMS}conformsTo"), _SPARQL)
    yield from _distribution(service, address, dataset, _ACCESS)


def _api_service(site: Site, base: str, dataset: NamedNode) -> Iterator[Triple]:
    service, address = _service(base, "api"), NamedNode(f"{base}/api")
    yield from _data_service(site, service, address, NamedNode(f"{base}/api/openapi.json"), _API)
    yield Triple(service, NamedNode(f"{DCTERMS}conformsTo"), _OPENAPI)
    yield from _distribution(service, address, dataset, _API)


def _data_service(
    site: Site, service: NamedNode, address: NamedNode, description: NamedNode, title: Mapping[str, str]
) -> Iterator[Triple]:
    yield Triple(service, TYPE, _dcat("DataService"))
    yield from texts(service, f"{DCTERMS}title", title)
    yield Triple(service, _dcat("endpointURL"), address)
    yield Triple(service, _dcat("endpointDescription"), description)
    if site.dataset.licence:
        yield Triple(service, NamedNode(f"{DCTERMS}license"), NamedNode(site.dataset.licence))


def _distribution(
    service: NamedNode, address: NamedNode, dataset: NamedNode, title: Mapping[str, str]
) -> Iterator[Triple]:
    distribution = NamedNode(f"{service.value}-distribution")
    yield Triple(service, _dcat("servesDataset"), dataset)
    yield Triple(dataset, _dcat("distribution"), distribution)
    yield Triple(distribution, TYPE, _dcat("Distribution"))
    yield from texts(distribution, f"{DCTERMS}title", title)
    yield Triple(distribution, _dcat("accessURL"), address)
    yield Triple(distribution, _dcat("accessService"), service)


def _service(base: str, name: str) -> NamedNode:
    return NamedNode(f"{base}{PATH}#{name}")


def _dcat(name: str) -> NamedNode:
    return NamedNode(DCAT + name)
