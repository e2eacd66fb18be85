"""One worker process, queried over its socket: text searches, and the messages of failures."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from pyoxigraph import QuerySolutions, Store

from endpoint.engine import fence, wire, worker
from endpoint.engine.fence import landlock
from endpoint.engine.memory import WorkerMemory
from endpoint.errors import MalformedQuery, ServiceRefused
from endpoint.formats import SPARQL_JSON, Representation
from endpoint.search import Request
from endpoint.sparql.lexer import position_of
from endpoint.sparql.operation import admit, classify
from endpoint.vocabulary import TEXT
from tests.search.searched_store import EX, Catalogue, build
from tests.waiting import PATIENCE


class Asked:
    """A worker in a process of its own, without a network."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def ask(self, text: str) -> tuple[bytes, wire.Failure | None]:
        """The bytes of the answer to a query, and why it is not whole."""
        return self._ask(wire.pack_query(classify(text, 500, EX), Representation.of(SPARQL_JSON)))

    def search(self, request: Request) -> tuple[bytes, wire.Failure | None]:
        """The bytes of the answer to a search, and why it is not whole."""
        return self._ask(wire.pack_search(request))

    def _ask(self, asked: bytes) -> tuple[bytes, wire.Failure | None]:
        self._socket.sendall(asked)
        received = b""
        while True:
            frame = wire.read(self._socket)
            assert frame is not None, "the worker died"
            kind, payload = frame
            if kind == wire.FAILURE:
                return received, cast("wire.Failure", json.loads(payload))
            if kind == wire.END:
                return received, None
            received += payload

    def values(self, text: str) -> list[list[str | None]]:
        """The rows of a SELECT, None for what is unbound."""
        body, failure = self.ask(text)
        assert failure is None, failure
        found = json.loads(body)
        names = found["head"]["vars"]
        return [[row.get(name, {}).get("value") for name in names] for row in found["results"]["bindings"]]


@contextmanager
def working(folder: Path | None) -> Iterator[Asked]:
    """A worker on the catalogue, with the text index in ``folder``."""
    ours, theirs = socket.socketpair()
    catalogue = Catalogue(folder)
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            fence.enclose_template()
            memory = WorkerMemory()
            fence.enclose_worker(landlock.reading_only(fence.readable(folder or Path("/nowhere"))))
            worker.run(theirs, os.dup(2), catalogue.store, catalogue.options, memory)
        finally:
            os._exit(1)
    theirs.close()
    with ours:
        ours.settimeout(PATIENCE)
        frame = wire.read(ours)
        assert frame is not None
        assert frame[0] == wire.HELLO
        yield Asked(ours)
    os.waitpid(pid, 0)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("worker") / "text"
    build(folder)
    with working(folder) as found:
        yield found


SEARCH = 'SERVICE text:search { ?p text:query "war" ; text:score ?score }'


def test_a_search_is_answered_without_a_network(asked: Asked) -> None:
    rows = asked.values(f"SELECT * {{ ?p ex:year ?year . {SEARCH} }} ORDER BY ?year")
    assert [row[:2] for row in rows] == [[f"{EX}p2", "2022"], [f"{EX}p5", "2023"]]


# What passes the gate and is no clear text search, or is wrong elsewhere: 400, and the worker lives on.
REFUSED: list[tuple[str, str, str]] = [
    ("SELECT * { SERVICEtext:search{ ?p text:query 'a' } }", "malformed", "SERVICE cannot be told"),
    ("PREFIX SERVICEtext: <urn:y> SELECT * { SERVICEtext:search{} }", "malformed", "SERVICE cannot be told"),
    (f"SELECT * {{ ?s ?p trueSERVICE<{TEXT}search>{{}} }}", "malformed", "SERVICE cannot be told"),
    (f"SELECT * {{ SERVICE<{TEXT}search>{{ ?p ?q ?r }} }}", "malformed", "?q cannot stand"),
    ("SELECT * { FILTER(?a<'>') SERVICE text:search {} }", "malformed", "in one way only"),
    ("SELECT * { SERVICE text:search { ?p text:query 'a' ", "malformed", "never closed"),
    ("SELECT * {" + " SERVICE text:search { ?p text:query 'a' }" * 1000 + "}", "complex", "20 text searches"),
    (f"SELECT * {{ {SEARCH} {SEARCH} ?p ex:year }}", "malformed", "Line 1, column "),
    (f"SELECT * {{ OPTIONAL {SEARCH} }}", "malformed", "Line 1, column 21"),
]


@pytest.mark.parametrize(("text", "kind", "said"), REFUSED, ids=[row[0][:60] for row in REFUSED])
def test_what_is_no_clear_search_is_refused(asked: Asked, text: str, kind: str, said: str) -> None:
    admit(classify(text, 500, EX))
    body, failure = asked.ask(text)
    assert (body, failure is not None) == (b"", True)
    assert failure is not None
    assert failure["kind"] == kind
    assert said in failure["message"]
    assert len(asked.values(f"SELECT ?p {{ {SEARCH} }}")) == 2


def test_a_call_of_an_unknown_function_is_an_error_of_its_expression(asked: Asked) -> None:
    assert asked.values(f"SELECT ?p {{ {SEARCH} FILTER(<urn:f>(?p) || <urn:g>()) }}") == []
    assert len(asked.values(f"SELECT ?p {{ {SEARCH} FILTER(<urn:f>(?p) || true) }}")) == 2
    for text in ("SELECT (<urn:f>(1) AS ?x) {}", "SELECT ?x { BIND(<urn:f>(<urn:g>()) AS ?x) }"):
        assert asked.values(text) == [[None]]
    assert asked.values("SELECT ?x { VALUES ?x { 1 } } ORDER BY <urn:f>(?x)") == [["1"]]
    assert asked.values("SELECT ?x { VALUES ?x { 1 } FILTER NOT EXISTS { FILTER(<urn:f>(?x)) } }") == [["1"]]


def test_a_mistake_carries_its_place(asked: Asked) -> None:
    text = "SELECT * {\n  SERVICE text:search {\n    ?p text:qery 'a' } }"
    _, failure = asked.ask(text)
    assert failure is not None
    assert (failure["line"], failure["column"]) == position_of(text, text.index("text:qery"))


OTHERS = [
    "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "PREFIX text: <http://127.0.0.1:1/> SELECT * { SERVICE text:search { ?p text:query 'a' } }",
    f"SELECT * {{ {SEARCH} SERVICE <http://127.0.0.1:1/> {{ ?s ?p ?o }} }}",
    "SELECT * { SERVICE ?x { ?p text:query 'a' } }",
]


@pytest.mark.parametrize("text", OTHERS)
def test_another_service_meets_the_gate_then_the_reader_and_never_the_engine(asked: Asked, text: str) -> None:
    with pytest.raises(ServiceRefused):
        admit(classify(text, 500, EX))
    _, failure = asked.ask(text)
    assert failure is not None
    assert failure["kind"] == "malformed"


def test_below_all_this_the_engine_has_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pid = os.fork()
        if pid == 0:
            fenced = not fence.enclose_template()
            text = f"SELECT * {{ SERVICE <http://127.0.0.1:{listener.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
            try:
                list(cast("QuerySolutions", Store().query(text)))
            except OSError:
                os._exit(7 if fenced else 1)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_without_an_index(tmp_path: Path) -> None:
    with working(tmp_path / "text") as bare:
        _, failure = bare.ask(f"SELECT * {{ {SEARCH} }}")
        assert failure is not None
        assert (failure["kind"], failure["line"], failure["column"]) == ("malformed", 1, 12)
        assert "no text index" in failure["message"]
        _, failure = bare.search(Request("war"))
        assert failure is not None
        assert failure["kind"] == "missing"
        assert bare.values("SELECT ?p { ?p ex:year 2021 }") == [[f"{EX}p0"]]


def test_a_damaged_index_is_a_failure_of_the_server(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    with working(tmp_path / "text") as damaged:
        _, failure = damaged.ask(f"SELECT * {{ {SEARCH} }}")
        assert failure is not None
        assert failure["kind"] == "evaluation"
        assert "text index" in failure["message"]


def test_a_page_of_hits(asked: Asked) -> None:
    body, failure = asked.search(Request("war", limit=1))
    assert failure is None
    found = json.loads(body)
    assert found["total"] == 2
    (hit,) = found["hits"]
    assert hit["iri"] in (f"{EX}p2", f"{EX}p5")
    assert "<mark>" in hit["snippet"]


def test_the_gate_lets_an_update_with_a_search_not_through() -> None:
    text = f"INSERT {{ ?p ex:found true }} WHERE {{ {SEARCH} }}"
    with pytest.raises(MalformedQuery, match="update"):
        admit(classify(text, 500, EX))
