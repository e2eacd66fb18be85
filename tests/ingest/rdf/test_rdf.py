"""RDF files of every format."""

from __future__ import annotations

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from endpoint.ingest.rdf import store_quads
from tests.ingest.rdf.rdf_files import MORE, RDF, STATEMENT, Write, load

A, P, G, H = (NamedNode(f"http://example.org/{name}") for name in "apgh")


@pytest.mark.parametrize("extension", STATEMENT)
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("graph", [None, G], ids=["default graph", "named graph"])
def test_every_syntax_loads(extension: str, start: str, graph: NamedNode | None, write: Write) -> None:
    path = write(f"발간 자료{extension}", start + STATEMENT[extension])
    assert list(load(path, graph)) == [Quad(A, P, Literal("한글"), graph or DefaultGraph())]


@pytest.mark.parametrize("extension", STATEMENT)
def test_every_syntax_loads_in_bulk(extension: str, write: Write) -> None:
    statement = STATEMENT[extension]
    space = " " * MORE
    if "rdf:RDF" in statement:
        content = statement.replace("</rdf:RDF>", f"{space}</rdf:RDF>")
    else:
        content = statement + space
    path = write(f"발간 자료{extension}", "\ufeff" + content)
    assert list(load(path, G)) == [Quad(A, P, Literal("한글"), G)]


def test_a_large_file_loads_whole(write: Write) -> None:
    lines = "".join(f'<http://example.org/{n}> <http://example.org/p> "{n}" .\n' for n in range(30_000))
    assert len(lines) > MORE
    assert len(load(write("a.nt", lines))) == 30_000
    assert len(load(write("a.n3", lines))) == 30_000


@pytest.mark.parametrize("extension", STATEMENT)
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"], ids=["empty", "byte order mark only"])
def test_an_empty_file_says_nothing(extension: str, content: bytes, write: Write) -> None:
    assert len(load(write(f"empty{extension}", content))) == 0


def test_the_extension_may_be_in_capitals(write: Write) -> None:
    assert len(load(write("A.TTL", STATEMENT[".ttl"]))) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.trig", "PREFIX e: <http://example.org/> e:a e:p 1 . e:h { e:a e:p 2 }"),
        (
            "a.nq",
            '<http://example.org/a> <http://example.org/p> "1" .\n'
            '<http://example.org/a> <http://example.org/p> "2" <http://example.org/h> .\n',
        ),
        (
            "a.jsonld",
            '[{"@id": "http://example.org/a", "http://example.org/p": 1}, {"@id": "http://example.org/h",'
            ' "@graph": {"@id": "http://example.org/a", "http://example.org/p": 2}}]',
        ),
    ],
    ids=["trig", "nq", "jsonld"],
)
def test_a_given_graph_takes_the_default_graph_only(name: str, content: str, write: Write) -> None:
    store = load(write(name, content), graph=G)
    graphs = {quad.object.value: quad.graph_name for quad in store}
    assert graphs == {"1": G, "2": H}


@pytest.mark.parametrize("extension", [".ttl", ".nt", ".nq", ".trig", ".rdf", ".jsonld", ".n3"])
def test_blank_nodes_of_two_files_stay_apart(extension: str, write: Write) -> None:
    content = {
        ".rdf": f'<rdf:RDF {RDF}><rdf:Description rdf:nodeID="x" e:p="1"/></rdf:RDF>',
        ".jsonld": '{"@id": "_:x", "http://example.org/p": "1"}',
    }.get(extension, '_:x <http://example.org/p> "1" .')
    loaded = [load(write(f"{n}{extension}", content)) for n in range(2)]
    subjects = [quad.subject for store in loaded for quad in store]
    assert len(set(subjects)) == 2 and all(isinstance(subject, BlankNode) for subject in subjects)


def test_relative_iris_follow_the_file_or_the_given_base(write: Write) -> None:
    path = write("자료.ttl", "<#x> <p> <> .")
    assert {quad.object for quad in load(path)} == {NamedNode(path.as_uri())}
    given = load(path, base_iri="http://example.org/")
    assert {quad.subject.value for quad in given} == {"http://example.org/#x"}


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000, 10_001])
def test_any_number_of_quads_is_stored(count: int) -> None:
    quads = [Quad(A, P, Literal(str(n)), G) for n in range(count)]
    store = Store()
    store_quads(store, iter(quads))
    assert len(store) == count
    drawn = iter(quads)
    store_quads(None, drawn)
    assert next(drawn, None) is None
