"""Values of parameters for drop-downs and type-ahead, on the real server."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from endpoint.app import create_site
from endpoint.errors import EvaluationFailed
from endpoint.settings import Settings
from endpoint.web.api.targets import Part, find_query, named
from endpoint.web.api.values import ValueLists
from endpoint.web.own_queries import OwnQueries
from tests.datasets.listed_values import make
from tests.live import Answer, Server, serving
from tests.storage import publishing
from tests.waiting import PATIENCE, until
from tests.web.exchanges import request_for
from tests.web.in_memory_engine import StoreEngine

NS = "http://example.org/ns/"


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("values")
    flags = ("--dataset", str(make(folder / "dataset")), "--workers", "2", "--timeout", "4")
    with serving(folder / "data", *flags) as running:
        yield running


def values(server: Server, path: str) -> list[Any]:
    answer = server.get(f"/api/{path}")
    assert answer.status == 200, answer.text
    found: list[Any] = answer.json()["values"]
    return found


def moved_to(server: Server, number: int) -> None:
    until(lambda: server.get("/-/ready").json()["generation"] == number)


def test_choices_of_the_file_come_with_their_labels(shelves: Server) -> None:
    answer = shelves.get("/api/by-kind/values/kind").json()
    assert answer == {
        "parameter": "kind",
        "generation": 1,
        "values": [
            {"value": "n", "label": {"ko": "소설", "en": "Novel"}},
            {"value": "e", "label": {"ko": "수필", "en": "Essay"}},
            {"value": "x", "label": {"": "Other"}},
        ],
        "truncated": False,
    }
    assert values(shelves, "by-flag/values/flag") == [{"value": "true"}, {"value": "false"}]


def test_choices_of_grlc_are_offered_unless_the_file_names_a_better_list(shelves: Server) -> None:
    assert values(shelves, "by-word/values/word") == [{"value": "<b>"}, {"value": '"x'}]
    assert [row["value"] for row in values(shelves, "by-word/values/author")] == [
        "송 태은",
        "A/B & C",
        "J. Doe",
    ]
    page = shelves.get("/api/by-word", "text/html").text
    assert '<datalist id="values-word"><option value="&lt;b&gt;"><option value="&#34;x"></datalist>' in page
    assert shelves.get("/api/by-word?word=another").json()["boolean"] is False


def test_a_saved_query_lists_values_with_labels_and_counts(shelves: Server) -> None:
    assert values(shelves, "books-by-author/values/author") == [
        {"value": "송 태은", "label": {"ko": "송태은 교수", "en": "Prof. Song"}, "count": 2},
        {"value": "A/B & C", "count": 1},
        {"value": "J. Doe", "count": 1},
    ]


def test_the_pattern_of_the_query_lists_the_values_that_match(shelves: Server) -> None:
    found = [row["value"] for row in values(shelves, "by-genre/values/genre")]
    assert found == ["Korean novel", "essay", "novel"]
    for value in found:
        assert shelves.get(f"/api/by-genre?genre={quote(value)}").json()["rows"]


def test_the_dataset_of_a_query_is_that_of_its_values(shelves: Server) -> None:
    assert values(shelves, "in-graph/values/genre") == []
    assert [row["value"] for row in values(shelves, "in-books/values/genre")] == [
        "Korean novel",
        "essay",
        "novel",
    ]
    assert values(shelves, "by-listed/values/genre") == []


def test_things_of_a_class_come_with_all_their_labels(shelves: Server) -> None:
    assert values(shelves, "by-shelf/values/shelf") == [
        {"value": f"{NS}s1", "label": {"ko": "첫째 서가", "en": "First shelf"}},
        {"value": f"{NS}s2", "label": {"": "Second shelf"}},
        {"value": f"{NS}s3"},
    ]


SEARCHES = [
    ("by-genre/values/genre?q=NOVEL", ["Korean novel", "novel"]),
    ("by-genre/values/genre?q=ss", ["essay"]),
    ("by-genre/values/genre?q=", ["Korean novel", "essay", "novel"]),
    ("by-genre/values/genre?q=none", []),
    ("by-genre/values/genre?limit=1", ["Korean novel"]),
    (f"by-kind/values/kind?q={quote('소')}", ["n"]),
    ("by-kind/values/kind?q=e", ["e", "n", "x"]),
    (f"books-by-author/values/author?q={quote('송')}", ["송 태은"]),
    (f"books-by-author/values/author?q={quote('송'.encode())}&limit=5", ["송 태은"]),
    (f"books-by-author/values/author?q={quote('교수')}", ["송 태은"]),
    ("books-by-author/values/author?q=" + quote("\u1109\u1169\u11bc"), ["송 태은"]),
    ("books-by-author/values/author?q=prof.++SONG", ["송 태은"]),
    ("books-by-author/values/author?q=" + quote(".*"), []),
    ("by-shelf/values/shelf?q=shelf", [f"{NS}s1", f"{NS}s2"]),
]


@pytest.mark.parametrize(("path", "expected"), SEARCHES)
def test_a_search_finds_beginnings_of_words_first(shelves: Server, path: str, expected: list[str]) -> None:
    assert [row["value"] for row in values(shelves, path)] == expected


def test_a_list_ends_and_says_so(shelves: Server) -> None:
    answer = shelves.get("/api/by-code/values/code").json()
    assert (len(answer["values"]), answer["truncated"]) == (1000, True)
    answer = shelves.get("/api/by-code/values/code?q=0000&limit=3").json()
    assert (len(answer["values"]), answer["truncated"]) == (3, True)
    assert shelves.get("/api/by-genre/values/genre?limit=2").json()["truncated"] is True
    assert shelves.get("/api/by-genre/values/genre?limit=3").json()["truncated"] is False


REFUSED = [
    ("by-genre/values/genre?limit=0", 400, "limit"),
    ("by-genre/values/genre?limit=1001", 400, "1,000"),
    ("by-genre/values/genre?limit=x", 400, "limit"),
    ("by-genre/values/genre?q=a&q=b", 400, "more than once"),
    ("by-genre/values/genre?limt=1", 400, 'did you mean "limit"?'),
    ("by-genre/values/gnre", 404, 'did you mean "genre"?'),
    ("by-title/values/title", 404, "tells no list of them"),
    ("by-condition/values/x", 404, "Name a saved query that lists them"),
    ("by-missing/values/x", 404, 'no saved query "nobody"'),
    ("by-colour/values/colour", 500, "no column colour; it has name"),
    ("by-broken/values/x", 500, "cannot be looked up"),
]


@pytest.mark.parametrize(("path", "status", "words"), REFUSED)
def test_what_cannot_be_listed_says_why(shelves: Server, path: str, status: int, words: str) -> None:
    answer = shelves.get(f"/api/{path}")
    assert (answer.status, answer.type) == (status, "application/problem+json")
    assert words in answer.json()["detail"]


def test_values_are_json_and_read_only(shelves: Server) -> None:
    assert shelves.get("/api/by-kind/values/kind", "text/csv").status == 406
    headers = {"Content-Type": "application/json"}
    assert shelves.request("POST", "/api/by-kind/values/kind", b"{}", headers).status == 405
    first = shelves.get("/api/by-genre/values/genre")
    assert shelves.get("/api/by-genre/values/genre", If_None_Match=first.headers["etag"]).status == 304


def test_a_list_that_takes_too_long_is_a_deadline_for_all_who_wait(shelves: Server) -> None:
    answers: list[Answer] = []
    asking = [
        threading.Thread(target=lambda: answers.append(shelves.get("/api/by-year/values/year")))
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    # Other lists that are known already do not wait for it.
    assert values(shelves, "by-kind/values/kind")
    for thread in asking:
        thread.join(PATIENCE)
    assert [answer.status for answer in answers] == [504] * 4
    assert {answer.json()["code"] for answer in answers} == {"deadline-exceeded"}
    assert shelves.get("/api/by-year/values/year").status == 504


def test_a_failure_that_is_kept_does_not_grow(tmp_path: Path) -> None:
    site = create_site(Settings(dataset=make(tmp_path / "dataset")))
    site.running = engine = StoreEngine("<urn:s> <urn:p> 1", "urn:g")
    engine.failure = EvaluationFailed("no")
    target = replace(named(find_query(site.catalog, "by-genre")), part=Part.VALUES, parameter="genre")

    async def failures() -> list[int]:
        lists, lengths = ValueLists(OwnQueries(site)), []
        for _ in range(3):
            with pytest.raises(EvaluationFailed) as failed:
                await lists.answer(request_for(site), target, [])
            lengths.append(len(traceback.extract_tb(failed.value.__traceback__)))
        return lengths

    lengths = asyncio.run(failures())
    assert lengths[1] == lengths[2]
    assert len(engine.asked) == 1


def test_a_new_generation_has_new_values(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    more = tmp_path / "more.ttl"
    more.write_text('<http://example.org/b/9> <http://example.org/ns/genre> "atlas" .\n')
    with serving(tmp_path / "data", "--dataset", str(dataset), "--workers", "1") as server:
        assert "atlas" not in [row["value"] for row in values(server, "by-genre/values/genre")]
        publishing.load(more, "urn:more", dataset, server.data)
        moved_to(server, 2)
        answer = server.get("/api/by-genre/values/genre").json()
        assert answer["generation"] == 2
        assert "atlas" not in [row["value"] for row in answer["values"]]
        book = tmp_path / "book.ttl"
        book.write_text('<http://example.org/b/9> <http://example.org/ns/title> "Nine" .\n')
        publishing.load(book, "urn:more", dataset, server.data)
        moved_to(server, 3)
        assert "atlas" in [row["value"] for row in values(server, "by-genre/values/genre")]
