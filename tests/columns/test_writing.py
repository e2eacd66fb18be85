"""Statements read from columns in lines: all of them, each once, in one order, in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, parse

from endpoint.columns import writing
from endpoint.columns.reader import Columns
from endpoint.columns.writing import read_lines
from tests.columns.every_kind import quads
from tests.columns.test_columns import made


def stored(*given: Quad) -> Store:
    store = Store()
    store.extend(given)
    return store


def text(columns: Columns, graphs: set[int] | None = None, named: bool = True) -> bytes:
    return b"".join(piece.text for piece in read_lines(columns, graphs, named))


def read(lines: bytes) -> list[Quad]:
    return [*parse(lines, RdfFormat.N_QUADS, lenient=True)]


@pytest.fixture(scope="module", params=[1, 2])
def store(request: pytest.FixtureRequest) -> Store:
    return stored(*quads(request.param))


@pytest.fixture(scope="module")
def columns(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Columns:
    return made(store, tmp_path_factory.mktemp("made") / "columns")


@pytest.fixture(params=[7, 2**16])
def _looks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Triples that are looked at at once: all, and so few that most predicates go on in the next look."""
    monkeypatch.setattr(writing, "_LOOK", request.param)


@pytest.mark.usefixtures("_looks")
def test_every_statement_is_there_once_with_its_graph(store: Store, columns: Columns) -> None:
    found = read(text(columns))
    assert len(found) == len(store)
    assert set(found) == set(store)


@pytest.mark.usefixtures("_looks")
def test_the_union_has_each_triple_once(store: Store, columns: Columns) -> None:
    found = read(text(columns, named=False))
    assert len(found) == len({quad.triple for quad in store})
    assert {quad.triple for quad in found} == {quad.triple for quad in store}
    assert {quad.graph_name for quad in found} == {DefaultGraph()}


@pytest.mark.usefixtures("_looks")
@pytest.mark.parametrize("named", [True, False])
def test_of_some_graphs_come_the_statements_of_these(store: Store, columns: Columns, named: bool) -> None:
    for chosen in ({0}, {len(columns.graphs) - 1}, {*range(0, len(columns.graphs), 2)}, set()):
        names = {columns.graphs[place].decode() for place in chosen}
        wanted = [
            quad
            for quad in store
            if ("" if quad.graph_name == DefaultGraph() else str(quad.graph_name)) in names
        ]
        found = read(text(columns, chosen, named))
        if named:
            assert (len(found), set(found)) == (len(wanted), set(wanted))
        else:
            triples = {quad.triple for quad in wanted}
            assert (len(found), {quad.triple for quad in found}) == (len(triples), triples)


def test_the_statements_of_a_subject_follow_each_other(columns: Columns) -> None:
    for named in (True, False):
        subjects = [
            str(subject)
            for subject, _ in groupby(read(text(columns, named=named)), lambda quad: quad.subject)
        ]
        assert len(subjects) == len(set(subjects))


def test_the_order_is_always_the_same(columns: Columns, tmp_path: Path, store: Store) -> None:
    assert text(columns) == text(columns) == text(made(store, tmp_path / "again"))


def test_pieces_are_lines_and_of_bounded_size(tmp_path: Path) -> None:
    long = Literal("긴 글 " * 10_000)

    def given() -> Iterator[Quad]:
        for number in range(40):
            subject = NamedNode(f"http://example.org/{number}")
            yield Quad(subject, NamedNode("urn:long"), long, NamedNode("urn:g"))
            yield from (
                Quad(subject, NamedNode("urn:p"), Literal(str(n)), NamedNode("urn:g")) for n in range(50)
            )

    columns = made(stored(*given()), tmp_path / "columns")
    pieces = [*read_lines(columns)]
    longest = len(long.value.encode())
    assert all(len(piece.text) < 2 * writing._PIECE + longest for piece in pieces)
    assert all(piece.text.endswith(b" .\n") for piece in pieces)
    assert [piece.text.count(b"\n") for piece in pieces] == [piece.statements for piece in pieces]
    assert sum(piece.statements for piece in pieces) == 40 * 51


def test_a_graph_with_a_blank_node_as_its_name_keeps_it(tmp_path: Path) -> None:
    quad = Quad(BlankNode("a"), NamedNode("urn:p"), BlankNode("a"), BlankNode("g"))
    assert read(text(made(stored(quad), tmp_path / "columns"))) == [quad]


def test_nothing_is_no_lines(tmp_path: Path) -> None:
    assert [*read_lines(made(Store(), tmp_path / "columns"))] == []
