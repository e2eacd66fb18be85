"""The source of saved queries and their bound text, on the real server."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.datasets.listed_values import FILES, make
from tests.live import Server, serving

QUERY = "application/sparql-query"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("sources") / "dataset")


@pytest.fixture(scope="module")
def shelves(folder: Path) -> Iterator[Server]:
    with serving(folder.parent / "data", "--dataset", str(folder), "--workers", "1") as running:
        yield running


@pytest.mark.parametrize("name", ["star", "책 목록", "old"])
def test_the_source_is_the_file(shelves: Server, folder: Path, name: str) -> None:
    answer = shelves.get(f"/api/{quote(name)}.rq")
    assert answer.headers["content-type"] == f"{QUERY}; charset=utf-8"
    assert answer.text == FILES[f"{name}.rq"]
    file = folder / "queries" / f"{name}.rq"
    modified = parsedate_to_datetime(answer.headers["last-modified"]).timestamp()
    assert modified == int(file.stat().st_mtime)


@pytest.mark.parametrize(
    ("path", "text"),
    [("examples.rq", "SELECT ?s { ?s ?p ?o } LIMIT 1"), ("transformer.rq", "?id ex:title ?title")],
)
def test_a_file_that_is_no_sparql_shows_what_it_became(shelves: Server, path: str, text: str) -> None:
    answer = shelves.get(f"/api/{path}")
    assert answer.type == QUERY
    assert text in answer.text


ACCEPTS = [
    (QUERY, QUERY),
    (f"{QUERY}, */*;q=0.5", QUERY),
    (f"application/json, {QUERY};q=0.5", "application/json"),
    (f"{QUERY};q=0, */*", "application/json"),
    ("*/*", "application/json"),
    ("application/*", "application/json"),
]


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTS)
def test_an_accept_header_may_ask_for_the_source(shelves: Server, accept: str, media_type: str) -> None:
    answer = shelves.get("/api/star", accept)
    assert (answer.status, answer.type) == (200, media_type)
    assert shelves.get("/api/star.csv", accept).type == "text/csv"
    assert shelves.get("/api/star?format=csv", accept).type == "text/csv"


def test_the_source_of_a_path_is_asked_for_by_accept(shelves: Server) -> None:
    assert shelves.get("/api/books/V.1", QUERY).text == FILES["book.rq"]


def test_a_source_that_did_not_change_is_304(shelves: Server) -> None:
    first = shelves.get("/api/star.rq")
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    fresh = [{"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_Modified_Since": modified}]
    for headers in fresh:
        answer = shelves.get("/api/star.rq", **headers)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    stale = [
        {"If_None_Match": '"x"'},
        {"If_None_Match": '"x"', "If_Modified_Since": modified},
        {"If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
        {"If_Modified_Since": f"Mon, 01 Jan 2024 00:00:00 +{'9' * 20}"},
    ]
    for headers in stale:
        assert shelves.get("/api/star.rq", **headers).status == 200
    assert shelves.get("/api/old.rq").headers["etag"] != tag


def test_a_source_is_only_read(shelves: Server) -> None:
    answer = shelves.request("POST", "/api/star.rq", b"{}", {"Content-Type": "application/json"})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert shelves.request("OPTIONS", "/api/star.rq").headers["allow"] == "GET, HEAD, OPTIONS"
    head = shelves.request("HEAD", "/api/star.rq")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(FILES["star.rq"]))


def test_the_bound_text_is_what_runs(shelves: Server) -> None:
    answer = shelves.get("/api/books-by-author/explain?author=A/B+%26+C")
    assert answer.headers["content-type"] == f"{QUERY}; charset=utf-8"
    assert 'ex:author "A/B & C" }' in answer.text
    assert "#+" not in answer.text
    assert shelves.query(answer.text, "application/json").rows() == [{"title": "One"}]
    again = shelves.get("/api/books-by-author/explain?author=A/B+%26+C", If_None_Match=answer.headers["etag"])
    assert again.status == 304
    assert shelves.get("/api/books/by-author/A%2FB%20%26%20C/explain").text == answer.text


def test_the_bound_text_in_json(shelves: Server) -> None:
    told = shelves.get("/api/several/explain?g=novel&g=essay&format=json").json()
    assert told["parameters"] == {"g": ["novel", "essay"]}
    assert 'VALUES ?_g_multi { "novel" "essay" }' in told["query"]
    assert told["url"] == f"{shelves.url}/sparql"
    told = shelves.get("/api/defaulted/explain", "application/json").json()
    assert told["parameters"] == {"n": "2"}
    assert told["query"].endswith("LIMIT 2")
    body = b'{"n": 7}'
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    assert shelves.request("POST", "/api/defaulted/explain", body, headers).json()["parameters"] == {"n": "7"}
    assert shelves.request("POST", "/api/defaulted/explain", b"[{}]", headers).status == 400


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [("", "required"), ("author=", "empty"), ("author=a&author=b", "repeated"), ("auther=a", "unknown")],
)
def test_what_a_call_refuses_its_explanation_refuses(shelves: Server, parameters: str, rule: str) -> None:
    called = shelves.get(f"/api/books-by-author?{parameters}")
    explained = shelves.get(f"/api/books-by-author/explain?{parameters}")
    assert (explained.status, explained.json()) == (called.status, called.json())
    assert explained.json()["rule"] == rule


def test_an_explanation_is_text_or_json(shelves: Server) -> None:
    answer = shelves.get("/api/star/explain", "text/csv")
    assert (answer.status, answer.json()["offered"]) == (406, [QUERY, "application/json"])
