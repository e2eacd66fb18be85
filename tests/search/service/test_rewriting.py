"""The replacement of SERVICE text:search in a query, and the refusal of all other services."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import QuerySolutions, Store

from endpoint.errors import MalformedQuery, QueryTooComplex, ServiceRefused
from endpoint.search import Hit
from endpoint.search.service.rewriting import (
    LONG,
    PER_CHARACTER,
    FederatedQuery,
    Rewritten,
    read_federated,
)
from endpoint.sparql.lexer import position_of
from endpoint.sparql.operation import admit, classify
from endpoint.vocabulary import TEXT
from tests.properties import examples
from tests.search.searched_store import EX, PREFIXES, Catalogue

PLENTY = 2**30


class Recorder:
    """An index of a list of hits that remembers what it was asked."""

    fields = ("title", "abstract")

    def __init__(self, hits: Sequence[Hit] = ()) -> None:
        self.hits = list(hits)
        self.asked: list[tuple[object, ...]] = []

    def matches(
        self,
        query: str,
        field: str | None = None,
        limit: int | None = None,
        snippets: bool = False,
        only: str | None = None,
    ) -> list[Hit]:
        self.asked.append((query, field, limit, snippets, only))
        return self.hits


def solutions(rewritten: Rewritten) -> list[list[str]]:
    """The rows of a SELECT, as the engine reads it, on an empty store."""
    results = Store().query(rewritten.text, base_iri=EX, prefixes=PREFIXES)
    assert isinstance(results, QuerySolutions)
    return [[getattr(term, "value", "") for term in row] for row in results]


def federated(text: str) -> FederatedQuery:
    found = read_federated(text, EX, PREFIXES)
    assert found is not None
    return found


def test_the_index_is_asked_for_what_is_needed_and_no_more() -> None:
    index = Recorder()
    federated(
        'SELECT * { SERVICE text:search { ?p text:query "a" . <urn:x> text:query "b" ; text:snippet ?s } '
        'SERVICE text:search { ?p text:query "c" ; text:field "title" ; text:limit 3 ; text:score ?z } }'
    ).answered(index, PLENTY)
    assert index.asked == [
        ("a", None, None, False, None),
        ("b", None, None, True, "urn:x"),
        ("c", "title", 3, False, None),
    ]


def test_a_field_that_the_index_does_not_have() -> None:
    text = 'SELECT * {\n SERVICE text:search { ?p text:query "a" ; text:field "titel" } }'
    with pytest.raises(MalformedQuery) as caught:
        federated(text).answered(Recorder(), PLENTY)
    assert 'no field "titel"' in caught.value.detail
    assert 'Did you mean "title"?' in caught.value.detail
    assert (caught.value.line, caught.value.column) == position_of(text, text.index('"titel"'))
    with pytest.raises(MalformedQuery, match="Its fields are title, abstract"):
        federated(text.replace("titel", "x")).answered(Recorder(), PLENTY)


def test_too_many_hits_for_the_memory_of_a_query_are_refused() -> None:
    hits = [Hit(f"urn:{number}", 1.0, "x" * 100) for number in range(1000)]
    text = 'SELECT * { SERVICE text:search { ?p text:query "a" ; text:snippet ?x } }'
    assert federated(text).answered(Recorder(hits), PER_CHARACTER * 500_000)
    with pytest.raises(QueryTooComplex, match="1,000 hits"):
        federated(text).answered(Recorder(hits), PER_CHARACTER * 50_000)
    twice = f"{text[:-1]} {text[11:-1]} }}"
    with pytest.raises(QueryTooComplex, match="add text:limit"):
        federated(twice).answered(Recorder(hits), PER_CHARACTER * 250_000)


SCORES = [0.0, -0.0, 1.5, 1e-300, 1e300, 12345678901234567890.0, 0.1, -3.25, 5e-324]


def test_hits_come_back_as_they_were_found() -> None:
    snippets = ['"', "\\", "a\nb\r\t", "'''", "\u0000\u2028한국\U0001f600", "<mark>x</mark>", "}", "?p", ""]
    hits = [Hit(f"urn:한국/{n}?a=%20#b'()", score, snippets[n]) for n, score in enumerate(SCORES)]
    text = (
        'SELECT ?p ?s ?x { SERVICE text:search { ?p text:query "a" ; text:score ?s ; text:snippet ?x } } '
        "ORDER BY ?p"
    )
    found = solutions(federated(text).answered(Recorder(hits), PLENTY))
    assert [Hit(iri, float(score), snippet) for iri, score, snippet in found] == hits


def test_a_hit_that_sparql_cannot_name_is_left_out() -> None:
    hits = [Hit("urn:a b", 2.0, ""), Hit("urn:a", 1.0, ""), Hit("relative", 1.0, ""), Hit("urn:a>", 1.0, "")]
    text = 'SELECT * { SERVICE text:search { ?p text:query "a" } }'
    assert solutions(federated(text).answered(Recorder(hits), PLENTY)) == [["urn:a"]]


@pytest.mark.parametrize("count", [LONG, LONG + 1])
def test_variables_of_a_query_do_not_meet_those_of_the_inline_data(count: int) -> None:
    hits = [Hit(f"urn:{number}", 2.0, "") for number in range(count)]
    text = (
        'SELECT (COUNT(*) AS ?n) { SERVICE text:search { ?p text:query "a" ; text:score ?pp } '
        "OPTIONAL { BIND(5 AS ?pp_) } OPTIONAL { BIND(6 AS ?p_) } }"
    )
    assert solutions(federated(text).answered(Recorder(hits), PLENTY)) == [[str(count)]]


BLOCK = 'SERVICE text:search {\n ?p text:query "a" ;\n text:score ?s }'
# Each is wrong in one place, which the engine reports; | marks it. None stands in a block.
WRONG = [
    f"SELECT * {{ ?s |}} {BLOCK}",
    f"SELECT * {{ {BLOCK} ?s ?p |}}",
    f"SELECT * {{ {BLOCK}\n ?s ?p ?o . {BLOCK} FILTER(?x + |) }}",
    f"SELECT * {{\n{BLOCK} {BLOCK}\r\n{BLOCK} LIMIT| }}",
    f"SELECT * {{ OPTIONAL |{BLOCK} }}",
    f"SELECT * {{ {{ ?a ?b ?c }} UNION |{BLOCK} }}",
    f"SELECT * {{ {BLOCK} |UNION {{ ?a ?b ?c }} }}",
    f"SELECT * |{BLOCK}",
    f"SELECT * {{ {BLOCK} |",
]


@pytest.mark.parametrize("marked", WRONG)
@pytest.mark.parametrize("hits", [0, 3])
def test_the_engines_places_are_those_of_the_original(marked: str, hits: int) -> None:
    text = marked.replace("|", "")
    offset = marked.index("|")
    answered = federated(text).answered(Recorder([Hit(f"urn:{n}", 1.0, "") for n in range(hits)]), PLENTY)
    with pytest.raises(SyntaxError) as refused:
        Store().query(answered.text)
    message = answered.located(str(refused.value))
    line, column = _place(message)
    lines = text[:offset].split("\n")
    # The engine may look ahead, but not back, and never past the next few words.
    assert (line, column) >= (len(lines), len(lines[-1]) + 1)
    assert line == len(lines)


def _place(message: str) -> tuple[int, int]:
    line, _, rest = message.removeprefix("error at ").partition(":")
    return int(line), int(rest.partition(":")[0])


HOST = "http://127.0.0.1:1/"
PIECES = st.sampled_from(
    [
        *(["SERVICE text:search { ?p text:query 'a' ; text:snippet ?s }"] * 5),
        f'SERVICE <{TEXT}search>{{ ?p <{TEXT}query> """a""" }}',
        "SERVICE text:search",
        "SERVICEtext:search { ?p text:query 'a' }",
        "FILTER(1 = 1)",
        "{ ?a ?b ?c }",
        "SERVICE",
        "service",
        "SERVICE SILENT",
        " text:search ",
        f"<{TEXT}search>",
        f"<{HOST}>",
        "<search>",
        "evil:search",
        "?x",
        "{",
        "}",
        "{ ?p text:query 'a' }",
        '{ ?p text:query "SERVICE <http://127.0.0.1:1/> {" ; text:score ?s . }',
        "'",
        '"',
        "'''",
        "#",
        "\n",
        "<",
        ">",
        "FILTER(?a<'>')",
        "FILTER(?a <",
        ")",
        "?s ?p ",
        "ex:a.",
        "true",
        "1.",
        " . ",
        " UNION ",
        "OPTIONAL",
        "SELECT * {",
        "BIND(1 AS ?q)",
        "\\u0053ERVICE",
        "ＳＥＲＶＩＣＥ",
    ]
)
PROLOGUES = st.sampled_from(
    [
        "",
        f"PREFIX text: <{HOST}> ",
        f"PREFIX text: <{TEXT}> PREFIX text: <{HOST}> ",
        f"PREFIX text: <{HOST}> PREFIX text: <{TEXT}> ",
        f"BASE <{HOST}> ",
        f"BASE <{TEXT}> ",
        f"PREFIX evil: <{TEXT}> ",
        f"PREFIX SERVICEtext: <{HOST}> ",
        f"PREFIX : <{TEXT}search> ",
    ]
)


@settings(max_examples=examples(1500))
@given(PROLOGUES, st.lists(PIECES, max_size=12), st.sampled_from(["", " "]))
def test_whatever_passes_the_gate_calls_nobody(prologue: str, pieces: list[str], joint: str) -> None:
    """The engine gets no text in which it sees a SERVICE: one to an address that refuses would fail."""
    text = f"{prologue}SELECT * {{ {joint.join(pieces)} }}"
    try:
        operation = admit(classify(text, 100, EX))
    except (MalformedQuery, QueryTooComplex, ServiceRefused):
        return
    try:
        found = read_federated(operation.text, EX, PREFIXES)
    except (MalformedQuery, QueryTooComplex):
        return
    asked = Rewritten(text, text, (), ())
    if found is not None:
        asked = found.answered(Recorder([Hit("urn:x", 1.0, "SERVICE <http://127.0.0.1:1/> {}")]), PLENTY)
    with suppress(SyntaxError):
        solutions(asked)


def test_without_an_index_there_is_a_sentence() -> None:
    with pytest.raises(MalformedQuery, match="no text index") as caught:
        Catalogue(None).rows('SELECT ?p {\n SERVICE text:search { ?p text:query "a" } }')
    assert (caught.value.line, caught.value.column) == (2, 2)
