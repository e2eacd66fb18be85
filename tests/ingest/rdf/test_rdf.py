"""RDF files of every format, loaded whole or in pieces."""

from __future__ import annotations

import io
import os
import threading
from typing import IO

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store

from endpoint.ingest import rdf
from endpoint.ingest.rdf import load_pieces, store_quads
from tests.ingest.rdf.rdf_files import MORE, RDF, STATEMENT, Write, load
from tests.waiting import PATIENCE

A, P, G, H = (NamedNode(f"http://example.org/{name}") for name in "apgh")
PIECE = 1000


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


@pytest.fixture
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdf, "_PIECE", PIECE)


def load_in_pieces(text: bytes, syntax: RdfFormat = RdfFormat.N_TRIPLES) -> tuple[Store, list[int]]:
    """The store, and how large the pieces were; those that were streams as -1."""
    store = Store()
    sizes: list[int] = []

    def load_piece(piece: IO[bytes] | bytes) -> None:
        sizes.append(len(piece) if isinstance(piece, bytes) else -1)
        store.bulk_load(piece, syntax)

    load_pieces(io.BytesIO(text), load_piece)
    return store, sizes


def numbered_lines(count: int, end: str = "\n", first: int = 0) -> bytes:
    numbers = range(first, first + count)
    return "".join(f'<urn:s{n}> <urn:p> "{n} {"한" * (n % 41)}" .{end}' for n in numbers).encode()


def numbers_of(store: Store) -> set[int]:
    found = [int(quad.object.value.split()[0]) for quad in store if isinstance(quad.object, Literal)]
    assert len(set(found)) == len(found)
    return set(found)


@pytest.mark.usefixtures("_small_pieces")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n# comment\n", "\r"], ids=repr)
@pytest.mark.parametrize("count", [0, 1, 10, 50, 1000])
def test_every_line_is_loaded_once(count: int, end: str) -> None:
    text = numbered_lines(count, end)
    for whole in (text, text.rstrip()):
        assert numbers_of(load_in_pieces(whole)[0]) == set(range(count))


@pytest.mark.usefixtures("_small_pieces")
def test_pieces_are_whole_lines_of_little_size() -> None:
    _, sizes = load_in_pieces(numbered_lines(1000))
    assert len(sizes) > 50
    assert max(sizes) <= PIECE + 300
    assert sizes.count(-1) <= 1


@pytest.mark.usefixtures("_small_pieces")
def test_quads_are_loaded_into_their_graphs() -> None:
    text = b"".join(f"<urn:s> <urn:p> <urn:o{n}> <urn:g{n % 3}> .\n".encode() for n in range(300))
    store, sizes = load_in_pieces(text, RdfFormat.N_QUADS)
    assert len(sizes) > 2
    assert {str(graph) for graph in store.named_graphs()} == {"<urn:g0>", "<urn:g1>", "<urn:g2>"}
    assert len(store) == 300


@pytest.mark.usefixtures("_small_pieces")
@pytest.mark.parametrize("before", [0, 1, 500])
def test_a_blank_node_is_the_same_in_all_pieces(before: int) -> None:
    nodes = b"".join(f"_:a <urn:q> <urn:o{n}> .\n".encode() for n in range(500))
    text = numbered_lines(before) + nodes + numbered_lines(100, first=before)
    store, sizes = load_in_pieces(text)
    subjects = {quad.subject for quad in store.quads_for_pattern(None, NamedNode("urn:q"), None)}
    assert len(subjects) == 1 and isinstance(subjects.pop(), BlankNode)
    assert len(store) == 500 + before + 100
    # The pieces are loaded in threads, so that any may be the last to begin.
    assert sizes.count(-1) == 1


@pytest.mark.usefixtures("_small_pieces")
def test_a_line_may_be_longer_than_a_piece() -> None:
    long = f'<urn:long> <urn:p> "0 {"x" * 5 * PIECE}" .\n'.encode()
    store, _ = load_in_pieces(numbered_lines(100) + long + numbered_lines(100, first=100))
    assert len(store) == 201


@pytest.mark.usefixtures("_small_pieces")
def test_what_is_wrong_in_a_piece_comes_out() -> None:
    for text in (
        numbered_lines(500) + b"wrong\n" + numbered_lines(500),
        numbered_lines(100) + b"wrong",
        b"wrong\n" + numbered_lines(100),
    ):
        with pytest.raises(SyntaxError):
            load_in_pieces(text)


@pytest.mark.usefixtures("_small_pieces")
def test_what_reading_raises_comes_out() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            if not piece:
                raise ZeroDivisionError
            return piece

    with pytest.raises(ZeroDivisionError):
        load_pieces(Broken(numbered_lines(200)), lambda piece: None)


@pytest.mark.usefixtures("_small_pieces")
def test_pieces_are_loaded_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    running = 0
    most = 0
    lock = threading.Lock()
    full = threading.Event()

    def load_piece(piece: IO[bytes] | bytes) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if running == 4:
            full.set()
        if isinstance(piece, bytes):
            assert full.wait(PATIENCE)
        with lock:
            running -= 1

    load_pieces(io.BytesIO(numbered_lines(500)), load_piece)
    assert most == 4
