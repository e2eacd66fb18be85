"""Writes by the SPARQL 1.1 Graph Store HTTP Protocol (section 5) against the real process."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.live import Answer, Server
from tests.process.writing import EDITOR, LIMITED, NEWS, READER, bearer, values, writable

TURTLE = "text/turtle"
TRIPLE = b'<http://example.org/a> <http://example.org/p> "%s" .'
MOFAPUB = "http://opendata.mofa.go.kr/mofapub"


@pytest.fixture(scope="module")
def writer(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = shutil.copytree(published, tmp_path_factory.mktemp("writer") / "data")
    with writable(data, "--max-upload", "3MB", "--max-input", "1MB") as server:
        yield server


def at(graph: str) -> str:
    return f"/store?graph={quote(graph, safe='')}"


def send(
    server: Server, method: str, path: str, body: bytes = b"", kind: str = TURTLE, **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    whole = (
        {"Content-Type": kind, **bearer(EDITOR), **named}
        if body or kind != TURTLE
        else {**bearer(EDITOR), **named}
    )
    return server.request(method, path, body, whole)


def objects(server: Server, graph: str) -> list[str]:
    return values(server, f"GRAPH <{graph}> {{ ?s ?p ?o }}")


def test_a_graph_is_put_added_to_and_deleted(writer: Server) -> None:
    graph = "http://example.org/put"
    created = send(writer, "PUT", at(graph), TRIPLE % b"1")
    assert (created.status, created.headers["location"]) == (201, writer.url + at(graph))
    replaced = send(writer, "PUT", at(graph), b"\xef\xbb\xbf" + TRIPLE % b"2")
    assert (replaced.status, replaced.body) == (204, b"")
    assert int(replaced.headers["endpoint-generation"]) == created.json()["generation"] + 1
    assert objects(writer, graph) == ["2"]
    added = send(writer, "POST", at(graph), TRIPLE % b"3", "application/n-triples")
    assert (added.status, added.json()["added"]) == (200, 1)
    assert objects(writer, graph) == ["2", "3"]
    assert writer.get(at(graph)).status == 200
    assert writer.request("HEAD", at(graph)).status == 200
    assert send(writer, "DELETE", at(graph)).status == 200
    assert writer.get(at(graph)).status == 404
    assert send(writer, "DELETE", at(graph)).status == 404


def test_a_graph_without_statements_exists(writer: Server) -> None:
    graph = "http://example.org/empty"
    assert send(writer, "PUT", at(graph), b"# nothing\n").status == 201
    assert writer.get(at(graph)).status == 200


def test_the_name_of_a_graph_is_decoded_once(writer: Server) -> None:
    for path, number in (("%31", b"1"), ("%2531", b"2")):
        assert (
            send(writer, "PUT", f"/store?graph=http://example.org/once/{path}", TRIPLE % number).status == 201
        )
    assert objects(writer, "http://example.org/once/1") == ["1"]
    assert objects(writer, "http://example.org/once/%31") == ["2"]
    assert b'"1"' in writer.get("/store?graph=http%3A%2F%2Fexample.org%2Fonce%2F1").body


def test_a_new_graph_is_named_by_the_server_and_by_its_address(writer: Server) -> None:
    created = send(writer, "POST", "/store", TRIPLE % b"new")
    assert created.status == 201
    path = created.headers["location"].removeprefix(writer.url)
    assert path.startswith("/store/")
    assert "new" in writer.get(path).text
    assert objects(writer, created.headers["location"]) == ["new"]
    assert send(writer, "PUT", path, TRIPLE % b"other").status == 204
    assert send(writer, "PUT", "/store/named/here", TRIPLE % b"named").status == 201
    assert objects(writer, f"{writer.url}/store/named/here") == ["named"]
    assert send(writer, "DELETE", path).status == 200


def test_the_default_graph_and_the_whole_dataset(writer: Server) -> None:
    assert send(writer, "PUT", "/store?default", TRIPLE % b"default").status == 201
    quads = b'<http://example.org/a> <http://example.org/p> "quad" <http://example.org/quads> .'
    assert send(writer, "POST", "/store", quads, "application/n-quads").status == 200
    assert objects(writer, "http://example.org/quads") == ["quad"]
    dump = writer.get("/store", "application/n-quads").body
    assert send(writer, "PUT", "/store", TRIPLE % b"1").status == 400
    assert send(writer, "DELETE", "/store").status == 400
    # What is derived follows by itself, and is not sent.
    derived = b"<http://opendata.mofa.go.kr/derived>"
    stated = b"".join(line for line in dump.splitlines(True) if not line.rstrip(b" .\n").endswith(derived))
    again = send(writer, "PUT", "/store", b"# all of it\n" + stated[:0] + stated, "application/n-quads")
    assert again.status == 204, again.text
    assert len(writer.get("/store", "application/n-quads").body.splitlines()) == len(dump.splitlines())
    assert send(writer, "DELETE", "/store?default").status == 200


def test_an_update_of_one_graph(writer: Server) -> None:
    graph, kind = "http://example.org/patched", "application/sparql-update"
    assert send(writer, "PUT", at(graph), TRIPLE % b"1").status == 201
    patch = b'DELETE { ?s ?p "1" } INSERT { ?s ?p "2" } WHERE { ?s ?p "1" }'
    assert send(writer, "PATCH", at(graph), patch, kind).status == 200
    assert objects(writer, graph) == ["2"]
    elsewhere = (
        b"INSERT DATA { GRAPH <http://example.org/x> { <http://example.org/a> <http://example.org/p> 1 } }"
    )
    assert send(writer, "PATCH", at(graph), elsewhere, kind).status == 403
    assert send(writer, "PATCH", "/store?default", elsewhere, kind).status == 403
    assert send(writer, "PATCH", at(graph), TRIPLE % b"1").status == 415


def test_a_patch_of_single_statements(writer: Server) -> None:
    graph, other, kind = "http://example.org/rows", "http://example.org/rows-2", "application/rdf-patch"
    row = '<http://example.org/a> <http://example.org/p> "%s" <%s> .\n'
    patch = f"TX .\nA {row % (1, graph)}A {row % (2, graph)}A {row % (1, other)}D {row % (2, graph)}TC .\n"
    done = send(writer, "PATCH", "/store", gzip.compress(patch.encode()), kind, Content_Encoding="gzip")
    assert (done.status, done.json()["added"], done.json()["removed"]) == (200, 3, 1), done.text
    assert (objects(writer, graph), objects(writer, other)) == (["1"], ["1"])
    assert send(writer, "PATCH", at(graph), b"A " + TRIPLE % b"3", kind).status == 200
    assert objects(writer, graph) == ["1", "3"]
    assert "application/rdf-patch" in writer.request("OPTIONS", "/store").headers["accept-patch"]


def test_files_of_a_form(writer: Server, tmp_path: Path) -> None:
    """As curl and browsers send them."""
    (tmp_path / "a.ttl").write_bytes(TRIPLE % b"ttl")
    (tmp_path / "b.nt.gz").write_bytes(gzip.compress(TRIPLE % b"nt"))
    graph = "http://example.org/form"
    command = [
        "curl",
        "-sS",
        "--fail",
        "-H",
        f"Authorization: Bearer {EDITOR}",
        "-F",
        "file=@a.ttl;type=text/turtle",
    ]
    done = subprocess.run(
        [*command, "-F", "file=@b.nt.gz", writer.url + at(graph)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert objects(writer, graph) == ["nt", "ttl"]


@pytest.mark.parametrize("sent", [["-T", "a.ttl"], ["-T", "-"], ["-X", "PUT", "--data-binary", "@a.ttl"]])
def test_curl_sends_a_file(writer: Server, tmp_path: Path, sent: list[str]) -> None:
    (tmp_path / "a.ttl").write_bytes(TRIPLE % b"curl")
    graph = "http://example.org/curl"
    command = ["curl", "-sS", "--fail", "-u", f"me:{EDITOR}", "-H", f"Content-Type: {TURTLE}", *sent]
    with (tmp_path / "a.ttl").open("rb") as file:
        done = subprocess.run(
            [*command, writer.url + at(graph)], cwd=tmp_path, stdin=file, capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert objects(writer, graph) == ["curl"]


def test_a_body_may_be_compressed_and_longer_than_what_is_held(writer: Server) -> None:
    graph = "http://example.org/long"
    lines = b"\n".join(
        b'<http://example.org/s%d> <http://example.org/p> "%d" .' % (n, n) for n in range(40_000)
    )
    assert 2**20 < len(lines) < 3 * 2**20
    assert send(writer, "PUT", at(graph), lines, "application/n-triples").status == 201
    zipped = gzip.compress(lines)
    again = send(writer, "PUT", at(graph), zipped, "application/n-triples", Content_Encoding="gzip")
    assert again.status == 204
    count = f"SELECT (COUNT(*) AS ?o) {{ GRAPH <{graph}> {{ ?s ?p ?x }} }}"
    assert writer.query(count, "text/csv").text.split()[1] == "40000"
    bomb = gzip.compress(b"#" * 2**23)
    refused = send(writer, "PUT", at(graph), bomb, "application/n-triples", Content_Encoding="gzip")
    assert refused.status == 413
    assert send(writer, "DELETE", at(graph)).status == 200


def test_conditions_hold(writer: Server) -> None:
    graph = "http://example.org/conditions"
    assert send(writer, "PUT", at(graph), TRIPLE % b"0", If_Match="*").status == 412
    assert send(writer, "PUT", at(graph), TRIPLE % b"1", If_None_Match="*").status == 201
    assert send(writer, "PUT", at(graph), TRIPLE % b"2", If_None_Match="*").status == 412
    for accept, encoding in (
        (TURTLE, "identity"),
        ("application/x-turtle", "gzip"),
        ("application/ld+json", "br"),
    ):
        read = writer.get(at(graph), accept, Accept_Encoding=encoding)
        assert not read.headers["etag"].startswith("W/")
        assert (
            send(writer, "POST", at(graph), TRIPLE % b"3", If_None_Match=read.headers["etag"]).status == 412
        )
        changed = send(writer, "PUT", at(graph), TRIPLE % accept.encode(), If_Match=read.headers["etag"])
        assert changed.status == 204, changed.text
        stale = send(writer, "DELETE", at(graph), If_Match=read.headers["etag"])
        assert stale.status == 412
    assert objects(writer, graph) == ["application/ld+json"]


RECORD = "/mofapub/resource/Publication/14209"
OTHER = "/resource?iri=http%3A%2F%2Fexample.org%2Fother%23it"


def test_a_resource_is_read_corrected_and_put_back(writer: Server) -> None:
    """What is derived of it follows, and is not stated because it was sent."""
    read = writer.get(RECORD, TURTLE)
    corrected = read.body + b'\n<> <http://www.w3.org/2000/01/rdf-schema#comment> "Corrected" .'
    base = {"Content_Type": TURTLE, "If_Match": read.headers["etag"]}
    put = send(writer, "PUT", RECORD, corrected, **base)
    assert (put.status, put.body) == (204, b""), put.text
    assert send(writer, "PUT", RECORD, corrected, **base).status == 412
    record = f"http://opendata.mofa.go.kr{RECORD}"
    counts = "SELECT (COUNT(*) AS ?o) { GRAPH <%s> { <%s> ?p ?x } }"
    assert "Corrected" in writer.get(RECORD, TURTLE).text
    after = writer.query(counts % (MOFAPUB, record), "text/csv").text.split()[1]
    assert send(writer, "PUT", RECORD, read.body).status == 204
    before = writer.query(counts % (MOFAPUB, record), "text/csv").text.split()[1]
    assert int(after) == int(before) + 1
    derived = "http://opendata.mofa.go.kr/derived"
    assert writer.query(counts % (derived, record), "text/csv").text.split()[1] != "0"
    deleted = send(writer, "DELETE", RECORD)
    assert (deleted.status, deleted.json()["removed"]) == (200, int(before))
    assert send(writer, "DELETE", RECORD).status == 404
    assert writer.query(counts % (derived, record), "text/csv").text.split()[1] == "0"
    again = send(writer, "PUT", f"{RECORD}?graph={quote(MOFAPUB)}", read.body, If_None_Match="*")
    assert (again.status, again.headers["location"]) == (201, f"{writer.url}{RECORD}?graph={quote(MOFAPUB)}")


def test_a_resource_of_any_iri_is_put_and_deleted(writer: Server) -> None:
    triple = b"<http://example.org/other#it> <http://example.org/p> 'other' ."
    assert send(writer, "PUT", OTHER, triple).status == 409
    assert send(writer, "PUT", f"{OTHER}&graph={NEWS}", triple).status == 201
    assert objects(writer, NEWS) == ["other"]
    assert send(writer, "PUT", OTHER, triple.replace(b"'other'", b"'new'")).status == 204
    assert send(writer, "DELETE", f"{OTHER}&default").status == 404
    assert send(writer, "DELETE", OTHER).status == 200
    assert writer.request("OPTIONS", RECORD).headers["allow"] == "GET, HEAD, PUT, DELETE, OPTIONS"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("PUT", at(NEWS), b"<a", {}, 400, "malformed-data"),
        ("PUT", at(NEWS), TRIPLE % b"1", {"Content-Type": "application/pdf"}, 415, "unsupported-media-type"),
        ("PUT", at(NEWS), TRIPLE % b"1", {"Content-Type": ""}, 415, "unsupported-media-type"),
        ("PUT", at(NEWS), TRIPLE % b"1", {"Content-Encoding": "br"}, 415, "unsupported-media-type"),
        ("PUT", at(NEWS), b"no gzip", {"Content-Encoding": "gzip"}, 400, "malformed-data"),
        (
            "PUT",
            at(NEWS),
            b'<a:a> <a:b> "1" <a:g> .',
            {"Content-Type": "application/n-quads"},
            400,
            "malformed-data",
        ),
        ("PUT", "/store?graph=relative", TRIPLE % b"1", {}, 400, "bad-parameter"),
        ("PUT", "/store?graph=a:a&default", TRIPLE % b"1", {}, 400, "bad-parameter"),
        ("PUT", "/store/a?graph=a:a", TRIPLE % b"1", {}, 400, "bad-parameter"),
        ("PUT", "/store.ttl?graph=a:a", TRIPLE % b"1", {}, 405, "method-not-allowed"),
        ("PUT", at(NEWS), b"#" * 4_000_000, {}, 413, "payload-too-large"),
        ("PUT", at(NEWS), TRIPLE % b"1", {"Authorization": "Bearer guess"}, 401, "unauthorized"),
        ("PUT", at(NEWS), TRIPLE % b"1", bearer(READER), 403, "forbidden"),
        ("PUT", at(MOFAPUB), TRIPLE % b"1", bearer(LIMITED), 403, "forbidden"),
        ("POST", "/store?default", TRIPLE % b"1", bearer(LIMITED), 403, "forbidden"),
        ("DELETE", at(MOFAPUB), b"", bearer(LIMITED), 403, "forbidden"),
        ("PATCH", at(NEWS), b"CLEAR ALL", {"Content-Type": "application/sparql-update"}, 403, "forbidden"),
        ("PUT", at("http://opendata.mofa.go.kr/derived"), TRIPLE % b"1", {}, 403, "forbidden"),
        ("PATCH", "/store", b"A <a:a>", {"Content-Type": "application/rdf-patch"}, 400, "malformed-data"),
        (
            "PATCH",
            "/store",
            b'A <a:a> <a:b> "1" .',
            {"Content-Type": "application/rdf-patch", **bearer(LIMITED)},
            403,
            "forbidden",
        ),
        ("PROPFIND", at(NEWS), b"", {}, 405, "method-not-allowed"),
        ("PUT", RECORD, TRIPLE % b"1", {}, 400, "malformed-data"),
        ("PUT", RECORD, b"<> a <a:a> .", {"Content-Type": "text/html"}, 415, "unsupported-media-type"),
        ("PUT", f"{RECORD}?graf=a:a", b"<> a <a:a> .", {}, 400, "bad-parameter"),
        ("PUT", f"{RECORD}.ttl", b"<> a <a:a> .", {}, 405, "method-not-allowed"),
        ("PUT", RECORD, b"<> a <a:a> .", {"If-Match": '"other"'}, 412, "precondition-failed"),
        ("PUT", RECORD, b"<> a <a:a> .", {"If-None-Match": "*"}, 412, "precondition-failed"),
        ("PUT", RECORD, b"<> a <a:a> .", {"Authorization": ""}, 401, "unauthorized"),
        ("PUT", RECORD, b"<> a <a:a> .", bearer(LIMITED), 403, "forbidden"),
        ("DELETE", RECORD, b"", bearer(LIMITED), 403, "forbidden"),
        ("DELETE", "/mofapub/nothing", b"", {}, 404, "not-found"),
        ("POST", RECORD, b"<> a <a:a> .", {}, 405, "method-not-allowed"),
        ("DELETE", "/lod/view.do?uri=a:a", b"", {}, 405, "method-not-allowed"),
    ],
)
def test_what_is_refused_changes_nothing(
    writer: Server, method: str, path: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    before = writer.get("/store", "application/n-quads").body
    named = {"Content-Type": TURTLE, **bearer(EDITOR), **headers, "Accept": "application/json"}
    try:
        refused = writer.request(method, path, body, named)
    except (BrokenPipeError, ConnectionResetError):
        # What is too long is not read to its end.
        assert status == 413
    else:
        assert (refused.status, refused.json()["code"]) == (status, code), refused.text
    assert writer.get("/store", "application/n-quads").body == before
