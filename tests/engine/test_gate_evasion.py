"""Attempts to call another server past the gate: disguises combined, with a listener that nobody may reach.

Each barrier is tried alone. What passes the gate is evaluated without a fence; what is behind the fence is
evaluated without the gate.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import product

import pytest
from pyoxigraph import QueryBoolean, Store

from endpoint.engine import fence
from endpoint.engine.evaluator import Evaluator, WorkerOptions
from endpoint.errors import EndpointError, MalformedQuery, ReadOnly, ServiceRefused
from endpoint.sparql.operation import admit, classify

BASE = "http://base.example/"

KEYWORDS = [
    *("SERVICE", "service", "SeRvIcE"),
    # Code points that are escaped (SPARQL 1.1 section 19.2), also a part of them and in the long form.
    *(
        "\\u0053ERVICE",
        "\\U00000053ERVICE",
        "S\\u0065RVICE",
        "\\u0073\\u0065\\u0072\\u0076\\u0069\\u0063\\u0065",
    ),
    # Look-alikes: fullwidth, Cyrillic, the long s whose capital is S, a dotted capital I, joiners.
    *("ＳＥＲＶＩＣＥ", "ЅERVICE", "ſervice", "SERVİCE", "SER\u200bVICE", "SERVICE\u200d", "SER\u00adVICE"),
    *("SERV\\u0049CE", "SERVICESERVICE", "xSERVICE", "SER VICE", "SER#\nVICE"),
]
BETWEEN = [
    " ",
    "",
    "\n",
    "\t",
    "\r",
    " #comment\n",
    "#'\n",
    "#\r",
    "\u00a0",
    "\u2028",
    "\ufeff",
    " SILENT ",
    "silent\n",
]
TARGETS = [
    *("<{url}>", "<\\u0068ttp{rest}>", "p:x", ":", "p:", "<x>", "<../x>", "?v", "$v", "?\\u0076"),
    *("<HTTP{rest}>", "<{url}\\u0020>", "`{url}`", "{url}", "'{url}'"),
]
# {prologue} is the place for prefixes; {call} is the call with its group.
SHAPES = [
    "SELECT * {{ {call} }}",
    "SELECT * WHERE {{ {{ {{ {call} }} }} }}",
    "SELECT * {{ OPTIONAL {{ {call} }} }}",
    "SELECT * {{ {{}} UNION {{ {call} }} }}",
    "SELECT * {{ BIND(1 AS ?x) MINUS {{ {call} }} }}",
    "SELECT * {{ GRAPH ?g {{ {call} }} }}",
    "SELECT * {{ FILTER EXISTS {{ {call} }} }}",
    "SELECT * {{ BIND(NOT EXISTS {{ {call} }} AS ?x) }}",
    "SELECT * {{ {{ SELECT * {{ {call} }} }} }}",
    "SELECT (COUNT(*) AS ?n) {{}} HAVING (EXISTS {{ {call} }})",
    "SELECT * {{ VALUES ?v {{ <{url}> }} {call} }}",
    "SELECT * {{ BIND(IRI('{url}') AS ?v) {call} }}",
    "SELECT * {{ ?s ?p '#' . {call} }}",
    'SELECT * {{ ?s ?p "\\"" . {call} }}',
    "SELECT * {{ ?s ?p '''a'b''' . {call} }} # '''",
    "SELECT * {{ ?s <a#b> ?o . {call} }}",
    "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {call} }}",
    "ASK {{ {call} }}",
    "DESCRIBE ?s {{ {call} }}",
]
PROLOGUE = "BASE <{url}> PREFIX p: <{url}> PREFIX : <{url}> "
GROUP = "{ ?s ?p ?o }"


def calls(url: str) -> Iterator[str]:
    """Every keyword with every target in a plain query, and every shape with some of them."""
    rest = url.partition("http")[2]
    targets = [target.format(url=url, rest=rest) for target in TARGETS]
    every = product(KEYWORDS, BETWEEN, targets, BETWEEN[:3])
    for keyword, before, target, after in every:
        yield _query(SHAPES[0], url, f"{keyword}{before}{target}{after}{GROUP}")
    for shape, keyword, before, target in product(SHAPES, KEYWORDS[:6], BETWEEN[:6], targets[:9]):
        yield _query(shape, url, f"{keyword}{before}{target} {GROUP}")


def _query(shape: str, url: str, call: str) -> str:
    return PROLOGUE.format(url=url) + shape.format(call=call, url=url)


# Neither a dataset that is named nor a graph is ever fetched.
DATASETS = [
    *("SELECT * FROM <{url}> {{ ?s ?p ?o }}", "SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}"),
    *("ASK FROM <{url}> FROM NAMED <{url}> {{ ?s ?p ?o }}", "SELECT * {{ GRAPH <{url}> {{ ?s ?p ?o }} }}"),
    *(
        "DESCRIBE <{url}>",
        "CONSTRUCT FROM <{url}> WHERE {{ ?s ?p ?o }}",
        "BASE <{url}> SELECT * FROM <> {{}}",
    ),
    "SELECT * {{ ?s <http://www.w3.org/2002/07/owl#imports> <{url}> ; a <{url}> . FILTER(<{url}x>(?s)) }}",
]
UPDATES = [
    *("LOAD <{url}>", "load silent <{url}>", "LOAD <{url}> INTO GRAPH <urn:g>", "LOAD\n#\n<{url}>"),
    *("\\u004cOAD <{url}>", "LO\\u0041D <{url}>", "PREFIX p: <{url}> LOAD p:x", "BASE <{url}> LOAD <x>"),
    *(
        "ASK {{}} ; LOAD <{url}>",
        "LOAD <{url}> ; ASK {{}}",
        "ASK {{}}\n;\nINSERT DATA {{ <a> <b> 1 }}",
        "ⅬOAD <{url}>",
    ),
    *(
        "INSERT DATA {{ <a> <b> 1 }}",
        "DELETE WHERE {{ ?s ?p ?o }}",
        "insert {{ ?s ?p 1 }} where {{ ?s ?p ?o }}",
    ),
    *(
        "WITH <urn:g> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
        "CLEAR ALL",
        "DROP SILENT DEFAULT",
        "CREATE GRAPH <urn:g>",
    ),
    *(
        "COPY DEFAULT TO <urn:g>",
        "MOVE <urn:g> TO DEFAULT",
        "ADD <urn:g> TO DEFAULT",
        "#\nCLEAR ALL",
        "\ufeffCLEAR ALL",
    ),
    *("INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}", "SELECT * {{}} LOAD <{url}>"),
]


class Listener:
    """A server on loopback that counts connections, and closes them."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    started = Listener()
    yield started
    started.close()


def exhaust(results: object) -> None:
    if not isinstance(results, QueryBoolean):
        for _ in results:  # type: ignore[attr-defined]
            pass


def test_the_listener_would_notice(listener: Listener) -> None:
    with pytest.raises(OSError, match=r"."):
        exhaust(Store().query(f"SELECT * {{ SERVICE <{listener.url}> {GROUP} }}"))
    assert listener.connections == 1


def test_the_gate_alone_lets_no_call_through(listener: Listener) -> None:
    evaluator = Evaluator(Store(), WorkerOptions({}, True, 2**30))
    refused = evaluated = 0
    for text in calls(listener.url):
        try:
            operation = admit(classify(text, 500, BASE))
        except (ServiceRefused, MalformedQuery):
            refused += 1
            continue
        # What the gate does not understand is for the engine, which must not understand it as a call.
        evaluated += 1
        with suppress(EndpointError, SyntaxError, OSError, RuntimeError):
            exhaust(evaluator.evaluate(operation))
    assert listener.connections == 0
    assert refused > 3000
    assert evaluated > 500


@pytest.mark.parametrize("text", DATASETS)
def test_no_dataset_is_fetched(listener: Listener, text: str) -> None:
    evaluator = Evaluator(Store(), WorkerOptions({}, True, 2**30))
    operation = admit(classify(text.format(url=listener.url), 500, BASE))
    for named in (operation, operation.over((listener.url,), (listener.url,))):
        with suppress(RuntimeError):  # a function that the engine does not have
            exhaust(evaluator.evaluate(named))
    assert listener.connections == 0


@pytest.mark.parametrize("text", UPDATES)
def test_no_update_is_a_query(listener: Listener, text: str) -> None:
    store = Store()
    store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    query = text.format(url=listener.url)
    with pytest.raises((MalformedQuery, ReadOnly, ServiceRefused, SyntaxError)):
        exhaust(Evaluator(store, WorkerOptions({}, True, 2**30)).evaluate(admit(classify(query, 500, BASE))))
    with pytest.raises(SyntaxError):
        store.query(query)
    assert [str(quad) for quad in store] == [
        '<urn:a> <urn:b> "1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    ]
    assert listener.connections == 0


def test_the_fence_alone_lets_no_call_through(listener: Listener) -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            fence.enclose_template()
            fence.enclose_worker(None)
            sealed = fence.seal_worker()
            store, failed = Store(), 0
            for text in calls(listener.url):
                try:
                    exhaust(store.query(text, base_iri=BASE))
                except OSError:
                    failed += 1
                except (SyntaxError, RuntimeError, ValueError):
                    continue
            os.write(writing, json.dumps([sealed, failed]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as result:
        sealed, failed = json.load(result)
    os.waitpid(pid, 0)
    assert sealed
    # These would have been calls.
    assert failed > 500
    assert listener.connections == 0
