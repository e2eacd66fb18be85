"""Hostile and broken input against the real process: a clear answer, and the next query at once."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

import pytest

from tests.live import Answer, Server
from tests.waiting import PATIENCE, until

# Seconds in which the next small query is answered: milliseconds, and on a busy machine still less than the
# deadline, for which it would wait behind a query that holds the worker.
AT_ONCE = 2.0

# Asks for the usual answer, and for problems as JSON.
ACCEPT = "application/sparql-results+json, application/problem+json;q=0.5"

CROSS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"


def nested(opening: str, closing: str, depth: int, inside: str = "") -> str:
    return opening * depth + inside + closing * depth


def doubled(times: int) -> str:
    steps = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(times))
    return f'SELECT (STRLEN(?v{times}) AS ?length) {{ BIND("0123456789" AS ?v0) {steps} }}'


# name, query, what may come: status and code (a query that is merely long may also be answered)
HOSTILE = [
    ("30,000 parentheses", f"ASK {{ FILTER{nested('(', ')', 30_000, '1')} }}", {(400, "query-too-complex")}),
    (
        "1,000 function calls",
        f"ASK {{ FILTER({nested('STR(', ')', 1000, '1')}) }}",
        {(400, "query-too-complex")},
    ),
    (
        "5,000 OPTIONALs",
        f"ASK {{ {nested('OPTIONAL { ?s ?p ?o ', '}', 5000)} }}",
        {(400, "query-too-complex")},
    ),
    ("(()()…) 1,000 deep", f"ASK {{ ?s ?p {nested('(()', '())', 1000)} }}", {(400, "query-too-complex")}),
    (
        "200 patterns on one subject, and a path, which columns do not know",
        f"ASK {{ {' '.join(f'?s <urn:p{n}> ?o{n} .' for n in range(200))} ?s <urn:q>* ?s }}",
        {(504, "deadline-exceeded")},
    ),
    (
        "30,000 UNION branches",
        f"ASK {{ {'UNION'.join(['{?s?p?o}'] * 30_000)} }}",
        {(504, "deadline-exceeded"), (400, "query-too-complex")},
    ),
    (
        "a string doubled forty times",
        doubled(40),
        {(503, "memory-limit-exceeded"), (504, "deadline-exceeded")},
    ),
    (
        "ORDER BY over a cross product",
        f"SELECT * {{ {CROSS} }} ORDER BY ?l ?f ?c ?i",
        {(503, "memory-limit-exceeded"), (504, "deadline-exceeded")},
    ),
    ("a count that never ends", f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}", {(504, "deadline-exceeded")}),
    ("1,000 groups", f"ASK {{ {'{ ?s ?p ?o } ' * 1000} }}", {(504, "deadline-exceeded")}),
]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(q, e, id=n) for n, q, e in HOSTILE])
def test_a_hostile_query_costs_only_itself(server: Server, text: str, expected: set[tuple[int, str]]) -> None:
    # What can only run into a deadline need not wait for the server's.
    late = "?timeout=1" if expected == {(504, "deadline-exceeded")} else ""
    answer = server.post(text, accept=ACCEPT, path=f"/sparql{late}")
    problem = answer.json()
    assert (answer.status, problem["code"]) in expected
    assert problem["message"] == problem["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert server.quickest() < AT_ONCE


def test_two_hostile_queries_at_once_leave_the_server_answering_afterwards(server: Server) -> None:
    answers: list[Answer] = []
    text = f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}"

    def ask() -> None:
        answers.append(server.post(text, path="/sparql?timeout=1"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Two run into the deadline; the two that waited get what is left of theirs, or are told to come back.
    assert {answer.status for answer in answers} <= {503, 504}
    assert 504 in {answer.status for answer in answers}
    assert server.quickest() < AT_ONCE


def test_query_text_over_the_limit_is_refused(server: Server) -> None:
    text = "ASK { } #" + "x" * 10_000_000
    answer = server.post(text)
    assert answer.status == 413
    assert "2,097,152 bytes" in answer.text
    form = server.request(
        "POST",
        "/sparql",
        b"query=" + quote(text).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert form.status == 413
    assert server.get("/sparql?query=" + "a" * 4_000_000).status == 414
    assert server.get("/sparql?query=" + "a" * 100_000).status == 400
    assert server.quickest() < AT_ONCE


def test_a_long_but_legal_query_is_answered(server: Server) -> None:
    values = " ".join(f'"{number:020d}"' for number in range(9000))
    answer = server.post(f"SELECT (COUNT(?x) AS ?n) {{ VALUES ?x {{ {values} }} }}")
    assert answer.rows() == [{"n": "9000"}]


class Listener:
    """Counts who connects to it."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.3)
        self.port = self.socket.getsockname()[1]

    def connected(self) -> bool:
        try:
            self.socket.accept()[0].close()
        except TimeoutError:
            return False
        return True


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.socket.close()


CALLS = [
    ("SELECT * { SERVICE <http://127.0.0.1:%d/> { ?s ?p ?o } }", 403, "service-refused"),
    ("SELECT * { service silent <http://127.0.0.1:%d/> { ?s ?p ?o } }", 403, "service-refused"),
    ("SELECT * { BIND(<http://127.0.0.1:%d/> AS ?x) SERVICE ?x { ?s ?p ?o } }", 403, "service-refused"),
    ("PREFIX x: <http://127.0.0.1:%d/> ASK { { SERVICE x: {} } }", 403, "service-refused"),
    ("LOAD <http://127.0.0.1:%d/>", 400, "malformed-query"),
    ("ASK { } ; LOAD <http://127.0.0.1:%d/>", 400, "malformed-query"),
]


@pytest.mark.parametrize(("template", "status", "code"), CALLS)
def test_no_query_connects_to_anything(
    server: Server, listener: Listener, template: str, status: int, code: str
) -> None:
    answer = server.post(template % listener.port, accept=ACCEPT)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert not listener.connected()
    assert server.quickest() < AT_ONCE


def test_an_update_is_refused(server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = server.request("POST", "/sparql", b"update=CLEAR+ALL", headers)
    assert answer.status == 403
    headers = {"Content-Type": "application/sparql-update"}
    assert server.request("POST", "/sparql", b"CLEAR ALL", headers).status == 403
    assert server.query("ASK { ?s ?p ?o }").json()["boolean"] is True


BROKEN = [
    pytest.param(b"ASK { ?s ?p \0 }", 400, b"U+0000", id="NUL"),
    pytest.param("ASK {}".encode("utf-16"), 400, b"UTF-8", id="UTF-16"),
    pytest.param(b"ASK { ?s ?p '\xed\xa0\x80' }", 400, b"byte 14 is 0xED", id="lone surrogate"),
    pytest.param(b"ASK { ?s ?p '\xc7\xd1' }", 400, b"byte 14 is 0xC7", id="CP949"),
    pytest.param(b"ASK { ?s ?p '\\uD800' }", 400, b"Line 1, column", id="escaped surrogate"),
    pytest.param(b"ASK%20%7B%7D", 400, b"percent-encoded", id="percent-encoded in a direct body"),
    pytest.param(b"", 400, b"empty", id="empty"),
]


@pytest.mark.parametrize(("body", "status", "said"), BROKEN)
def test_broken_text_is_explained(server: Server, body: bytes, status: int, said: bytes) -> None:
    answer = server.request("POST", "/sparql", body, {"Content-Type": "application/sparql-query"})
    assert answer.status == status
    assert said in answer.body
    assert server.quickest() < AT_ONCE


KIND = [
    pytest.param("\ufeffASK {}", id="BOM"),
    pytest.param("ASK\r\n{\r\n}\r\n", id="CRLF"),
    pytest.param("ASK {}\r", id="CR"),
    pytest.param('ASK { BIND("\0" AS ?nul) }', id="NUL in a string"),
]


@pytest.mark.parametrize("text", KIND)
def test_odd_but_legal_text_is_answered(server: Server, text: str) -> None:
    assert server.post(text).json()["boolean"] is True


TARGETS = [
    pytest.param("/sparql?query=ASK%2520%257B%257D", 400, "percent-encoded", id="encoded twice"),
    pytest.param("/sparql?query=ASK%7B%7D&query=ASK%7B%7D", 400, "2 times", id="two queries"),
    pytest.param("/sparql?query=ASK%7B%C7%D1%7D", 400, "not UTF-8: byte 5", id="not UTF-8"),
    pytest.param("/sparql?query=", 400, "empty", id="empty"),
    pytest.param("/sparql?query=ASK%7B%7D&timeout=soon", 400, "timeout", id="timeout"),
    pytest.param("/sparql?query=ASK%7B%7D&default-graph-uri=relative", 400, "default-graph-uri", id="graph"),
    pytest.param("/sparql?query=ASK%7B%7D&format=parquet", 406, "Offered are", id="format"),
]


@pytest.mark.parametrize(("target", "status", "said"), TARGETS)
def test_a_broken_url_is_explained(server: Server, target: str, status: int, said: str) -> None:
    answer = server.get(target)
    assert answer.status == status
    assert said in answer.text
    assert server.quickest() < AT_ONCE


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "", "multipart/form-data; boundary=x"]
)
def test_a_wrong_media_type_is_415(server: Server, content_type: str) -> None:
    answer = server.request("POST", "/sparql", b"ASK {}", {"Content-Type": content_type})
    assert answer.status == 415
    assert "application/sparql-query" in answer.text


def send_raw(server: Server, text: str, receive_buffer: int | None = None) -> socket.socket:
    """A client that asks over a raw socket and reads nothing yet."""
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect((server.host, server.port))
    body = text.encode()
    head = (
        f"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/sparql-query\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    client.sendall(head.encode() + body)
    return client


HUGE = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def test_clients_that_stop_reading_take_nobodys_worker(server: Server) -> None:
    clients = [send_raw(server, HUGE, 4096) for _ in range(4)]
    try:
        time.sleep(1.5)
        assert server.query("ASK {}").status == 200
        assert server.quickest() < AT_ONCE
        # After the client timeout (3 s here) the server cuts them off.
        until(lambda: server.log.read_text().count("aborted=yes") >= 4)
    finally:
        for client in clients:
            client.close()


def test_a_client_that_leaves_ends_its_evaluation(server: Server) -> None:
    clients = [send_raw(server, f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}") for _ in range(2)]
    time.sleep(0.5)
    evaluating = set(server.children())
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    # Both workers were killed, well before the deadline, and others took their place.
    until(lambda: len(evaluating - set(server.children())) >= 2)
    assert server.quickest() < AT_ONCE


def test_a_failure_after_the_first_byte_cuts_the_connection(server: Server) -> None:
    # Rows leave while the set of those already sent grows past the memory limit.
    client = send_raw(server, "SELECT DISTINCT ?b ?a ?e ?d ?h ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    client.settimeout(PATIENCE)
    received = bytearray()
    try:
        while piece := client.recv(2**20):
            received += piece
    except ConnectionResetError:
        pass
    finally:
        client.close()
    assert received.startswith(b"HTTP/1.1 200")
    # The chunk of length zero that would end the answer well never came.
    assert not received.endswith(b"0\r\n\r\n")
    assert server.quickest() < AT_ONCE


def test_slow_readers_make_room_for_those_who_wait(server: Server) -> None:
    """More of them than there may be workers, each reading a little all the time."""
    done = threading.Event()

    def read_slowly() -> None:
        client = send_raw(server, HUGE, 4096)
        client.settimeout(1)
        with client, suppress(OSError):
            while not done.is_set() and client.recv(16_000):
                time.sleep(0.1)

    readers = [threading.Thread(target=read_slowly) for _ in range(20)]
    for reader in readers:
        reader.start()
    try:
        time.sleep(3)
        for _ in range(4):
            assert server.query("ASK {}").status == 200
    finally:
        done.set()
        for reader in readers:
            reader.join()
    until(lambda: server.quickest(1) < AT_ONCE)


def raw(server: Server, data: bytes) -> bytes:
    """Return the answer of the server to these bytes, until it closes."""
    with socket.create_connection((server.host, server.port), PATIENCE) as client:
        with suppress(OSError):
            client.sendall(data)
        received = b""
        with suppress(OSError):
            while piece := client.recv(65536):
                received += piece
        return received


HEADS = [
    pytest.param(b"GET /sparql HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 5_000_000, 431, id="5 MB of one header"),
    pytest.param(b"GET /sparql HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 300 + b"\r\n", 431, id="300 headers"),
    pytest.param(b"GET /-/live HTTP/1.1\r\nConnection: close\r\n\r\n", 400, id="no Host"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\nConnection: close\r\n\r\n", 400, id="two Hosts"),
    pytest.param(b"nonsense\r\n\r\n", 400, id="no HTTP"),
]


@pytest.mark.parametrize(("head", "status"), HEADS)
def test_a_head_without_bounds_is_refused(server: Server, head: bytes, status: int) -> None:
    assert raw(server, head).startswith(b"HTTP/1.1 %d" % status)
    assert server.quickest() < AT_ONCE


def test_a_body_that_does_not_come_is_given_up(server: Server) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    answer = raw(server, head + b"Connection: close\r\nContent-Length: 10\r\n\r\nASK")
    assert answer.startswith(b"HTTP/1.1 408")
    assert server.quickest() < AT_ONCE


def test_an_offer_of_http_2_does_not_cost_the_body(server: Server) -> None:
    headers = {
        "Content-Type": "application/sparql-query",
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    }
    assert server.request("POST", "/sparql", b"ASK {}", headers).json()["boolean"] is True


LONG = "'" * 200_000
PAGES = [
    ("/api/publications-by-author", f'{{"author": "{LONG}"}}', "application/json", 200),
    ("/api/publications-by-author", f'{{"author": "{LONG}", "x": 1}}', "application/json", 400),
    ("/sparql", f'SELECT ("{LONG}" AS ?x) {{}}', "application/sparql-query", 200),
    ("/sparql", f'SELEC ("{LONG}" AS ?x) {{}}', "application/sparql-query", 400),
]


@pytest.mark.parametrize(("path", "body", "content_type", "status"), PAGES)
def test_a_page_repeats_no_long_value_in_its_links(
    server: Server, path: str, body: str, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type, "Accept": "text/html"}
    answer = server.request("POST", path, body.encode(), headers)
    assert answer.status == status
    assert max(map(len, re.findall(r'(?:href|src|action)="([^"]*)"', answer.text))) < 10_000
    # An apostrophe takes five bytes; the value stands in the form, in the query and in a row.
    assert len(answer.body) < 17 * len(LONG)


def test_no_request_hides_in_the_body_of_another(server: Server) -> None:
    """However the bytes are cut, what follows an offer of another protocol is its body."""
    hidden = b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n"
    offer = (
        b"POST /-/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
        b"Content-Length: %d\r\n\r\n" % len(hidden)
    )
    before = b"GET /-/live HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /-/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for data in (before + offer + hidden + last, offer + hidden + last):
        answer = raw(server, data)
        assert b"ready" not in answer
        assert answer.count(b"HTTP/1.1 405 ") == 1
        assert answer.count(b"HTTP/1.1 200 ") == data.count(before) + 1


@pytest.mark.parametrize("host", ["a b", "x<y", "", "a/b", "a@b"])
def test_a_host_that_is_none_is_refused(server: Server, host: str) -> None:
    assert server.get("/sparql", "text/turtle", Host=host).status == 400
