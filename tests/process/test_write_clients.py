"""Writes by the clients that people use, against the real process."""

from __future__ import annotations

import shutil
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore
from SPARQLWrapper import BASIC, POST, POSTDIRECTLY, URLENCODED, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import Unauthorized

from tests.live import Server
from tests.process.writing import EDITOR, values, writable

P = URIRef("http://example.org/p")


@pytest.fixture(scope="module")
def writer(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = shutil.copytree(published, tmp_path_factory.mktemp("writer") / "data")
    with writable(data) as server:
        yield server


def objects(server: Server, graph: str) -> list[str]:
    return values(server, f"GRAPH <{graph}> {{ ?s ?p ?o }}")


@pytest.mark.parametrize("way", [URLENCODED, POSTDIRECTLY])
@pytest.mark.parametrize("header", [True, False])
def test_sparqlwrapper_updates(writer: Server, way: str, header: bool) -> None:
    graph = f"http://example.org/wrapper-{way}-{header}"
    client = SPARQLWrapper(f"{writer.url}/sparql", f"{writer.url}/update")
    if header:
        client.addCustomHttpHeader("Authorization", f"Bearer {EDITOR}")
    else:
        client.setHTTPAuth(BASIC)
        client.setCredentials("anybody", EDITOR)
    client.setMethod(POST)
    client.setRequestMethod(way)
    client.setQuery(f"INSERT DATA {{ GRAPH <{graph}> {{ <http://example.org/a> <{P}> '값' }} }}")
    assert client.query().response.status == 200
    assert objects(writer, graph) == ["값"]


def test_sparqlwrapper_is_told_that_it_may_not(writer: Server) -> None:
    client = SPARQLWrapper(f"{writer.url}/sparql", f"{writer.url}/update")
    client.setMethod(POST)
    client.setQuery("CLEAR ALL")
    with pytest.raises((Unauthorized, urllib.error.HTTPError)):
        client.query()


@pytest.mark.parametrize("encoded", [True, False])
def test_rdflib_keeps_a_graph(writer: Server, encoded: bool) -> None:
    name = f"http://example.org/rdflib-{encoded}"
    store = SPARQLUpdateStore(
        f"{writer.url}/sparql", f"{writer.url}/update", auth=("anybody", EDITOR), postAsEncoded=encoded
    )
    graph = Graph(store, identifier=URIRef(name))
    a, b = URIRef("http://example.org/a"), URIRef("http://example.org/b")
    graph.add((a, P, Literal(1)))
    assert objects(writer, name) == ["1"]
    graph.addN([(a, P, Literal(2), graph), (b, P, Literal(3), graph)])
    assert objects(writer, name) == ["1", "2", "3"]
    assert {str(value) for value in graph.objects(a, P)} == {"1", "2"}
    graph.remove((a, P, None))
    assert objects(writer, name) == ["3"]
    graph.update("DELETE { ?s ?p 3 } INSERT { ?s ?p 4 } WHERE { ?s ?p 3 }")
    assert objects(writer, name) == ["4"]
    Dataset(store).remove_graph(graph)
    assert objects(writer, name) == []


def test_rdflib_commits_many_changes_as_one(writer: Server) -> None:
    name = "http://example.org/rdflib-many"
    store = SPARQLUpdateStore(
        f"{writer.url}/sparql", f"{writer.url}/update", auth=("anybody", EDITOR), autocommit=False
    )
    graph = Graph(store, identifier=URIRef(name))
    before = writer.get("/store", "application/n-quads").headers["etag"]
    for number in range(20):
        graph.add((URIRef(f"http://example.org/{number}"), P, Literal(number)))
    assert writer.get("/store", "application/n-quads").headers["etag"] == before
    store.commit()
    assert len(objects(writer, name)) == 20
