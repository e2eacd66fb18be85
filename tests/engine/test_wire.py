"""Frames between the server and its workers: what is packed is what is unpacked."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, NamedNode

from endpoint.engine import wire
from endpoint.formats import (
    CSV,
    FLAT_JSON,
    HTML,
    N_QUADS,
    TURTLE,
    Facts,
    Links,
    Page,
    QueryForm,
    Representation,
)
from endpoint.search import Request
from endpoint.sparql.operation import Operation, classify
from endpoint.storage.dump_order import DumpOrder, Selection

OPERATIONS = [
    classify("ASK {}", 10),
    classify("SELECT * FROM <urn:g> { ?s ?p ?o }", 10, "http://base/").on(7),
    classify("SELECT (NOW() AS ?x) {}", 10, "http://base/").over(("urn:a", "urn:b"), ("urn:c",)),
    classify("DESCRIBE <urn:한국> # \U0001f600", 10),
]
REPRESENTATIONS = [
    Representation.of(CSV),
    replace(Representation.of(FLAT_JSON, Page(10, 20, "abc", 1.5), language_tags=True), envelope=True),
    replace(Representation.of(HTML), links=Links("http://e/", "", "ko")),
]


def payload(frame: bytes, kind: int) -> bytes:
    """The payload of a frame that was sent over a socket."""
    here, there = socket.socketpair()
    with here, there:
        here.sendall(frame)
        received = wire.read(there)
    assert received is not None
    assert received[0] == kind
    return received[1]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.form)
@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=lambda row: row.format.name)
def test_a_query_arrives_as_it_was_sent(operation: Operation, representation: Representation) -> None:
    most = wire.Most(10, 2**40)
    frame = payload(wire.pack_query(operation, representation, most), wire.QUERY)
    assert wire.unpack_query(frame) == (operation, representation, most)


@given(st.text(), st.sampled_from(QueryForm), st.lists(st.text()).map(tuple), st.none() | st.integers(0))
def test_any_query_arrives(text: str, form: QueryForm, graphs: tuple[str, ...], star: int | None) -> None:
    operation = Operation(text, form, default_graphs=graphs, star=star)
    frame = wire.pack_query(operation, REPRESENTATIONS[0])[wire.HEADER.size :]
    assert wire.unpack_query(frame) == (operation, REPRESENTATIONS[0], wire.UNBOUNDED)


@pytest.mark.parametrize(
    "order",
    [
        DumpOrder(Selection(), N_QUADS),
        DumpOrder(Selection((DefaultGraph(), NamedNode("urn:한국")), union=True), TURTLE, "gz", probe=True),
    ],
)
def test_the_order_of_a_dump_arrives_as_it_was_sent(order: DumpOrder) -> None:
    assert wire.unpack_dump(payload(wire.pack_dump(order), wire.DUMP)) == order


@pytest.mark.parametrize(
    "operation", [*OPERATIONS, classify("LOAD <urn:a>", 10)], ids=lambda operation: operation.form
)
def test_a_classified_text_comes_back(operation: Operation) -> None:
    encoded = wire.encode_operation(operation)
    assert operation.text.encode() not in encoded
    assert wire.decode_operation(encoded, operation.text) == operation


def test_a_text_to_classify_arrives_as_it_was_sent() -> None:
    arrived = wire.unpack_text(payload(wire.pack_text("ASK {} # 한국", 7, None), wire.CLASSIFY))
    assert arrived == {"text": "ASK {} # 한국", "max_nesting": 7, "base_iri": None}


def test_a_search_arrives_as_it_was_sent() -> None:
    request = Request("war 전쟁", {"year": ("2022", "2023")}, limit=5, offset=10, facets=0, sort="newest")
    assert wire.unpack_search(payload(wire.pack_search(request), wire.SEARCH)) == request


@pytest.mark.parametrize("facts", [Facts(3, True, None, "ab"), Facts(0, False, 12, "", moved=True)])
def test_the_facts_of_a_page_arrive_as_they_were_sent(facts: Facts) -> None:
    assert wire.unpack_facts(payload(wire.pack_facts(facts), wire.FACTS)) == facts


def test_the_end_of_an_answer_arrives_as_it_was_sent() -> None:
    ending = wire.Ending(12, 34, True, 10**12, 2**40)
    assert wire.unpack_ending(payload(wire.pack_ending(ending), wire.END)) == ending


def test_an_evaluation_of_days_is_one_of_an_hour_on_the_wire() -> None:
    ending = wire.unpack_ending(payload(wire.pack_ending(wire.Ending(2**40, 2**33, False, 0, 0)), wire.END))
    assert ending == wire.Ending(2**32 - 1, 2**32 - 1, False, 0, 0)


def test_a_closed_connection_is_the_end() -> None:
    here, there = socket.socketpair()
    with there:
        here.close()
        assert wire.read(there) is None
