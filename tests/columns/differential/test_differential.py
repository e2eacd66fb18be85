"""Columns against the engine. The test of the test: what is right has no differences, each fault is found."""

from __future__ import annotations

import math
from itertools import count, islice

import pytest

from tests.columns.differential.answers import Engine, Evaluator, Graph, Rows
from tests.columns.differential.author import compose
from tests.columns.differential.by_columns import AfterChange, ByColumns
from tests.columns.differential.data import Data, generate
from tests.columns.differential.running import Make, Tally, run, shrunk
from tests.columns.differential.stand_ins import WRONG, Shuffled, Sorting, Twice, Wrong
from tests.properties import examples

# Each is to be in some of the first queries.
SHAPES = (
    *(
        "SELECT",
        "ASK",
        "CONSTRUCT",
        "DESCRIBE",
        "triples",
        "several properties",
        "variable predicate",
        "VALUES",
    ),
    *(
        "FILTER",
        "BIND",
        "SELECT expression",
        "OPTIONAL",
        "UNION",
        "MINUS",
        "EXISTS",
        "sub-SELECT",
        "DISTINCT",
    ),
    *(
        "REDUCED",
        "GROUP BY",
        "aggregates of all",
        "COUNT",
        "SUM",
        "AVG",
        "MIN",
        "MAX",
        "SAMPLE",
        "GROUP_CONCAT",
    ),
    *("HAVING", "ORDER BY", "ORDER BY expression", "LIMIT", "OFFSET", "GRAPH", "FROM", "path", "IN", "BOUND"),
    *(
        "CONTAINS",
        "STRSTARTS",
        "STRENDS",
        "REGEX",
        "LCASE",
        "LANG",
        "LANGMATCHES",
        "DATATYPE",
        "STRLEN",
        "YEAR",
    ),
)


def ran(make: Make, queries: int, most: int = 1) -> Tally:
    """What became of so many queries, or until so many differed."""
    tally = Tally()
    run(make, islice(count(), -(-queries // 100)), math.inf, tally, most)
    return tally


def test_the_same_seed_makes_the_same() -> None:
    first, second = generate(7), generate(7)
    assert first.quads == second.quads != generate(8).quads
    assert compose(first, 3).text() == compose(second, 3).text() != compose(first, 4).text()
    assert 50 <= len(set(first.quads)) <= 500


def test_every_shape_is_generated_and_many_find_something() -> None:
    data = generate(1)
    engine = Engine(data)
    queries = [compose(data, seed) for seed in range(1500)]
    assert set(SHAPES) <= {shape for query in queries for shape in query.shapes}
    answers = [engine.answer(query.whole()) for query in queries[:500]]
    found = [
        bool(each.rows if isinstance(each, Rows) else each.triples)
        for each in answers
        if isinstance(each, Rows | Graph)
    ]
    assert sum(found) > len(found) / 3


def test_the_engine_over_another_order_has_no_differences() -> None:
    """What the engine leaves open is told from what is wrong: ties, LIMIT without an order, SAMPLE."""
    tally = ran(Shuffled, examples(600))
    assert [(each.seed, each.said) for each in tally.differences] == []
    assert tally.undetermined < tally.queries / 100
    assert tally.failed < tally.queries / 20


def test_solutions_are_sorted_as_the_engine_sorts_them() -> None:
    tally = ran(Sorting, examples(600))
    assert [(each.seed, each.said) for each in tally.differences] == []
    assert tally.answered["ORDER BY"] > tally.asked["ORDER BY"] / 2


@pytest.mark.parametrize("make", [ByColumns, AfterChange])
def test_columns_answer_as_the_engine_does(make: type[ByColumns]) -> None:
    tally = ran(make, examples(1000))
    for found in tally.differences:
        small = shrunk(found, make)
        pytest.fail(small.shown(make(small.data)))
    assert tally.answered[""] > tally.queries / 3, tally.report()


@pytest.mark.parametrize("fault", [*WRONG, "a triple of two graphs counts twice"])
def test_a_fault_is_found_and_made_small(fault: str) -> None:
    def make(data: Data) -> Evaluator:
        return Wrong(data, fault) if fault in WRONG else Twice(data)

    (found,) = ran(make, 10_000).differences
    small = shrunk(found, make)
    assert len(small.query.text()) <= len(found.query.text())
    assert len(small.query.text()) < 400
    assert len(small.data.quads) <= 5
    shown = small.shown(make(small.data))
    assert small.query.text() in shown
    assert shown.count("# data: ") == len(small.data.quads)
