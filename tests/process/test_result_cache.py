"""The cache in a real server: what it spares the workers and the budgets of clients."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote

from tests.live import Server, serving
from tests.process.test_fairness import COUNT, LOOPER, POLITE, ask, get
from tests.process.test_metrics import samples, scraped
from tests.waiting import PATIENCE, until

CACHED = ("--cache", "64MB")
ROWS = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 50"
QUERIES = "db_client_operation_duration_seconds_count"


def test_what_is_kept_asks_no_worker_and_is_counted(tmp_path: Path) -> None:
    path = f"/sparql?query={quote(ROWS)}"
    with scraped(tmp_path, *CACHED) as (server, metrics):
        first = server.get(path)
        assert first.headers["cache-status"] == "endpoint; fwd=miss; stored"
        before = samples(metrics)
        for coding in ("identity", "zstd", "br", "gzip", "gzip"):
            assert server.get(path, Accept_Encoding=coding).status == 200
        assert server.request("HEAD", path).status == 200
        assert server.get(path, If_None_Match=first.headers["etag"]).status == 304
        assert server.post(ROWS).body == first.body
        after = samples(metrics)
        answers = "endpoint_cache_answers_total"
        assert after[answers, "hit"] - before[answers, "hit"] == 8
        assert after[answers, "miss"] == before[answers, "miss"]
        assert after[QUERIES, "SELECT", "oxigraph", ""] == before[QUERIES, "SELECT", "oxigraph", ""]
        # Encoded bodies count too.
        assert after["endpoint_cache_bytes",] > before["endpoint_cache_bytes",] > len(first.body)
        assert after["endpoint_cache_limit_bytes",] == 64 * 2**20
        assert after["endpoint_cache_entries",] >= before["endpoint_cache_entries",] >= 1
        assert after["endpoint_cache_evictions_total",] == 0
        assert server.query(ROWS, cache="off").status == 200
        found = samples(metrics)
        assert found[answers, "bypass"] - after[answers, "bypass"] == 1
        assert found[QUERIES, "SELECT", "oxigraph", ""] == after[QUERIES, "SELECT", "oxigraph", ""] + 1
    lines = server.log.read_text()
    assert "cache=hit" in lines
    assert "cache=miss" in lines
    assert "cache=bypass" in lines


def test_what_is_kept_costs_no_budget(data: Path) -> None:
    with serving(data, *CACHED, "--budget", "1", "--timeout", "1") as server:
        path = f"/sparql?query={quote(ROWS)}"
        assert ask(server, POLITE, ROWS).status == 200
        while ask(server, LOOPER, COUNT).status == 504:
            pass
        assert ask(server, LOOPER, "ASK {}").status == 429
        # What another client has asked for is there for this one too, again and again.
        for _ in range(50):
            answer = ask(server, LOOPER, ROWS)
            assert (answer.status, answer.headers["cache-status"]) == (200, "endpoint; hit")
        assert get(server, LOOPER, path, PATIENCE, **{"Cache-Control": "no-cache"}).status == 429
        assert get(server, LOOPER, f"{path}&cache=off").status == 429


def test_without_memory_for_it_no_answer_is_kept(data: Path) -> None:
    with serving(data, "--cache", "0") as server:
        for _ in range(2):
            answer = server.query(ROWS)
            assert answer.status == 200
            assert "cache-status" not in answer.headers
            assert answer.headers["server-timing"].startswith("queue;dur=")
    until(lambda: "path=/sparql" in server.log.read_text())
    assert "cache=" not in server.log.read_text()


def test_a_smaller_bound_holds_at_once(tmp_path: Path) -> None:
    with scraped(tmp_path, "--cache", "1MB") as (server, metrics):
        for number in range(60):
            assert server.query(f"{ROWS} #{number} {'x' * 40_000}", format="csv").status == 200
        found = samples(metrics)
        assert found["endpoint_cache_evictions_total",] > 0
        assert found["endpoint_cache_bytes",] <= 2**20


def exchange(server: Server, *requests: bytes) -> list[tuple[bytes, dict[bytes, bytes], bytes]]:
    """Send requests on one connection, all at once, and read the answers until the server closes it."""
    with socket.create_connection((server.host, server.port), PATIENCE) as connection:
        connection.sendall(b"".join(requests))
        reader = connection.makefile("rb")
        answers = []
        while status := reader.readline():
            fields = {}
            while (line := reader.readline()) != b"\r\n":
                name, _, value = line.rstrip().partition(b": ")
                fields[name.lower()] = value
            answers.append(
                (status.split(b" ")[1], fields, reader.read(int(fields.get(b"content-length", 0))))
            )
        return answers


def get_request(text: str, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = (f"{method} /sparql?query={quote(text)} HTTP/{version}", "Host: localhost", *fields)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def test_answers_that_are_written_at_once_keep_their_order(data: Path) -> None:
    with serving(data, *CACHED) as server:
        other = f"{ROWS} OFFSET 7"
        for _ in range(3):
            kept, others = server.query(ROWS), server.query(other)
        hit = "endpoint; hit"
        assert (kept.headers["cache-status"], others.headers["cache-status"]) == (hit, hit)
        answers = exchange(
            server,
            get_request(ROWS),
            get_request("SELECT (NOW() AS ?now) {}"),  # a worker has to evaluate it
            get_request(other),
            get_request(ROWS, "Content-Length: 5") + b"hello",
            get_request("ASK {"),
            get_request(ROWS),
            get_request(other, "Connection: close"),
            get_request(ROWS),  # is not answered any more
        )
        assert [status for status, _, _ in answers] == [
            b"200",
            b"200",
            b"200",
            b"200",
            b"400",
            b"200",
            b"200",
        ]
        bodies = [body for _, _, body in answers]
        assert (bodies[0], bodies[2], bodies[3]) == (kept.body, others.body, kept.body)
        assert (bodies[5], bodies[6]) == (kept.body, others.body)
        assert b'"now"' in bodies[1]


def test_answers_that_are_written_at_once_end_as_others_do(data: Path) -> None:
    with serving(data, *CACHED) as server:
        for _ in range(3):
            kept = server.query(ROWS)
        closed = exchange(
            server, get_request(ROWS), get_request(ROWS, "Connection: close"), get_request(ROWS)
        )
        assert [body for _, _, body in closed] == [kept.body, kept.body]
        assert closed[1][1][b"connection"] == b"close"
        old = exchange(server, get_request(ROWS, version="1.0"))
        assert [(status, body) for status, _, body in old] == [(b"200", kept.body)]
        # A client that leaves in between harms nobody.
        for _ in range(20):
            with socket.create_connection((server.host, server.port), PATIENCE) as leaving:
                leaving.sendall(get_request(ROWS) * 3)
        with socket.create_connection((server.host, server.port), PATIENCE) as staying:
            staying.sendall(get_request(ROWS))
            assert staying.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
            assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
