"""Queries that the engine would not answer as SPARQL 1.1 specifies, answered so; the others untouched."""

from __future__ import annotations

from typing import cast

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, QuerySolutions, Store

from endpoint.engine.evaluator import Evaluator, WorkerOptions
from endpoint.engine.query_graphs import QueryGraphs
from endpoint.sparql.operation import classify
from endpoint.sparql.specified import as_specified

EX = "http://example.org/"
A, B, C, P = (NamedNode(EX + name) for name in "abcp")
PREFIXES = {"ex": EX}


@pytest.fixture(scope="module")
def store() -> Store:
    found = Store()
    found.extend([Quad(A, P, B, NamedNode(f"{EX}g1")), Quad(C, P, Literal(1), NamedNode(f"{EX}g2"))])
    return found


def rows(store: Store, text: str, union: bool = True) -> list[str]:
    operation = classify(text, 500, EX)
    found = Evaluator(store, WorkerOptions(PREFIXES, union, 2**30)).evaluate(operation)
    if isinstance(found, QueryBoolean):
        return [str(bool(found)).lower()]
    solutions = cast(QuerySolutions, found)
    return sorted(
        " ".join("-" if term is None else term.value.removeprefix(EX) for term in row) for row in solutions
    )


PATHS = [
    ("SELECT * { ex:no ex:p* ?o }", ["no"]),
    ("SELECT * { ex:no ex:p? ?o }", ["no"]),
    ("SELECT * { ?s ex:p* ex:no }", ["no"]),
    ("SELECT * { ?s (ex:p|ex:q*)/^ex:p? 'none' }", ["none"]),
    ("ASK { ex:no ex:p* ex:no }", ["true"]),
    ("ASK { ex:no ex:p* ex:a }", ["false"]),
    ("SELECT * { ex:a ex:p* ?o }", ["a", "b"]),
    ("SELECT * { ex:no ex:p+ ?o }", []),
    ("SELECT * { ex:no ex:p*/ex:p ?o }", []),
    ("SELECT * { ex:no ex:p* ?o . ?o ex:p ?x }", []),
    ("SELECT ?o { ?x ex:p 1 ; ex:p* ?y . ex:no ex:p* ?o , ?z FILTER(?o = ex:no) }", ["no", "no"]),
    ("SELECT * { OPTIONAL { ex:no !ex:q* ?o } }", ["no"]),
    ("SELECT * { GRAPH ex:g2 { ex:a ex:p* ?o } }", ["a"]),
    ("SELECT * FROM ex:g2 { ex:a ex:p* ?o }", ["a"]),
    ("SELECT * { GRAPH ?g { ex:a ex:p* ?o } }", ["g1 a", "g1 b", "g2 a"]),
]
GRAPHS = [
    ("SELECT (COUNT(*) AS ?n) { GRAPH ?g { FILTER(BOUND(?g)) } }", ["0"]),
    ("SELECT ?g { GRAPH ?g { } }", ["g1", "g2"]),
    ("SELECT ?g ?x { GRAPH ?g { VALUES ?x { 1 } } }", ["g1 1", "g2 1"]),
    ("SELECT ?g ?x { GRAPH ?g { VALUES (?g ?x) { (ex:g1 1) (UNDEF 2) } } }", ["g1 1", "g1 2", "g2 2"]),
    ("SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ex:b } } }", ["g1 1", "g2 0"]),
    ("SELECT ?g ?s { GRAPH ?g { ?s ?p ?o OPTIONAL { ?s ?p ?g } } }", []),
    ("SELECT ?g { GRAPH ?g { ?a ex:p ?b MINUS { ?c ex:p ?d } } }", ["g1", "g2"]),
    ("SELECT ?g FROM NAMED ex:g2 { GRAPH ?g { } }", ["g2"]),
    ("SELECT ?g ?h { GRAPH ?g { GRAPH ?h { ?s ?p 1 } } }", ["g1 g2", "g2 g2"]),
]


JOINED = [
    ("SELECT (GROUP_CONCAT(?x) AS ?g) { VALUES ?x { 1 2 } }", ["1 2"]),
    ("SELECT (GROUP_CONCAT(DISTINCT ?x; SEPARATOR='|') AS ?g) { VALUES ?x { ex:a 'b' ex:a } }", ["a|b"]),
    ("SELECT (LANG(GROUP_CONCAT(?x)) AS ?g) { VALUES ?x { 'b'@en } }", [""]),
    ("SELECT (GROUP_CONCAT(?x) AS ?g) { VALUES ?x { UNDEF 'b' } }", ["-"]),
    ("SELECT ?o { ex:no ex:p* ?o } GROUP BY ?o HAVING (GROUP_CONCAT(?o) = STR(ex:no))", ["no"]),
]


@pytest.mark.parametrize(("text", "expected"), PATHS + GRAPHS + JOINED)
def test_the_answer_is_as_specified(store: Store, text: str, expected: list[str]) -> None:
    assert rows(store, text) == expected


def test_in_the_strict_reading_the_default_graph_is_another(store: Store) -> None:
    assert rows(store, "SELECT * { ex:a ex:p* ?o }", union=False) == ["a"]


UNTOUCHED = [
    "SELECT * { ex:a ex:p* ?o . ex:b ex:p? ?x }",
    "SELECT * { ?s ex:p* ?o }",
    "SELECT * { ex:no ex:p+ _:b }",
    "SELECT * { ex:no ex:p* [] }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o FILTER(?g != ex:g1) } } GROUP BY ?g",
    "SELECT * { GRAPH ?g { ?s ?p ?o OPTIONAL { ?s ex:q ?x } VALUES ?o { 1 } BIND(?g AS ?h) } }",
    "SELECT * { GRAPH ?g { { ?s ex:p ?o } UNION { ?s ex:q ?o } } }",
    "SELECT (2*?x AS ?y) { VALUES ?x { 1 } }",
    "SELECT (GROUP_CONCAT(STR(?x)) AS ?y) { VALUES ?x { 1 } }",
    "SELECT * { GRAPH ?g { _:b ?p ?o MINUS { _:c ?p ?o } } }",
    "SELECT * { ex:no ex:p* ?o",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_the_engine_answers_right_stays_as_it_is(store: Store, text: str) -> None:
    graphs = QueryGraphs(store, classify(text, 500, EX), PREFIXES, True, None)
    assert as_specified(text, graphs) == text


LIKE_PLAIN = [
    ("SELECT * { ex:a ex:p* ?o }", "SELECT * { ex:no ex:p* ?o }", ["no"]),
    (
        "SELECT (GROUP_CONCAT('?x') AS ?g) { VALUES ?x { 1 2 } }",
        "SELECT (GROUP_CONCAT(?x) AS ?g) { VALUES ?x { 1 2 } }",
        ["1 2"],
    ),
    ("SELECT * { GRAPH ex:g1 { } # GRAPH ?g\n}", "SELECT * { GRAPH ?g { } #\n}", ["g1", "g2"]),
    (
        "SELECT ?g { GRAPH ?g { ?a ex:p 'MINUS { ?c ex:p ?d }' } }",
        "SELECT ?g { GRAPH ?g { ?a ex:p ?b MINUS { ?c ex:p ?d } } }",
        ["g1", "g2"],
    ),
]


@pytest.mark.parametrize(("plain", "text", "expected"), LIKE_PLAIN)
def test_a_text_that_stays_decides_nothing_for_another_one(
    store: Store, plain: str, text: str, expected: list[str]
) -> None:
    rows(store, plain)
    assert rows(store, text) == expected


def test_texts_that_differ_in_their_constants_stay_alike(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"SELECT ?g {{ GRAPH ?g {{ ex:{name} ex:p {value} }} }}" for name, value in ("a1", "b2")]
    graphs = QueryGraphs(store, classify(texts[0], 500, EX), PREFIXES, True, None)
    assert as_specified(texts[0], graphs) == texts[0]
    monkeypatch.setattr("endpoint.sparql.specified.parse", pytest.fail)
    assert as_specified(texts[1], graphs) == texts[1]
