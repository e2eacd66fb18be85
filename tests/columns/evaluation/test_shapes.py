"""Shapes of queries: what only the engine evaluates is found out before anything is evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest
from pyoxigraph import Store, Variable

from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.evaluation.shapes import ensure_columnar, holds, names
from endpoint.engine.scratch import evaluate_alone
from endpoint.sparql import algebra
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.syntax.parser import parse
from tests.columns.every_kind import NS, XSD
from tests.columns.test_columns import made

PREFIXES = {"": NS, "xsd": XSD}


def read(text: str) -> algebra.Query:
    return translate(parse(text), PREFIXES)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?a :p ?b OPTIONAL { ?b :q* ?c } }",
        "SELECT * { { ?a :p ?b } UNION { ?a :p|(:q/:p) ?b } }",
        "SELECT * { ?a :p ?b MINUS { ?a !:q ?b } }",
        "SELECT * { ?a :p ?b { SELECT ?a { ?a :p? ?c } } }",
        "SELECT (STRUUID() AS ?b) { ?a :p ?c }",
        "SELECT * { ?a :p ?b FILTER(?b = 1 || RAND() < ?b) }",
        "SELECT * { ?a :p ?b } ORDER BY xsd:time(?b)",
        "SELECT (SUM(IF(BOUND(?b), NOW(), 1)) AS ?n) { ?a :p ?b }",
        "SELECT (COUNT(DISTINCT *) AS ?n) { ?a :p ?b }",
        "SELECT * { ?a :p ?b FILTER NOT EXISTS { ?a :q ?c OPTIONAL { ?c :p ?d } } }",
        "SELECT * { ?a :p ?b FILTER EXISTS { ?a :q ?c FILTER EXISTS { ?a :q+ ?b } } }",
    ],
)
def test_what_only_the_engine_evaluates(text: str) -> None:
    with pytest.raises(Unsupported, match="is the engine's"):
        ensure_columnar(read(text))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?a :p/^:q ?b OPTIONAL { ?b :q|^:p ?c } }",
        "SELECT (COUNT(DISTINCT ?a) AS ?n) (COUNT(*) AS ?m) { ?a :p ?b }",
        "SELECT * { ?a :p ?b FILTER(!(-?b IN (1)) && ?b NOT IN (3) || +?b >= 1 / 2 * 3 - 4) }",
        "SELECT (xsd:integer(STRLEN(?b)) AS ?c) { ?a :p ?b FILTER EXISTS { ?a :q ?c FILTER(?c < ?b) } }",
        "SELECT (xsd:date(?b) AS ?c) { ?a :p+ ?b }",
        "ASK {}",
    ],
)
def test_what_columns_may_evaluate(text: str) -> None:
    ensure_columnar(read(text))


def test_names_are_counted_wherever_they_stand() -> None:
    query = read("SELECT ?a { ?a :p ?b FILTER(?b > 1 && EXISTS { ?a :q ?b }) } ORDER BY ?b")
    assert names(query.pattern) == {Variable("a"): 3, Variable("b"): 4}
    assert names(query.pattern, exists=False) == {Variable("a"): 2, Variable("b"): 3}
    assert holds(query.pattern, (algebra.Exists,))
    assert not holds(query.pattern, (algebra.Minus,))


@pytest.fixture
def queries(tmp_path: Path) -> ColumnQueries:
    store = Store()
    store.update(f"PREFIX : <{NS}> INSERT DATA {{ :a :p 'v' , 'w' , 'x' . :b :p 'v' }}")
    return ColumnQueries(made(store, tmp_path / "columns"), PREFIXES, 2**20, evaluate_alone)


def test_a_text_that_was_left_to_the_engine_is_left_to_it_at_once(
    queries: ColumnQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "SELECT (GROUP_CONCAT(?b) AS ?c) { ?a :p ?b }"
    with pytest.raises(Unsupported, match="joined in the engine's order"):
        queries.answer(text)
    assert queries.answer(f"{text} GROUP BY ?a ?b").table.size == 4

    def evaluated(*_: object) -> NoReturn:
        raise AssertionError("it is evaluated again")

    monkeypatch.setattr(queries, "_evaluated", evaluated)
    with pytest.raises(Unsupported, match="joined in the engine's order"):
        queries.answer(text)
    with pytest.raises(AssertionError):
        queries.answer(f"{text} GROUP BY ?a ?b")


def test_a_text_is_read_once(queries: ColumnQueries, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("SELECT * { ?a :p ?b }", f"SELECT * {{ ?a :p ?b }} # {'a' * 9_000}"):
        first = queries.answer(text)
        with monkeypatch.context() as patched:
            patched.setattr(queries, "plan", None)
            assert sorted(queries.answer(text).rows()) == sorted(first.rows())
    long = f"SELECT * {{ ?a :p ?b }} # {'a' * 10_000}"
    queries.answer(long)
    monkeypatch.setattr(queries, "plan", None)
    with pytest.raises(TypeError):
        queries.answer(long)
