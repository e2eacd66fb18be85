"""SPARQL 1.1 Service Description: what this endpoint is and offers, as a graph.

The prefixes are said with SHACL's vocabulary too, where query editors look for them.
"""

from __future__ import annotations

from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from endpoint.formats import GRAPH_FORMATS, HTML, RESULT_FORMATS, Format
from endpoint.web.site import Site

DESCRIPTION_FORMATS: Final = (*GRAPH_FORMATS, HTML)

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_SH: Final = "http://www.w3.org/ns/shacl#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_TYPE: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)


def describe(site: Site, endpoint_url: str, fmt: Format) -> bytes:
    """The service description of the endpoint at ``endpoint_url``, serialized."""
    rdf_format = RdfFormat.from_media_type(fmt.media_type)
    if rdf_format is None:
        raise ValueError(f"{fmt.name} is no RDF format")
    prefixes = {"sd": _SD, "sh": _SH, "dcterms": _DCTERMS}
    written = serialize(_triples(site, endpoint_url), format=rdf_format, prefixes=prefixes)
    return written or b""


def _triples(site: Site, endpoint_url: str) -> list[Triple]:
    service, dataset, default = BlankNode("service"), BlankNode("dataset"), BlankNode("default")
    url = NamedNode(endpoint_url)
    triples = [
        Triple(service, _TYPE, _sd("Service")),
        Triple(service, _sd("endpoint"), url),
        Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query")),
        Triple(service, _sd("defaultDataset"), dataset),
        Triple(dataset, _TYPE, _sd("Dataset")),
        Triple(dataset, _sd("defaultGraph"), default),
        Triple(default, _TYPE, _sd("Graph")),
    ]
    if site.settings.default_graph == "union":
        triples.append(Triple(service, _sd("feature"), _sd("UnionDefaultGraph")))
    for fmt in (*RESULT_FORMATS, *GRAPH_FORMATS):
        if fmt.iri is not None:
            triples.append(Triple(service, _sd("resultFormat"), NamedNode(fmt.iri)))
    triples += _graphs(site, dataset)
    triples += _prefixes(site, url)
    return triples


def _graphs(site: Site, dataset: BlankNode) -> list[Triple]:
    triples = []
    for number, source in enumerate(site.dataset.graphs):
        named = BlankNode(f"graph{number}")
        triples += [
            Triple(dataset, _sd("namedGraph"), named),
            Triple(named, _TYPE, _sd("NamedGraph")),
            Triple(named, _sd("name"), NamedNode(source.iri)),
        ]
        triples += [
            Triple(named, NamedNode(_DCTERMS + "title"), Literal(text, language=language))
            for language, text in source.title.items()
        ]
    return triples


def _prefixes(site: Site, url: NamedNode) -> list[Triple]:
    triples = []
    for number, (prefix, namespace) in enumerate(site.dataset.prefixes.items()):
        declaration = BlankNode(f"prefix{number}")
        triples += [
            Triple(url, NamedNode(_SH + "declare"), declaration),
            Triple(declaration, NamedNode(_SH + "prefix"), Literal(prefix)),
            Triple(
                declaration,
                NamedNode(_SH + "namespace"),
                Literal(namespace, datatype=NamedNode(_XSD + "anyURI")),
            ),
        ]
    return triples
