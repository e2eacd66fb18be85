"""Large N-Triples and N-Quads in pieces."""

from __future__ import annotations

import io
import os
import threading
from typing import IO

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Store

from endpoint.ingest import rdf
from endpoint.ingest.rdf import load_pieces

PIECE = 1000


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdf, "_PIECE", PIECE)


def load(text: bytes, syntax: RdfFormat = RdfFormat.N_TRIPLES) -> tuple[Store, list[int]]:
    """The store, and how large the pieces were; those that were streams as -1."""
    store = Store()
    sizes: list[int] = []

    def load_piece(piece: IO[bytes] | bytes) -> None:
        sizes.append(len(piece) if isinstance(piece, bytes) else -1)
        store.bulk_load(piece, syntax)

    load_pieces(io.BytesIO(text), load_piece)
    return store, sizes


def lines(count: int, end: str = "\n", first: int = 0) -> bytes:
    numbers = range(first, first + count)
    return "".join(f'<urn:s{n}> <urn:p> "{n} {"한" * (n % 41)}" .{end}' for n in numbers).encode()


def values(store: Store) -> set[int]:
    found = [int(quad.object.value.split()[0]) for quad in store if isinstance(quad.object, Literal)]
    assert len(set(found)) == len(found)
    return set(found)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n# comment\n", "\r"], ids=repr)
@pytest.mark.parametrize("count", [0, 1, 10, 50, 1000])
def test_every_line_is_loaded_once(count: int, end: str) -> None:
    text = lines(count, end)
    for whole in (text, text.rstrip()):
        assert values(load(whole)[0]) == set(range(count))


def test_pieces_are_whole_lines_of_little_size() -> None:
    _, sizes = load(lines(1000))
    assert len(sizes) > 50
    assert max(sizes) <= PIECE + 300
    assert sizes.count(-1) <= 1


def test_quads_are_loaded_into_their_graphs() -> None:
    text = b"".join(f"<urn:s> <urn:p> <urn:o{n}> <urn:g{n % 3}> .\n".encode() for n in range(300))
    store, sizes = load(text, RdfFormat.N_QUADS)
    assert len(sizes) > 2
    assert {str(graph) for graph in store.named_graphs()} == {"<urn:g0>", "<urn:g1>", "<urn:g2>"}
    assert len(store) == 300


@pytest.mark.parametrize("before", [0, 1, 500])
def test_a_blank_node_is_the_same_in_all_pieces(before: int) -> None:
    nodes = b"".join(f"_:a <urn:q> <urn:o{n}> .\n".encode() for n in range(500))
    text = lines(before) + nodes + lines(100, first=before)
    store, sizes = load(text)
    subjects = {quad.subject for quad in store.quads_for_pattern(None, NamedNode("urn:q"), None)}
    assert len(subjects) == 1 and isinstance(subjects.pop(), BlankNode)
    assert len(store) == 500 + before + 100
    assert sizes[-1] == -1


def test_a_line_may_be_longer_than_a_piece() -> None:
    long = f'<urn:long> <urn:p> "0 {"x" * 5 * PIECE}" .\n'.encode()
    store, _ = load(lines(100) + long + lines(100, first=100))
    assert len(store) == 201


def test_what_is_wrong_in_a_piece_comes_out() -> None:
    for text in (lines(500) + b"wrong\n" + lines(500), lines(100) + b"wrong", b"wrong\n" + lines(100)):
        with pytest.raises(SyntaxError):
            load(text)


def test_what_reading_raises_comes_out() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            if not piece:
                raise ZeroDivisionError
            return piece

    with pytest.raises(ZeroDivisionError):
        load_pieces(Broken(lines(200)), lambda piece: None)


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
            assert full.wait(30)
        with lock:
            running -= 1

    load_pieces(io.BytesIO(lines(500)), load_piece)
    assert most == 4
