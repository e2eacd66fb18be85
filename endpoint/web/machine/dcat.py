"""The dataset as a DCAT catalogue for data portals, at ``/catalog``.

Data Catalog Vocabulary, version 3 (W3C Recommendation), with what DCAT-AP 3.0.1 requires. The whole dataset
is one ``dcat:Dataset``, and so is each graph that has an endpoint of its own; data services lead to them:
SPARQL, the API and the graph store, which has a dump of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from endpoint.dataset import SourceGraph
from endpoint.formats import N_QUADS, TURTLE
from endpoint.vocabulary import DCAT, DCTERMS, FOAF, VOID, XSD
from endpoint.web import Site
from endpoint.web.http.view import View
from endpoint.web.machine.datasets import (
    CATALOG_PATH,
    STORE_PATH,
    TYPE,
    VOID_PATH,
    dump_address,
    graph_node,
    integer,
    texts,
    whole_node,
)
from endpoint.web.machine.statistics import Statistics

# The IRIs of languages in DCAT-AP.
_LANGUAGES: Final = {
    "ko": "http://publications.europa.eu/resource/authority/language/KOR",
    "en": "http://publications.europa.eu/resource/authority/language/ENG",
}
_SPARQL_PROTOCOL: Final = NamedNode("http://www.w3.org/TR/sparql11-protocol/")
_GRAPH_STORE_PROTOCOL: Final = NamedNode("http://www.w3.org/TR/sparql11-http-rdf-update/")
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
_OPENAPI: Final = NamedNode("https://spec.openapis.org/oas/v3.1.0")
_QUERY_TITLE: Final = {"ko": "SPARQL로 질의", "en": "Query with SPARQL"}
_API_TITLE: Final = {"ko": "저장된 질의 API", "en": "API of saved queries"}
_STORE_TITLE: Final = {"ko": "그래프 저장소", "en": "Graph store"}
_DUMP_TITLE: Final = {"ko": "전체를 한 파일로 내려받기", "en": "All of it as one file to download"}
_PART_OF: Final = {"ko": "{part}. {whole}의 한 부분입니다.", "en": "{part}. A part of: {whole}."}


def catalog_triples(site: Site, base: str, statistics: Statistics) -> Iterator[Triple]:
    """Yield the catalogue of the server at ``base``."""
    catalog, whole = NamedNode(f"{base}{CATALOG_PATH}#catalog"), whole_node(base)
    yield Triple(catalog, TYPE, _dcat("Catalog"))
    yield from _agent(site, base)
    yield from _classes(site, base)
    yield from _about(site, base, catalog, site.dataset.title, site.dataset.description, statistics)
    yield Triple(catalog, NamedNode(f"{FOAF}homepage"), NamedNode(f"{base}/"))
    yield Triple(catalog, _dcat("dataset"), whole)
    yield Triple(whole, TYPE, _dcat("Dataset"))
    yield from _about(site, base, whole, site.dataset.title, site.dataset.description, statistics)
    yield from _size(whole, statistics.whole.triples if statistics.whole else None)
    sparql = _service(base, "sparql")
    yield from _sparql_service(site, base, sparql, f"{base}/sparql", whole)
    yield from _api_service(site, base, whole)
    yield from _store_service(site, base)
    yield from _dump(site, base, whole)
    for service in (sparql, _service(base, "api"), _service(base, "store")):
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
        for language, pattern in _PART_OF.items()
        if language in graph.title and language in site.dataset.title
    }
    yield from _about(site, base, node, graph.title, description or graph.title, statistics)
    yield Triple(node, NamedNode(f"{DCTERMS}identifier"), Literal(graph.iri))
    yield Triple(node, NamedNode(f"{DCTERMS}isPartOf"), whole_node(base))
    counted = statistics.graphs.get(graph.iri)
    yield from _size(node, counted.triples if counted else None)
    service = _service(base, f"sparql-{graph.name}")
    yield from _sparql_service(site, base, service, f"{base}/{graph.name}/sparql", node)
    yield from _dump(site, base, node, graph)


def _about(
    site: Site,
    base: str,
    node: NamedNode,
    title: Mapping[str, str],
    description: Mapping[str, str],
    statistics: Statistics,
) -> Iterator[Triple]:
    """Yield the metadata that a catalogue and a dataset share."""
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
    if site.dataset.publisher is not None:
        yield Triple(node, NamedNode(f"{DCTERMS}publisher"), _publisher(site, base))


def schema_dataset(view: View) -> Mapping[str, object]:
    """Return the dataset as an object of Schema.org, as search engines for data read it on the first page."""
    site, base = view.site.dataset, view.base
    publisher = site.publisher
    members: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": whole_node(base).value,
        "name": view.text(site.title),
        "description": view.text(site.description),
        "url": f"{base}/",
        "inLanguage": sorted(filter(None, site.title)),
        "license": site.licence,
        "publisher": publisher and {"@type": "Organization", "name": view.text(publisher.name)},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": media_type, "contentUrl": address}
            for media_type, address in (
                (N_QUADS.media_type, dump_address(base)),
                ("application/sparql-results+json", f"{base}/sparql"),
            )
        ],
    }
    return {name: value for name, value in members.items() if value}


def _publisher(site: Site, base: str) -> NamedNode:
    publisher = site.dataset.publisher
    return (
        _service(base, "publisher")
        if publisher is None or publisher.iri is None
        else NamedNode(publisher.iri)
    )


def _agent(site: Site, base: str) -> Iterator[Triple]:
    """Yield the publisher, where the manifest names one."""
    publisher = site.dataset.publisher
    if publisher is not None:
        node = _publisher(site, base)
        yield Triple(node, TYPE, NamedNode(f"{FOAF}Agent"))
        yield from texts(node, f"{FOAF}name", publisher.name)
        if publisher.homepage is not None:
            yield Triple(node, NamedNode(f"{FOAF}homepage"), NamedNode(publisher.homepage))
            yield Triple(NamedNode(publisher.homepage), TYPE, NamedNode(f"{FOAF}Document"))


def _classes(site: Site, base: str) -> Iterator[Triple]:
    """Yield the classes of what the catalogue names of others, as the ranges of DCAT-AP want them."""
    of_class = {
        f"{FOAF}Document": [f"{base}/"],
        f"{DCTERMS}Standard": [each.value for each in (_SPARQL_PROTOCOL, _GRAPH_STORE_PROTOCOL, _OPENAPI)],
        f"{DCTERMS}LinguisticSystem": [iri for tag, iri in _LANGUAGES.items() if tag in site.dataset.title],
        f"{DCTERMS}LicenseDocument": [site.dataset.licence] if site.dataset.licence else [],
        f"{DCTERMS}MediaType": [
            _MEDIA_TYPES + name for name in (TURTLE.media_type, N_QUADS.media_type, "application/gzip")
        ],
    }
    for iri, members in of_class.items():
        for member in members:
            yield Triple(NamedNode(member), TYPE, NamedNode(iri))


def _size(node: NamedNode, triples: int | None) -> Iterator[Triple]:
    if triples is not None:
        yield Triple(node, NamedNode(f"{VOID}triples"), integer(triples))


def _sparql_service(
    site: Site, base: str, service: NamedNode, endpoint: str, dataset: NamedNode
) -> Iterator[Triple]:
    """Yield an endpoint, which describes itself, and the distribution that it is."""
    address = NamedNode(endpoint)
    yield from _data_service(site, service, address, address, _QUERY_TITLE)
    yield Triple(service, NamedNode(f"{DCTERMS}conformsTo"), _SPARQL_PROTOCOL)
    yield from _distribution(service, address, dataset, _QUERY_TITLE)


def _api_service(site: Site, base: str, dataset: NamedNode) -> Iterator[Triple]:
    service, address = _service(base, "api"), NamedNode(f"{base}/api")
    yield from _data_service(site, service, address, NamedNode(f"{base}/api/openapi.json"), _API_TITLE)
    yield Triple(service, NamedNode(f"{DCTERMS}conformsTo"), _OPENAPI)
    yield from _distribution(service, address, dataset, _API_TITLE)


def _store_service(site: Site, base: str) -> Iterator[Triple]:
    service, address = _service(base, "store"), NamedNode(base + STORE_PATH)
    yield from _data_service(site, service, address, NamedNode(base + VOID_PATH), _STORE_TITLE)
    yield Triple(service, NamedNode(f"{DCTERMS}conformsTo"), _GRAPH_STORE_PROTOCOL)


def _dump(site: Site, base: str, dataset: NamedNode, graph: SourceGraph | None = None) -> Iterator[Triple]:
    """Yield the distribution of the dump of a graph, or of the dataset; its size is not known before."""
    distribution = _service(base, f"dump-{graph.name}" if graph else "dump")
    address = NamedNode(dump_address(base, graph.iri if graph else None))
    yield Triple(_service(base, "store"), _dcat("servesDataset"), dataset)
    yield Triple(dataset, _dcat("distribution"), distribution)
    yield Triple(distribution, TYPE, _dcat("Distribution"))
    yield from texts(distribution, f"{DCTERMS}title", _DUMP_TITLE)
    yield Triple(distribution, _dcat("accessURL"), address)
    yield Triple(distribution, _dcat("downloadURL"), address)
    yield Triple(distribution, _dcat("accessService"), _service(base, "store"))
    media_type = (TURTLE if graph else N_QUADS).media_type
    yield Triple(distribution, _dcat("mediaType"), NamedNode(_MEDIA_TYPES + media_type))
    yield Triple(distribution, _dcat("compressFormat"), NamedNode(f"{_MEDIA_TYPES}application/gzip"))
    if site.dataset.licence:
        yield Triple(distribution, NamedNode(f"{DCTERMS}license"), NamedNode(site.dataset.licence))


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
    return NamedNode(f"{base}{CATALOG_PATH}#{name}")


def _dcat(name: str) -> NamedNode:
    return NamedNode(DCAT + name)
