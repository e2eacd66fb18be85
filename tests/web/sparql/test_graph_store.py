"""SPARQL 1.1 Graph Store HTTP Protocol, reading: one row for each thing that the specification says of it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse

from endpoint.web.sparql.graph_store import DATASET_FORMATS
from tests.live import Answer, Server, serving
from tests.web.decoding import decoded

BASE = "http://opendata.mofa.go.kr/"
PUBLICATIONS = NamedNode(f"{BASE}mofapub")
EMPTY = f"{BASE}mofadaily"
WRITING = ("PUT", "POST", "DELETE", "PATCH")
READING = "GET, HEAD, OPTIONS"


def of(iri: str) -> str:
    return f"/store?graph={quote(iri, safe='')}"


GRAPH = of(PUBLICATIONS.value)


def read(answer: Answer) -> list[Quad]:
    fmt = RdfFormat.from_media_type(answer.headers["content-type"])
    assert fmt is not None
    return [*parse(answer.body, fmt)]


@pytest.fixture(scope="module")
def dataset(server: Server) -> list[Quad]:
    answer = server.get("/store.nq")
    assert answer.status == 200
    return [*parse(answer.body, RdfFormat.N_QUADS)]


def test_the_dataset_is_what_is_served(server: Server, dataset: list[Quad]) -> None:
    assert len(set(dataset)) == len(dataset) == server.get("/-/ready").json()["quads"]


FORMATS = [
    *(("text/turtle", "ttl"), ("application/n-triples", "nt"), ("application/rdf+xml", "rdf")),
    *(("application/ld+json", "jsonld"), ("application/trig", "trig"), ("application/n-quads", "nq")),
]


@pytest.mark.parametrize(("media_type", "name"), FORMATS)
def test_a_graph_in_every_format_however_it_is_named(
    server: Server, dataset: list[Quad], media_type: str, name: str
) -> None:
    wanted = {quad.triple for quad in dataset if quad.graph_name == PUBLICATIONS}
    negotiated = server.get(GRAPH, media_type)
    assert negotiated.status == 200
    assert negotiated.headers["content-type"].partition(";")[0] == media_type
    found = read(negotiated)
    # The graph of the request is the one that the payload has: as it is, without the name.
    assert {quad.graph_name for quad in found} == {DefaultGraph()}
    assert (len(found), {quad.triple for quad in found}) == (len(wanted), wanted)
    for path in (f"{GRAPH}&format={name}", f"/store.{name}{GRAPH[6:]}", f"{GRAPH}&output={media_type}"):
        again = server.get(path, "image/png")
        assert (again.status, again.body) == (200, negotiated.body), path


@pytest.mark.parametrize("fmt", DATASET_FORMATS, ids=lambda fmt: fmt.name)
def test_the_dataset_in_every_format_of_datasets(server: Server, dataset: list[Quad], fmt: object) -> None:
    answer = server.get("/store", fmt.media_type)  # type: ignore[attr-defined]
    assert answer.status == 200
    found = read(answer)
    assert (len(found), set(found)) == (len(dataset), set(dataset))


def test_the_default_graph_is_that_of_queries(server: Server, dataset: list[Quad]) -> None:
    found = read(server.get("/store?default", "application/n-triples"))
    union = {quad.triple for quad in dataset}
    assert (len(found), {quad.triple for quad in found}) == (len(union), union)
    (counted,) = server.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "text/csv").body.split()[1:]
    assert int(counted) == len(union)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("strict")
    with serving(folder / "data", "--default-graph", "strict", "--columns", "0") as running:
        yield running


def test_a_strict_default_graph_has_what_is_in_no_named_graph(strict: Server) -> None:
    answer = strict.get("/store?default", "application/n-triples")
    assert (answer.status, answer.body) == (200, b"")
    assert strict.get(GRAPH, "application/n-triples").body


def test_without_columns_the_order_is_always_the_same(strict: Server) -> None:
    bodies = {strict.get("/store.nq").body for _ in range(6)}
    assert len(bodies) == 1
    (body,) = bodies
    assert len({*parse(body, RdfFormat.N_QUADS)}) == strict.get("/-/ready").json()["quads"]


def test_a_graph_without_statements_is_there(server: Server) -> None:
    answer = server.get(of(EMPTY), "text/turtle")
    assert answer.status == 200
    assert read(answer) == []


REFUSED = [
    # target, headers, status, code, words of the sentence
    (of(f"{BASE}mofapup"), {}, 404, "not-found", f"Did you mean <{BASE}mofapub>?"),
    (of("http://example.org/none"), {}, 404, "not-found", "/void"),
    (of("urn:" + "x" * 20_000), {}, 404, "not-found", "…"),
    (f"{GRAPH}&default", {}, 400, "bad-parameter", "not both"),
    (f"/store?default&graph={quote(EMPTY)}", {}, 400, "bad-parameter", "not both"),
    (f"{GRAPH}&graph={quote(EMPTY)}", {}, 400, "bad-parameter", "2 times"),
    ("/store?default&default", {}, 400, "bad-parameter", "2 times"),
    ("/store?default=true", {}, 400, "bad-parameter", "has no value"),
    ("/store?graph=", {}, 400, "bad-parameter", "absolute IRI"),
    ("/store?graph", {}, 400, "bad-parameter", "absolute IRI"),
    ("/store?graph=mofapub", {}, 400, "bad-parameter", "absolute IRI"),
    ("/store?graph=/mofapub", {}, 400, "bad-parameter", "absolute IRI"),
    ("/store?graph=//opendata.mofa.go.kr/mofapub", {}, 400, "bad-parameter", "absolute IRI"),
    ("/store?graph=http://a%20b/", {}, 400, "bad-parameter", "absolute IRI"),
    ("/store?graph=%3Curn:a%3E", {}, 400, "bad-parameter", "absolute IRI"),
    ("/store?graph=%FF", {}, 400, "bad-parameter", "UTF-8"),
    ("/store?grahp=urn:a", {}, 400, "bad-parameter", "Did you mean graph?"),
    ("/store?query=ASK%7B%7D", {}, 400, "bad-parameter", "graph, default, format"),
    ("/store?timeout=-1", {}, 400, "bad-parameter", "seconds"),
    (GRAPH, {"Accept": "image/png"}, 406, "not-acceptable", "text/turtle"),
    (f"{GRAPH}&format=csv", {}, 406, "not-acceptable", "'csv'"),
    (f"{GRAPH}&format=html", {}, 406, "not-acceptable", "'html'"),
    ("/store", {"Accept": "text/turtle"}, 406, "not-acceptable", "name it with graph=IRI"),
    ("/store?format=ttl", {}, 406, "not-acceptable", "name it with graph=IRI"),
    ("/store.rdf", {}, 406, "not-acceptable", "name it with graph=IRI"),
    ("/store.csv", {}, 406, "not-acceptable", "'csv'"),
    ("/store.nq.rar", {}, 406, "not-acceptable", "gz, zst"),
    ("/store.nq.gz.gz", {}, 406, "not-acceptable", "gz, zst"),
    ("/store/mofapub", {}, 404, "not-found", "There is no graph"),
]


@pytest.mark.parametrize(
    ("target", "headers", "status", "code", "words"), REFUSED, ids=lambda value: str(value)[:50]
)
def test_what_cannot_be_answered_is_said(
    server: Server, target: str, headers: dict[str, str], status: int, code: str, words: str
) -> None:
    asked = {"Accept": "application/problem+json, */*;q=0.1", **headers}
    if "Accept" in headers:
        asked["Accept"] += ", application/problem+json"
    answer = server.request("GET", target, headers=asked)
    problem = answer.json()
    assert (answer.status, problem["code"]) == (status, code), problem
    assert words in problem["detail"]
    assert len(problem["detail"]) < 500
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("method", WRITING)
@pytest.mark.parametrize("target", ["/store", GRAPH, "/store?default", "/store?graph=a&default", "/store.nq"])
def test_writes_are_off_and_say_so(server: Server, method: str, target: str) -> None:
    body = b"<urn:a> <urn:b> <urn:c> ."
    answer = server.request(method, target, body, {"Content-Type": "text/turtle"})
    assert (answer.status, answer.headers["allow"]) == (405, READING)
    assert f"{method} would write".encode() in answer.body


def test_options_and_other_methods(server: Server) -> None:
    options = server.request("OPTIONS", GRAPH)
    assert (options.status, options.headers["allow"]) == (200, READING)
    assert server.request("QUERY", GRAPH, b"").status == 405


HEADS = (GRAPH, "/store", "/store?default", "/store.nq.gz", f"{GRAPH}&format=jsonld&download=1", of(EMPTY))


@pytest.mark.parametrize("target", HEADS)
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_head_has_the_head_of_get(server: Server, target: str, coding: str) -> None:
    head = server.request("HEAD", target, headers={"Accept-Encoding": coding})
    answer = server.request("GET", target, headers={"Accept-Encoding": coding})
    assert (head.status, head.body) == (200, b"")
    apart = {"date", "x-request-id", "server-timing", "transfer-encoding"}
    assert {name: value for name, value in head.headers.items() if name not in apart} == {
        name: value for name, value in answer.headers.items() if name not in apart
    }


def test_head_of_a_graph_that_is_not_there(server: Server) -> None:
    answer = server.request("HEAD", of("urn:none"))
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize("target", HEADS)
def test_entity_tags_are_strong_and_of_one_representation(server: Server, target: str) -> None:
    tags = set()
    for coding in ("identity", "gzip", "br", "zstd"):
        first = server.get(target, Accept_Encoding=coding)
        again = server.get(target, Accept_Encoding=coding)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        assert (tag, first.body) == (again.headers["etag"], again.body)
        held = server.get(target, Accept_Encoding=coding, If_None_Match=tag)
        assert (held.status, held.headers["etag"], held.body) == (304, tag, b"")
        assert held.headers.get("vary") == first.headers.get("vary")
        assert decoded(first.headers.get("content-encoding", ""), first.body) == server.get(target).body
        tags.add((tag, first.headers.get("content-encoding")))
    assert len({tag for tag, _ in tags}) == len(tags)


def test_every_representation_has_a_tag_of_its_own(server: Server, strict: Server) -> None:
    targets = [GRAPH, "/store?default", of(EMPTY), "/store", "/store.trig", "/store.nq.gz", "/store.nq.zst"]
    targets += [f"{GRAPH}&format={name}" for _, name in FORMATS if name != "ttl"]
    tags = [server.request("HEAD", target).headers["etag"] for target in targets]
    assert len(set(tags)) == len(targets)
    assert strict.request("HEAD", "/store?default").headers["etag"] not in tags


def test_a_date_revalidates_too(server: Server) -> None:
    changed = server.get(GRAPH).headers["last-modified"]
    assert parsedate_to_datetime(changed).tzinfo is not None
    assert server.get(GRAPH, If_Modified_Since=changed).status == 304
    assert server.get(GRAPH, If_Modified_Since="Thu, 01 Jan 1998 00:00:00 GMT").status == 200
    # The tag counts where both are sent (RFC 9110 section 13.2.2).
    assert server.get(GRAPH, If_Modified_Since=changed, If_None_Match='"other"').status == 200


def test_what_caches_and_browsers_go_by(server: Server) -> None:
    answer = server.get(GRAPH, Range="bytes=0-9", Origin="https://page.example")
    assert (answer.status, answer.headers["accept-ranges"]) == (200, "none")
    assert answer.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["link"] == '</void>; rel="describedby"'
    fixed = server.get("/store.nq.gz")
    assert "vary" not in fixed.headers
    assert server.get("/store.nq").headers["vary"] == "Accept-Encoding"


def test_the_names_of_files(server: Server) -> None:
    number = server.get("/-/ready").json()["generation"]
    for target, name in (
        ("/store.nq.gz", f"dataset-{number}.nq.gz"),
        ("/store.trig.zst", f"dataset-{number}.trig.zst"),
        ("/store.ttl.gz?default", f"default-{number}.ttl.gz"),
        (f"/store.ttl.gz{GRAPH[6:]}", f"mofapub-{number}.ttl.gz"),
        (f"{of('http://purl.org/dc/terms/')}&download=1", f"terms-{number}.ttl"),
        (f"{of('http://www.w3.org/2002/07/owl')}&download=1", f"owl-{number}.ttl"),
    ):
        found = server.request("HEAD", target).headers["content-disposition"]
        assert found == f'attachment; filename="{name}"'
    assert "content-disposition" not in server.request("HEAD", "/store.nq").headers


def test_a_compressed_file_is_sent_as_it_is(server: Server) -> None:
    plain = server.get("/store.nq").body
    answer = server.get("/store.nq.gz", Accept_Encoding="gzip, br, zstd")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/gzip")
    assert "content-encoding" not in answer.headers
    assert gzip.decompress(answer.body) == plain
    packed = server.get("/store.nq.zst", Accept_Encoding="gzip, br, zstd")
    assert (packed.status, packed.headers["content-type"]) == (200, "application/zstd")
    assert "content-encoding" not in packed.headers
    assert decoded("zstd", packed.body) == plain


def test_a_name_that_the_data_does_not_have_is_written_nowhere(server: Server, tmp_path: Path) -> None:
    answer = server.get(of("urn:a%0D%0AX-Injected: yes"), "text/plain")
    assert answer.status in (400, 404)
    assert "x-injected" not in answer.headers
