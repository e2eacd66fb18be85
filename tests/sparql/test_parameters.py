"""Binding: whole variable tokens become terms, and nothing else of a text changes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BaseDirection, Literal, NamedNode, QuerySolutions, Store

from endpoint.sparql.lexer import Kind, lex
from endpoint.sparql.parameters import bind, misplaced_parameters, variables

TEXT = Literal("x")
IRI = NamedNode("http://a/b")
VALUES: Mapping[str, NamedNode | Literal | int] = {"_v": TEXT, "_i": IRI, "_n": 5}


@pytest.mark.parametrize(
    ("template", "bound"),
    [
        ("SELECT * { ?s ?p ?_v }", 'SELECT * { ?s ?p "x" }'),
        ("SELECT * { ?s ?p $_v }", 'SELECT * { ?s ?p "x" }'),
        (
            "SELECT * { ?_i ?_i ?_i, ?_i . }",
            "SELECT * { <http://a/b> <http://a/b> <http://a/b>, <http://a/b> . }",
        ),
        ("SELECT * { ?s ?p ?_va, ?_, ?v }", "SELECT * { ?s ?p ?_va, ?_, ?v }"),
        ("ASK { ?s ?p '?_v', \"$_v\", '''?_v''' }", "ASK { ?s ?p '?_v', \"$_v\", '''?_v''' }"),
        ("ASK { ?s <http://a/?_v> ?o } # ?_v", "ASK { ?s <http://a/?_v> ?o } # ?_v"),
        ("SELECT ?_v { ?s ?p ?_v }", 'SELECT ("x" AS ?_v) { ?s ?p "x" }'),
        ("SELECT DISTINCT ?s $_v ?o {}", 'SELECT DISTINCT ?s ("x" AS $_v) ?o {}'),
        ("SELECT (STR(?_v) AS ?x) {}", 'SELECT (STR("x") AS ?x) {}'),
        ("SELECT (COUNT(*) AS ?n) {} GROUP BY ?_v ?s", 'SELECT (COUNT(*) AS ?n) {} GROUP BY ("x") ?s'),
        ("SELECT * {} ORDER BY ?_v DESC(?_v)", 'SELECT * {} ORDER BY ("x") DESC("x")'),
        ("SELECT * {} LIMIT ?_n OFFSET ?_n", "SELECT * {} LIMIT 5 OFFSET 5"),
        ("SELECT * { FILTER(!BOUND(?_v) || ?x = ?_v) }", 'SELECT * { FILTER(! true || ?x = "x") }'),
        ("SELECT * { FILTER(bound ( ?_v )) }", "SELECT * { FILTER(true) }"),
        ("SELECT * { VALUES ?x { ?_v 1 } ?_i ?p ?o }", 'SELECT * { VALUES ?x { "x" 1 } <http://a/b> ?p ?o }'),
        ("SELECT * { VALUES (?x) { (?_v) } }", 'SELECT * { VALUES (?x) { ("x") } }'),
        ("SELECT * { GRAPH ?_i { ?s ?p ?o } }", "SELECT * { GRAPH <http://a/b> { ?s ?p ?o } }"),
        ("DESCRIBE ?_i", "DESCRIBE <http://a/b>"),
        ("SELECT * { { SELECT ?_v { ?s ?p ?o } } }", 'SELECT * { { SELECT ("x" AS ?_v) { ?s ?p ?o } } }'),
        ('ASK { FILTER(?x IN(""?_v,?_v-1)) }', 'ASK { FILTER(?x IN("" "x","x" -1)) }'),
        ("ASK { FILTER(?x<?_i&&?x>?_v) }", 'ASK { FILTER(?x< <http://a/b> &&?x> "x") }'),
        ("ASK { ?s ?p ?_v.?s ?q ?_v#c\n}", 'ASK { ?s ?p "x" .?s ?q "x" #c\n}'),
        (
            "SELECT ?_v { { SELECT ?_v { { SELECT ?_v { ?s ?p ?_v } } } } }",
            'SELECT ("x" AS ?_v) { { SELECT ("x" AS ?_v_1) { { SELECT ("x" AS ?_v_2) { ?s ?p "x" } } } } }',
        ),
        (
            "SELECT ?_v ?_v_1 { { SELECT ?_v { ?s ?p ?_v } } }",
            'SELECT ("x" AS ?_v) ?_v_1 { { SELECT ("x" AS ?_v_1_) { ?s ?p "x" } } }',
        ),
        ("SELECT ?s FROM ?_i { ?s ?p ?o }", "SELECT ?s FROM <http://a/b> { ?s ?p ?o }"),
        ('ASK { FILTER(REGEX(?x, ?_v, "i")) }', 'ASK { FILTER(REGEX(?x, "x", "i")) }'),
        (
            "SELECT (GROUP_CONCAT(?x; SEPARATOR=?_v) AS ?all) {}",
            'SELECT (GROUP_CONCAT(?x; SEPARATOR= "x") AS ?all) {}',
        ),
        ("INSERT DATA { ?_i ?_i ?_v }", 'INSERT DATA { <http://a/b> <http://a/b> "x" }'),
    ],
)
def test_bind(template: str, bound: str) -> None:
    assert bind(template, VALUES) == bound


@pytest.mark.parametrize(
    ("template", "value", "words"),
    [
        ("SELECT * { BIND(1 AS ?_p) }", TEXT, "only a variable"),
        ("SELECT (1 AS ?_p) {}", TEXT, "only a variable"),
        ("SELECT * { VALUES ?_p { 1 } }", TEXT, "only a variable"),
        ("SELECT * { VALUES (?x ?_p) { (1 2) } }", TEXT, "only a variable"),
        ("SELECT * {} LIMIT ?_p", TEXT, "whole number from 0"),
        ("SELECT * {} LIMIT ?_p", Literal("٣"), "whole number from 0"),
        ("SELECT * {} LIMIT ?_p", -1, "whole number from 0"),
        ("SELECT * {} OFFSET ?_p", True, "whole number from 0"),
        ("SELECT * {} OFFSET ?_p", IRI, "whole number from 0"),
        ("SELECT * { ?s ?p ?_p }", 5, "not a bare number"),
        ("SELECT ?_p { ?s ?p ?o }", 5, "not a bare number"),
    ],
)
def test_a_value_that_cannot_stand_there(template: str, value: NamedNode | Literal | int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        bind(template, {"_p": value})


@pytest.mark.parametrize(
    ("template", "places"),
    [
        ("SELECT *\n{ BIND(1 AS ?_p) }", [(2, 13)]),
        ("SELECT (1 AS $_p) {}", [(1, 14)]),
        ("SELECT * { VALUES ?_p { ?_p } }", [(1, 19)]),
        ("SELECT * {\n VALUES (?x ?_p)\n { (1 ?_p) } ?_p ?x 1 }", [(2, 13)]),
        ("SELECT ?_p (STR(?_p) AS ?x) { ?_p ?_p '?_p' } GROUP BY ?_p ORDER BY ?_p LIMIT ?_p", []),
        ("SELECT * { FILTER(BOUND(?_p)) } # AS ?_p", []),
    ],
)
def test_places_that_take_a_variable_only(template: str, places: list[tuple[int, int]]) -> None:
    problems = misplaced_parameters(template, ["_p", "unused"])
    assert [(problem.line, problem.column) for problem in problems] == places
    assert all("_p" in problem.sentence for problem in problems)


ONE, TWO = Literal("1 }"), Literal("2")
SEVERAL = [
    ("SELECT * { VALUES ?_m {} ?s ?p ?_m }", 'SELECT * { VALUES ?_m { "1 }" "2" } ?s ?p ?_m }'),
    ("SELECT * { VALUES (?_m) {} ?s ?p ?_m }", 'SELECT * { VALUES (?_m) { ("1 }") ("2") } ?s ?p ?_m }'),
    ("SELECT * { VALUES ?_m { 'old' } }", 'SELECT * { VALUES ?_m { "1 }" "2" } }'),
    ("SELECT * { ?s ?p ?_m } VALUES ?_m {}", 'SELECT * { ?s ?p ?_m } VALUES ?_m { "1 }" "2" }'),
    ("SELECT * { FILTER(?x IN (?_m, 3)) }", 'SELECT * { FILTER(?x IN ("1 }", "2", 3)) }'),
    ("SELECT * { VALUES ?x { ?_m 3 } }", 'SELECT * { VALUES ?x { "1 }" "2" 3 } }'),
    ("DESCRIBE ?_m ?x { ?x ?y ?z }", 'DESCRIBE "1 }" "2" ?x { ?x ?y ?z }'),
    ("SELECT * { ?s ?p ?_m }", 'SELECT * { VALUES ?_m { "1 }" "2" } ?s ?p ?_m }'),
    (
        "SELECT ?_m { ?s ?p ?_m OPTIONAL { ?s ?q ?_m } }",
        'SELECT ?_m { VALUES ?_m { "1 }" "2" } ?s ?p ?_m OPTIONAL { VALUES ?_m { "1 }" "2" } ?s ?q ?_m } }',
    ),
    (
        "SELECT (COUNT(*) AS ?n) { { SELECT ?_m { ?s ?p ?o } } } GROUP BY ?_m",
        'SELECT (COUNT(*) AS ?n) { VALUES ?_m { "1 }" "2" } '
        '{ SELECT ?_m { VALUES ?_m { "1 }" "2" } ?s ?p ?o } } } GROUP BY ?_m',
    ),
    (
        "CONSTRUCT { ?s ?p ?_m } WHERE { ?s ?p ?o }",
        'CONSTRUCT { ?s ?p ?_m } WHERE { VALUES ?_m { "1 }" "2" } ?s ?p ?o }',
    ),
    (
        "ASK { FILTER EXISTS { ?s ?p $_m } }",
        'ASK { FILTER EXISTS { VALUES $_m { "1 }" "2" } ?s ?p $_m } }',
    ),
]


@pytest.mark.parametrize(("template", "bound"), SEVERAL)
def test_several_values(template: str, bound: str) -> None:
    made = bind(template, {"_m": (ONE, TWO)})
    assert [token.text for token in lex(made).tokens] == [token.text for token in lex(bound).tokens]
    assert misplaced_parameters(template, [], ["_m"]) == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("SELECT * {} LIMIT ?_m", "take one number"),
        ("SELECT (1 AS ?_m) {}", "stands after AS"),
        ("SELECT * { VALUES (?x ?_m) { (1 2) } }", "beside other variables"),
        ("SELECT * { VALUES (?x ?y) { (1 ?_m) } }", "in a row of VALUES"),
        ("CONSTRUCT WHERE { ?s ?p ?_m }", "CONSTRUCT WHERE cannot hold"),
    ],
)
def test_places_that_cannot_take_several_values(template: str, words: str) -> None:
    (problem,) = misplaced_parameters(template, [], ["_m"])
    assert words in problem.sentence
    with pytest.raises(ValueError, match=words):
        bind(template, {"_m": (ONE, TWO)})


@pytest.mark.parametrize(
    ("template", "bound"),
    [
        ("SELECT * { ?s ?p ?_m VALUES ?_m {} . ?a ?b ?c }", "SELECT * { ?s ?p ?_m {} . ?a ?b ?c }"),
        ("SELECT * { ?s ?p ?_m } VALUES ?_m { 1 }", "SELECT * { ?s ?p ?_m } "),
        ("SELECT * { ?s ?p ?o } LIMIT ?_m OFFSET 5", "SELECT * { ?s ?p ?o }  OFFSET 5"),
        ("SELECT ?_m { ?s ?p ?_m FILTER(BOUND(?_m)) }", "SELECT ?_m { ?s ?p ?_m FILTER(BOUND(?_m)) }"),
    ],
)
def test_a_parameter_that_is_absent_takes_its_clause_with_it(template: str, bound: str) -> None:
    assert bind(template, {"_m": ()}) == bound


def test_several_values_join_as_one_set() -> None:
    store = Store()
    store.update('INSERT DATA { <a:1> <a:p> "1 }" , "2" ; <a:q> "2" . <a:2> <a:p> "3" }')
    text = "SELECT ?s ?_m ?q { ?s <a:p> ?_m OPTIONAL { ?s ?q ?_m FILTER(?q != <a:p>) } } ORDER BY ?_m"
    found = store.query(bind(text, {"_m": (ONE, TWO, Literal("4"))}))
    assert isinstance(found, QuerySolutions)
    one = NamedNode("a:1")
    assert [(row["s"], row["_m"], row["q"]) for row in found] == [
        (one, ONE, None),
        (one, TWO, NamedNode("a:q")),
    ]


def test_a_number_may_come_as_a_literal() -> None:
    assert bind("SELECT * {} LIMIT ?_n", {"_n": Literal(7)}) == "SELECT * {} LIMIT 7"


def test_variables_are_named_without_their_sign() -> None:
    assert variables("SELECT ?a { ?a $b '?c' } # ?d") == {"a", "b"}


def test_nothing_to_bind_leaves_the_text_alone() -> None:
    text = "SELECT\t*  {\r\n?s ?p ?o }  # end"
    assert bind(text, {}) == text
    assert bind(text, {"x": TEXT}) == text


TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    alphabet="\"'\\\n\r\t{}?_v<>#\x00 한", max_size=12
)
TERMS = st.one_of(
    st.builds(Literal, TEXTS),
    st.builds(lambda text: Literal(text, language="en-us"), TEXTS),
    st.builds(lambda text: Literal(text, language="ar", direction=BaseDirection.RTL), TEXTS),
    st.builds(lambda text: Literal(text, datatype=NamedNode("http://a/d#'(x)")), TEXTS),
    st.sampled_from(
        ["http://a/b", "urn:x:'y'", "http://a/#'(b)", "javascript:alert(1)", "http://한.kr/가?나=$_v"]
    ).map(NamedNode),
)
# Each holds the parameter once, as a term.
TEMPLATES = st.sampled_from(
    [
        "SELECT * { ?s ?p ?_v }",
        "SELECT*{?s ?p ?_v.?a ?b '?_v'}#?_v",
        "ASK{FILTER(?x<?_v&&?y>1)}",
        'ASK { VALUES ?x { ""?_v"" } }',
        "SELECT (STR(?_v)AS?x){}",
        "ASK { ?s ?p 1,?_v,'a'@en }",
        "ASK { ?s ?p ?_v-1 }",
        "ASK { ?s ?p ?_v@en }",
        "ASK { VALUES ?x { 1 } BIND(?_v AS ?y) }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(CONTAINS(?o,?_v)) }",
        "SELECT (?_v AS ?x) ('# ?_v' AS ?y) {} # ?_v",
        "SELECT ?x { GRAPH <?_v> { ?x ?y ?_v } }",
        "ASK { ?s ?p '''?_v ' \\\\ ''' , ?_v . }",
    ]
)


@given(TEMPLATES, TERMS)
def test_exactly_one_token_becomes_the_term(template: str, term: NamedNode | Literal) -> None:
    expected: list[tuple[Kind, str]] = []
    for token in lex(template).tokens:
        replaced = lex(str(term)).tokens if token.text == "?_v" else [token]
        expected.extend((part.kind, part.text) for part in replaced)
    bound = lex(bind(template, {"_v": term})).tokens
    assert [(token.kind, token.text) for token in bound] == expected


@given(TEMPLATES, st.lists(TERMS, min_size=1, max_size=4))
def test_several_terms_only_add_themselves(template: str, terms: list[NamedNode | Literal]) -> None:
    text = template.replace("{", "{ VALUES ?_w { }", 1)
    place = text.index("{ }") + 1
    expected = f"{text[:place]} {' '.join(map(str, terms))} {text[place:]}"
    bound = lex(bind(text, {"_w": tuple(terms)})).tokens
    assert [(token.kind, token.text) for token in bound] == [
        (token.kind, token.text) for token in lex(expected).tokens
    ]


@given(TERMS)
def test_the_engine_reads_the_same_term_back(term: NamedNode | Literal) -> None:
    results = Store().query(bind("SELECT ?x ?_v { BIND(?_v AS ?x) FILTER(BOUND(?_v)) }", {"_v": term}))
    assert isinstance(results, QuerySolutions)
    assert [(solution["x"], solution["_v"]) for solution in results] == [(term, term)]


@given(st.text(), TERMS)
def test_any_template_is_bound_or_refused(template: str, term: NamedNode | Literal) -> None:
    for text in (template, f"SELECT ?_v {{ {template} ?_v }}", f"{template} AS ?_v"):
        try:
            bound = bind(text, {"_v": term})
        except ValueError:
            assert misplaced_parameters(text, ["_v"]) or "LIMIT" in text or "OFFSET" in text
        else:
            assert bound == text or "?_v" in text or "$_v" in text
