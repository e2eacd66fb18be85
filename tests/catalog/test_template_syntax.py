"""The syntax of saved queries, checked with sample values and without the engine."""

from __future__ import annotations

import pytest

from endpoint.catalog.parameters import Parameter
from endpoint.catalog.template_syntax import check_syntax
from endpoint.catalog.value_types import TYPES
from endpoint.errors import DataError

TEXT = Parameter("x", "_x")
IRI = Parameter("x", "_x", "iri")
MANY = Parameter("x", "_x", multiple=True)
NUMBER = Parameter("x", "_x", "integer", minimum="0")


@pytest.mark.parametrize(
    ("source", "parameters"),
    [
        ("ASK {}", []),
        ("SELECT * { ?s ?p ?_x }", [TEXT]),
        ("SELECT * FROM ?_x { ?_x ?_x ?o }", [IRI]),
        ("DESCRIBE ?_x", [IRI]),
        ("SELECT * {} LIMIT ?_x", [NUMBER]),
        ("SELECT * { VALUES ?_x {} FILTER(?y IN (?_x)) }", [MANY]),
        ("SELECT * { ?s ?p ?_x }", [Parameter("x", "_x", pattern="^V", minimum_length=9)]),
        ("SELECT * { ?s ?p ?_x }", [Parameter("x", "_x", enum=("one",))]),
        *[
            ("SELECT * { ?s ?p ?_x }", [Parameter("x", "_x", kind, "ko", datatype="urn:t")])
            for kind in sorted(TYPES)
        ],
    ],
)
def test_a_query_that_is_right(source: str, parameters: list[Parameter]) -> None:
    check_syntax(source, parameters)


@pytest.mark.parametrize(
    ("source", "parameters", "line", "column"),
    [
        ("SELECT * { ?s ?_x ?o }", [TEXT], 1, 15),
        ("SELECT *\n{ ?s ?p ?_x ?o }", [TEXT], 2, 13),
        ("SELECT * { ?s ?_x ?_x ; ?p }", [IRI], 1, 28),
        ("SELECT * { FILTER(BOUND(?_x) ?y) }", [TEXT], 1, 30),
        ("SELECT ?_x { ?s ?p ?o . ?s }", [TEXT], 1, 28),
        ("SELECT * { GRAPH ?_x { } }", [TEXT], 1, 18),
        ("DESCRIBE ?_x", [TEXT], 1, 10),
        ("SELECT * { } LIMIT ?_x ?y", [NUMBER], 1, 24),
        ("SELECT * { VALUES ?_x { } ?s ?p }", [MANY], 1, 33),
    ],
)
def test_a_mistake_has_its_place_in_the_source(
    source: str, parameters: list[Parameter], line: int, column: int
) -> None:
    with pytest.raises(DataError) as caught:
        check_syntax(source, parameters)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.detail.startswith(f"Line {line}, column {column}: ")
