"""A default graph of several graphs is a set, also where the engine answers alone."""

from __future__ import annotations

from typing import cast

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from endpoint.engine.evaluator import Evaluator, WorkerOptions
from endpoint.sparql.operation import classify

EX = "http://example.org/"
S, P, Q, T = (NamedNode(EX + name) for name in "spqt")


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    """Of two graphs that share two statements, and one that continues a path of theirs."""
    store = Store()
    for graph in (NamedNode(f"{EX}a"), NamedNode(f"{EX}b")):
        store.extend([Quad(S, P, Literal(5), graph), Quad(S, Q, T, graph)])
    store.add(Quad(T, Q, NamedNode(f"{EX}u"), NamedNode(f"{EX}c")))
    return Evaluator(store, WorkerOptions({"ex": EX}, False, 2**30))


def rows(evaluator: Evaluator, text: str, *default: str, named: str = "") -> list[tuple[str, ...]]:
    graphs = tuple(EX + name for name in default)
    operation = classify(text, 500, EX).over(graphs, tuple(EX + name for name in named))
    found = cast(QuerySolutions, evaluator.evaluate(operation))
    return sorted(tuple(term.value for term in row if term is not None) for row in found)


SUM = "SELECT (COUNT(*) AS ?n) (SUM(?o) AS ?sum) {} {{ ex:s ex:p ?o }}"


def test_each_statement_is_found_once(evaluator: Evaluator) -> None:
    assert rows(evaluator, SUM.format(""), "a", "b") == [("1", "5")]
    assert rows(evaluator, SUM.format("FROM ex:a FROM ex:b")) == [("1", "5")]
    assert rows(evaluator, SUM.format("FROM ex:a")) == rows(evaluator, SUM.format(""), "b") == [("1", "5")]
    # What the request names goes before what the text names (SPARQL 1.1 Protocol section 2.1.4).
    assert rows(evaluator, SUM.format("FROM ex:a FROM ex:b"), "c") == [("0", "0")]


def test_a_path_goes_through_all_of_them(evaluator: Evaluator) -> None:
    text = "SELECT ?x {} {{ ex:s ex:q+ ?x }}"
    expected = [(f"{EX}t",), (f"{EX}u",)]
    assert rows(evaluator, text.format("FROM ex:a FROM ex:b FROM ex:c")) == expected
    assert rows(evaluator, text.format(""), "a", "b", "c") == expected


def test_named_graphs_are_those_of_the_query(evaluator: Evaluator) -> None:
    text = "SELECT ?g {} {{ ex:s ex:p ?o GRAPH ?g {{ ?x ?y ?z }} }}"
    assert rows(evaluator, text.format("FROM ex:a FROM ex:b FROM NAMED ex:c")) == [(f"{EX}c",)]
    assert rows(evaluator, text.format(""), "a", "b", named="c") == [(f"{EX}c",)]
    assert rows(evaluator, text.format("FROM ex:a FROM ex:b")) == []
