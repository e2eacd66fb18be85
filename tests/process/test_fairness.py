"""Clients beside each other on one server, each with an address on loopback: what one takes, others keep."""

from __future__ import annotations

import http.client
import json
import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from tests.live import Answer, Server, serving
from tests.waiting import PATIENCE

CROSS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f"
COUNT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
# Seconds for which the looping client waits for a cross product.
GIVEN_UP = 3.0
LOOPER, POLITE = "127.0.0.2", "127.0.0.3"


def ask(server: Server, address: str, text: str, timeout: float = PATIENCE, **headers: str) -> Answer:
    """Ask a query from an address."""
    return get(server, address, f"/sparql?query={quote(text)}", timeout, **headers)


def get(server: Server, address: str, path: str, timeout: float = PATIENCE, **headers: str) -> Answer:
    """GET a path from an address."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout, source_address=(address, 0))
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


@contextmanager
def looping(server: Server, connections: int) -> Iterator[None]:
    """One client that asks cross products over and over, on several connections."""
    done = threading.Event()

    def loop() -> None:
        while not done.is_set():
            with suppress(OSError, http.client.HTTPException):
                ask(server, LOOPER, CROSS, GIVEN_UP)

    threads = [threading.Thread(target=loop) for _ in range(connections)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_client_that_loops_cross_products_delays_only_itself(data: Path) -> None:
    with serving(data, "--workers", "2") as server, looping(server, 8):
        taken = []
        for _ in range(60):
            start = time.perf_counter()
            assert ask(server, POLITE, "ASK {}", PATIENCE).status == 200
            taken.append(time.perf_counter() - start)
        # Before there were lanes each waited for the end of a cross product, until none was answered.
        assert statistics.median(taken) < GIVEN_UP


def test_a_used_up_budget_is_429_and_says_when_to_ask_again(data: Path) -> None:
    with serving(data, "--budget", "1", "--timeout", "1") as server:
        while (answer := ask(server, LOOPER, COUNT, Accept="application/json")).status == 504:
            pass
        assert answer.status == 429
        problem = answer.json()
        assert problem["code"] == "budget-exhausted"
        assert problem["budget"] == 1
        assert re.search(
            r"The queries of 127\.0\.0\.2 have used the 1 seconds of evaluation .* per minute\. Ask again in",
            problem["detail"],
        )
        assert answer.headers["retry-after"] == str(problem["retryAfter"])
        assert answer.headers["ratelimit-policy"] == '"evaluation";q=1;qu="seconds";w=60'
        assert re.fullmatch(r'"evaluation";r=0;t=\d+', answer.headers["ratelimit"])
        assert "RateLimit" in answer.headers["access-control-expose-headers"]
        # What needs no evaluation is answered.
        assert get(server, LOOPER, "/-/live").status == 200
        other = ask(server, POLITE, "ASK {}")
        assert other.status == 200
        assert "ratelimit" not in other.headers
        # A page says it too, and no other client is told of it.
        assert get(server, LOOPER, "/", Accept="text/html").status == 429
        assert get(server, POLITE, "/", Accept="text/html").status == 200


def test_a_token_has_its_own_budget(tmp_path: Path, data: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(f'[staff]\nsha256 = "{sha256(b"secret").hexdigest()}"\nscopes = []\nbudget = 600\n')
    flags = ("--budget", "0.5", "--timeout", "1", "--tokens", str(tokens))
    with serving(data, *flags) as server:
        while ask(server, LOOPER, COUNT).status == 504:
            pass
        assert ask(server, LOOPER, "ASK {}").status == 429
        assert ask(server, LOOPER, "ASK {}", Authorization="Bearer secret").status == 200


def test_many_small_requests_meet_no_budget(data: Path) -> None:
    with serving(data) as server:
        connection = http.client.HTTPConnection(server.host, server.port, source_address=(LOOPER, 0))
        statuses = set()
        for number in range(600):
            values = " ".join(f"<urn:{number}:{n}>" for n in range(16))
            query = f"SELECT * {{ VALUES ?s {{ {values} }} ?s ?p ?o }}"
            connection.request("GET", f"/sparql?query={quote(query)}", headers={"Accept": "application/json"})
            response = connection.getresponse()
            json.loads(response.read())
            statuses.add(response.status)
        connection.close()
        assert statuses == {200}


def test_too_many_queries_at_once_are_429(data: Path) -> None:
    with serving(data, "--max-queries-per-client", "2") as server, looping(server, 2):
        while (answer := ask(server, LOOPER, "ASK {}")).status == 200:
            time.sleep(0.02)
        assert answer.status == 429
        assert "2 of your queries" in answer.text
        assert answer.headers["retry-after"] == "1"
        assert ask(server, POLITE, "ASK {}").status == 200


def test_hundreds_of_requests_at_once_are_all_answered(data: Path) -> None:
    """A federated join sends them so, each on a connection of its own, and fails at the first refusal."""
    with serving(data, "--workers", "1") as server, ExitStack() as stack:
        path = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c FILTER(isIRI(?c)) }")
        connections = [
            http.client.HTTPConnection(server.host, server.port, PATIENCE, source_address=(LOOPER, 0))
            for _ in range(200)
        ]
        for connection in connections:
            stack.callback(connection.close)
            connection.request("GET", path, headers={"Accept": "application/json"})
        assert {connection.getresponse().status for connection in connections} == {200}


def test_what_a_client_holds_back_delays_neither_health_nor_others(data: Path) -> None:
    with serving(data, "--workers", "1", "--timeout", "60") as server, looping(server, 40):
        # Some of them are at work until their deadline, and the rest is held.
        assert get(server, LOOPER, "/-/live").status == 200
        assert get(server, LOOPER, "/-/ready").status == 200
        assert ask(server, POLITE, "ASK {}").status == 200
