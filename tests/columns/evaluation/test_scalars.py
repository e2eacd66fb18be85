"""Functions that the engine computes: each of them once for the same terms, in one evaluation or in many."""

from __future__ import annotations

from collections import Counter

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    parse,
)

from endpoint.columns.evaluation import ColumnQueries
from endpoint.columns.evaluation.scalars import _read
from endpoint.columns.reader import Columns
from endpoint.engine.scratch import evaluate_alone
from tests.columns.differential.by_columns import written
from tests.columns.every_kind import NS, XSD
from tests.columns.test_columns import made

NAMES = [f"{family} {given}-{number}" for number in range(8) for family in ("KIM", "Song") for given in "abc"]
# What depends on names only, and what is looked for in them.
KEYS = (
    f"SELECT ?s ?key {{ ?s <{NS}name> ?name "
    'BIND(REPLACE(STR(?name), "[ -]+", "/") AS ?plain) BIND(LCASE(?plain) AS ?key) '
    'FILTER(UCASE(?key) = "%s") }'
)
DIFFERENT = f'SELECT DISTINCT ?key {{ ?s <{NS}name> ?name BIND(SUBSTR(CONCAT(?name, "x"), %d) AS ?key) }}'


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    # The engine computes a text that the data has, too.
    names = [*NAMES, "kim/a/1"]
    store.extend(
        Quad(NamedNode(f"{NS}s{place}"), NamedNode(f"{NS}name"), Literal(name))
        for place, name in enumerate(names)
    )
    return store


@pytest.fixture(scope="module")
def columns(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Columns:
    return made(store, tmp_path_factory.mktemp("scalars") / "columns")


class Asked:
    """Columns that count what the engine is asked for."""

    def __init__(self, columns: Columns) -> None:
        self.number = 0
        self.queries = ColumnQueries(columns, {}, 2**20, self._ask)

    def _ask(self, statements: bytes, query: str) -> QuerySolutions:
        self.number += 1
        return evaluate_alone(statements, query)

    def rows(self, text: str) -> list[tuple[bytes | None, ...]]:
        return list(self.queries.answer(text).rows())


def test_functions_of_names_are_computed_once_for_many_queries(columns: Columns, store: Store) -> None:
    asked = Asked(columns)
    numbers = []
    for wanted in ("KIM/A/1", "SONG/B/7", "absent", "KIM/A/1"):
        text = KEYS % wanted
        ours, theirs = written(asked.queries.answer(text)), store.query(text)
        assert isinstance(ours, QuerySolutions)
        assert isinstance(theirs, QuerySolutions)
        assert Counter(map(str, ours)) == Counter(map(str, theirs))
        numbers.append(asked.number)
    assert numbers[0] > 0
    assert numbers[1:] == numbers[:1] * 3


VALUES = (
    *(
        '"plain"',
        '"é 😀"@ko',
        '"tab\\tnew\\nline\\r"',
        '"\\"quoted\\" back\\\\slash"',
        '"\\u0001\\u0008\\u000C\\u007F\\u0085\\u2028"',
    ),
    *(
        "7",
        "007",
        "7.50",
        "7e0",
        "1e400",
        "true",
        '""',
        '"7"',
        f"<{NS}a#b>",
        '"x"@en--ltr',
        f'"x"^^<{NS}type>',
    ),
    *(f'"{text}"^^<{XSD}{kind}>' for kind, text in (("double", "NaN"), ("double", "-INF"), ("decimal", "7"))),
    *(
        f'"{text}"^^<{XSD}{kind}>'
        for kind, text in (("date", "2020-01-01Z"), ("integer", "abc"), ("byte", "7"))
    ),
)


def test_values_of_functions_are_those_of_the_engine() -> None:
    """Whatever is computed is read as the engine writes it."""
    texts = [str(each) for each in ("_:b", *VALUES)]
    statements = "".join(f"<x:{place}> <x:v> {text} .\n" for place, text in enumerate(texts))
    store = Store()
    store.extend(parse(statements, RdfFormat.TURTLE))
    wanted = sorted(str(quad.object) for quad in store)
    found = evaluate_alone(
        "".join(f"{quad.subject} {quad.predicate} {quad.object} .\n" for quad in store).encode(),
        "SELECT ?v { ?s <x:v> ?x BIND(COALESCE(?x) AS ?v) }",
    )
    cells = (found.serialize(format=QueryResultsFormat.TSV) or b"").split(b"\n")[1:-1]
    assert sorted(text.decode() for text in _read(cells)) == wanted


def test_results_that_are_kept_change_no_answer(columns: Columns) -> None:
    """The rows are in the same order, though they were computed by a query before."""
    texts = [DIFFERENT % begin for begin in (1, 5, 2, 5, 1)]
    asked = Asked(columns)
    assert [asked.rows(text) for text in texts] == [Asked(columns).rows(text) for text in texts]
