"""Counts of all triples, against the engine, with room for too few solutions to look at each triple."""

from __future__ import annotations

import pytest

from endpoint.columns.evaluation import Asked, ColumnQueries, Unsupported
from endpoint.engine.scratch import evaluate_alone
from tests.columns.differential.by_columns import written
from tests.columns.evaluation.test_sources import DATASETS, PROLOGUE, Graphs, names, rows
from tests.columns.every_kind import NS

TOTALS = [
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(?s) AS ?n) (COUNT(?p) AS ?m) { ?s ?p [] }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p (COUNT(?o) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING (COUNT(*) > 2)",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT ?g (COUNT(?g) AS ?n) (COUNT(?o) AS ?m) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT * { { SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p } UNION { BIND(0 AS ?n) } }",
    "SELECT * { GRAPH :a { { SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p } } }",
    "SELECT ?c ?p (COUNT(*) AS ?n) { ?s :p ?c ; ?p ?o } GROUP BY ?c ?p",
    "SELECT ?s (COUNT(*) AS ?n) (COUNT(?o) AS ?m) { ?s :p ?o } GROUP BY ?s",
    "SELECT ?o (COUNT(?s) AS ?n) { ?s :p ?o } GROUP BY ?o",
    "SELECT ?o (COUNT(*) AS ?n) { [] :none ?o } GROUP BY ?o",
    "SELECT ?p ?c (COUNT(?o) AS ?n) (COUNT(?s) AS ?m) { ?s ?p ?o . ?s :p ?c } GROUP BY ?p ?c",
    "SELECT ?c ?p (COUNT(*) AS ?n) { [] :none ?c ; ?p [] } GROUP BY ?c ?p",
]
# Each of these needs the solutions themselves.
OTHERS = [
    "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s",
    "SELECT ?p (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p (MAX(?o) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p ?o (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ?o",
    "SELECT (COUNT(?x) AS ?n) { ?s ?p ?o }",
    "SELECT ?s (COUNT(*) AS ?n) { ?s :p ?o . ?s :q ?x . ?y ?z ?s } GROUP BY ?s",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?s }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?p (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?p",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?g ?p ?o } } GROUP BY ?g",
]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Graphs:
    return Graphs(tmp_path_factory.mktemp("totals"))


@pytest.mark.parametrize("text", TOTALS)
@pytest.mark.parametrize(("default", "named"), [(None, None), *DATASETS])
def test_all_triples_are_counted_as_the_engine_counts(
    graphs: Graphs, text: str, default: tuple[str, ...] | None, named: tuple[str, ...] | None
) -> None:
    few = ColumnQueries(graphs.columns, {"": NS}, 20, evaluate_alone)
    if default is None or named is None:
        wanted, asked = graphs.dataset(None, None), Asked()
    else:
        wanted = graphs.dataset(names(*default), names(*named))
        asked = Asked.of(names(*default), names(*named))
    assert rows(written(few.answer(text, None, asked))) == rows(wanted.query(PROLOGUE + text))


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_total_is_counted_by_its_solutions(graphs: Graphs, text: str) -> None:
    few = ColumnQueries(graphs.columns, {"": NS}, 20, evaluate_alone)
    with pytest.raises(Unsupported):
        few.answer(text)
    try:
        found = written(graphs.queries.answer(text))
    except Unsupported:
        return
    assert rows(found) == rows(graphs.dataset(None, None).query(PROLOGUE + text))
