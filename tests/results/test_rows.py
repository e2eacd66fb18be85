"""Pages cut from a sequence of solutions, as a worker cuts them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, QuerySolutions, Store

from endpoint.formats import TSV, Facts, Page, Representation
from endpoint.formats.table import FORMATS
from endpoint.results.rows import MARKED, Row, mark_of, take_page
from endpoint.results.serializers import write_results
from tests.results.test_serializers import Sink


def solutions(count: int) -> QuerySolutions:
    found = Store().query(f"SELECT ?n {{ VALUES ?n {{ {' '.join(map(str, range(count)))} }} }}")
    assert isinstance(found, QuerySolutions)
    return found


def taken(rows: Iterator[Row], asked: Page) -> tuple[list[int], Facts]:
    page, facts = take_page(rows, asked)
    return [int(term.value) for row in page for term in row if isinstance(term, Literal)], facts


@given(st.integers(0, 200), st.integers(1, 90), st.booleans())
def test_pages_are_the_sequence_cut_up(count: int, size: int, marked: bool) -> None:
    offset, mark, seen = 0, "", list[int]()
    more = True
    while more:
        numbers, facts = taken(solutions(count), Page(size, offset, mark if marked else "", 5.0))
        assert not facts.moved
        assert facts.total == count
        assert facts.rows == len(numbers) <= size
        seen += numbers
        offset, mark, more = offset + len(numbers), facts.mark, facts.more
    assert seen == list(range(count))


@pytest.mark.parametrize(("offset", "total"), [(0, None), (80, None), (90, 100), (95, 100), (500, 100)])
def test_the_total_is_known_at_the_end(offset: int, total: int | None) -> None:
    assert taken(solutions(100), Page(10, offset))[1].total == total


def test_a_total_that_is_known_needs_no_counting() -> None:
    rows = iter(solutions(100))
    assert take_page(rows, Page(10, 20, "", 5.0), 100)[1].total == 100
    assert len(list(rows)) == 69
    assert take_page(iter(solutions(100)), Page(10, 20), 100)[1].total is None


def test_nothing_after_the_page_is_evaluated() -> None:
    rows = iter(solutions(100))
    taken(rows, Page(5, 10))
    assert [int(term.value) for term in next(rows)] == [16]


def test_other_rows_before_the_page_are_noticed() -> None:
    mark = taken(solutions(100), Page(50))[1].mark
    assert taken(solutions(100), Page(50, 50, mark))[0] == list(range(50, 100))
    for offset in (49, 51, 150):
        numbers, facts = taken(solutions(100), Page(50, offset, mark))
        assert (numbers, facts.moved) == ([], True)


def test_a_mark_tells_rows_apart() -> None:
    rows: list[list[Row]] = [
        [],
        [[None]],
        [[Literal("")]],
        [[Literal("a")], [Literal("b")]],
        [[Literal("b")], [Literal("a")]],
        [[Literal("a"), Literal("b")]],
        [[Literal("a", language="en")]],
        [[BlankNode("a")]],
    ]
    assert len({mark_of(row) for row in rows}) == len(rows)
    assert MARKED > 1


TERMS = """SELECT * { VALUES (?a ?b ?c) {
  (<urn:a> "x\\"\\\\\\n"@ko-KR 1.50) (UNDEF "1"^^<urn:t> true)
  (<<( <urn:s> <urn:p> <<( <urn:s> <urn:q> "d"@ar--rtl )>> )>> "\\u0001\\U0001F600" 1e0) } }"""


@pytest.mark.parametrize("name", ["sparql-json", "csv", "tsv"])
def test_a_page_is_written_as_the_engine_writes_the_whole(name: str) -> None:
    store = Store()
    whole, page = Sink(), Sink()
    write_results(store.query(TERMS), Representation.of(FORMATS[name]), whole, {}, store)
    write_results(store.query(TERMS), Representation.of(FORMATS[name], Page(10)), page, {}, store)
    assert page.facts is not None
    assert (whole.facts, page.facts.rows) == (None, 3)
    assert page.getvalue() == whole.getvalue()


def test_a_blank_node_keeps_its_label() -> None:
    store = Store()
    store.update("INSERT DATA { _:b <urn:p> 1 }")
    whole, page = Sink(), Sink()
    write_results(store.query("SELECT ?s { ?s ?p ?o }"), Representation.of(TSV), whole, {}, store)
    write_results(store.query("SELECT ?s { ?s ?p ?o }"), Representation.of(TSV, Page(10)), page, {}, store)
    assert page.getvalue() == whole.getvalue()
