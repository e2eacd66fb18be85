"""Results larger than an answer may be: a problem where that is known in time, else no whole answer."""

from __future__ import annotations

import csv
import http.client
import json
import shutil
import socket
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, RdfFormat, parse, parse_query_results

from tests.live import Server, serving
from tests.waiting import PATIENCE

ROWS = 5000
DIGITS = " ".join(f"VALUES ?{name} {{ 0 1 2 3 4 5 6 7 8 9 }}" for name in "abcd")
SHORT = f"SELECT * {{ {DIGITS} }}"
LONG = f'SELECT ?a ("{"한국의 외교 " * 30}" AS ?text) {{ {DIGITS} }}'
GRAPH = f"""CONSTRUCT {{ ?s <urn:a> "{"한국의 외교 " * 30}" }} {{ {DIGITS}
  BIND(IRI(CONCAT("urn:", STR(?a), STR(?b), STR(?c), STR(?d))) AS ?s) }}"""


@pytest.fixture(scope="module")
def server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with answers of few rows and bytes."""
    data = shutil.copytree(published, tmp_path_factory.mktemp("limits") / "data")
    with serving(data, "--max-rows", str(ROWS), "--max-result", "8MB", "--workers", "2") as started:
        yield started


def test_as_many_rows_as_are_allowed_are_an_answer(server: Server) -> None:
    answer = server.query(f"{SHORT} LIMIT {ROWS}", "text/csv")
    assert answer.status == 200
    assert answer.body.count(b"\r\n") == ROWS + 1


@pytest.mark.parametrize("fmt", ["csv", "tsv"])
def test_one_row_more_is_a_problem_where_it_is_known_in_time(server: Server, fmt: str) -> None:
    answer = server.query(f"{SHORT} LIMIT {ROWS + 1}", "application/problem+json", format=fmt)
    assert answer.status == 422
    problem = answer.json()
    assert (problem["code"], problem["limit"]) == ("result-too-large", ROWS)
    assert "5,000 rows" in problem["detail"]
    assert "LIMIT and OFFSET" in problem["detail"]


def _xml(text: bytes) -> object:
    return ElementTree.fromstring(text)  # noqa: S314 (the server under test wrote it)


def _csv(text: bytes) -> object:
    return [*csv.reader(text.decode().splitlines(keepends=True), strict=True)]


def _tsv(text: bytes) -> object:
    return [*_solutions(text)]


def _solutions(text: bytes) -> QuerySolutions:
    solutions = parse_query_results(text, format=QueryResultsFormat.TSV)
    assert isinstance(solutions, QuerySolutions)
    return solutions


def _rdf(fmt: RdfFormat) -> Callable[[bytes], object]:
    return lambda text: [*parse(text, fmt)]


CUT: list[tuple[str, str, Callable[[bytes], object], type[Exception]]] = [
    ("json", LONG, json.loads, ValueError),
    ("xml", LONG, _xml, ElementTree.ParseError),
    ("csv", LONG, _csv, csv.Error),
    ("tsv", LONG, _tsv, SyntaxError),
    ("ttl", GRAPH, _rdf(RdfFormat.TURTLE), SyntaxError),
    ("nt", GRAPH, _rdf(RdfFormat.N_TRIPLES), SyntaxError),
    ("nq", GRAPH, _rdf(RdfFormat.N_QUADS), SyntaxError),
    ("trig", GRAPH, _rdf(RdfFormat.TRIG), SyntaxError),
    ("rdf", GRAPH, _xml, ElementTree.ParseError),
    ("jsonld", GRAPH, json.loads, ValueError),
]


@pytest.mark.parametrize(("name", "text", "read", "mistake"), CUT, ids=[row[0] for row in CUT])
def test_later_the_answer_is_cut_and_in_no_format_looks_whole(
    server: Server, name: str, text: str, read: Callable[[bytes], object], mistake: type[Exception]
) -> None:
    received, whole = fetched(server, text, name)
    assert not whole
    last = received.rstrip(b"\n").rpartition(b"\n")[2].decode()
    assert last.startswith('"!! This answer is not complete. The result is larger than the ')
    with pytest.raises(mistake):
        read(received)


def fetched(server: Server, text: str, name: str) -> tuple[bytes, bool]:
    """The body that arrived, and whether its end did."""
    connection = server.connection()
    try:
        connection.request("GET", "/sparql?" + urlencode({"query": text, "format": name}, quote_via=quote))
        response = connection.getresponse()
        assert response.status == 200
        received = b""
        try:
            while piece := response.read1(2**16):
                received += piece
        except (http.client.IncompleteRead, ConnectionResetError):
            return received, False
        return received, True
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["csv", "json"])
def test_a_value_larger_than_an_answer_is_cut(server: Server, name: str) -> None:
    binds = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(24))
    received, whole = fetched(server, f"SELECT ?v24 {{ BIND('a' AS ?v0) {binds} }}", name)
    assert not whole
    assert b"larger than the 8 MB" in received[-300:]
    assert len(received) < 9 * 2**20


def test_over_http_1_0_it_is_always_known_in_time(server: Server) -> None:
    with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
        path = "/sparql?" + urlencode({"query": LONG, "format": "csv"}, quote_via=quote)
        client.sendall(f"GET {path} HTTP/1.0\r\nHost: {server.host}\r\n\r\n".encode())
        received = b""
        while piece := client.recv(2**16):
            received += piece
    assert received.split(b" ", 2)[1] == b"422"


def test_what_the_server_asks_for_itself_has_no_limit(server: Server) -> None:
    assert server.get("/void").status == 200
    assert server.get("/sitemap.xml").status == 200
