"""The addresses below ``/api``, on the real server: names, paths with values, links, suggestions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote, urljoin, urlsplit

import pytest

from tests.datasets.listed_values import make
from tests.live import Server, serving

SHELF = quote("http://example.org/ns/s1", safe="")


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("paths")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset")), "--workers", "1") as running:
        yield running


SAME = [
    ("books/by-author/J.%20Doe", "books-by-author?author=J.%20Doe"),
    ("books/by-author/J%2E%20Doe", "books-by-author?author=J.%20Doe"),
    ("%62ooks/by-author/J.%20Doe", "books-by-author?author=J.%20Doe"),
    ("books/by-author/A%2FB%20%26%20C", "books-by-author?author=A/B+%26+C"),
    (f"books/by-author/{quote('송 태은')}", f"books-by-author?author={quote('송 태은')}"),
    ("books/by-author/A%252FB", "books-by-author?author=A%252FB"),
    ("books/by-author/a+b", "books-by-author?author=a%2Bb"),
    ("books/by-author/a%0Ab%0A", "books-by-author?author=a%0Ab%0A"),
    ("books/V.1", "book?id=V.1"),
    ("books/first", "first-book"),
    (f"{quote('책 목록')}?author=J.+Doe", "books-by-author?author=J.+Doe"),
    (f"{quote('책 목록'.encode())}.json?author=J.+Doe", "books-by-author?author=J.+Doe"),
]


@pytest.mark.parametrize(("path", "named"), SAME)
def test_a_path_answers_as_the_name_does(shelves: Server, path: str, named: str) -> None:
    by_path, by_name = shelves.get(f"/api/{path}"), shelves.get(f"/api/{named}")
    assert (by_path.status, by_name.status) == (200, 200)
    assert by_path.json()["rows"] == by_name.json()["rows"]


def test_the_rows_are_those_of_the_value(shelves: Server) -> None:
    assert shelves.get("/api/books/by-author/A%2FB%20%26%20C").json()["rows"] == [{"title": "One"}]
    rows = shelves.get(f"/api/books/by-author/{quote('송 태은')}").json()["rows"]
    assert rows == [{"title": "Three"}, {"title": "Two"}]


@pytest.mark.parametrize(
    ("path", "status", "media_type"),
    [
        ("books/V.1.csv", 200, "text/csv"),
        ("books/first.csv", 200, "text/csv"),
        ("books/first.pdf", 406, "application/problem+json"),
        ("books/V.1.ttl", 406, "application/problem+json"),
        ("books/V.1.pdf", 200, "application/json"),
        ("books/2?format=tsv", 200, "text/tab-separated-values"),
    ],
)
def test_the_extension_is_on_the_last_segment(
    shelves: Server, path: str, status: int, media_type: str
) -> None:
    answer = shelves.get(f"/api/{path}")
    assert (answer.status, answer.type) == (status, media_type)


@pytest.mark.parametrize("path", ["books/2?id=2", "books/2?id=V.1", "books/2.csv?id="])
def test_a_parameter_of_the_path_is_not_given_again(shelves: Server, path: str) -> None:
    answer = shelves.get(f"/api/{path}")
    assert (answer.status, answer.json()["parameter"], answer.json()["rule"]) == (400, "id", "repeated")


def test_a_body_does_not_give_it_again_either(shelves: Server) -> None:
    headers = {"Content-Type": "application/json"}
    answer = shelves.request("POST", "/api/books/2", b'{"id": "2"}', headers)
    assert (answer.status, answer.json()["rule"]) == (400, "repeated")
    answer = shelves.request("POST", "/api/books/2.csv", b"{}", headers)
    assert (answer.type, answer.text) == ("text/csv", "title\r\nTwo\r\n")
    batch = shelves.request("POST", "/api/books/2.csv", b"[{}, {}]", headers).json()
    assert [item["body"]["rows"] for item in batch] == [[{"title": "Two"}]] * 2
    assert batch[0]["body"]["links"]["self"] == f"{shelves.url}/api/books/2"


def test_links_keep_the_form_of_the_address(shelves: Server) -> None:
    address = f"{shelves.url}/api/shelves/{SHELF}/{quote('서가')}"
    answer = shelves.get(address.removeprefix(shelves.url))
    links = answer.json()["links"]
    assert links["self"] == address
    assert links["next"].startswith(f"{address}?pageSize=1&after=")
    assert f"<{links['next']}>" in answer.headers["link"]
    following = shelves.get(links["next"].removeprefix(shelves.url)).json()
    assert [row["title"] for row in (*answer.json()["rows"], *following["rows"])] == ["One", "Two"]
    table = shelves.get(address.removeprefix(shelves.url) + ".csv")
    assert f"<{address}.csv?pageSize=1&after=" in table.headers["link"]


def test_the_links_of_a_page_lead_to_answers(shelves: Server) -> None:
    path = "/api/books/by-author/A%2FB%20%26%20C.html"
    page = shelves.get(path).text
    links = [unescape(link) for link in re.findall(r'href="([^"]*\bcsv\b[^"]*)"', page)]
    assert links
    for link in links:
        found = urlsplit(urljoin(shelves.url + path, link))
        answer = shelves.get(f"{found.path}?{found.query}")
        assert (answer.status, answer.text.lstrip("\ufeff")) == (200, "title\r\nOne\r\n")


MISSING = [
    ("books/by-auther/J.%20Doe", "books/by-author/{author}"),
    ("book-by-author", "books-by-author"),
    ("books-by-author/explian", "books-by-author/explain"),
    ("books-by-author/values", "books-by-author"),
    ("nothing/like/this", "GET /api lists them"),
    ("//", "GET /api lists them"),
    ("books-by-author/values/a/b", "GET /api lists them"),
]


@pytest.mark.parametrize(("path", "hint"), MISSING)
def test_an_unknown_path_is_404_with_a_suggestion(shelves: Server, path: str, hint: str) -> None:
    answer = shelves.get(f"/api/{path}")
    assert (answer.status, answer.json()["code"]) == (404, "not-found")
    assert hint in answer.json()["detail"]


def test_a_segment_that_is_empty_is_a_value_that_is_empty(shelves: Server) -> None:
    answer = shelves.get("/api/books/")
    assert (answer.status, answer.json()["rule"]) == (400, "empty")


def test_a_path_that_is_not_utf8(shelves: Server) -> None:
    answer = shelves.get("/api/books/by-author/%C7%D1")
    assert (answer.status, answer.json()["code"]) == (400, "malformed-request")
    assert "byte 1" in answer.json()["detail"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/pdf"])
def test_a_problem_of_the_api_is_json_by_default(shelves: Server, accept: str | None) -> None:
    for path in ("/api/nothing", "/api/book", "/api/book?id=1&id=2"):
        answer = shelves.get(path, accept)
        assert answer.type == "application/problem+json"
        assert json.loads(answer.body)["status"] == answer.status
    assert shelves.get("/sparql?query=SELECT", "*/*").type == "text/plain"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/plain", "text/plain"),
        ("text/html,*/*;q=0.8", "text/html"),
        ("text/plain;q=0.9,*/*;q=0.1", "text/plain"),
    ],
)
def test_a_problem_of_the_api_is_what_a_client_names(shelves: Server, accept: str, media_type: str) -> None:
    assert shelves.get("/api/nothing", accept).type == media_type


def test_the_list_tells_what_is_wrong_and_who_made_it(shelves: Server) -> None:
    listed = shelves.get("/api").json()
    assert (listed["title"], listed["contact"]) == ({"ko": "서가", "en": "Shelves"}, {"name": "A. Person"})
    assert listed["licence"] == "https://example.org/l"
    (problem,) = listed["problems"]
    assert (problem["file"], problem["line"]) == ("broken.rq", 2)
    assert problem["column"] > 1
    assert problem["detail"]
    assert any(notice["file"] == "by-missing.rq" for notice in listed["notices"])
    queries = {row["name"]: row for row in listed["queries"]}
    assert queries["book"]["path"] == f"{shelves.url}/api/books/{{id}}"
    assert queries["posted"]["method"] == "POST"
    assert queries["old"]["deprecation"] == {
        "sentences": {"en": "Ask star."},
        "since": "2026-01-31",
        "sunset": "2027-01-31",
        "successor": "star",
        "link": "https://example.org/why",
    }
    (author,) = queries["books-by-author"]["parameters"]
    assert shelves.get(author["values"].removeprefix(shelves.url)).status == 200
    assert "values" not in queries["book"]["parameters"][0]
    assert listed["version"]


def test_a_query_that_is_posted_by_choice_is_answered_all_the_same(shelves: Server) -> None:
    assert shelves.get("/api/posted").json()["boolean"] is True


def test_a_deprecated_query_says_since_when_and_what_follows(shelves: Server) -> None:
    connection = shelves.connection()
    connection.request("GET", "/api/old")
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.getheader("deprecation") == "@1769817600"
    assert response.getheader("sunset") == "Sun, 31 Jan 2027 00:00:00 GMT"
    (link,) = response.headers.get_all("link") or []
    assert link.split(", ")[:2] == [
        '<https://example.org/why>; rel="deprecation"',
        f'<{shelves.url}/api/star>; rel="successor-version"',
    ]


def test_all_columns_come_in_the_order_of_the_text(shelves: Server) -> None:
    assert shelves.get("/api/star").json()["columns"] == ["book", "title", "author"]
    assert shelves.get("/api/star.csv").text.splitlines()[0] == "book,title,author"


def test_a_list_in_a_body_gives_a_parameter_several_times(shelves: Server) -> None:
    body = json.dumps({"g": ["novel", "essay"]}).encode()
    answer = shelves.request("POST", "/api/several", body, {"Content-Type": "application/json"})
    assert answer.json()["rows"] == [{"title": "One"}, {"title": "Two"}]


def test_the_links_to_a_call_with_many_values_fit_into_a_header_or_stay_out(shelves: Server) -> None:
    for number, there in ((5, True), (5000, False)):
        body = json.dumps({"g": ["novel", "essay", *map(str, range(number))], "pageSize": 1}).encode()
        answer = shelves.request("POST", "/api/several", body, {"Content-Type": "application/json"})
        assert answer.status == 200
        assert len(answer.headers["link"]) < 4000
        assert ('rel="next"' in answer.headers["link"]) is there
        assert "&after=" in answer.json()["links"]["next"]


def test_a_page_shows_only_so_many_values(shelves: Server) -> None:
    body = json.dumps({"g": ["novel", *map(str, range(5000))]}).encode()
    headers = {"Content-Type": "application/json", "Accept": "text/html"}
    answer = shelves.request("POST", "/api/several", body, headers)
    assert answer.status == 400
    assert "2,000 values" in answer.text
