"""Each slow shape, the better way beside it, and texts that no hint may stumble over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.sparql.slow_shapes import EXAMINED, MOST, OFFSET, PATTERNS, ROWS, SHAPES, find_slow_shapes
from tests.linear import assert_linear

LONG_LIST = "ex:a " * (ROWS + 1)
OPTIONALS = " ".join(f"OPTIONAL {{ ?s ex:p{n} ?o{n} }}" for n in range(PATTERNS + 1))

# code, the slow text, the better text
CASES = [
    ("cross-product", "SELECT * { ?a a ex:P . ?b a ex:P }", "SELECT * { ?a a ex:P ; ex:by ?b . ?b a ex:A }"),
    (
        "cross-product",
        "SELECT * { ?a ex:d ?d . ?b ex:d ?e FILTER(?d = ?e) }",
        "SELECT * { ?a ex:d ?d . ?b ex:d ?d }",
    ),
    (
        "cross-product",
        "SELECT * { ?a ex:by ?b OPTIONAL { ?a ex:l ?x . ?b ?q ?y } }",
        "SELECT * { ?a ex:by ?b OPTIONAL { ?a ex:l ?x } OPTIONAL { ?b ?q ?y } }",
    ),
    (
        "cross-product",
        "SELECT * { { ?a ex:x ?b } UNION { ?a ex:y ?b } ?c ex:z ?d }",
        "SELECT * { { ?a ex:x ?b } UNION { ?c ex:y ?b } ?c ex:z ?d }",
    ),
    (
        "cross-product",
        "SELECT * { { SELECT ?x { ?x a ex:P } } ?s ex:d ?d }",
        "SELECT * { { SELECT (COUNT(*) AS ?all) { ?x a ex:P } } ?s ex:d ?d }",
    ),
    (
        "cross-product",
        "SELECT * { GRAPH ?g { ?a a ex:P . ?b a ex:P } }",
        "SELECT * { ex:one ex:l ?a . ex:two ex:l ?b }",
    ),
    ("filter-constant", "SELECT * { ?s ex:p ?o FILTER(?s = ex:a) }", "SELECT * { ex:a ex:p ?o }"),
    ("filter-constant", 'SELECT * { ?s ex:p ?o FILTER(STR(?o) = "x") }', 'SELECT * { ?s ex:p "x" }'),
    (
        "filter-constant",
        "SELECT * { ?s ex:p ?o FILTER(?o IN (ex:a, ex:b)) }",
        "SELECT * { VALUES ?o { ex:a ex:b } ?s ex:p ?o }",
    ),
    (
        "filter-text",
        'SELECT * { ?s ex:p ?o FILTER(CONTAINS(LCASE(?o), "x")) }',
        'SELECT * { SERVICE text:search { ?s text:query "x" } ?s ex:p ?o }',
    ),
    (
        "filter-text",
        'SELECT * { ?s ex:p ?o . FILTER regex(?o, "x", "i") }',
        "SELECT * { ?s ex:p ?o FILTER(?o > 3) }",
    ),
    (
        "optional-first",
        'SELECT * { OPTIONAL { ?s ex:d ?d } ?s ex:c "x" }',
        'SELECT * { ?s ex:c "x" OPTIONAL { ?s ex:d ?d } }',
    ),
    (
        "minus-without-effect",
        "SELECT * { ?s ex:d ?d MINUS { ?x ex:d ?e } }",
        "SELECT * { ?s ex:d ?d MINUS { ?s ex:e ?e } }",
    ),
    (
        "not-exists-alone",
        "SELECT * { ?s ex:d ?d FILTER NOT EXISTS { ?x ex:d ?e FILTER(?e > ?d) } }",
        "SELECT * { { SELECT (MAX(?e) AS ?d) { ?x ex:d ?e } } ?s ex:d ?d }",
    ),
    (
        "optional-unbound",
        "SELECT * { ?s ex:d ?d OPTIONAL { ?s ex:e ?e } FILTER(!BOUND(?e)) }",
        "SELECT * { ?s ex:d ?d FILTER NOT EXISTS { ?s ex:e ?e } }",
    ),
    ("open-path", "SELECT * { ?a ex:b* ?c }", "SELECT * { ?a ex:b+ ?c }"),
    ("open-path", "SELECT * { ?a (ex:b/^ex:b)* ?c }", "SELECT * { ?a a ex:P . ?a (ex:b/^ex:b)* ?c }"),
    ("open-path", "SELECT * { ?a ex:b? ?c }", "SELECT * { ?a a/ex:b* ?c }"),
    (
        "computed-term",
        'SELECT * { BIND(IRI("http://example.org/a") AS ?s) ?s ex:p ?o }',
        "SELECT * { BIND(ex:a AS ?s) ?s ex:p ?o }",
    ),
    (
        "long-values",
        f"SELECT * {{ VALUES ?s {{ {LONG_LIST} }} ?s a ex:P ; ex:l ?l }}",
        f"SELECT * {{ {{ SELECT ?s {{ VALUES ?s {{ {LONG_LIST} }} }} }} ?s a ex:P ; ex:l ?l }}",
    ),
    (
        "many-patterns",
        f"SELECT * {{ {' '.join(f'?s ex:p{n} ?o{n} .' for n in range(PATTERNS + 1))} }}",
        f"SELECT * {{ {' '.join(f'?s ex:p{n} ?o{n} .' for n in range(PATTERNS))} }}",
    ),
    (
        "many-patterns",
        f"SELECT * {{ ?s a ex:P {OPTIONALS} }}",
        "SELECT * { ?s a ex:P . VALUES ?p { ex:p1 ex:p2 } ?s ?p ?o }",
    ),
    (
        "sorted-whole",
        "SELECT * { ?s ex:l ?l } ORDER BY ?l LIMIT 10",
        "SELECT * { ?s a ex:P ; ex:l ?l } ORDER BY ?l",
    ),
    ("whole-data", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "SELECT * { ?s ?p ?o } LIMIT 10"),
    ("whole-data", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "CONSTRUCT WHERE { ex:a ?p ?o }"),
    (
        "deep-offset",
        f"SELECT * {{ ?s ex:p ?o }} OFFSET {OFFSET} LIMIT 10",
        "SELECT * { ?s ex:p ?o } OFFSET 10 LIMIT 10",
    ),
]


def codes(text: str) -> set[str]:
    return {hint.code for hint in find_slow_shapes(text)}


@pytest.mark.parametrize(
    ("code", "slow", "better"), CASES, ids=[f"{row[0]} {at}" for at, row in enumerate(CASES)]
)
def test_a_slow_shape_is_found_and_its_better_form_is_not(code: str, slow: str, better: str) -> None:
    assert codes(slow) == {code}
    assert codes(better) == set()


def test_every_shape_has_a_case() -> None:
    assert {row[0] for row in CASES} == set(SHAPES)


def test_a_hint_tells_its_place() -> None:
    (hint,) = find_slow_shapes("SELECT *\n{ ?a a ex:P .\n  ?b a ex:P }")
    assert (hint.line, hint.column) == (3, 3)
    assert hint.shape.better.startswith("Join them")


def test_a_shape_is_named_a_few_times_only() -> None:
    text = "SELECT * { " + " ".join(f"?a{n} a ex:P ." for n in range(30)) + " }"
    assert [hint.code for hint in find_slow_shapes(text)] == ["cross-product"] * MOST


def test_a_text_search_is_advised_only_where_there_is_one() -> None:
    text = 'SELECT * { ?s ex:p ?o FILTER(CONTAINS(?o, "x")) }'
    assert find_slow_shapes(text, searchable=False) == []


def test_texts_that_no_person_wrote_are_not_examined() -> None:
    assert find_slow_shapes("SELECT (COUNT(*) AS ?n) { ?s ?p ?o } #" + "x" * EXAMINED) == []


def test_the_queries_of_the_catalogue_get_few_hints() -> None:
    queries = create_site(Settings()).catalog.queries.values()
    hinted = [query.name for query in queries if find_slow_shapes(query.text)]
    assert len(hinted) <= len(queries) // 5


PIECES = [
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ".",
        ";",
        ",",
        "|",
        "/",
        "^",
        "*",
        "?",
        "!",
        "=",
        "<",
        ">",
        '"',
        "'",
        "#",
    ),
    *(
        "?a ",
        "$b ",
        "ex:c ",
        "<d>",
        '"e"',
        "_:f ",
        "5 ",
        "a ",
        "OPTIONAL",
        "MINUS",
        "UNION",
        "FILTER",
        "BIND",
    ),
    *(
        "VALUES",
        "GRAPH",
        "SERVICE",
        "NOT",
        "EXISTS",
        "SELECT",
        "CONSTRUCT",
        "ASK",
        "WHERE",
        "ORDER BY",
        "LIMIT",
    ),
    *("OFFSET", "GROUP BY", "COUNT(", "BOUND(", "IRI(", "REGEX(", "IN ", "AS "),
]


@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_text_may_be_examined(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for hint in find_slow_shapes(text):
        assert hint.code in SHAPES
        assert 0 < hint.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("before", "unit", "after"),
    [
        ("", "?a ?b ?c . ", ""),
        ("", "{?a ?b ?c}UNION", "{}"),
        ("", "MINUS{?a ?b ?c}", ""),
        ("", "FILTER(?a=1)", ""),
        ("", "FILTER NOT EXISTS{?a ?b ?c}", ""),
        ("", "OPTIONAL{?a ?b ?c ", "}"),
        ("", "{SELECT*{?a ?b ?c}}", ""),
        ("", "{", "}"),
        ("FILTER(1", "||1", ")"),
        ("?a a ?b", ",?b", ""),
        ("VALUES ?a {", "1 ", "}"),
    ],
)
def test_long_texts_take_time_in_proportion_to_their_length(before: str, unit: str, after: str) -> None:
    def made(length: int) -> str:
        count = (length - 40) // (len(unit) + len(after) * (unit.count("{") > unit.count("}")))
        closing = after * count if unit.count("{") > unit.count("}") else after
        return f"SELECT * {{ {before}{unit * count}{closing} }}"

    assert_linear(find_slow_shapes, made, EXAMINED // 4)
