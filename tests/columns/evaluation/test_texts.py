"""Conditions on the kind of terms and on the text of IRIs, against the engine; expressions of many terms."""

from __future__ import annotations

from collections import Counter

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions, Store

from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.evaluation.scalars import computed
from endpoint.engine.scratch import evaluate_alone
from tests.columns.differential.by_columns import written
from tests.columns.every_kind import NS
from tests.columns.test_columns import made

NAMES = ("a", "a#", "a#b", "a/b", "ab", "a%20b", "가", "가나", "가#나", "😀", "z", "z#", "A")
SUBJECTS = "{ SELECT DISTINCT ?s { ?s ?p ?o } }"
P = NamedNode(f"{NS}p")


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    for number, name in enumerate(NAMES):
        subject = NamedNode(NS + name)
        store.extend(Quad(subject, P, value) for value in (Literal(name), NamedNode(f"{NS}o{number}")))
    store.update(f"INSERT DATA {{ [] <{P.value}> 1 , <{NS}a> }}")
    return store


@pytest.fixture(scope="module")
def queries(store: Store, tmp_path_factory: pytest.TempPathFactory) -> ColumnQueries:
    columns = made(store, tmp_path_factory.mktemp("texts") / "columns")
    return ColumnQueries(columns, {}, 2**20, evaluate_alone)


def _rows(found: object) -> Counter[tuple[object, ...]]:
    assert isinstance(found, QuerySolutions)
    return Counter(tuple("_" if isinstance(term, BlankNode) else term for term in row) for row in found)


def same(queries: ColumnQueries, store: Store, text: str) -> Counter[tuple[object, ...]]:
    """The rows of both, which are the same; of ``?s``, whose blank nodes are told by nothing else."""
    ours, theirs = _rows(written(queries.answer(text))), _rows(store.query(text))
    assert ours == theirs
    return ours


@pytest.mark.parametrize(
    "text", [*(NS + name for name in NAMES), NS, NS[:-1], "", "z", f"{NS}o1", f"{NS}가\uffff"]
)
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_iris_are_compared_with_a_text_by_its_code_points(
    queries: ColumnQueries, store: Store, sign: str, text: str
) -> None:
    same(queries, store, f'SELECT ?s {{ {SUBJECTS} FILTER(isIRI(?s) && STR(?s) {sign} "{text}") }}')


@pytest.mark.parametrize(
    "text", ["", "#", "/", NS, f"{NS}a", f"{NS}가", "가", "%20", "b#", "<", ">", ".", "e/a"]
)
@pytest.mark.parametrize("function", ["STRSTARTS", "CONTAINS", "STRENDS"])
def test_iris_have_a_text_in_them_or_begin_with_it(
    queries: ColumnQueries, store: Store, function: str, text: str
) -> None:
    for condition in (f'{function}(STR(?s), "{text}")', f'!{function}(STR(?s), "{text}")'):
        same(queries, store, f"SELECT ?s {{ {SUBJECTS} FILTER(isIRI(?s) && {condition}) }}")
        # Where others are among them the engine decides, blank nodes included.
        same(queries, store, f"SELECT ?s {{ {SUBJECTS} FILTER({condition}) }}")
    same(queries, store, f'SELECT ?o {{ ?s <{P.value}> ?o FILTER({function}(STR(?o), "{text}"@en)) }}')


@pytest.mark.parametrize("function", ["isIRI", "isURI", "isBlank", "isLiteral"])
def test_the_kind_of_a_term_is_known(queries: ColumnQueries, store: Store, function: str) -> None:
    assert (
        same(queries, store, f"SELECT ?s ?o {{ ?s <{P.value}> ?o FILTER({function}(?o)) }}")
        or function == "isBlank"
    )
    unbound = f"{{ ?s <{P.value}> ?o OPTIONAL {{ ?o <{P.value}> ?x }} FILTER(!{function}(?x)) }}"
    same(queries, store, f"SELECT ?s ?o {unbound}")


def test_conditions_on_iris_do_not_ask_the_engine(
    queries: ColumnQueries, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{computed.__module__}._MOST", 0)
    monkeypatch.setattr(f"{computed.__module__}._SHARED", 1000)
    for condition in ('CONTAINS(STR(?s), "#")', f'STRSTARTS(STR(?s), "{NS}가")', f'STR(?s) > "{NS}a"'):
        assert same(queries, store, f"SELECT ?s {{ {SUBJECTS} FILTER(isIRI(?s) && {condition}) }}")


def test_subjects_are_found_once_and_are_no_other_columns(queries: ColumnQueries, store: Store) -> None:
    assert sum(same(queries, store, f"SELECT ?s {SUBJECTS}").values()) == len(NAMES) + 1
    same(queries, store, "SELECT DISTINCT ?o { ?s ?p ?o }")
    same(queries, store, "SELECT DISTINCT ?s ?p { ?s ?p ?o }")
    same(queries, store, "SELECT DISTINCT ?s { ?s ?p ?s }")
    same(queries, store, f"SELECT DISTINCT ?s {{ ?s <{P.value}> ?o }}")


def test_an_expression_of_many_terms_is_computed_where_solutions_share_them(
    queries: ColumnQueries, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{computed.__module__}._MOST", 1)
    text = f"SELECT (SUBSTR(STR(?o), 2) AS ?x) {{ {{ ?s <{P.value}> ?o }} VALUES ?n {{ 1 2 3 4 5 }} }}"
    same(queries, store, text)
    with pytest.raises(Unsupported, match="very many terms"):
        queries.answer(text.replace("4 5", ""))
