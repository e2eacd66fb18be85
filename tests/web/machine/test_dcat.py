"""The DCAT catalogue has what DCAT-AP 3.0.1 requires."""

from __future__ import annotations

from pathlib import Path

from pyshacl import validate
from rdflib import Graph, URIRef

from endpoint.vocabulary import DCAT, DCTERMS, FOAF
from tests.live import Server

SHAPES = Path(__file__).parent / "dcat-ap.ttl"


def catalogue(server: Server) -> Graph:
    return Graph().parse(data=server.get("/catalog.ttl").text, format="turtle")


def conforms(graph: Graph) -> tuple[bool, str]:
    found, _, text = validate(graph, shacl_graph=Graph().parse(SHAPES))
    return bool(found), text


def test_the_catalogue_conforms(server: Server) -> None:
    found, text = conforms(catalogue(server))
    assert found, text


def test_the_rules_find_what_is_missing(server: Server) -> None:
    for name in (f"{DCTERMS}publisher", f"{FOAF}name", f"{DCAT}accessURL", f"{DCAT}endpointURL"):
        graph = catalogue(server)
        assert any(graph.triples((None, URIRef(name), None)))
        graph.remove((None, URIRef(name), None))
        assert not conforms(graph)[0], name


def test_the_publisher_is_that_of_the_manifest(server: Server) -> None:
    graph = catalogue(server)
    (publisher,) = set(graph.objects(None, URIRef(f"{DCTERMS}publisher")))
    assert {str(name) for name in graph.objects(publisher, URIRef(f"{FOAF}name"))} == {
        "대한민국 외교부",
        "Ministry of Foreign Affairs of the Republic of Korea",
    }
