"""The gate: what reaches an engine is a query that calls nobody."""

from __future__ import annotations

import pytest

from endpoint.errors import MalformedQuery, ServiceRefused
from endpoint.formats import QueryForm
from endpoint.sparql.operation import Operation, admit, classify
from endpoint.vocabulary import TEXT


def through(text: str) -> Operation:
    return admit(classify(text, 100, "http://base/")).over(("urn:d",), ("urn:n",)).on(7)


def test_a_query_passes_with_all_that_is_known_of_it() -> None:
    text = "SELECT (NOW() AS ?x) FROM <urn:g> {}"
    expected = Operation(
        text,
        QueryForm.SELECT,
        "http://base/",
        ("urn:d",),
        ("urn:n",),
        volatile=True,
        dataset_clause=True,
        generation=7,
    )
    assert through(text) == expected


UPDATES = [
    "INSERT DATA { <urn:a> <urn:b> 1 }",
    "CLEAR ALL",
    "LOAD <http://a/>",
    "PREFIX a: <urn:a> DROP DEFAULT",
]


@pytest.mark.parametrize("text", UPDATES)
def test_an_update_is_no_query(text: str) -> None:
    with pytest.raises(MalformedQuery, match="update"):
        through(text)


SERVICES = [
    "SELECT * { SERVICE <http://a/> {} }",
    "SELECT * { service silent <http://a/> {} }",
    "SELECT * { { SELECT * { OPTIONAL { SERVICE ?x {} } } } }",
    "PREFIX a: <http://a/> SELECT * { SERVICE a:b {} }",
]


@pytest.mark.parametrize("text", SERVICES)
def test_a_call_to_another_service_is_refused(text: str) -> None:
    with pytest.raises(ServiceRefused, match="calls no other service"):
        through(text)


ABOUT_SERVICES = [
    'SELECT * { ?s ?p "SERVICE <http://a/> {}" }',
    "SELECT * { ?s ?service ?o } # SERVICE <http://a/> {}",
]


@pytest.mark.parametrize("text", ABOUT_SERVICES)
def test_the_word_alone_is_no_call(text: str) -> None:
    assert through(text).form is QueryForm.SELECT


SEARCHES = [
    "SELECT * { SERVICE text:search { ?p text:query 'a' } }",
    "SELECT * { service silent text:search {} }",
    f"SELECT * {{ SERVICE <{TEXT}search> {{}} }}",
    f"SELECT * {{ SERVICE <{TEXT}\\u0073earch> {{}} }}",
    f"PREFIX t: <{TEXT}> SELECT * {{ SERVICE t:search {{}} }}",
    f"PREFIX t: <{TEXT}search> SELECT * {{ SERVICE t: {{}} }}",
    f"PREFIX t: <{TEXT[:6]}> SELECT * {{ SERVICE t:dpoint:text:search {{}} }}",
    f"PREFIX text: <http://a/> PREFIX text: <{TEXT}> SELECT * {{ SERVICE text:search {{}} }}",
    "SELECT * { " + "SERVICE text:search {} " * 1000 + "}",
]


@pytest.mark.parametrize("text", SEARCHES, ids=lambda text: text[:60])
def test_the_search_of_the_text_index_passes_and_is_not_volatile(text: str) -> None:
    assert not through(text).volatile


ALMOST = [
    "SELECT * { SERVICE text:search {} SERVICE <http://a/> {} }",
    "SELECT * { SERVICE <http://a/> {} SERVICE text:search {} }",
    "SELECT * { SERVICE text:search { SERVICE <http://a/> {} } }",
    "SELECT * { SERVICE text:search { ?p text:query 'a' } SERVICE ?x {} }",
    "SELECT * { SERVICE ?text:search {} }",
    "SELECT * { SERVICE text:searches {} }",
    "SELECT * { SERVICE text:Search {} }",
    "SELECT * { SERVICE text: {} }",
    "SELECT * { SERVICE TEXT:search {} }",
    "SELECT * { SERVICE <text:search> {} }",
    "SELECT * { SERVICE <search> {} }",
    f"BASE <{TEXT}> SELECT * {{ SERVICE <search> {{}} }}",
    f"SELECT * {{ SERVICE <{TEXT}search#> {{}} }}",
    f"SELECT * {{ SERVICE <URN{TEXT[3:]}search> {{}} }}",
    "PREFIX text: <http://evil/> SELECT * { SERVICE text:search {} }",
    f"PREFIX text: <{TEXT}> PREFIX text: <http://evil/> SELECT * {{ SERVICE text:search {{}} }}",
    f"PREFIX text: <{TEXT}> PREFIXtext:<http://evil/> SELECT * {{ SERVICE text:search {{}} }}",
    "PREFIX text: <rel/> SELECT * { SERVICE text:search {} }",
    # In one reading a search, in the other something else.
    "PREFIX SILENTtext: <http://evil/> SELECT * { SERVICE SILENTtext:search {} }",
    "SELECT * { FILTER(?a<'>')SERVICE<http://evil/>{} FILTER(?a='x') SERVICE text:search {} }",
]


@pytest.mark.parametrize("text", ALMOST)
def test_nothing_but_the_search_passes(text: str) -> None:
    with pytest.raises(ServiceRefused, match="SERVICE <urn:endpoint:text:search>"):
        through(text)


VOLATILE = [
    "SELECT (NOW() AS ?now) { SERVICE text:search { ?p text:query 'a' } }",
    "SELECT * { SERVICE text:search { ?p text:query 'a' } } ORDER BY RAND()",
]


@pytest.mark.parametrize("text", VOLATILE)
def test_a_search_beside_something_volatile(text: str) -> None:
    assert through(text).volatile


def test_what_only_a_search_says_is_not_volatile() -> None:
    assert not through("SELECT * { SERVICE text:search { ?p text:query 'NOW()' } }").volatile
