"""Rows counted in what the engine writes, with any values in them and wherever its pieces end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store, parse_query_results

from endpoint.formats import CSV, FLAT_JSON, SPARQL_JSON, SPARQL_XML, TSV, Format, Page, Representation
from endpoint.formats.table import FORMATS
from endpoint.results.counting import SolutionCounter
from endpoint.results.serializers import write_results
from endpoint.results.tabular import HTML_ROWS
from tests.results.test_serializers import Sink

WRITTEN = {
    SPARQL_JSON: QueryResultsFormat.JSON,
    SPARQL_XML: QueryResultsFormat.XML,
    CSV: QueryResultsFormat.CSV,
    TSV: QueryResultsFormat.TSV,
}
# Values that look like what is counted, whole, torn and beside it.
CONFUSING = [
    *('},{"', '}},{"x":{"type":"uri"', ',{"a', '[{"x', '"bindings":[{"x', '\\","', "\\\\"),
    *("<result>", "</result><result>", "&lt;result>", '"', '""', '"\n"', "\r\n", "\n\n", ",", "\t", ""),
]
VALUES = st.none() | st.sampled_from(CONFUSING) | st.text(alphabet='{}[],:"\\\r\n\tx<>')
TABLES = st.integers(0, 3).flatmap(lambda width: st.lists(st.tuples(*[VALUES] * width), max_size=6))
NAMES = ("a", "bindings", "head")


def engine_output(table: list[tuple[str | None, ...]], fmt: Format) -> bytes:
    """What the engine writes for a table of plain texts."""
    bindings = [
        {
            name: {"type": "literal", "value": value}
            for name, value in zip(NAMES, row, strict=False)
            if value is not None
        }
        for row in table
    ]
    names = NAMES[: len(table[0])] if table else NAMES
    document = json.dumps({"head": {"vars": names}, "results": {"bindings": bindings}})
    solutions = cast(QuerySolutions, parse_query_results(document, format=QueryResultsFormat.JSON))
    return solutions.serialize(format=WRITTEN[fmt]) or b""


@pytest.mark.parametrize("fmt", WRITTEN, ids=lambda fmt: fmt.name)
@given(TABLES, st.integers(1, 40))
def test_every_solution_is_counted_once(fmt: Format, table: list[tuple[str | None, ...]], size: int) -> None:
    sink = Sink()
    counter = SolutionCounter(sink, fmt)
    text = engine_output(table, fmt)
    for start in range(0, len(text), size):
        counter.write(text[start : start + size])
    assert sink.getvalue() == text
    # Solutions without any value are no different from the text around them in JSON.
    expected = [row for row in table if fmt is not SPARQL_JSON or any(value is not None for value in row)]
    assert sink.rows == len(expected)


SOLUTIONS = "SELECT ?a ?b { VALUES (?a ?b) { (<urn:a> UNDEF) (<urn:b> 'x') (<urn:c> 'y') } }"
TRIPLES = "CONSTRUCT { ?s <urn:p> 1, 2 } { VALUES ?s { <urn:a> <urn:b> } }"
COUNTS = [
    *((SOLUTIONS, name, 3) for name in ("sparql-json", "sparql-xml", "csv", "tsv", "flat-json", "ndjson")),
    *((SOLUTIONS, name, 3) for name in ("markdown", "html", "xlsx", "excel-csv", "bibtex")),
    *((TRIPLES, name, 4) for name in ("turtle", "n-triples", "n-quads", "trig", "json-ld", "html", "ris")),
    ("ASK {}", "sparql-json", 0),
]


@pytest.mark.parametrize(("query", "name", "rows"), COUNTS, ids=[f"{row[1]}-{row[2]}" for row in COUNTS])
def test_rows_are_counted_in_every_format(query: str, name: str, rows: int) -> None:
    sink = Sink()
    store = Store()
    write_results(store.query(query), Representation.of(FORMATS[name]), sink, {}, store)
    assert sink.rows == rows


@pytest.mark.parametrize("fmt", [SPARQL_JSON, FLAT_JSON, CSV], ids=lambda fmt: fmt.name)
def test_of_a_page_its_rows_are_counted(fmt: Format) -> None:
    sink = Sink()
    store = Store()
    write_results(store.query(SOLUTIONS), Representation.of(fmt, Page(2)), sink, {}, store)
    assert sink.rows == 2


def test_of_merged_rows_all_are_counted() -> None:
    sink = Sink()
    store = Store()
    shape = replace(Representation.of(FLAT_JSON), prototype={"id": "?a", "b": "?b"})
    write_results(store.query(SOLUTIONS), shape, sink, {}, store)
    assert sink.rows == 3


def test_of_a_table_on_a_page_what_is_shown_is_counted() -> None:
    sink = Sink()
    store = Store()
    values = " ".join(map(str, range(HTML_ROWS + 7)))
    write_results(
        store.query(f"SELECT * {{ VALUES ?x {{ {values} }} }}"),
        Representation.of(FORMATS["html"]),
        sink,
        {},
        store,
    )
    assert sink.rows == HTML_ROWS
