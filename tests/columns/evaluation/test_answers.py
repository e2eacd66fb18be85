"""Answers as they are written: to the byte as the engine writes them, in pieces of bounded size."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from pyoxigraph import (
    BaseDirection,
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    Triple,
)

from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.engine.scratch import evaluate_alone
from endpoint.formats import CSV, SPARQL_JSON, SPARQL_XML, TSV, Format, Representation
from endpoint.results.serializers import write_results
from endpoint.results.written import WrittenSolutions
from tests.columns.every_kind import NS, quads
from tests.columns.test_columns import made
from tests.results.test_serializers import Sink

NODE = NamedNode(f"{NS}a")
ENGINE = {
    SPARQL_JSON: QueryResultsFormat.JSON,
    SPARQL_XML: QueryResultsFormat.XML,
    CSV: QueryResultsFormat.CSV,
    TSV: QueryResultsFormat.TSV,
}
# Characters that N-Triples, JSON, XML or CSV may escape, and those at the ends of what they do not.
ODD = [*range(1, 0x30), 0x5C, 0x7F, 0x80, 0x85, 0x9F, 0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFD, 0x1F600]


def opened(store: Store, folder: Path) -> ColumnQueries:
    return ColumnQueries(made(store, folder / "columns"), {"": NS}, 2**22, evaluate_alone)


def written(queries: ColumnQueries, text: str, fmt: Format = SPARQL_JSON) -> bytes:
    """An answer as a worker writes it."""
    answer = queries.answer(text)
    sink = Sink()
    names = [each.value for each in answer.variables]
    solutions = WrittenSolutions(names, answer.table.size, answer.solutions())
    write_results(solutions, Representation.of(fmt), sink, {}, Store())
    assert sink.rows == answer.table.size or fmt is not SPARQL_JSON
    return sink.getvalue()


def of_engine(store: Store, text: str, fmt: Format = SPARQL_JSON) -> bytes:
    found = store.query(text, prefixes={"": NS})
    assert isinstance(found, QuerySolutions)
    return found.serialize(format=ENGINE[fmt]) or b""


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    for quad in quads(3):
        if not isinstance(quad.object, Triple) and not getattr(quad.object, "direction", None):
            store.add(Quad(quad.subject, quad.predicate, quad.object))
    for code in ODD:
        store.add(Quad(NODE, NamedNode(f"{NS}odd"), Literal(f"{code}{chr(code)}", language="x-odd")))
        store.add(Quad(NODE, NamedNode(f"{NS}odd"), Literal(f"{chr(code)}")))
    store.add(Quad(BlankNode("x"), NamedNode(f"{NS}odd"), NamedNode(f"{NS}외교/'()?q=1&r#x")))
    return store


@pytest.fixture(scope="module")
def queries(store: Store, tmp_path_factory: pytest.TempPathFactory) -> ColumnQueries:
    return opened(store, tmp_path_factory.mktemp("answers"))


def test_each_term_is_written_as_the_engine_does(store: Store, queries: ColumnQueries) -> None:
    terms = {row[0] for row in queries.answer("SELECT DISTINCT ?o { ?s ?p ?o }").rows()}
    assert len(terms) > 200
    for term in terms:
        assert term is not None
        if term.startswith(b"_:"):
            continue
        text = f"SELECT ?x ?y {{ VALUES (?x ?y) {{ ({term.decode()} UNDEF) (UNDEF 1) }} }}"
        assert written(queries, text) == of_engine(store, text)


@pytest.mark.parametrize("fmt", ENGINE, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?b { ?b :odd ?i FILTER(isIRI(?i)) }",
        "SELECT ?b ?i { ?b :odd ?i FILTER(isIRI(?i)) }",
        "SELECT * { VALUES () { () () } }",
        "SELECT * { }",
        "SELECT ?none { }",
        "SELECT ?x { VALUES ?x { } }",
        "SELECT (COUNT(*) AS ?n) (AVG(?x) AS ?a) { VALUES ?x { 1 2 2 } }",
        'SELECT ?외교 ?y { VALUES (?외교 ?y) { (1 2) (UNDEF UNDEF) (UNDEF "a\\tb\\"c") } }',
    ],
)
def test_an_answer_is_written_as_the_engine_does(
    store: Store, queries: ColumnQueries, text: str, fmt: Format
) -> None:
    assert written(queries, text, fmt) == of_engine(store, text, fmt)


def test_a_long_answer_comes_in_pieces_with_all_rows(store: Store, queries: ColumnQueries) -> None:
    text = f"SELECT * {{ ?a ?b ?c VALUES ?n {{ {' '.join(map(str, range(30)))} }} }}"
    answer = queries.answer(text)
    pieces = list(answer.solutions())
    assert len(pieces) > 10
    assert max(len(piece) for _, piece in pieces) < 2**18
    assert sum(rows for rows, _ in pieces) == answer.table.size > 10_000
    found = sorted(written(queries, text, TSV).splitlines())
    assert found == sorted(of_engine(store, text, TSV).splitlines())


def test_a_long_answer_needs_little_memory(tmp_path: Path) -> None:
    store = Store()
    for number in range(200):
        store.add(
            Quad(NamedNode(f"{NS}{number}"), NamedNode(f"{NS}text"), Literal(f"{number}" + "가" * 60_000))
        )
    queries = opened(store, tmp_path)
    answer = queries.answer("SELECT * { ?s :text ?t }")
    tracemalloc.start()
    size = sum(len(piece) for _, piece in answer.solutions())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 200 * 180_000
    assert peak < 10 * 180_000


@pytest.mark.parametrize(
    "term",
    [Triple(NODE, NODE, NODE), Literal("x", language="en", direction=BaseDirection.LTR)],
    ids=["triple", "direction"],
)
def test_a_term_without_a_certain_form_is_left_to_the_engine(term: Triple | Literal, tmp_path: Path) -> None:
    store = Store()
    store.add(Quad(NODE, NODE, term))
    queries = opened(store, tmp_path)
    assert queries.answer("SELECT ?s { ?s ?p ?o }").table.size == 1
    with pytest.raises(Unsupported):
        next(queries.answer("SELECT * { ?s ?p ?o }").solutions())
