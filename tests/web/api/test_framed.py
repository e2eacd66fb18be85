"""Framed JSON-LD and transformed JSON of saved queries, on the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.datasets.paged_books import COUNT, PREFIXES, make
from tests.live import Server, serving

JSON = "application/json"
JSON_LD = "application/ld+json"
NS = "http://example.org/ns/"

SHELVES = """CONSTRUCT { ?shelf a ex:Shelf ; ex:holds ?book . ?book ex:number ?n } {
  ?book ex:number ?n ; ex:shelf ?s . FILTER(?n < 6)
  BIND(IRI(CONCAT("http://example.org/s/", STR(?s))) AS ?shelf)
} ORDER BY ?n"""
# Every shelf with its books; 237 books stand on three shelves.
ROWS = "SELECT ?shelf ?book ?n { ?book ex:shelf ?shelf ; ex:number ?n } ORDER BY ?n"
PAIRS = "CONSTRUCT { ?a ex:p ?b ; ex:q ?b } { ?a ex:number ?x . ?b ex:number ?y }"
# Thirteen million different texts of 4 kB.
TRIPLES = f"""SELECT (CONCAT(STR(?x), "-", STR(?y), "-", STR(?z), "{"x" * 4000}") AS ?id) ?x
  {{ ?a ex:number ?x . ?b ex:number ?y . ?c ex:number ?z }}"""

CONTEXT = json.dumps({"@vocab": NS})
WRONG_CONTEXT = json.dumps({"term": {"@id": f"{NS}p", "@container": "@bag"}})
# Header and text by name.
QUERIES = {
    "shelves": (f'frame: {{"@context": {CONTEXT}, "@type": "Shelf"}}', SHELVES),
    "shelf-in-file": ("frame: shelf.frame.json", SHELVES),
    "pairs": (f'frame: {{"@context": {CONTEXT}}}', PAIRS),
    "wrong": (f'frame: {{"@context": {WRONG_CONTEXT}}}', SHELVES),
    "elsewhere": ('frame: {"@context": "https://schema.org/"}', SHELVES),
    "nested": ('transform: {"shelf": "?shelf$anchor", "books": {"id": "?book", "number": "?n"}}', ROWS),
    "renamed": ('transform: {"shelf": "?shelf", "number": "?n"}', ROWS),
    "by-book": ('transform: {"id": "?book", "number": "?n$asList"}', ROWS),
    "in-pages-of-books": ('pagination: 50\n#+ transform: {"id": "?book", "number": "?n"}', ROWS),
    "many": ('transform: {"id": "?id", "x": "?x"}', TRIPLES),
}
FRAME = {"@context": {"@vocab": NS, "id": "@id"}, "@id": "http://example.org/s/2"}
TRANSFORMER = {
    "@context": {"@vocab": NS},
    "@graph": [
        {"@type": "Book", "@id": "?book", "number": "$ex:number$required", "shelf": "$ex:shelf$asList"}
    ],
    "$where": ["?book ex:number ?any", "FILTER(?any < 3)"],
    "$orderby": "?number",
    "$prefixes": {"ex": NS},
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on a small dataset, with queries that shape their answers."""
    folder: Path = tmp_path_factory.mktemp("framed")
    queries = make(folder / "dataset") / "queries"
    for name, (header, text) in QUERIES.items():
        (queries / f"{name}.rq").write_text(f"#+ {header}\n{PREFIXES}{text}\n")
    (queries / "shelf.frame.json").write_text(json.dumps(FRAME))
    (queries / "transformer.json").write_text(json.dumps(TRANSFORMER))
    flags = ("--dataset", str(folder / "dataset"), "--timeout", "20", "--workers", "2", "--memory", "256MB")
    with serving(folder / "data", *flags) as running:
        yield running


def book(number: int) -> dict[str, object]:
    return {"@id": f"http://example.org/b/{number}", "number": number}


def shelf(number: int) -> dict[str, object]:
    held = [book(n) for n in range(number, 6, 3)]
    return {"@id": f"http://example.org/s/{number}", "@type": "Shelf", "holds": held}


ASKED = [
    ("/api/shelves.jsonld", "*/*", JSON_LD),
    ("/api/shelves?format=jsonld", "*/*", JSON_LD),
    ("/api/shelves?format=json-ld", "*/*", JSON_LD),
    ("/api/shelves", JSON_LD, JSON_LD),
    ("/api/shelves", "application/x-ld+json", "application/x-ld+json"),
]


@pytest.mark.parametrize(("path", "accept", "media_type"), ASKED)
def test_a_graph_is_framed_where_json_ld_is_asked_for(
    books: Server, path: str, accept: str, media_type: str
) -> None:
    answer = books.get(path, accept)
    assert (answer.status, answer.type) == (200, media_type)
    assert answer.json() == {"@context": {"@vocab": NS}, "@graph": [shelf(0), shelf(1), shelf(2)]}


def test_a_frame_from_a_file_and_one_object(books: Server) -> None:
    found = books.get("/api/shelf-in-file.jsonld").json()
    assert found == {
        "@context": FRAME["@context"],
        "id": "http://example.org/s/2",
        "@type": "Shelf",
        "holds": [{"id": f"http://example.org/b/{n}", "number": n} for n in (2, 5)],
    }


@pytest.mark.parametrize("extension", ["ttl", "nt", "rdf", "trig", "nq"])
def test_other_formats_of_a_graph_are_not_framed(books: Server, extension: str) -> None:
    plain = books.get(f"/api/wrong.{extension}")
    assert plain.status == 200
    assert books.get(f"/api/shelves.{extension}").body == plain.body
    assert "@graph" not in plain.text


def test_flat_json_of_a_graph_is_not_framed(books: Server) -> None:
    assert books.get("/api/shelves.json").json()["columns"] == ["subject", "predicate", "object"]


@pytest.mark.parametrize(("one", "other"), [("shelves", "shelf-in-file"), ("nested", "by-book")])
def test_another_shape_has_another_entity_tag(books: Server, one: str, other: str) -> None:
    kind = JSON_LD if one == "shelves" else JSON
    tags = {name: books.get(f"/api/{name}", kind).headers["etag"] for name in (one, other)}
    assert len(set(tags.values())) == 2
    for name, status in ((one, 304), (other, 200)):
        headers = {"Accept": kind, "If-None-Match": tags[one]}
        assert books.request("GET", f"/api/{name}", headers=headers).status == status


def test_a_context_that_would_be_fetched_keeps_the_query_out(books: Server) -> None:
    assert books.get("/api/elsewhere").status == 404
    names = [row["name"] for row in books.get("/api", JSON).json()["queries"]]
    assert "shelves" in names
    assert "elsewhere" not in names
    assert 'Its context is at "https://schema.org/"' in books.log.read_text()


def test_a_frame_that_fails_is_told(books: Server) -> None:
    answer = books.get("/api/wrong.jsonld", JSON)
    assert answer.status == 500
    assert "The frame is not valid" in answer.json()["detail"]


def test_framing_ends_at_the_deadline(books: Server) -> None:
    answer = books.get("/api/pairs.jsonld?timeout=0.5", JSON)
    assert (answer.status, answer.json()["code"]) == (504, "deadline-exceeded")
    assert books.get("/api/shelves.jsonld").status == 200


def test_objects_are_the_rows_of_the_envelope(books: Server) -> None:
    found = books.get("/api/nested", JSON).json()
    assert list(found) == ["generation", "links", "columns", "rows"]
    assert found["columns"] == ["shelf", "books"]
    assert [row["shelf"] for row in found["rows"]] == [0, 1, 2]
    for row in found["rows"]:
        numbers = range(row["shelf"], COUNT, 3)
        assert row["books"] == [{"id": f"http://example.org/b/{n}", "number": n} for n in numbers]


def test_a_prototype_without_an_anchor_names_the_columns(books: Server) -> None:
    found = books.get("/api/renamed?pageSize=2&page=3", JSON).json()
    assert found["columns"] == ["shelf", "number"]
    assert found["rows"] == [{"shelf": 1, "number": 4}, {"shelf": 2, "number": 5}]
    assert len(books.get("/api/renamed", JSON).json()["rows"]) == COUNT


def test_a_page_has_whole_objects(books: Server) -> None:
    found = books.get("/api/nested?pageSize=2&count=true", JSON).json()
    assert [row["shelf"] for row in found["rows"]] == [0, 1]
    assert [len(row["books"]) for row in found["rows"]] == [79, 79]
    assert (found["page"], found["pageSize"], found["total"]) == (1, 2, 3)
    last = books.get("/api/nested?pageSize=2&page=2", JSON).json()
    assert [row["shelf"] for row in last["rows"]] == [2]
    assert last["total"] == 3
    assert "next" not in last["links"]


def test_following_the_links_visits_each_object_once(books: Server) -> None:
    seen: list[int] = []
    path = "/api/in-pages-of-books"
    while path:
        found = books.get(path, JSON).json()
        assert len(found["rows"]) <= 50
        seen += [row["number"] for row in found["rows"]]
        path = found["links"].get("next", "").removeprefix(books.url)
    assert seen == list(range(COUNT))


@pytest.mark.parametrize("extension", ["csv", "tsv", "srj", "srx", "ndjson", "md", "html"])
def test_other_formats_of_rows_are_not_transformed(books: Server, extension: str) -> None:
    plain = books.get(f"/api/many.{extension}?pageSize=1", "*/*").text
    assert "0-" in plain
    rows = [books.get(f"/api/{name}.{extension}?pageSize=9&page=2").text for name in ("nested", "by-book")]
    assert "shelf" in rows[0]
    if extension != "html":
        assert rows[0] == rows[1]


def test_a_query_of_sparql_transformer_is_answered_in_its_shape(books: Server) -> None:
    found = books.get("/api/transformer", JSON).json()
    assert list(found) == ["generation", "links", "@context", "columns", "rows"]
    assert found["@context"] == TRANSFORMER["@context"]
    assert found["columns"] == ["@type", "@id", "number", "shelf"]
    assert found["rows"] == [
        {"@type": "Book", "@id": f"http://example.org/b/{n}", "number": n, "shelf": [n % 3]} for n in range(3)
    ]


def test_a_batch_has_objects_too(books: Server) -> None:
    body = json.dumps([{"query": "nested"}, {"query": "by-book", "parameters": {"pageSize": 1}}])
    answer = books.request("POST", "/api", body.encode(), {"Content-Type": JSON})
    first, second = answer.json()
    assert [row["shelf"] for row in first["body"]["rows"]] == [0, 1, 2]
    assert second["body"]["rows"] == [{"id": "http://example.org/b/0", "number": [0]}]


def test_merging_ends_at_the_memory_limit(books: Server) -> None:
    answer = books.get("/api/many", JSON)
    assert (answer.status, answer.json()["code"]) == (503, "memory-limit-exceeded")
    assert books.get("/api/nested", JSON).status == 200
