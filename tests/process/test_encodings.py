"""Compressed answers of the real server: they begin early, take no memory, wait for readers, and are cut."""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.live import Server, serving
from tests.waiting import PATIENCE, until
from tests.web.decoding import decoded

# No client ever gets the end of it.
HUGE = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
# Rows leave while the set of those already sent grows past the memory limit.
FAILING = "SELECT DISTINCT ?b ?a ?e ?d ?h ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
JSON = "application/sparql-results+json"
CODINGS = ["zstd", "br", "gzip"]


@contextmanager
def answering(server: Server, path: str, coding: str) -> Iterator[http.client.HTTPResponse]:
    """The answer to a client that takes one coding, not read yet."""
    connection = server.connection(timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Accept": JSON, "Accept-Encoding": coding})
        response = connection.getresponse()
        assert (response.status, response.getheader("content-encoding")) == (200, coding)
        yield response
    finally:
        connection.close()


def resident(server: Server) -> int:
    """Pages of memory of the server process, without its workers and what stands in files."""
    _, all_pages, of_files, *_ = map(int, Path(f"/proc/{server.process.pid}/statm").read_text().split())
    return all_pages - of_files


@pytest.mark.parametrize("coding", CODINGS)
def test_the_first_rows_are_there_before_the_last_are_evaluated(server: Server, coding: str) -> None:
    with answering(server, f"/sparql?query={quote(HUGE)}", coding) as response:
        text = decoded(coding, response.read1(2**16), whole=False)
    assert text.startswith(b'{"head":{"vars":["a","b"')
    assert b'"bindings":[{' in text


@pytest.fixture(scope="module")
def patient(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose deadline comes after what is read here, also on a busy machine."""
    data = shutil.copytree(published, tmp_path_factory.mktemp("patient") / "data")
    with serving(data, "--timeout", "300", "--workers", "1") as running:
        yield running


@pytest.mark.parametrize("coding", CODINGS)
def test_a_long_answer_takes_little_memory(patient: Server, coding: str) -> None:
    with answering(patient, f"/sparql?query={quote(HUGE)}", coding) as response:
        response.read(2**14)
        before, most = resident(patient), 0
        for _ in range(40):
            assert response.read(2**14)
            most = max(most, resident(patient))
    # What was read stands for many times as much of the result; 8 MB are a window and what is on its way.
    assert most - before < 8 * 256


def test_a_client_that_stops_reading_is_left(server: Server) -> None:
    cut = server.log.read_text().count("aborted=yes")
    with answering(server, f"/sparql?query={quote(HUGE)}", "zstd"):
        until(lambda: server.log.read_text().count("aborted=yes") > cut)
    assert server.query("ASK {}").status == 200


def test_a_failure_on_the_way_leaves_no_end(server: Server) -> None:
    received = b""
    with answering(server, f"/sparql?query={quote(FAILING)}", "br") as response:
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            while piece := response.read1(2**20):
                received += piece
        with pytest.raises(EOFError):
            decoded("br", received)


PATHS = [
    "/void",
    "/sparql",
    "/api",
    "/",
    "/feed",
    "/sitemap.xml",
    "/robots.txt",
    "/api/years.csv",
    "/api/docs",
]
PATHS += [
    "/-/static/endpoint.css",
    "/api/openapi.json",
    "/overview",
    "/mofapub/resource/Publication/14209.ttl",
]
PATHS += [
    "/api/years.svg",
    "/api/years.rq",
    "/-/prefixes.json",
    "/search?q=korea",
    "/catalog",
    "/nothing/there",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_text_is_the_same_in_every_coding(server: Server, path: str) -> None:
    plain = server.get(path, "text/html, */*;q=0.5")
    assert "accept-encoding" in plain.headers["vary"].lower()
    for coding in CODINGS:
        answer = server.get(path, "text/html, */*;q=0.5", Accept_Encoding=coding)
        assert answer.status == plain.status
        assert answer.headers.get("content-encoding") == (coding if len(plain.body) > 1024 else None)
        assert decoded(answer.headers.get("content-encoding", ""), answer.body) == plain.body
        assert answer.headers["vary"] == plain.headers["vary"]
        if "etag" in answer.headers:
            again = server.get(
                path, "text/html, */*;q=0.5", Accept_Encoding=coding, If_None_Match=answer.headers["etag"]
            )
            assert (again.status, again.headers["etag"]) == (304, answer.headers["etag"])


def test_a_spreadsheet_and_a_small_answer_are_sent_as_they_are(server: Server) -> None:
    for path in ("/api/years.xlsx", "/-/ready", "/sparql?query=ASK%7B%7D"):
        answer = server.get(path, Accept_Encoding="zstd, br, gzip")
        assert answer.status == 200
        assert "content-encoding" not in answer.headers
