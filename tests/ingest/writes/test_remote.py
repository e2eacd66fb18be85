"""LOAD: what is fetched, from where, and what becomes of a document that does not come whole."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pytest
from pyoxigraph import Store

from endpoint.errors import EndpointError, EvaluationFailed, Forbidden, PayloadTooLarge, ServiceRefused
from endpoint.ingest.writes.evaluation import Update, evaluate
from endpoint.ingest.writes.ledger import Ledger, Permission
from endpoint.ingest.writes.remote import Loader
from endpoint.ingest.writes.templates import Names

TRIPLE = b"<urn:a> <urn:b> <c> .\n"
LIMIT = 2**17
SECONDS = 1.0


class Documents(http.server.BaseHTTPRequestHandler):
    """Each document is as its name says; ``asked`` has the paths of all requests."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(unquote(self.path))
        name = self.path.rpartition("/")[2]
        self.send_response(302 if name == "elsewhere" else 200)
        self.send_header("Location", "/other/document")
        self.send_header(
            "Content-Type", {"page": "text/html", "trig": "application/trig"}.get(name, "text/turtle")
        )
        if name == "short":
            self.send_header("Content-Length", "1000")
        self.end_headers()
        with suppress(OSError):  # who reads it may have had enough
            self.wfile.write(TRIPLE * (LIMIT if name == "long" else 1))
            if name == "trig":
                self.wfile.write(b"GRAPH <urn:other> { <urn:a> <urn:b> 1 }")

    def log_message(self, format: str, *_: object) -> None:
        pass


class Slow(Documents):
    """Sends a byte of a document now and then, and never ends it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/turtle")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                threading.Event().wait(SECONDS / 10)


def served(handler: type[Documents]) -> Iterator[str]:
    handler.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/data/"
        server.shutdown()


@pytest.fixture
def documents() -> Iterator[str]:
    yield from served(Documents)


@pytest.fixture
def slow() -> Iterator[str]:
    yield from served(Slow)


def done(allowed: str, text: str, folder: Path, graphs: tuple[str, ...] = ()) -> list[str]:
    """The statements after an update on nothing, where IRIs that begin with ``allowed`` may be loaded."""
    store = Store()
    loader = Loader((allowed,), LIMIT, SECONDS, folder)
    evaluate(Update(text, Names(None, {})), Ledger(store, Permission("ci", graphs, None)), loader.load)
    assert list(folder.iterdir()) == []
    return sorted(map(str, store))


@pytest.mark.parametrize("name", ["document", "문서", "a%20b", "?q=..", "a/./b"])
def test_a_document_is_loaded(documents: str, name: str, tmp_path: Path) -> None:
    (found,) = done(documents, f"LOAD <{documents}{name}> INTO GRAPH <urn:g>", tmp_path)
    assert found.endswith("<urn:g>")
    assert Documents.asked == [unquote(f"/data/{name}")]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("elsewhere", EvaluationFailed),
        ("page", EvaluationFailed),
        ("short", EvaluationFailed),
        ("long", PayloadTooLarge),
    ],
)
def test_what_cannot_be_loaded_changes_nothing(
    documents: str, name: str, error: type[EndpointError], tmp_path: Path
) -> None:
    with pytest.raises(error):
        done(documents, f"LOAD <{documents}{name}>", tmp_path)
    assert Documents.asked == [f"/data/{name}"]
    text = f"LOAD SILENT <{documents}{name}> ; INSERT DATA {{ <urn:x> <urn:y> <urn:z> }}"
    assert done(documents, text, tmp_path) == ["<urn:x> <urn:y> <urn:z>"]


def test_a_document_that_comes_slowly_is_given_up(slow: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationFailed, match="not read within"):
        done(slow, f"LOAD <{slow}document>", tmp_path)


@pytest.mark.parametrize(
    "iri",
    [
        "{}../document",
        "{}%2e%2E/document",
        "{}a/..%2fdocument",
        "{}..%5Cdocument",
        "http://localhost/data/document",
        "http://[::1]/data/document",
        "file:///etc/passwd",
    ],
)
def test_nothing_else_is_fetched(documents: str, iri: str, tmp_path: Path) -> None:
    for silent in ("", "SILENT"):
        with pytest.raises(ServiceRefused):
            done(documents, f"LOAD {silent} <{iri.format(documents)}>", tmp_path)
    assert Documents.asked == []


def test_a_user_in_an_address_is_no_host(documents: str, tmp_path: Path) -> None:
    prefix = "http://good.example"
    with pytest.raises(ServiceRefused):
        done(prefix, f"LOAD <{documents.replace('http://', f'{prefix}@')}>", tmp_path)
    with pytest.raises(ServiceRefused):
        done(documents, f"LOAD <{documents.replace('http://', 'http://user@')}>", tmp_path)
    assert Documents.asked == []


def test_the_graphs_of_a_token_hold_for_what_a_document_names(documents: str, tmp_path: Path) -> None:
    for text in (
        f"LOAD <{documents}trig> INTO GRAPH <urn:g>",
        f"LOAD SILENT <{documents}trig> INTO GRAPH <urn:h>",
    ):
        with pytest.raises(Forbidden):
            done(documents, text, tmp_path, graphs=("urn:g",))
