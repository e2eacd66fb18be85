"""Dumps from a real server: the bytes of ``endpoint export``, whole or visibly not, however they are read."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, Store, parse
from rdflib import Graph

from endpoint.storage import generations
from tests.children import children
from tests.live import Server, run, serving
from tests.process.test_export import DATA, MANIFEST
from tests.waiting import until
from tests.web.decoding import decoded

GRAPH = "http://example.org/graph"
# Statements besides those of DATA; together they are larger than what any buffer between two processes takes.
MANY = 20_000
TEXT = "외교 정책과 경제 협력에 대한 보고서. " * 4
# Limits that no query of this size would pass.
FLAGS = ("--max-rows", "1000", "--max-result", "1MB", "--workers", "2", "--client-timeout", "3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset without files, and data that was loaded into it."""
    folder = tmp_path_factory.mktemp("dumps")
    (folder / "dataset" / "seed").mkdir(parents=True)
    (folder / "dataset" / "seed" / "dataset.toml").write_text(MANIFEST)
    many = "".join(
        f'<http://example.org/{n}> <http://example.org/p> "{TEXT}{n}" <{GRAPH}> .\n' for n in range(MANY)
    )
    (folder / "many.nq").write_text(many)
    (folder / "data.trig").write_text(DATA)
    load(folder, folder / "many.nq", folder / "data.trig")
    return folder


def flags(folder: Path) -> tuple[str, ...]:
    return ("--dataset", str(folder / "dataset"), "--data", str(folder / "data"))


def load(folder: Path, *files: Path) -> None:
    loaded = run("load", *map(str, files), *flags(folder))
    assert loaded.returncode == 0, loaded.stderr


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder / "data", "--dataset", str(folder / "dataset"), *FLAGS) as running:
        yield running


@pytest.fixture(scope="module")
def dump(server: Server) -> bytes:
    answer = server.get("/store.nq")
    assert answer.status == 200
    return answer.body


EXPORTED = {
    "/store.nq": ("--format", "n-quads"),
    "/store.trig": ("--format", "trig"),
    "/store.jsonld": ("--format", "json-ld"),
    "/store.nq.gz": ("--format", "n-quads", "--compress", "gz"),
    "/store.nq.zst": ("--format", "n-quads", "--compress", "zst"),
    f"/store.ttl?graph={GRAPH}": ("--format", "turtle", "--graph", GRAPH),
    f"/store.rdf?graph={GRAPH}": ("--format", "rdf-xml", "--graph", GRAPH),
    f"/store.trig?graph={GRAPH}": ("--format", "trig", "--graph", GRAPH, "--union"),
    "/store.nt?default": ("--format", "n-triples", "--union"),
}


@pytest.mark.parametrize("target", EXPORTED)
def test_the_bytes_are_those_of_the_export(server: Server, folder: Path, tmp_path: Path, target: str) -> None:
    output = tmp_path / "exported"
    made = run("export", "--output", str(output), *EXPORTED[target], *flags(folder))
    assert made.returncode == 0, made.stderr
    answer = server.get(target)
    assert answer.status == 200
    assert answer.body == output.read_bytes()


def canonical(data: Path) -> Dataset:
    generation = generations.current(data)
    assert generation is not None
    found = Dataset(Store.read_only(str(generation.path / generations.STORE)))
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


@pytest.mark.parametrize("name", ["nq.gz", "trig.zst", "jsonld"])
def test_a_dump_loads_back_as_the_same_dataset(
    server: Server, folder: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / f"dump.{name}").write_bytes(server.get(f"/store.{name}").body)
    loaded = run(
        *("load", str(tmp_path / f"dump.{name}"), "--dataset", str(folder / "dataset")),
        *("--data", str(tmp_path / "data")),
    )
    assert loaded.returncode == 0, loaded.stderr
    assert canonical(tmp_path / "data") == canonical(folder / "data")


def test_the_limits_of_results_cut_no_dump(server: Server, dump: bytes) -> None:
    assert dump.count(b"\n") == server.get("/-/ready").json()["quads"] > MANY
    with pytest.raises(http.client.IncompleteRead):
        server.query("SELECT * { ?s ?p ?o }", "text/csv")


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
def test_every_coding_has_the_same_dump(server: Server, dump: bytes, coding: str) -> None:
    answer = server.get("/store.nq", Accept_Encoding=coding)
    assert answer.headers.get("content-encoding", "identity") == coding
    assert decoded(coding, answer.body) == dump


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_over_http_1_0_a_dump_has_its_length(server: Server, dump: bytes, coding: str) -> None:
    with socket.create_connection((server.host, server.port), timeout=60) as client:
        client.sendall(f"GET /store.nq HTTP/1.0\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
        received = b""
        while piece := client.recv(2**16):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] == b"200"
    assert f"content-length: {len(body)}\r\n".encode() in head + b"\r\n"
    assert decoded(coding, body) == dump


def test_rdflib_reads_a_graph_by_its_address(server: Server, dump: bytes) -> None:
    other = "http://example.org/other"
    wanted = [quad for quad in parse(dump, RdfFormat.N_QUADS) if str(quad.graph_name) == f"<{other}>"]
    for accept in ("turtle", "xml", "nt"):
        found = Graph().parse(f"{server.url}/store?graph={other}", format=accept)
        assert len(found) == len(wanted) == 8
    # Without a format it goes by the Content-Type of what its own Accept header gets.
    assert len(Graph().parse(f"{server.url}/store?graph={other}")) == len(wanted)


def aborted(server: Server) -> int:
    return server.log.read_text().count("aborted=yes")


def unread(server: Server, target: str) -> socket.socket:
    """A connection over which a dump comes that is not read further than its head."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**12)
    client.settimeout(60)
    client.connect((server.host, server.port))
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
    assert client.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    return client


def test_readers_that_stop_are_cut_and_hold_up_nobody(server: Server) -> None:
    cut = aborted(server)
    clients = [unread(server, target) for target in ("/store.nq", "/store", "/store.nt?default") * 2]
    try:
        for _ in range(5):
            assert server.query("ASK {}").status == 200
        until(lambda: aborted(server) >= cut + len(clients))
    finally:
        for client in clients:
            client.close()
    assert server.get("/store.nq").status == 200


def test_a_client_that_leaves_frees_its_worker(server: Server) -> None:
    cut = aborted(server)
    for _ in range(8):
        with closing(unread(server, "/store.nq")):
            pass
    until(lambda: aborted(server) >= cut + 8)
    assert server.query("ASK {}").status == 200


def workers(server: Server) -> list[int]:
    return [worker for template in children(server.process.pid) for worker in children(template)]


@pytest.mark.parametrize("target", ["/store.nq", "/store.nq.gz", "/store.jsonld"])
def test_a_dump_that_breaks_off_looks_like_no_dump(server: Server, target: str) -> None:
    with closing(unread(server, target)) as client:
        for pid in workers(server):
            os.kill(pid, signal.SIGKILL)
        received = b""
        while piece := client.recv(2**16):
            received += piece
    _, _, chunked = received.partition(b"\r\n\r\n")
    assert not chunked.endswith(b"0\r\n\r\n")
    body = re.sub(rb"\r\n[0-9a-f]+\r\n|^[0-9a-f]+\r\n", b"", chunked).removesuffix(b"\r\n")
    if target.endswith(".gz"):
        reader = zlib.decompressobj(wbits=31)
        reader.decompress(body)
        assert not reader.eof
    else:
        last = body.rstrip(b"\n").rpartition(b"\n")[2].decode()
        assert last.startswith('"!! This answer is not complete. ')
    until(lambda: server.query("ASK {}").status == 200)


def test_a_dump_is_of_one_generation_and_its_tag_too(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "own"
    (copied / "dataset").parent.mkdir()
    (copied / "dataset").symlink_to(folder / "dataset")
    (copied / "more.ttl").write_text("<http://example.org/new> a <http://example.org/New> .")
    load(copied, folder / "many.nq")
    # Loading takes a busy machine longer than readers are waited for elsewhere.
    with serving(copied / "data", "--dataset", str(copied / "dataset"), "--client-timeout", "300") as server:
        before = server.get("/store.nq")
        with closing(server.connection()) as connection:
            connection.request("GET", "/store.nq")
            response = connection.getresponse()
            read = response.read(2**16)
            load(copied, copied / "more.ttl")
            until(lambda: server.get("/-/ready").json()["generation"] == 2)
            read += response.read()
        assert response.getheader("etag") == before.headers["etag"]
        assert read == before.body
        after = server.get("/store.nq", If_None_Match=before.headers["etag"])
        assert after.status == 200
        assert after.headers["etag"] != before.headers["etag"]
        assert b"<http://example.org/New>" in after.body
        assert server.get("/store.nq", If_None_Match=after.headers["etag"]).status == 304
