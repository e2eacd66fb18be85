"""Bodies of the API on the real server: parameters as JSON or a form, and several calls at once."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator, Mapping

import pytest

from endpoint.app import create_site
from endpoint.engine import Limits
from endpoint.errors import EvaluationFailed
from endpoint.formats import FLAT_JSON, Representation
from endpoint.settings import Settings
from endpoint.web.api.calls import bind_call, read_json_rows
from endpoint.web.api.targets import named
from tests.datasets.paged_books import COUNT, make
from tests.live import Answer, Server, serving
from tests.waiting import PATIENCE
from tests.web.in_memory_engine import StoreEngine

JSON = "application/json"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on a small dataset, with a short deadline."""
    folder = tmp_path_factory.mktemp("books")
    flags = ("--dataset", str(make(folder / "dataset")), "--timeout", "2", "--workers", "2")
    with serving(folder / "data", *flags) as running:
        yield running


def post(server: Server, path: str, body: object, accept: str = JSON) -> Answer:
    headers = {"Content-Type": JSON, "Accept": accept}
    return server.request("POST", path, json.dumps(body).encode(), headers)


BODIES: list[tuple[str, object, int]] = [
    ("ordered", {}, COUNT),
    ("ordered", {"page": 3, "pageSize": 100}, COUNT - 200),
    ("limit-by-parameter", {"most": 4.0, "pageSize": 100.0}, 4),
    ("ordered", {"page": "3", "pageSize": "100", "count": True}, COUNT - 200),
    ("limit-by-parameter", {"most": 4}, 4),
    ("limit-by-parameter", {"most": [4]}, 4),
    ("limit-by-parameter", {"most": "4", "timeout": None}, 4),
]


@pytest.mark.parametrize(("name", "body", "count"), BODIES)
def test_parameters_in_a_json_body(books: Server, name: str, body: object, count: int) -> None:
    answer = post(books, f"/api/{name}", body)
    assert answer.status == 200
    assert len(answer.json()["rows"]) == count


def test_the_links_of_a_posted_page_can_be_followed(books: Server) -> None:
    page = post(books, "/api/limit-by-parameter", {"most": 7, "pageSize": 5}).json()
    following = books.get(page["links"]["next"].removeprefix(books.url)).json()
    assert [row["n"] for row in page["rows"] + following["rows"]] == list(range(7))


def test_a_form_is_read_too(books: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = books.request("POST", "/api/limit-by-parameter.csv", b"most=3", headers)
    assert (answer.status, answer.type, len(answer.text.splitlines())) == (200, "text/csv", 4)


WRONG_BODIES: list[tuple[bytes, str, int, str]] = [
    (b'{"most": 1', JSON, 400, "line 1"),
    (b'{"most": NaN}', JSON, 400, "NaN"),
    (b'"most"', JSON, 400, "object"),
    (b'{"most": {"a": 1}}', JSON, 400, "most"),
    (b'{"most": 1, "most": 2}', JSON, 400, "twice"),
    (b'{"msot": 1}', JSON, 400, "most"),
    (b'{"most": "\xff"}', JSON, 400, "UTF-8"),
    (b"[" * 100_000, JSON, 400, "deeply"),
    (b"[]", JSON, 400, "calls"),
    (b"[" + b"0," * 200_000 + b"0]", JSON, 400, "this one has 200,001"),
    (b'{"most": [' + b"0," * 200_000 + b"0]}", JSON, 400, "at most 10,000 values; this one has 200,001"),
    (b"<most/>", "application/xml", 415, "application/json"),
    (b"most=1", "", 415, "Content-Type"),
]


@pytest.mark.parametrize(("body", "content_type", "status", "said"), WRONG_BODIES)
def test_a_body_that_cannot_be_read_is_explained(
    books: Server, body: bytes, content_type: str, status: int, said: str
) -> None:
    headers: Mapping[str, str] = {"Accept": JSON, **({"Content-Type": content_type} if content_type else {})}
    answer = books.request("POST", "/api/limit-by-parameter", body, headers)
    assert answer.status == status
    assert said in answer.json()["message"]


def test_a_batch_is_answered_in_order_with_the_status_of_each(books: Server) -> None:
    answer = post(
        books,
        "/api",
        [
            {"query": "limit-by-parameter", "parameters": {"most": 2}},
            {"query": "limit-by-parameter", "parameters": {"most": "x"}},
            {"query": "limit-by-paramter"},
            {"query": "is-there", "parameters": {"n": 5}},
            {"query": "ordered", "parameters": {"page": 2, "pageSize": 3}},
            {"query": "ordered", "parameters": [1]},
            "ordered",
            {"query": "named-twice"},
            {"query": "ordered"},
        ],
    )
    assert (answer.status, answer.type) == (200, JSON)
    items = answer.json()
    assert [item["status"] for item in items] == [200, 400, 404, 200, 200, 400, 404, 500, 200]
    bodies = [item["body"] for item in items]
    assert [row["n"] for row in bodies[0]["rows"]] == [0, 1]
    assert (bodies[1]["code"], bodies[1]["parameter"]) == ("bad-parameter", "most")
    assert "limit-by-parameter" in bodies[2]["message"]
    assert bodies[3]["boolean"] is True
    assert [row["n"] for row in bodies[4]["rows"]] == [3, 4, 5]
    assert len(bodies[8]["rows"]) == 100
    assert bodies[8]["links"]["next"].startswith(f"{books.url}/api/ordered?")


def test_a_single_call_names_its_query(books: Server) -> None:
    answer = post(books, "/api", {"parameters": {}}, "application/problem+json")
    assert (answer.status, answer.json()["parameter"], answer.json()["rule"]) == (400, "query", "required")


def test_a_batch_of_one_query(books: Server) -> None:
    items = post(books, "/api/limit-by-parameter", [{"most": 1}, {"most": 2}]).json()
    assert [len(item["body"]["rows"]) for item in items] == [1, 2]


def test_a_batch_is_bounded_and_shares_one_deadline(books: Server) -> None:
    assert post(books, "/api", [{"query": "none"}] * 51).status == 400
    items = post(books, "/api", [{"query": "endless"}, {"query": "endless"}, {"query": "none"}]).json()
    assert [item["status"] for item in items] == [504, 504, 504]


def test_a_batch_over_http_1_0_has_a_length(books: Server) -> None:
    body = b'[{"most": 1}]'
    with socket.create_connection((books.host, books.port), timeout=PATIENCE) as client:
        client.sendall(
            b"POST /api/limit-by-parameter HTTP/1.0\r\nContent-Type: application/json\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        received = b""
        while piece := client.recv(65536):
            received += piece
    head, _, answer = received.partition(b"\r\n\r\n")
    assert f"content-length: {len(answer)}".encode() in head.lower()
    assert [item["status"] for item in json.loads(answer)] == [200]


def test_the_answer_of_a_call_is_bounded() -> None:
    site = create_site(Settings())
    site.running = StoreEngine("<urn:a> <urn:b> 1", "urn:g")
    query = next(query for query in site.catalog.queries.values() if not query.parameters)
    call = bind_call(site, "http://localhost", named(query), [], Representation.of(FLAT_JSON))
    assert len(asyncio.run(read_json_rows(call, Limits(5.0), 10_000))) > 10
    with pytest.raises(EvaluationFailed, match=f"of {query.name} is longer than 10 bytes"):
        asyncio.run(read_json_rows(call, Limits(5.0), 10))
