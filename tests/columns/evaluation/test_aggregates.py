"""Aggregates from columns against the engine, group by group, and those that are left to it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, Store

from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.engine.scratch import evaluate_alone
from tests.columns.differential.by_columns import written
from tests.columns.every_kind import NS, XSD
from tests.columns.test_columns import made

PROLOGUE = f"PREFIX : <{NS}> PREFIX xsd: <{XSD}> "
GROUPS = """
:empty a :Group .
:integers :v 1 , 2 , 4 , 999999999999999 . :decimals :v 0.1 , 0.2 , 0.30 , -7.25 . :both :v 1 , 2.5 .
:doubles :v 1e0 , 2e0 , -0e0 , 7 . :double :v 2.5e0 . :wholes :v 1.5 , 2.5 .
:texts :v "b" , "a" , "c" . :text :v "line\\n\\"one\\"" . :tagged :v "eins"@de . :mixed :v 1 , "a" .
:iris :v :a , :b , _:c . :dates :v "2020-01-01"^^xsd:date , "-0044-03-15"^^xsd:date .
:truths :v true , false . :opaque :v "x"^^:type . :odd :v "NaN"^^xsd:double .
:float :v "2.5"^^xsd:float .
"""


class Both:
    """The groups in columns and in a store."""

    def __init__(self, folder: Path) -> None:
        self.store = Store()
        self.store.update(f"{PROLOGUE} INSERT DATA {{ {GROUPS} }}")
        columns = made(self.store, folder / "columns")
        self.queries = ColumnQueries(columns, {"": NS, "xsd": XSD}, 2**22, evaluate_alone)

    def answers(self, text: str) -> tuple[Counter[str], Counter[str]]:
        """The rows of columns, then of the engine."""
        again = written(self.queries.answer(text))
        wanted = self.store.query(PROLOGUE + text)
        assert isinstance(again, QuerySolutions)
        assert isinstance(wanted, QuerySolutions)
        return Counter(map(str, again)), Counter(map(str, wanted))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("both"))


ONES = ("empty", "integers", "decimals", "both", "doubles", "wholes", "text", "tagged", "iris")
KNOWN = {
    "SUM": (*ONES, "texts", "mixed", "dates", "truths", "opaque"),
    "AVG": (*ONES, "texts", "mixed", "dates", "truths", "opaque"),
    "MIN": (*ONES, "double", "texts", "dates", "truths", "opaque", "odd", "float"),
    "MAX": (*ONES, "double", "texts", "dates", "truths", "opaque", "odd", "float"),
    "GROUP_CONCAT": ("empty", "integers", "text", "tagged", "iris", "mixed", "dates", "opaque"),
}
LEFT = {
    "SUM": ("odd", "float", "double"),
    "AVG": ("odd", "float", "double"),
    "MIN": ("mixed",),
    "MAX": ("mixed",),
    "GROUP_CONCAT": ("texts",),
}


@pytest.mark.parametrize("distinct", ["", "DISTINCT "])
@pytest.mark.parametrize(
    ("function", "name"), [(each, name) for each, names in KNOWN.items() for name in names]
)
def test_an_aggregate_is_that_of_the_engine(both: Both, function: str, name: str, distinct: str) -> None:
    found, wanted = both.answers(f"SELECT ({function}({distinct}?v) AS ?r) {{ :{name} :v ?v }}")
    assert found == wanted


@pytest.mark.parametrize(
    ("function", "name"), [(each, name) for each, names in LEFT.items() for name in names]
)
def test_what_depends_on_the_order_of_solutions_is_left_to_the_engine(
    both: Both, function: str, name: str
) -> None:
    with pytest.raises(Unsupported):
        both.queries.answer(f"SELECT ({function}(?v) AS ?r) {{ :{name} :v ?v }}")


@pytest.mark.parametrize(
    "text",
    [
        # Several groups, repeated values, and what has none.
        "SELECT ?n (SUM(?n) AS ?s) (AVG(?n) AS ?a) { :integers :v ?n . ?x :v ?y } GROUP BY ?n",
        "SELECT ?x (SUM(?v) AS ?s) { ?x :v ?v FILTER(?v < 5 && ?v != 2.5) } GROUP BY ?x",
        "SELECT ?x (SUM(?w) AS ?s) (AVG(?w) AS ?a) (MIN(?w) AS ?m) (GROUP_CONCAT(?w) AS ?c) "
        "{ ?x :v ?v OPTIONAL { ?x :v ?w FILTER(?w = 1) } } GROUP BY ?x",
        "SELECT ?x (SUM(?v + 1) AS ?s) { ?x :v ?v FILTER(?x IN (:both, :texts, :mixed)) } GROUP BY ?x",
        "SELECT ?x (AVG(?v) / 3 AS ?s) { ?x :v ?v FILTER(?x IN (:both, :wholes)) } GROUP BY ?x",
        "SELECT ?x { ?x :v ?v FILTER(?x IN (:both, :wholes, :texts)) } GROUP BY ?x HAVING(SUM(?v) > 3.5)",
        "SELECT (SUM(?v) AS ?s) { VALUES ?v { 99999999 0.000001 } }",
        'SELECT (GROUP_CONCAT(?t; SEPARATOR="\\n|") AS ?c) { :text :v ?t . :integers :v ?n }',
        "SELECT (GROUP_CONCAT(?t) AS ?c) { :tagged :v ?t . :integers :v ?n }",
        "SELECT (GROUP_CONCAT(DISTINCT ?t) AS ?c) { :text :v ?t . :integers :v ?n }",
        "SELECT (SUM(DISTINCT ?n) AS ?s) { :integers :v ?n . ?x :v ?y }",
        "SELECT (SUM(?none) AS ?s) (MIN(?none) AS ?m) (SAMPLE(?none) AS ?x) { :nothing :v ?none }",
        "SELECT ?x (SUM(?none) AS ?s) { ?x :v ?v } GROUP BY ?x",
        # Numbers of characters, where each value is a string, and where some are none.
        "SELECT (SUM(STRLEN(?v)) AS ?s) (AVG(STRLEN(?v)) AS ?a) (MAX(STRLEN(?v)) AS ?m) { :text :v ?v }",
        "SELECT ?x (SUM(STRLEN(?v)) AS ?s) (AVG(STRLEN(STR(?v))) AS ?a) (AVG(STRLEN(?v)) AS ?b) "
        "{ ?x :v ?v FILTER(!isBlank(?v)) } GROUP BY ?x",
        "SELECT ?x (SUM(STRLEN(?w)) AS ?s) (AVG(STRLEN(?w)) AS ?a) (AVG(DISTINCT STRLEN(?w)) AS ?d) "
        '{ ?x :v ?v OPTIONAL { :texts :v ?w FILTER(?v > 1 && ?w != "b") } } GROUP BY ?x',
        "SELECT (SUM(STRLEN(?v)) AS ?s) (AVG(STRLEN(?v)) AS ?a) { :nothing :v ?v }",
        'SELECT (AVG(STRLEN(CONCAT(?v, "é\\n"))) AS ?a) { :texts :v ?v }',
        # Each solution has another of what is counted, or not.
        "SELECT ?x (COUNT(DISTINCT ?v) AS ?n) { ?x :v ?v FILTER(?x != :mixed) } GROUP BY ?x",
        "SELECT ?v (COUNT(DISTINCT ?x) AS ?n) { ?x :v ?v . ?y :v ?v } GROUP BY ?v",
        "SELECT ?v (COUNT(DISTINCT ?x) AS ?n) { ?x :v ?v , [] } GROUP BY ?v",
        "SELECT (COUNT(DISTINCT ?v) AS ?n) { ?x :v ?v }",
    ],
)
def test_aggregates_in_queries_are_those_of_the_engine(both: Both, text: str) -> None:
    found, wanted = both.answers(text)
    assert found == wanted


@pytest.mark.parametrize(
    "text",
    [
        # Beyond 64 bits, more digits than a double has, the same least value twice, sums that are rounded.
        f"SELECT (SUM(?n) AS ?s) {{ :integers :v ?n VALUES ?x {{ {'1 ' * 5000} }} }}",
        "SELECT (SUM(?v) AS ?s) { VALUES ?v { 999999999999 0.000001 0.1234567890 } }",
        "SELECT (MIN(?v) AS ?s) { VALUES ?v { 7 7.0 8 } }",
        "SELECT (SUM(?v) AS ?s) { VALUES ?v { 0.1e0 0.2e0 } }",
        "SELECT (SUM(?v) AS ?s) { VALUES ?v { 9007199254740991e0 9007199254740991e0 } }",
    ],
)
def test_a_sum_that_is_not_certain_is_left_to_the_engine(both: Both, text: str) -> None:
    with pytest.raises(Unsupported):
        both.queries.answer(text)


def test_a_sample_is_one_of_the_group_and_stays_the_same(both: Both) -> None:
    text = "SELECT ?x (SAMPLE(?v) AS ?r) { ?x :v ?v } GROUP BY ?x"
    rows = list(both.queries.answer(text).rows())
    pairs = set(both.queries.answer("SELECT ?x ?v { ?x :v ?v }").rows())
    assert [row[0] for row in rows] == list(dict.fromkeys(row[0] for row in rows))
    assert {row[0] for row in rows} == {pair[0] for pair in pairs}
    assert set(rows) <= pairs
    assert rows == list(both.queries.answer(text).rows())
