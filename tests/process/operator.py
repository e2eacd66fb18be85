"""A server with an operator, clients at several addresses, and what they ask."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

from tests.datasets.listed_values import make
from tests.live import Answer, Server, serving
from tests.waiting import PATIENCE

SECRET = "night-watch-secret"
BEARER = {"Authorization": f"Bearer {SECRET}"}
CULPRIT = "127.0.0.66"
ENDLESS = (
    "PREFIX ex: <http://example.org/>\nSELECT (COUNT(*) AS ?endless) "
    "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r . ?s ?t ?u . ?v ?w ?x }"
)
# It begins to answer at once and goes on for very long.
STREAMING = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r }"


@contextmanager
def operated(folder: Path, *flags: str) -> Iterator[Server]:
    """A server whose file of tokens lets SECRET administer it, and "other" only read metrics."""
    tokens = folder / "tokens.toml"
    tokens.write_text(
        f'[night-watch]\nsha256 = "{sha256(SECRET.encode()).hexdigest()}"\nscopes = ["admin"]\n'
        f'[reader]\nsha256 = "{sha256(b"other").hexdigest()}"\nscopes = ["metrics"]\n'
    )
    dataset = make(folder / "dataset")
    options = ("--dataset", str(dataset), "--tokens", str(tokens), "--workers", "2", *flags)
    with serving(folder / "data", *options) as server:
        yield server


def asked(server: Server, text: str, address: str, timeout: float = PATIENCE) -> Answer:
    """The answer to a query from a client at a loopback address."""
    connection = http.client.HTTPConnection(
        server.host, server.port, timeout=timeout, source_address=(address, 0)
    )
    try:
        connection.request("GET", f"/sparql?{urlencode({'query': text})}", headers={"Accept": "*/*"})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def state(server: Server) -> Any:
    """The state of the server as its operator reads it."""
    answer = server.request("GET", "/-/admin", headers={**BEARER, "Accept": "application/json"})
    assert answer.status == 200, answer.text
    return answer.json()


@contextmanager
def asking(server: Server, text: str, address: str) -> Iterator[list[Answer]]:
    """A client that waits for its answer, which is in the list when it has come."""
    answers: list[Answer] = []

    def ask() -> None:
        # The answer may be cut, and the server may end before it answers.
        with suppress(OSError, http.client.HTTPException):
            answers.append(asked(server, text, address))

    thread = Thread(target=ask, daemon=True)
    thread.start()
    yield answers
    thread.join(PATIENCE)


@contextmanager
def ordinary_traffic(server: Server, clients: int = 3) -> Iterator[None]:
    """Clients that each ask a small query now and then, and so together less than one that never ends."""
    stop = Event()

    def loop(address: str) -> None:
        while not stop.wait(0.5):
            with suppress(OSError, http.client.HTTPException):
                asked(server, "SELECT * { ?s ?p ?o } LIMIT 20", address)

    threads = [Thread(target=loop, args=(f"127.0.0.{2 + n}",), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
