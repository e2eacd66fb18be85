"""SPARQL Update over HTTP against the real process: who may, what is done, and what is left behind."""

from __future__ import annotations

import base64
import gzip
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.live import Server, run
from tests.process.writing import (
    EDITOR,
    LIMITED,
    NEWS,
    READER,
    bearer,
    post_form,
    update,
    values,
    writable,
)

MOFAPUB = "http://opendata.mofa.go.kr/mofapub"
CROSS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
EX = "PREFIX ex: <http://example.org/> "


@pytest.fixture(scope="module")
def writer(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = shutil.copytree(published, tmp_path_factory.mktemp("writer") / "data")
    with writable(data, "--write-timeout", "4", "--write-memory", "256MB") as server:
        yield server


def basic(secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"anybody:{secret}".encode()).decode()}


def test_an_answer_to_a_write_is_read_at_once(writer: Server) -> None:
    for number in range(3):
        answer = update(writer, f"{EX}INSERT DATA {{ GRAPH ex:once {{ ex:a ex:n {number} }} }}")
        assert answer.status == 200, answer.text
        told = answer.json()
        assert (told["added"], told["removed"]) == (1, 0)
        assert values(writer, "GRAPH <http://example.org/once> { ?s ?p ?o }") == [
            str(n) for n in range(number + 1)
        ]
        state = run("generations", "--json", "--data", str(writer.data))
        assert f'"number": {told["generation"]}' in state.stdout
        assert '"token:editor"' in state.stdout


def test_every_way_to_send_an_update(writer: Server) -> None:
    for number, path in enumerate(("/update", "/sparql")):
        text = f"{EX}INSERT DATA {{ GRAPH ex:ways {{ ex:a ex:n 'direct {number}' }} }}"
        assert update(writer, text, path=path).status == 200
        form = text.replace("direct", "form")
        assert post_form(writer, path, basic(EDITOR), update=form).status == 200
        blank = {"update ": text.replace("direct", "yasqe"), "using-graph-uri ": ""}
        assert post_form(writer, path, bearer(EDITOR), **blank).status == 200
    found = values(writer, "GRAPH <http://example.org/ways> { ?s ?p ?o }")
    assert found == sorted(f"{way} {number}" for way in ("direct", "form", "yasqe") for number in range(2))


def test_who_may_not_write_changes_nothing(writer: Server) -> None:
    before = writer.query("SELECT (COUNT(*) AS ?o) { ?s ?p ?o }", "text/csv").text
    text = f"{EX}INSERT DATA {{ ex:a ex:b ex:c }}"
    nobody = post_form(writer, "/update", {}, update=text)
    assert nobody.status == 401
    assert nobody.headers["www-authenticate"] == 'Bearer realm="endpoint"'
    assert update(writer, text, "guess").status == 401
    assert update(writer, text, READER).status == 403
    assert post_form(writer, "/update", basic("guess"), update=text).status == 401
    assert writer.get("/update?update=CLEAR+ALL", **bearer(EDITOR)).status == 405
    assert writer.get("/sparql?update=CLEAR+ALL", **bearer(EDITOR)).status == 405
    assert update(writer, text, path="/mofapub/sparql").status == 403
    assert writer.query("SELECT (COUNT(*) AS ?o) { ?s ?p ?o }", "text/csv").text == before


def test_a_body_that_is_compressed_is_no_text(writer: Server) -> None:
    for path in ("/update", "/sparql", "/store?graph=a:a"):
        headers = {"Content-Type": "application/sparql-update", "Content-Encoding": "gzip", **bearer(EDITOR)}
        method = "PATCH" if path.startswith("/store") else "POST"
        assert writer.request(method, path, gzip.compress(b"CLEAR ALL"), headers).status == 415


def test_two_tokens_are_none(writer: Server) -> None:
    connection = writer.connection()
    connection.putrequest("POST", "/update")
    for secret in (EDITOR, READER):
        connection.putheader("Authorization", f"Bearer {secret}")
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


@pytest.mark.parametrize(
    "page",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_password_that_a_browser_sends_is_not_enough(writer: Server, page: dict[str, str]) -> None:
    text = f"{EX}INSERT DATA {{ GRAPH ex:forged {{ ex:a ex:b ex:c }} }}"
    forged = post_form(writer, "/update", {**basic(EDITOR), **page}, update=text)
    assert forged.status == 403
    # Nor does an answer make the browser ask for one.
    assert "basic" not in post_form(writer, "/update", page, update=text).headers["www-authenticate"].lower()
    assert values(writer, "GRAPH <http://example.org/forged> { ?s ?p ?o }") == []


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { ex:a ex:b ex:c }",
        "INSERT DATA { GRAPH ex:other { ex:a ex:b ex:c } }",
        "INSERT DATA { GRAPH ex:news { ex:x ex:y 1 } } ; INSERT DATA { GRAPH ex:other { ex:a ex:b ex:c } }",
        "WITH ex:other INSERT { ex:a ex:b ex:c } WHERE {}",
        "INSERT { GRAPH ?g { ex:a ex:b ex:c } } WHERE { VALUES ?g { ex:other } }",
        "DELETE WHERE { GRAPH ?g { ?s ?p ?o } }",
        f"DELETE {{ GRAPH ?g {{ ?s ?p ?o }} }} USING NAMED <{MOFAPUB}> WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        f"COPY <{MOFAPUB}> TO ex:other",
        f"MOVE <{MOFAPUB}> TO ex:news",
        "ADD ex:news TO DEFAULT",
        "CLEAR ALL",
        "CLEAR DEFAULT",
        "DROP NAMED",
        f"DROP SILENT GRAPH <{MOFAPUB}>",
        "CREATE GRAPH ex:other",
        "CREATE SILENT GRAPH ex:other",
        "LOAD SILENT <http://localhost/> INTO GRAPH ex:other",
    ],
)
def test_the_graphs_of_a_token_hold_for_every_way_in(writer: Server, text: str) -> None:
    answer = update(writer, EX + "INSERT DATA { GRAPH ex:news { ex:kept ex:is ex:here } }", LIMITED)
    assert answer.status == 200
    refused = update(writer, EX + text, LIMITED)
    assert refused.status == 403, refused.text
    assert values(writer, f"GRAPH <{NEWS}> {{ ?s ?p ?o }}") == ["http://example.org/here"]
    assert values(writer, "GRAPH <http://example.org/other> { ?s ?p ?o }") == []


def test_a_token_writes_to_its_own_graphs(writer: Server) -> None:
    text = f"{EX}COPY <http://opendata.mofa.go.kr/mofabrief> TO <{NEWS}/copy>; DROP GRAPH <{NEWS}/copy>"
    assert update(writer, text, LIMITED).status == 200


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("INSERT DATA { ex:a ex:b", 400, "malformed-query"),
        ("INSERT DATA { no:prefix ex:b 1 }", 400, "malformed-query"),
        ("SELECT * { ?s ?p ?o }", 400, "malformed-query"),
        ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://localhost/> { ?s ?p ?o } }", 403, "service-refused"),
        ("LOAD <http://localhost/>", 403, "service-refused"),
        ("CREATE GRAPH <http://opendata.mofa.go.kr/mofapub>", 409, "conflict"),
        ("DROP GRAPH ex:nowhere", 409, "conflict"),
        (
            f"INSERT {{ ex:a ex:b ?n }} WHERE {{ {{ SELECT (COUNT(*) AS ?n) {{ {CROSS} }} }} }}",
            504,
            "deadline-exceeded",
        ),
        (
            f"INSERT {{ ex:a ex:b ?c }} WHERE {{ {{ SELECT ?c {{ {CROSS} }} ORDER BY ?f ?i }} }}",
            503,
            "memory-limit-exceeded",
        ),
    ],
)
def test_what_fails_leaves_no_trace_and_harms_no_other(
    writer: Server, text: str, status: int, code: str
) -> None:
    """Whatever is committed in the same group."""
    graph = f"ex:{code}-{abs(hash(text))}"
    mine = f"{EX}INSERT DATA {{ GRAPH {graph} {{ ex:spoiled ex:by 1 }} }} ; {text}"
    with ThreadPoolExecutor(4) as pool:
        others = [
            pool.submit(update, writer, f"{EX}INSERT DATA {{ GRAPH {graph} {{ ex:a ex:n {n} }} }}")
            for n in range(3)
        ]
        refused = post_form(writer, "/update", {**bearer(EDITOR), "Accept": "application/json"}, update=mine)
        assert (refused.status, refused.json()["code"]) == (status, code), refused.text
        assert [other.result().status for other in others] == [200, 200, 200]
    found = values(writer, f"GRAPH <http://example.org/{graph[3:]}> {{ ?s ?p ?o }}")
    assert found == ["0", "1", "2"]


def test_what_is_derived_and_indexed_follows(writer: Server) -> None:
    subject = "<http://opendata.mofa.go.kr/mofapub/resource/Publication/99001>"
    stated = (
        f"{subject} a <http://opendata.mofa.go.kr/mofapub/Publication> ; "
        '<http://www.w3.org/2000/01/rdf-schema#label> "Quinquereme of Nineveh" ; '
        '<http://www.w3.org/2004/02/skos/core#prefLabel> "Quinquereme of Nineveh" '
    )
    graph = "<http://opendata.mofa.go.kr/mofapub>"
    assert update(writer, f"INSERT DATA {{ GRAPH {graph} {{ {stated} }} }}").status == 200
    derived = f"GRAPH ?g {{ {subject} ?p ?o }} FILTER(?g != {graph})"
    assert values(writer, derived) != []
    assert "99001" in writer.get("/search?q=Quinquereme", "application/json").text
    assert update(writer, f"DELETE WHERE {{ GRAPH {graph} {{ {subject} ?p ?o }} }}").status == 200
    assert values(writer, derived) == []
    assert "99001" not in writer.get("/search?q=Quinquereme", "application/json").text


def test_the_dataset_of_the_protocol(writer: Server) -> None:
    assert update(writer, f"{EX}INSERT DATA {{ GRAPH ex:from {{ ex:a ex:b 'from' }} }}").status == 200
    text = f"{EX}INSERT {{ GRAPH ex:to {{ ?s ?p ?o }} }} WHERE {{ ?s ?p ?o }}"
    assert update(writer, text, using_graph_uri="http://example.org/from").json()["added"] == 1
    assert values(writer, "GRAPH <http://example.org/to> { ?s ?p ?o }") == ["from"]
    named = f"{EX}INSERT {{ GRAPH ex:to {{ ?s ?p ?g }} }} WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}"
    assert update(writer, named, using_named_graph_uri="http://example.org/from").json()["added"] == 1
    conflict = f"{EX}INSERT {{ ?s ?p ?o }} USING ex:a WHERE {{ ?s ?p ?o }}"
    assert update(writer, conflict, using_graph_uri="http://example.org/from").status == 400


def test_a_load_waits_for_a_write_and_goes_on_beside_it(writer: Server, tmp_path: Path) -> None:
    file = tmp_path / "beside.ttl"
    file.write_text("<http://example.org/beside> <http://example.org/p> 1 .")
    with ThreadPoolExecutor(2) as pool:
        updates = [
            pool.submit(update, writer, f"{EX}INSERT DATA {{ GRAPH ex:beside {{ ex:a ex:n {n} }} }}")
            for n in range(4)
        ]
        loaded = run("load", str(file), "--graph", "http://example.org/beside", "--data", str(writer.data))
        assert loaded.returncode == 0, loaded.stderr
        assert [each.result().status for each in updates] == [200] * 4
    assert update(writer, f"{EX}INSERT DATA {{ GRAPH ex:beside {{ ex:a ex:n 4 }} }}").status == 200
    assert len(values(writer, "GRAPH <http://example.org/beside> { ?s ?p ?o }")) == 6


def test_a_token_that_is_revoked_writes_no_more(writer: Server) -> None:
    made = run("token", "create", "short-lived", "--scope", "update", "--data", str(writer.data))
    secret = made.stdout.strip()
    text = f"{EX}INSERT DATA {{ GRAPH ex:revoked {{ ex:a ex:b ex:c }} }}"
    assert update(writer, text, secret).status == 200
    assert run("token", "revoke", "short-lived", "--data", str(writer.data)).returncode == 0
    assert update(writer, text, secret).status == 401


def test_every_write_is_in_the_log(writer: Server) -> None:
    answer = update(writer, f"{EX}INSERT DATA {{ GRAPH ex:logged {{ ex:a ex:b 1, 2 }} }}")
    line = f"token=editor kind=update generation={answer.json()['generation']} added=2 removed=0"
    assert line in writer.log.read_text()


def test_the_service_description_tells_of_updates(writer: Server) -> None:
    assert "sd:SPARQL11Update" in writer.get("/sparql", "text/turtle").text
    assert "sd:SPARQL11Update" not in writer.get("/mofapub/sparql", "text/turtle").text


def test_a_write_whose_client_left_is_in_the_log(writer: Server) -> None:
    parts = " . ".join(f"ex:left ex:part {number}" for number in range(17))
    text = f"{EX}INSERT DATA {{ GRAPH ex:left {{ {parts} }} }}".encode()
    head = f"POST /update HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {EDITOR}\r\n"
    head += f"Content-Type: application/sparql-update\r\nContent-Length: {len(text)}\r\n\r\n"
    found: list[str] = []
    for tenth in range(50):
        # One that leaves before its write begins is left out.
        with socket.create_connection((writer.host, writer.port)) as connection:
            connection.sendall(head.encode() + text)
            time.sleep(tenth / 10)
        assert update(writer, f"{EX}INSERT DATA {{ GRAPH ex:after {{ ex:a ex:n {tenth} }} }}").status == 200
        if found := values(writer, "GRAPH <http://example.org/left> { ?s ?p ?o }"):
            break
    assert len(found) == 17
    (line,) = [line for line in writer.log.read_text().splitlines() if "added=17 " in line]
    assert " write: request=" in line
    assert "token=editor kind=update generation=" in line
