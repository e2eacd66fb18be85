"""Filters that are moved into what they filter."""

from __future__ import annotations

import pytest

from endpoint.columns.evaluation.filters import moved
from endpoint.sparql import algebra
from endpoint.sparql.algebra import Pattern
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.syntax.parser import parse


def patterns(text: str) -> list[str]:
    """The names of the patterns of a group, each in the one before, once filters are moved."""
    pattern: Pattern | None = moved(translate(parse(f"SELECT * {text}")).pattern)
    found = []
    while pattern is not None:
        found.append(type(pattern).__name__)
        pattern = getattr(pattern, "pattern", None) or getattr(pattern, "left", None)
    return found[1:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ ?s ?p ?o BIND(1 AS ?x) FILTER(?o > 1) }", ["Extend", "Filter", "BGP"]),
        ("{ ?s ?p ?o BIND(1 AS ?x) FILTER(?x > 1) }", ["Filter", "Extend", "BGP"]),
        ("{ ?s ?p ?o BIND(1 AS ?x) FILTER(?o > 1 && ?x > 1) }", ["Filter", "Extend", "Filter", "BGP"]),
        ("{ ?s ?p ?o OPTIONAL { ?s ?q ?z } FILTER(?o > 1) }", ["LeftJoin", "Filter", "BGP"]),
        ("{ ?s ?p ?o OPTIONAL { ?s ?q ?z } FILTER(!BOUND(?z)) }", ["Filter", "LeftJoin", "BGP"]),
        ("{ ?s ?p ?o OPTIONAL { ?s ?q ?z } FILTER(?none > 1) }", ["Filter", "LeftJoin", "BGP"]),
        (
            "{ ?s ?p ?o OPTIONAL { ?s ?q ?z } BIND(1 AS ?x) FILTER(?o > 1) FILTER(?s != ?p) }",
            ["Extend", "LeftJoin", "Filter", "BGP"],
        ),
        ("{ ?s ?p ?o BIND(1 AS ?x) FILTER EXISTS { ?o ?p ?s } }", ["Filter", "Extend", "BGP"]),
        (
            "{ { SELECT ?s { ?s ?p ?o } } BIND(1 AS ?x) FILTER(?o > 1) }",
            ["Filter", "Extend", "Project", "BGP"],
        ),
        (
            "{ { SELECT ?s { ?s ?p ?o } } BIND(1 AS ?x) FILTER(?s > 1) }",
            ["Extend", "Filter", "Project", "BGP"],
        ),
    ],
)
def test_a_filter_stands_where_its_variables_are_bound(text: str, expected: list[str]) -> None:
    assert patterns(text) == expected


def test_what_is_inside_of_other_patterns_is_moved_too() -> None:
    text = "SELECT * { { ?s ?p ?o BIND(1 AS ?x) FILTER(?o > 1) } UNION { ?s ?p ?o } }"
    pattern = moved(translate(parse(text)).pattern)
    assert isinstance(pattern, algebra.Project)
    assert isinstance(pattern.pattern, algebra.Union)
    assert isinstance(pattern.pattern.left, algebra.Extend)
    path = moved(translate(parse("SELECT * { ?s <urn:p>+ ?o FILTER(?s != ?o) }")).pattern)
    assert isinstance(path, algebra.Project)
    assert isinstance(path.pattern, algebra.Filter)
