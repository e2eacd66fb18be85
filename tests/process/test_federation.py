"""SERVICE calls other endpoints that are allowed, against the real process and a small endpoint beside it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, RdfFormat, Store

from tests.live import Server, serving

RECORD = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
DATA = f"""<{RECORD}> <http://example.org/note> "of the record", [] .
<http://example.org/other> <http://example.org/note> "of another" .
"""
JSON = "application/sparql-results+json"


class Other(ThreadingHTTPServer):
    """An endpoint of the engine itself, which remembers what it was asked, and fails at some paths."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.store = Store()
        self.store.load(DATA.encode(), RdfFormat.TURTLE)
        self.asked: list[str] = []
        self.gone = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    server: Other

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.server.asked.append(form["query"][0])
        match self.path:
            case "/allowed/sparql":
                results = self.server.store.query(form["query"][0])
                assert isinstance(results, QuerySolutions)
                self.send(200, JSON, results.serialize(format=QueryResultsFormat.JSON) or b"")
            case "/allowed/many":
                values = (
                    {"note": {"type": "literal", "value": f"a service {n} of NOW("}} for n in range(3_000)
                )
                body = {"head": {"vars": ["note"]}, "results": {"bindings": [*values]}}
                self.send(200, JSON, json.dumps(body).encode())
            case "/allowed/moved":
                self.send(307, "text/plain", b"", f"{self.server.url}/allowed/sparql")
            case "/allowed/html":
                self.send(200, "text/html", b"<p>no solutions</p>")
            case "/allowed/refuses":
                self.send(400, "text/plain", b"I do not like this query.")
            case "/allowed/huge":
                self.send(200, JSON, b" " * (2**23 + 1))
            case "/allowed/strange":
                name = "note) {} } SELECT * { SERVICE <http://127.0.0.1:1/"
                row = {"note": {"type": "uri", "value": "a:b> ?x"}}
                body = {"head": {"vars": ["note", name]}, "results": {"bindings": [row]}}
                self.send(200, JSON, json.dumps(body).encode())
            case "/allowed/slow":
                self.server.gone.wait(30)
            case _:
                self.send(404, "text/plain", b"nothing")

    def send(self, status: int, kind: str, body: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def other() -> Iterator[Other]:
    with Other() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.gone.set()
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server(other: Other, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = shutil.copytree(published, tmp_path_factory.mktemp("federated") / "data")
    with serving(data, "--allow-service", f"{other.url}/allowed/", "--service-timeout", "60") as made:
        yield made


def test_a_service_is_asked_for_what_can_be_joined(server: Server, other: Other) -> None:
    other.asked.clear()
    text = f"""SELECT ?title ?note WHERE {{
  ?s a mofapub:Publication ; skos:prefLabel ?title .
  SERVICE <{other.url}/allowed/sparql> {{ ?s <http://example.org/note> ?note FILTER(isLiteral(?note)) }}
}}"""
    answer = server.query(text, JSON)
    assert answer.status == 200, answer.text
    (row,) = answer.rows()
    assert row["note"] == "of the record"
    assert row["title"].startswith("South Korea")
    (asked,) = other.asked
    assert f"<{RECORD}>" in asked
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_without_bindings_all_that_matches_is_asked_for(server: Server, other: Other) -> None:
    service = f"SERVICE <{other.url}/allowed/sparql> {{ ?s <http://example.org/note> ?note }}"
    known = "BIND(EXISTS { ?s a mofapub:Publication } AS ?known)"
    rows = server.query(f"SELECT * {{ {service} {known} }}", JSON).rows()
    assert sorted(row["note"].partition(":")[0] for row in rows) == ["of another", "of the record", "urn"]
    assert sorted(row["known"] for row in rows) == ["false", "true", "true"]
    # Nothing can be joined, so nobody is asked.
    other.asked.clear()
    nothing = server.query(f"SELECT * {{ ?s a <http://example.org/Nothing> {service} }}", JSON)
    assert (nothing.rows(), nothing.json()["head"]["vars"], other.asked) == ([], ["s", "note"], [])


def test_many_solutions(server: Server, other: Other) -> None:
    text = f"SELECT (COUNT(*) AS ?n) {{ SERVICE <{other.url}/allowed/many> {{ ?s ?p ?note }} }}"
    assert server.query(text, JSON).rows() == [{"n": "3000"}]


def test_the_query_is_otherwise_as_any(server: Server, other: Other) -> None:
    service = f"SERVICE <{other.url}/allowed/sparql> {{ <{RECORD}> <http://example.org/note> ?note }}"
    assert server.post(f"ASK {{ {service} }}", JSON).json()["boolean"] is True
    built = server.query(f"CONSTRUCT {{ ?s a ?note }} {{ {service} ?s a mofapub:Nothing }}", "text/turtle")
    assert built.status == 200
    wrong = server.query(f"SELECT * {{ {service}\n ?s ?p }}")
    assert wrong.status == 400
    explained = server.query(f"SELECT * {{ {service} }}", explain="true")
    assert explained.status == 200


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("moved", "redirects"),
        ("html", "text/html"),
        ("refuses", "I do not like this query."),
        ("huge", "more than"),
        ("strange", "does not answer with solutions"),
        ("absent", "404"),
    ],
)
def test_a_service_that_fails(server: Server, other: Other, path: str, says: str) -> None:
    pattern = f"<{other.url}/allowed/{path}> {{ ?s <http://example.org/note> ?note }}"
    failed = server.query(f"SELECT * {{ SERVICE {pattern} }}", "application/json")
    assert (failed.status, failed.json()["code"]) == (502, "service-failed"), failed.text
    assert says in failed.json()["detail"]
    silent = server.query(f"SELECT * {{ VALUES ?a {{ 1 }} SERVICE SILENT {pattern} }}", JSON)
    assert (silent.rows(), silent.json()["head"]["vars"]) == ([{"a": "1"}], ["a", "s", "note"])


def test_a_service_that_takes_too_long(server: Server, other: Other) -> None:
    """The deadline of the query counts too, before that of a call."""
    text = f"SELECT * {{ SERVICE <{other.url}/allowed/slow> {{ ?s ?p ?o }} }}"
    failed = server.query(text, "application/json", timeout="2")
    assert (failed.status, failed.json()["code"]) == (502, "service-failed"), failed.text
    assert "does not answer" in failed.json()["detail"]


@pytest.mark.parametrize(
    "iri",
    [
        "{}/sparql",
        "{}/allowed/../sparql",
        "{}/allowed/%2e%2e/sparql",
        "http://127.0.0.1:1/allowed/",
        "file:///etc/passwd",
    ],
)
def test_other_services_are_refused(server: Server, other: Other, iri: str) -> None:
    other.asked.clear()
    named = iri.format(other.url)
    for silent in ("", "SILENT"):
        refused = server.query(
            f"SELECT * {{ SERVICE {silent} <{named}> {{ ?s ?p ?o }} }}", "application/json"
        )
        assert (refused.status, refused.json()["code"]) == (403, "service-refused"), refused.text
    assert other.asked == []


def test_the_description_says_so(server: Server) -> None:
    assert "BasicFederatedQuery" in server.get("/sparql", "text/turtle").text
