"""The metrics of a real server, after some traffic, on an address of their own."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.datasets.listed_values import make
from tests.live import Server, run, serving
from tests.waiting import until

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"
Samples = dict[tuple[str, ...], float]


@contextmanager
def scraped(tmp_path: Path, *flags: str) -> Iterator[tuple[Server, Server]]:
    """A server on a small dataset, and the same process under the address of its metrics."""
    arguments = ("--dataset", str(make(tmp_path / "dataset")), "--metrics-address", "127.0.0.1:0", *flags)
    with serving(tmp_path / "data", *arguments) as server:
        port = re.search(r"metrics at http://127\.0\.0\.1:(\d+)/-/metrics", server.log.read_text())
        assert port is not None
        yield server, Server(server.process, "127.0.0.1", int(port[1]), server.data, server.log)


def samples(metrics: Server) -> Samples:
    """Every sample by its name and the values of its labels in the order of their names."""
    answer = metrics.get("/-/metrics")
    assert answer.status == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_traffic_is_counted(tmp_path: Path) -> None:
    with scraped(tmp_path, "--workers", "1", "--timeout", "1") as (server, metrics):
        server.query("ASK {}")
        server.query("SELECT * { ?s ?p ?o } LIMIT 3")
        server.query("ASK {")
        assert server.query(ENDLESS).status == 504
        server.get("/nothing/at/all")
        server.request("PROPFIND", "/sparql")
        requests = "http_server_request_duration_seconds_count"
        # A request is counted when its answer has left.
        until(lambda: samples(metrics).get((requests, "_OTHER", "405", "/sparql")) == 1)
        found = samples(metrics)
        assert found[requests, "GET", "200", "/sparql"] == 2
        assert found[requests, "GET", "504", "/sparql"] == 1
        assert found[requests, "GET", "404", "/{path:path}"] == 1
        assert found[requests, "_OTHER", "405", "/sparql"] == 1
        assert found["db_client_operation_duration_seconds_count", "ASK", "oxigraph", ""] >= 1
        timed_out = ("SELECT", "oxigraph", "deadline-exceeded")
        assert found["db_client_operation_duration_seconds_count", *timed_out] == 1
        assert found["endpoint_query_kills_total", "deadline"] == 1
        assert found["endpoint_query_evaluation_seconds_sum",] > 0.9
        assert found["endpoint_ready",] == found["endpoint_generation",] == 1
        assert found["endpoint_generation_quads",] > 0
        assert found["endpoint_saved_queries",] > 0
        assert found["endpoint_processes", "server"] == found["endpoint_processes", "template"] == 1
        for process in ("server", "template", "worker"):
            assert found["endpoint_process_memory_bytes", process] > 2**20
        # Another worker is forked in place of the one that was killed.
        until(lambda: samples(metrics)["endpoint_workers", "idle"] == 1)


def test_an_error_of_columns_is_counted_and_the_engine_answers(tmp_path: Path) -> None:
    file = tmp_path / "texts.nt"
    file.write_text("".join(f'<http://e/{n}> <http://e/p> "{n}" .\n' for n in range(1200)))
    dataset = str(make(tmp_path / "loaded"))
    assert run("load", str(file), "--dataset", dataset, "--data", str(tmp_path / "data")).returncode == 0
    (kinds,) = (tmp_path / "data").glob("generations/*/columns/kinds.npy")
    # Numbers of kinds that there are not.
    kinds.write_bytes(kinds.read_bytes()[:-1200] + b"\xfe" * 1200)
    text = 'SELECT (COUNT(*) AS ?n) {{ ?s <http://e/p> ?o FILTER(?o >= "{}") }}'
    with scraped(tmp_path) as (server, metrics):
        for least, number in (("9", "111"), ("9", "111"), ("99", "11")):
            answer = server.query(text.format(least))
            assert [row["n"] for row in answer.rows()] == [number]
            assert server.query(text.format(least), explain="true").json()["source"] == "memory"
        assert samples(metrics)["endpoint_column_faults_total",] >= 3
        log = server.log.read_text()
    assert log.count("columns failed on the query with the digest") == 2
    assert "IndexError" in log


def test_what_runs_is_seen_while_it_runs(tmp_path: Path) -> None:
    with scraped(tmp_path, "--workers", "1", "--timeout", "60") as (server, metrics):
        with closing(server.connection()) as first, closing(server.connection()) as second:
            for connection in (first, second):
                connection.request(
                    "POST", "/sparql", ENDLESS.encode(), {"Content-Type": "application/sparql-query"}
                )
            until(lambda: samples(metrics)["endpoint_queue_length",] == 1)
            found = samples(metrics)
            busy = sum(found["endpoint_workers", state] for state in ("evaluating", "slow"))
            assert (busy, found["endpoint_workers", "idle"]) == (1, 0)
            assert found["endpoint_connections_open",] == 2
            # The scrape itself is one as well.
            assert found["http_server_active_requests", "POST"] == 2
            assert found["http_server_active_requests", "GET"] == 1
        until(lambda: samples(metrics)["endpoint_query_kills_total", "client"] == 1)
        until(lambda: samples(metrics)["endpoint_queue_length",] == 0)


def test_the_clients_that_cost_most_are_named(tmp_path: Path) -> None:
    with (
        scraped(tmp_path, "--workers", "1", "--trusted-proxies", "none") as (server, metrics),
        closing(server.connection()) as connection,
    ):
        connection.request("POST", "/sparql", ENDLESS.encode(), {"Content-Type": "application/sparql-query"})
        until(lambda: ("endpoint_client_connections", "127.0.0.1") in samples(metrics))
        found = samples(metrics)
        assert found["endpoint_client_connections", "127.0.0.1"] == 1
        assert found["endpoint_client_queries", "127.0.0.1", "running"] == 1
        assert found["endpoint_client_queries", "127.0.0.1", "waiting"] == 0
        assert found["endpoint_client_evaluation_seconds", "127.0.0.1"] >= 0.1
        assert found["endpoint_client_budget_left_seconds", "127.0.0.1"] <= 60


def test_the_addresses_have_their_own_paths(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(f'[prometheus]\nsha256 = "{sha256(b"open").hexdigest()}"\nscopes = ["metrics"]\n')
    with scraped(tmp_path, "--workers", "1", "--tokens", str(tokens)) as (server, metrics):
        assert metrics.query("ASK {}").status == 404
        assert metrics.get("/-/live").status == 404
        assert server.get("/-/metrics").status == 401
        answer = server.get("/-/metrics", Authorization="Bearer open", Accept_Encoding="gzip")
        assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
        assert server.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        metrics.get("/-/metrics")


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("serve", "--port", "0", "--data", str(tmp_path / "data"), "--metrics-address", address)
    assert done.returncode == 1
    assert (
        f"Cannot listen on 127.0.0.1 port {address.rpartition(':')[2]}: Address already in use."
        in done.stderr
    )
