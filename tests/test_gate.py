"""The gate: what reaches an engine is a query that calls nobody."""

from __future__ import annotations

import pytest

from endpoint.errors import MalformedQuery, ServiceRefused
from endpoint.formats import QueryForm
from endpoint.gate import admit
from endpoint.operation import Operation, classify


def through(text: str) -> Operation:
    return admit(text, classify(text, 100), "http://base/", ("urn:d",), ("urn:n",))


def test_a_query_passes_with_all_that_is_known_of_it() -> None:
    text = "SELECT (NOW() AS ?x) FROM <urn:g> {}"
    expected = Operation(text, QueryForm.SELECT, "http://base/", ("urn:d",), ("urn:n",), True, True)
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
