"""Pages of saved queries on the real server: each row exactly once, whatever the query is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.datasets.paged_books import COUNT, make
from tests.live import Answer, Server, serving


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on a small dataset, with a short deadline."""
    folder = tmp_path_factory.mktemp("books")
    flags = ("--dataset", str(make(folder / "dataset")), "--timeout", "2", "--workers", "2")
    with serving(folder / "data", *flags) as running:
        yield running


def links(answer: Answer) -> dict[str, str]:
    """The Link header: URL by relation."""
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))
    return {relation: url for url, relation in found}


def follow(server: Server, url: str) -> Answer:
    assert url.startswith(server.url)
    return server.get(url.removeprefix(server.url))


def crawl(server: Server, path: str) -> list[dict[str, Any]]:
    """The pages that following "next" gives."""
    pages = []
    answer = server.get(path)
    while True:
        assert answer.status == 200, answer.text
        pages.append(answer.json())
        following = links(answer).get("next")
        assert answer.json()["links"].get("next") == following
        if following is None:
            return pages
        answer = follow(server, following)


def all_rows(pages: list[dict[str, Any]]) -> list[Any]:
    return [row for page in pages for row in page["rows"]]


# What regular expressions over the text of a query get wrong.
CRAWLED = [
    ("ordered", 50, COUNT),
    ("ordered", 1, COUNT),
    ("ordered", COUNT, COUNT),
    ("ordered", COUNT - 1, COUNT),
    ("descending", 7, COUNT),
    ("unordered", 10, COUNT),
    ("ties", 10, COUNT),
    ("few-values", 10, COUNT),
    ("inner-limit", 3, 10),
    ("outer-limit", 10, 25),
    ("outer-limit", 25, 25),
    ("limit-by-parameter?most=12", 5, 12),
    ("from", 2, 7),
    ("grouped", 2, 3),
    ("distinct", 1, 3),
    ("none", 10, 0),
    ("word-in-text", 50, COUNT),
]


@pytest.mark.parametrize(("name", "size", "count"), CRAWLED)
def test_a_crawler_sees_each_row_once(books: Server, name: str, size: int, count: int) -> None:
    sign = "&" if "?" in name else "?"
    whole = books.get(f"/api/{name}").json()["rows"]
    assert len(whole) == count
    by_cursor = crawl(books, f"/api/{name}{sign}pageSize={size}")
    assert all_rows(by_cursor) == whole
    assert len(by_cursor) == max(-(-count // size), 1)
    numbers = range(1, len(by_cursor) + 1)
    by_number = [books.get(f"/api/{name}{sign}page={n}&pageSize={size}").json() for n in numbers]
    assert [page["rows"] for page in by_number] == [page["rows"] for page in by_cursor]
    assert [page["page"] for page in by_cursor] == list(numbers)


def test_links_of_every_page(books: Server) -> None:
    last = -(-COUNT // 50)
    for page in range(1, last + 1):
        found = links(books.get(f"/api/ordered?pageSize=50&page={page}&count=true"))
        expected = (
            {"first", "last"} | ({"prev"} if page > 1 else set()) | ({"next"} if page < last else set())
        )
        assert set(found) == expected
        asked = {relation: parse_qs(urlsplit(url).query) for relation, url in found.items()}
        assert asked["first"]["page"] == ["1"]
        assert asked["last"]["page"] == [str(last)]
        assert all(values["generation"] == ["1"] for name, values in asked.items() if name != "next")
        if page > 1:
            assert asked["prev"]["page"] == [str(page - 1)]
        for relation, number in (("first", 1), ("prev", page - 1), ("next", page + 1), ("last", last)):
            if relation in found:
                assert follow(books, found[relation]).json()["page"] == number


def test_totals_are_counted_on_request_and_told_where_they_are_known(books: Server) -> None:
    first = books.get("/api/ordered?pageSize=50")
    assert (first.json()["total"], first.headers.get("x-total-count")) == (None, None)
    assert "last" not in links(first)
    counted = books.get("/api/ordered?pageSize=50&count=true")
    assert (counted.json()["total"], counted.headers["x-total-count"]) == (COUNT, str(COUNT))
    last = books.get("/api/ordered?pageSize=50&page=5")
    assert (last.json()["total"], last.headers["x-total-count"]) == (COUNT, str(COUNT))


def test_counting_stops_before_the_deadline(books: Server) -> None:
    answer = books.get("/api/long?pageSize=2&count=true&timeout=0.5")
    assert answer.status == 200
    assert answer.json()["total"] is None
    assert len(answer.json()["rows"]) == 2
    assert "last" not in links(answer)


def test_a_page_does_not_wait_for_the_rest(books: Server) -> None:
    assert len(books.get("/api/long?pageSize=3").json()["rows"]) == 3
    assert books.get("/api/endless?pageSize=1000").status == 504


def test_a_page_beyond_the_end_is_empty_and_leads_back(books: Server) -> None:
    answer = books.get("/api/ordered?pageSize=50&page=99")
    assert answer.status == 200
    assert answer.json()["rows"] == []
    assert answer.json()["total"] == COUNT
    found = links(answer)
    assert set(found) == {"first", "prev", "last"}
    assert follow(books, found["prev"]).json()["rows"][-1]["n"] == COUNT - 1


def test_the_whole_answer_has_no_pages(books: Server) -> None:
    answer = books.get("/api/ordered")
    assert len(answer.json()["rows"]) == COUNT
    assert "page=" not in answer.headers["link"]
    assert answer.json()["links"] == {"self": f"{books.url}/api/ordered"}
    assert len(books.get("/api/ordered?page=all&pageSize=5").json()["rows"]) == COUNT


WRONG = [
    ("page=0", "page"),
    ("page=-1", "page"),
    ("page=x", "page"),
    ("page=1.5", "page"),
    ("page=99999999999", "page"),
    ("page=1&page=2", "page"),
    ("pageSize=0", "pageSize"),
    ("pageSize=10001", "pageSize"),
    ("after=7", "after"),
    ("after=1.50.zzzzzzzzzzzz", "after"),
    ("after=1.50.-&page=2", "after"),
    ("after=1.50.-&generation=2", "generation"),
    ("count=maybe", "count"),
    ("generation=x", "generation"),
    ("languageTags=maybe", "languageTags"),
    ("pagesize=10", "pagesize"),
]


@pytest.mark.parametrize(("query", "parameter"), WRONG)
def test_what_is_no_page_is_400(books: Server, query: str, parameter: str) -> None:
    answer = books.get(f"/api/ordered?{query}", "application/json")
    assert (answer.status, answer.json()["code"]) == (400, "bad-parameter")
    assert answer.json()["parameter"] == parameter
    assert parameter in answer.json()["message"]
    assert answer.json().get("suggestion") == ("pageSize" if parameter == "pagesize" else None)


@pytest.mark.parametrize("path", ["/api/is-there?n=1&page=1", "/api/graph?pageSize=5", "/api/graph?count=1"])
def test_what_has_no_rows_has_no_pages(books: Server, path: str) -> None:
    answer = books.get(path, "application/json")
    assert answer.status == 400
    assert "no rows to page" in answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["/api/ordered", "/api/is-there?n=1", "/api/graph", "/api/ordered.csv?page=1"]
)
def test_an_answer_of_one_generation_or_none(books: Server, path: str) -> None:
    sign = "&" if "?" in path else "?"
    assert books.get(f"{path}{sign}generation=1").status == 200
    answer = books.get(f"{path}{sign}generation=2", "application/json")
    assert (answer.status, answer.json()["generation"], answer.json()["current"]) == (410, 2, 1)


def test_a_cursor_that_other_rows_stand_before_is_refused(books: Server) -> None:
    cursor = books.get("/api/ordered?pageSize=50").json()["after"]
    assert books.get(f"/api/ordered?pageSize=50&after={cursor}").json()["rows"][0]["n"] == 50
    answer = books.get(f"/api/descending?pageSize=50&after={cursor}", "application/json")
    assert (answer.status, answer.json()["code"]) == (410, "generation-gone")
    beyond = cursor.replace(".50.", ".5000.")
    assert books.get(f"/api/ordered?pageSize=50&after={beyond}").status == 410


def test_a_volatile_query_is_paged_without_a_promise(books: Server) -> None:
    pages = crawl(books, "/api/volatile?pageSize=100")
    assert [row["n"] for row in all_rows(pages)] == list(range(COUNT))
    assert books.get("/api/volatile?page=1").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("extension", ["csv", "tsv", "srj", "srx", "ndjson", "md", "html", "xlsx"])
def test_every_format_is_paged_and_linked(books: Server, extension: str) -> None:
    answer = books.get(f"/api/ordered.{extension}?page=2&pageSize=3")
    assert answer.status == 200
    # The page for people counts the rows where that is quick.
    counted = {"last"} if extension == "html" else set()
    assert set(links(answer)) == {"first", "prev", "next"} | counted
    assert f"/api/ordered.{extension}?" in links(answer)["next"]
    following = follow(books, links(answer)["next"])
    assert following.status == 200
    if extension != "xlsx":
        shown = [set(re.findall(r"/b/(\d+)", found.text)) for found in (answer, following)]
        assert shown == [{"3", "4", "5"}, {"6", "7", "8"}]


def test_a_page_in_the_formats_of_the_engine_is_what_the_engine_writes(books: Server) -> None:
    for extension in ("csv", "tsv", "srj", "srx"):
        whole = books.get(f"/api/values.{extension}").body
        assert books.get(f"/api/values.{extension}?page=1").body == whole


def test_entity_tags_tell_pages_formats_and_languages_apart(books: Server) -> None:
    paths = [
        "/api/ordered",
        "/api/ordered?page=1",
        "/api/ordered?page=2",
        "/api/ordered?page=1&pageSize=7",
        "/api/ordered.csv?page=1",
        "/api/ordered?page=1&count=true",
        "/api/ordered?languageTags=1",
    ]
    tags = [books.get(path).headers["etag"] for path in paths]
    assert len(set(tags)) == len(tags)
    for path, tag in zip(paths, tags, strict=True):
        assert books.get(path, If_None_Match=tag).status == 304


def test_pages_of_another_order_are_never_mixed(tmp_path: Path) -> None:
    """The same generation may come in another order from disk and from memory."""
    dataset = ("--dataset", str(make(tmp_path / "dataset")), "--default-graph", "strict")
    paths = [f"/api/{name}?pageSize=100" for name in ("in-graph", "ordered-in-graph")]
    with serving(tmp_path / "data", *dataset, "--image", "1B") as server:
        begun = [server.get(path).json() for path in paths]
    with serving(tmp_path / "data", *dataset) as server:
        for path, first in zip(paths, begun, strict=True):
            assert (len(first["rows"]), first["generation"]) == (100, 1)
            whole = server.get(f"{path}&page=all").json()["rows"]
            same = whole[:100] == first["rows"]
            following = server.get(f"{path}&after={first['after']}")
            assert following.status == (200 if same else 410)
            if same:
                assert following.json()["rows"] == whole[100:200]
            assert same or "ordered" not in path
