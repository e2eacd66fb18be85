"""The end of a server: readiness, connections, running answers, the deadline, and a second signal."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.live import Server, serving
from tests.waiting import PATIENCE, until

# Some 25 MB as CSV: more than the buffers between server and client hold.
LARGE = "SELECT ?a ?b { { SELECT ?a { ?a ?p ?o } LIMIT 600 } { SELECT ?b { ?b ?q ?r } LIMIT 600 } }"
ROWS = 600 * 600


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """Closes connections at the end."""
    with ExitStack() as stack:
        yield stack


def begin(server: Server, closing: ExitStack) -> http.client.HTTPResponse:
    """Send a query, and return its answer when the head has come."""
    connection = server.connection()
    closing.callback(connection.close)
    connection.request("GET", f"/sparql?query={quote(LARGE)}", headers={"Accept": "text/csv"})
    response = closing.enter_context(connection.getresponse())
    assert response.status == 200
    return response


def refused(server: Server) -> bool:
    try:
        socket.create_connection((server.host, server.port), 5).close()
    except ConnectionRefusedError:
        return True
    return False


def kept(server: Server, closing: ExitStack) -> http.client.HTTPConnection:
    """A connection that has answered one request and stays open."""
    connection = server.connection()
    closing.callback(connection.close)
    connection.request("GET", "/-/live")
    assert connection.getresponse().read()
    return connection


def ask(connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
    connection.request("GET", path)
    return connection.getresponse()


def test_it_finishes_what_runs_and_takes_nothing_new(data: Path, closing: ExitStack) -> None:
    with serving(data, "--drain", "300", "--timeout", "300") as server:
        states = [kept(server, closing), kept(server, closing)]
        running = begin(server, closing)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refused(server))
        # Those that have a connection still get answers, each the last one on it.
        answers = [ask(states[0], "/-/ready"), ask(states[1], "/-/live")]
        assert [answer.status for answer in answers] == [503, 200]
        assert [answer.headers["connection"] for answer in answers] == ["close", "close"]
        assert json.loads(answers[1].read()) == {"status": "live"}
        assert server.process.poll() is None
        assert running.read().count(b"\r\n") == ROWS + 1
        assert server.process.wait(PATIENCE) == 0
        assert "cut" not in server.log.read_text()


def test_a_request_whose_head_is_half_sent_is_answered(data: Path) -> None:
    with (
        serving(data, "--drain", "60") as server,
        socket.create_connection((server.host, server.port), PATIENCE) as client,
    ):
        client.sendall(b"GET /-/live HTTP/1.1\r\nHost: localhost\r\n")
        # The server has read the half head when it has answered a request that came later.
        assert server.get("/-/live").status == 200
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refused(server))
        client.sendall(b"\r\n")
        with http.client.HTTPResponse(client) as answer:
            answer.begin()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert server.process.wait(PATIENCE) == 0


def test_an_idle_connection_does_not_delay_the_end(data: Path, closing: ExitStack) -> None:
    with serving(data, "--drain", "600") as server:
        idle = kept(server, closing)
        assert idle.sock is not None
        silent = closing.enter_context(socket.create_connection((server.host, server.port), PATIENCE))
        server.process.send_signal(signal.SIGTERM)
        assert (idle.sock.recv(1), silent.recv(1)) == (b"", b"")
        assert server.process.wait(PATIENCE) == 0


def test_an_answer_that_takes_too_long_is_cut(data: Path, closing: ExitStack) -> None:
    with serving(data, "--drain", "0.5") as server:
        running = begin(server, closing)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            running.read()
        log = server.log.read_text()
        assert "cut 1 connections that were not finished after 0.5 s" in log
        assert "aborted=yes" in log
        assert "Traceback" not in log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(data: Path, number: signal.Signals, closing: ExitStack) -> None:
    with serving(data, "--drain", "600") as server:
        running = begin(server, closing)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refused(server))
        assert server.process.poll() is None
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE) == 128 + number
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            running.read()
