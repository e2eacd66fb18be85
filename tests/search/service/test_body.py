"""Reading SERVICE text:search, and what is said of mistakes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.errors import EndpointError, MalformedQuery, QueryTooComplex
from endpoint.search.service.body import Search
from endpoint.search.service.rewriting import MOST_SEARCHES, FederatedQuery, read_blocks, read_federated
from endpoint.sparql.lexer import position_of
from endpoint.vocabulary import TEXT
from tests.search.searched_store import EX, PREFIXES


def searches(body: str, prologue: str = "") -> tuple[Search, ...]:
    (block,) = read_blocks(f"{prologue}SELECT * {{ SERVICE text:search {{ {body} }} }}", EX, PREFIXES)
    return block.searches


def federated(text: str) -> FederatedQuery:
    found = read_federated(text, EX, PREFIXES)
    assert found is not None
    return found


def mistake(text: str) -> MalformedQuery:
    with pytest.raises(MalformedQuery) as caught:
        read_federated(text, EX, PREFIXES)
    return caught.value


BODIES: list[tuple[str, tuple[Search, ...]]] = [
    ('?p text:query "a"', (Search("a", "p"),)),
    ('$p text:query "a" .', (Search("a", "p"),)),
    ("?p text:query 'a' ; text:score ?s", (Search("a", "p", score="s"),)),
    ("?p text:score ?s ; ; text:query 'a' ; .", (Search("a", "p", score="s"),)),
    ("?p text:score $s . ?p text:query 'a' . ?p text:snippet ?x", (Search("a", "p", None, "s", "x"),)),
    (
        '?p text:limit 7 ; text:field \'\'\'title\'\'\' ; text:query """a\n"b""" .',
        (Search('a\n"b', "p", field="title", limit=7),),
    ),
    ("?p text:query 'a' . ?q text:query 'b' .", (Search("a", "p"), Search("b", "q"))),
    ("<urn:x> text:query 'a'", (Search("a", iri="urn:x"),)),
    ("ex:x text:query 'a'", (Search("a", iri=f"{EX}x"),)),
    ("<x/../y> text:query 'a'", (Search("a", iri=f"{EX}y"),)),
    ("<\\u0078> text:query 'a'", (Search("a", iri=f"{EX}x"),)),
    (f"?p <{TEXT}query> 'a\\\"\\n\\uD55C'@ko", (Search('a"\n한', "p"),)),
    ("?p text:query 'a'^^<http://www.w3.org/2001/XMLSchema#string>", (Search("a", "p"),)),
    (
        "?p text:query 'a' ; text:limit '007'^^<http://www.w3.org/2001/XMLSchema#integer>",
        (Search("a", "p", limit=7),),
    ),
    ("?p text:query 'a' ; text:limit 0000000000012", (Search("a", "p", limit=12),)),
    ("?p text:query '' ; text:limit 0", (Search("", "p", limit=0),)),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_bodies(body: str, expected: tuple[Search, ...]) -> None:
    assert [search_of(search) for search in searches(body)] == [search_of(search) for search in expected]


def search_of(search: Search) -> Search:
    """All but the place of the field."""
    return replace(search, field_at=0)


@pytest.mark.parametrize(
    ("prologue", "iri"),
    [
        ("BASE <http://a/b/> ", "http://a/b/x"),
        ("BASE <http://a/b/> BASE <c/> ", "http://a/b/c/x"),
        ("", f"{EX}x"),
    ],
)
def test_a_relative_subject_is_resolved_against_the_base(prologue: str, iri: str) -> None:
    assert searches("<x> text:query 'a'", prologue)[0].iri == iri


BEFORE = "SELECT ?p {\n  SERVICE text:search { "
# The body of a block, what the mistake is said to be, what to do, and the word that it points at.
MISTAKES: list[tuple[str, str, str, str]] = [
    ("}", "holds no search", "?found text:query", "{"),
    ("?p text:score ?s }", "?p has no text:query", 'Add ?p text:query "words".', "?p"),
    (
        "?p text:query ?words }",
        "?words is a variable: the search needs its words before",
        "saved query",
        "?words",
    ),
    ("?p text:query 5 }", 'text:query takes a text in quotation marks, such as "한국 외교", not 5.', "", "5"),
    ("?p text:query <urn:x> }", "text:query takes a text in quotation marks", "", "<urn:x>"),
    ("?p text:query '1'^^<urn:t> }", "text:query takes a text in quotation marks", "", "'1'"),
    (
        "?p text:query 'a' ; text:query 'b' }",
        "?p has text:query twice",
        "Write all words in one",
        "text:query 'b'",
    ),
    ("?p text:query 'a', 'b' }", "text:query takes one value", "follows the comma", ", 'b'"),
    ("?p text:qery 'a' }", "text:qery is no property", "Did you mean text:query?", "text:qery"),
    ("?p query 'a' }", "query cannot stand", "takes only text:query, text:score", "query 'a'"),
    ("?p ex:score ?s }", "ex:score is no property", "Did you mean text:score?", "ex:score"),
    ("?p ex:title ?t }", "ex:title is no property", "write all other triples outside", "ex:title"),
    ("?p <urn:x> ?t }", "<urn:x> is no property", "", "<urn:x>"),
    ("?p a ex:Publication }", "a cannot stand in SERVICE text:search", "takes only", "a ex:"),
    ("?p ?any 'a' }", "?any cannot stand", "Write a property", "?any"),
    ("?p text:query|text:field 'a' }", "text:query takes a text", "", "|"),
    ("?p ^text:query 'a' }", "^ cannot stand", "", "^"),
    ("?p text:query 'a' ; text:score 'b' }", "text:score takes a variable", "", "'b'"),
    ("?p text:query 'a' ; text:snippet <urn:x> }", "text:snippet takes a variable", "", "<urn:x>"),
    ("?p text:query 'a' ; text:score ?p }", "?p is used for two things", "a variable each", "?p"),
    ("?p text:query 'a' ; text:score ?s ; text:snippet ?s }", "?s is used for two things", "", "?p"),
    ("?p text:query 'a' ; text:limit -1 }", "a whole number from 0, such as 50, not -1", "", "-1"),
    ("?p text:query 'a' ; text:limit 1.5 }", "text:limit takes a whole number", "", "1.5"),
    ("?p text:query 'a' ; text:limit '5' }", "text:limit takes a whole number", "", "'5'"),
    ("?p text:query 'a' ; text:limit ?n }", "text:limit takes a whole number", "", "?n"),
    ("?p text:query 'a' ; text:field ?f }", 'such as "title", not ?f', "", "?f"),
    ("_:p text:query 'a' }", "_:p cannot stand", "a variable, or an IRI", "_:p"),
    ("[] text:query 'a' }", "[ cannot stand", "", "[]"),
    ("'x' text:query 'a' }", "'x' cannot stand", "a variable, or an IRI", "'x'"),
    ("y:p text:query 'a' }", "y:p is no IRI here", "Declare its prefix", "y:p"),
    ("<http://[> text:query 'a' }", "is no IRI here", "", "<http"),
    ("<\\u003e> text:query 'a' }", "is no IRI here", "", "<\\u"),
    ("{ ?p text:query 'a' } }", "{ cannot stand", "after its closing brace", "{ ?p"),
    ("?p text:query 'a' FILTER(?p > 1) }", "FILTER cannot stand", "after its closing brace", "FILTER"),
    ("OPTIONAL { ?p text:query 'a' } }", "OPTIONAL cannot stand", "", "OPTIONAL"),
    ("SERVICE text:search { ?p text:query 'a' } }", "SERVICE cannot stand", "", "SERVICE text:search { ?p t"),
    ("?p text:query 'a' ?p text:score ?s }", "?p cannot stand", 'Write ";"', "?p text:score"),
    ("?p text:query 'a' ; text:score }", "text:score takes a variable", "", "} }"),
    ("?p text:query 'a'^^ }", "text:query takes a text", "", "'a'"),
    ("?p text:query 'a'", "is never closed", "Add }.", "{ ?p"),
    ("", "is never closed", "Add }.", "{ "),
    ("?p text:query", "is never closed", "", "{ ?p"),
    ("?p", "is never closed", "", "{ ?p"),
]


@pytest.mark.parametrize(("body", "sentence", "hint", "at"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_mistakes_are_explained_where_they_are(body: str, sentence: str, hint: str, at: str) -> None:
    text = f"{BEFORE}{body}" + (" }" if body.endswith("}") else "")
    found = mistake(text)
    assert sentence in found.detail
    assert hint in found.detail
    offset = text.index(at, len(BEFORE) - (2 if at.startswith("{") and "search { {" not in text else 0))
    assert (found.line, found.column) == position_of(text, offset)


UNREAD = [
    f'SELECT * {{ SERVICE<{TEXT}search>{{ ?p <{TEXT}query> "a" }} ?s ?p trueSERVICE<{TEXT}search>{{}} }}',
    'SELECT * { SERVICEtext:search{ ?p text:query "a" } }',
    'PREFIX SERVICEtext: <urn:y> SELECT * { SERVICEtext:search{ ?p text:query "a" } }',
    'SELECT * { SERVICE SILENTtext:search{ ?p text:query "a" } }',
    'SELECT * { ?s ?p ex:a.SERVICE text:search { ?p text:query "a" } }',
]
DOUBTFUL = [
    ("FILTER(?a<'>') SERVICE text:search { ?p text:query 'a' } FILTER(?a = 'x')", "in one way only"),
    ("SERVICE text:search { ?p text:query 'a' } FILTER(1 = (?a<'>'))", "in one way only"),
    ('SERVICE text:search { ?p text:query "a }', "is not closed on its line"),
    ("SERVICE text:search { ?p text:query 'a' } VALUES ?x {\"\"\"a'}", "is not closed"),
]


@pytest.mark.parametrize("text", UNREAD)
def test_a_service_that_runs_into_its_neighbours_is_refused_or_read(text: str) -> None:
    try:
        found = federated(text)
    except MalformedQuery as error:
        assert "blanks between the words" in error.detail
    else:
        assert "SERVICE" not in found.outline.text


@pytest.mark.parametrize(("group", "sentence"), DOUBTFUL)
def test_a_text_with_two_readings_is_refused(group: str, sentence: str) -> None:
    assert sentence in mistake(f"SELECT * {{ {group} }}").detail


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT ?service { ?service ?p 'SERVICE text:search { }' } # SERVICE text:search { }",
        "SELECT * { ?s <urn:SERVICE> ?o ; ex:service 'x'@service }",
    ],
)
def test_a_query_without_a_search_is_left_alone(text: str) -> None:
    assert read_federated(text, EX, PREFIXES) is None


def test_the_number_of_searches_is_bounded() -> None:
    block = 'SERVICE text:search { ?p text:query "a" } '
    assert len(federated(f"SELECT * {{ {block * MOST_SEARCHES} }}").blocks) == MOST_SEARCHES
    for count in (MOST_SEARCHES + 1, 1000):
        with pytest.raises(QueryTooComplex, match="more than 20 text searches"):
            read_federated(f"SELECT * {{ {block * count} }}", EX, PREFIXES)


@given(st.text(alphabet="SERVICE text:search{}?p<>\"'#.;,\\^@-{[(|0123\n", max_size=200))
def test_any_body_is_read_or_refused(body: str) -> None:
    for text in (f"SELECT * {{ SERVICE text:search {{ {body} }} }}", f"SELECT * {{ {body} }}"):
        try:
            read_federated(text, EX, PREFIXES)
        except EndpointError as error:
            assert error.detail
