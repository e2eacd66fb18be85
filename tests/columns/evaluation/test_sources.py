"""GRAPH, FROM and the graphs of a request from columns, against the engine over just these graphs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, QuerySolutions, QueryTriples, Store

from endpoint.columns.evaluation import Asked, ColumnQueries, Unsupported
from endpoint.columns.evaluation.sources import Source, Sources
from endpoint.columns.reader import Columns
from endpoint.engine.scratch import evaluate_alone
from tests.columns.differential.by_columns import written
from tests.columns.every_kind import NS
from tests.columns.test_columns import made

PROLOGUE = f"PREFIX : <{NS}> "
DATA = """
:default a :Alone .
GRAPH :a { :s :p 5 ; :q :x . :x :q :s . :a :p 1 . _:b :p _:c . _:c :p "c" }
GRAPH :b { :s :p 5 . :t :p 7 ; :q :y . :b :p 1 }
GRAPH :g { :u :p 9 }
"""


def names(*short: str) -> list[NamedNode]:
    return [NamedNode(f"{NS}{name}") for name in short]


class Graphs:
    """The graphs in columns, and as the engine has them."""

    def __init__(self, folder: Path) -> None:
        self.store = Store()
        self.store.update(f"{PROLOGUE} INSERT DATA {{ {DATA} }}")
        self.columns: Columns = made(self.store, folder / "columns")
        self.queries = ColumnQueries(self.columns, {"": NS}, 2**22, evaluate_alone)

    def dataset(self, default: list[NamedNode] | None, named: list[NamedNode] | None) -> Store:
        """A store of just these graphs, the default ones merged."""
        found = Store()
        for quad in self.store:
            if default is None or quad.graph_name in default:
                found.add(Quad(quad.subject, quad.predicate, quad.object))
            if isinstance(quad.graph_name, NamedNode) and (named is None or quad.graph_name in named):
                found.add(quad)
        return found


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Graphs:
    return Graphs(tmp_path_factory.mktemp("graphs"))


def rows(found: object) -> Counter[str]:
    assert isinstance(found, QuerySolutions | QueryTriples | list)
    return Counter(map(str, found))


IN_GRAPHS = [
    "SELECT * { GRAPH :a { ?s ?p ?o } }",
    "SELECT * { GRAPH :none { ?s ?p ?o } }",
    "SELECT * { GRAPH ?g { ?s :p ?o } }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT * { ?g :p 1 . GRAPH ?g { ?s :p ?o } }",
    "SELECT * { GRAPH ?g { ?s :q ?x } GRAPH ?h { ?x :q ?y } }",
    "SELECT * { GRAPH :a { ?s :p ?o . ?s :q ?x . ?x :q ?s } }",
    "SELECT * { GRAPH ?g { ?s :p ?o OPTIONAL { ?s :q ?x } } }",
    "SELECT * { GRAPH ?g { ?s :p ?o FILTER NOT EXISTS { ?x :q ?s } } }",
    "SELECT * { ?s :p ?o OPTIONAL { GRAPH ?g { ?s :q ?x } } }",
    "SELECT * { ?s :p ?o MINUS { GRAPH :a { ?s :p ?o } } }",
    "SELECT * { { GRAPH :a { ?s :p ?o } } UNION { ?s :p ?o } }",
    "SELECT * { GRAPH :a { { SELECT ?s (COUNT(?o) AS ?m) { ?s :p ?o } GROUP BY ?s } } }",
    "SELECT * { GRAPH :a { GRAPH ?g { ?s :q ?o } ?s :p ?x } }",
    "SELECT * { VALUES ?g { :b :none } GRAPH ?g { :s ?p ?o } }",
    "SELECT * { GRAPH ?g { ?s ?p 5 } }",
    "SELECT * { GRAPH ?g { :s ?p ?o } ?o ?q ?z }",
    "ASK { GRAPH :b { :s :p 5 } }",
    "CONSTRUCT { ?s :in ?g } { GRAPH ?g { ?s :p ?o } }",
    "DESCRIBE ?s { GRAPH :b { ?s :q ?o } }",
]
DATASETS = [
    (("a",), ()),
    (("a", "b"), ()),
    (("a", "b"), ("a",)),
    ((), ("b",)),
    (("none",), ("none",)),
    (("b",), ("a", "b")),
]


@pytest.mark.parametrize("text", IN_GRAPHS)
def test_a_graph_holds_its_own_triples(graphs: Graphs, text: str) -> None:
    wanted = graphs.dataset(None, None).query(PROLOGUE + text)
    found = written(graphs.queries.answer(text))
    if text.startswith("ASK"):
        assert bool(found) == bool(wanted)
    else:
        assert rows(found) == rows(wanted)


@pytest.mark.parametrize(("default", "named"), DATASETS)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) (SUM(?o) AS ?sum) { :s :p ?o }",
        "SELECT * { ?s :p ?o . ?s :q ?x }",
        "SELECT * { ?s ?p 5 }",
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { ?s :p ?o OPTIONAL { GRAPH :a { ?s :q ?x } } }",
        "DESCRIBE :s :none ?b { ?b :p ?c }",
    ],
)
def test_a_default_graph_is_a_merge(
    graphs: Graphs, text: str, default: tuple[str, ...], named: tuple[str, ...]
) -> None:
    wanted = rows(graphs.dataset(names(*default), names(*named)).query(PROLOGUE + text))
    clauses = [f"FROM :{name}" for name in default] + [f"FROM NAMED :{name}" for name in named]
    head, brace, body = text.partition("{")
    assert rows(written(graphs.queries.answer(f"{head}{' '.join(clauses)} WHERE {brace}{body}"))) == wanted
    # A request names them in place of its text.
    asked = Asked.of(names(*default), names(*named))
    assert rows(written(graphs.queries.answer(text, None, asked))) == wanted
    ignored = f"{head} FROM :other WHERE {brace}{body}"
    assert rows(written(graphs.queries.answer(ignored, None, asked))) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { GRAPH ?g { } }",
        "SELECT * { GRAPH :none { } }",
        "SELECT (COUNT(*) AS ?n) { GRAPH ?g { FILTER(BOUND(?g)) } }",
        "SELECT * { GRAPH ?g { ?s ?p ?o FILTER(?g = :a) } }",
        "SELECT * { GRAPH ?g { ?g :p ?o } }",
        "SELECT * { GRAPH ?g { { SELECT ?s (MAX(?o) AS ?m) { ?s :p ?o } GROUP BY ?s } } }",
        # The test graph-minus of the W3C, in which the engine fails.
        "SELECT * { GRAPH ?g { ?a :p ?b MINUS { ?c :p ?d } } }",
        "SELECT * { GRAPH ?g { OPTIONAL { ?s ?p ?o } } }",
        "SELECT * { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }",
        "SELECT * { GRAPH ?g { ?s :p ?o } FILTER EXISTS { GRAPH ?h { ?s :q ?x } } }",
    ],
)
def test_what_is_not_certain_of_graphs_is_left_to_the_engine(graphs: Graphs, text: str) -> None:
    with pytest.raises(Unsupported):
        graphs.queries.answer(text)


def test_many_graphs_are_left_to_the_engine(tmp_path: Path) -> None:
    store = Store()
    node = NamedNode(f"{NS}a")
    for number in range(120):
        store.add(Quad(node, node, node, NamedNode(f"{NS}{number}")))
    queries = ColumnQueries(made(store, tmp_path / "columns"), {"": NS}, 2**22, evaluate_alone)
    assert queries.answer("SELECT * { GRAPH :7 { ?s ?p ?o } }").table.size == 1
    with pytest.raises(Unsupported, match="many graphs"):
        queries.answer("SELECT * { GRAPH ?g { ?s ?p ?o } }")


def test_a_source_is_like_columns_of_its_graphs(graphs: Graphs, tmp_path: Path) -> None:
    only = Store()
    only.extend(graphs.dataset(names("a", "b"), []))
    alone = made(only, tmp_path / "alone")
    merged = Sources(graphs.columns).of(frozenset(str(name).encode() for name in names("a", "b")))

    def triples(source: Source | Columns) -> list[tuple[bytes, ...]]:
        return [tuple(source.terms.term(int(number)) for number in row) for row in source.triples.T]

    assert triples(merged) == triples(alone)
    assert len(merged) == len(alone)
    assert Sources(graphs.columns).of(None).triples is graphs.columns.triples
    for predicate in merged.predicates.tolist():
        by_subject, by_object = merged.by_subject(predicate), merged.by_object(predicate)
        pairs = list(zip(*map(list, by_subject), strict=True))
        assert pairs == sorted(pairs)
        inverse = list(zip(*map(list, by_object), strict=True))
        assert inverse == sorted((second, first) for first, second in pairs)


@pytest.mark.parametrize("pattern", [":s ?p ?o", "?s ?p :x", "?s ?p ?o"])
def test_all_predicates_of_a_large_graph_are_left_to_the_engine(
    graphs: Graphs, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.setattr(f"{Source.__module__}._SORTED", 1)
    queries = ColumnQueries(graphs.columns, {"": NS}, 2**22, evaluate_alone)
    with pytest.raises(Unsupported, match="a large graph"):
        queries.answer(f"SELECT * {{ GRAPH :a {{ {pattern} }} }}")
    assert queries.answer(f"SELECT * {{ {pattern} }}").table.size
    assert queries.answer("SELECT * { GRAPH :a { ?s :p ?o } }").table.size
