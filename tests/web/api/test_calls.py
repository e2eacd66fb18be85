"""Calls of ``/api/<name>`` on the real server: formats, envelope, pages, headers, errors."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest

from tests.datasets.paged_books import COUNT, make
from tests.live import Server, serving

JSON = "application/json"

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on a small dataset, with a short deadline."""
    folder = tmp_path_factory.mktemp("books")
    flags = ("--dataset", str(make(folder / "dataset")), "--timeout", "2", "--workers", "2")
    with serving(folder / "data", *flags) as running:
        yield running


def test_the_envelope(books: Server) -> None:
    answer = books.get("/api/values")
    assert list(answer.json()) == ["generation", "links", "columns", "rows"]
    assert answer.json()["generation"] == 1
    assert answer.json()["links"]["self"] == f"{books.url}/api/values"
    first, second = answer.json()["rows"]
    assert first == {
        "iri": "http://example.org/a?b=1&c=2",
        "text": 'a "b" | <c>\nd',
        "ko": "책",
        "whole": -7,
        "real": 1.5,
        "yes": True,
        "day": "2023-05-22",
        "moment": "2023-05-22T12:30:00",
        "year": "2023",
        "nothing": None,
    }
    assert (second["whole"], second["real"], second["yes"]) == ("123456789012345678", 1.0, False)
    paged = books.get("/api/ordered?page=2&pageSize=10").json()
    assert list(paged) == ["generation", "page", "pageSize", "total", "after", "links", "columns", "rows"]
    assert (paged["page"], paged["pageSize"], paged["total"]) == (2, 10, None)


@pytest.mark.parametrize("path", ["/api/values", "/api/values?page=1", "/api/values.ndjson"])
def test_the_language_of_a_text_is_kept_on_request(books: Server, path: str) -> None:
    def row(text: str) -> Any:
        return json.loads(text.splitlines()[0]) if path.endswith("ndjson") else json.loads(text)["rows"][0]

    assert row(books.get(path).text)["ko"] == "책"
    told = row(books.get(f"{path}{'&' if '?' in path else '?'}languageTags=true").text)
    assert told["ko"] == {"value": "책", "language": "ko"}
    assert told["whole"] == -7


CHOICES = [
    ("", None, JSON),
    ("", "*/*", JSON),
    ("", "", JSON),
    ("", "text/*", "text/csv"),
    (".csv", JSON, "text/csv"),
    (".CSV", JSON, "text/csv"),
    (".csv?format=json", JSON, "text/csv"),
    ("?format=csv", JSON, "text/csv"),
    ("?output=csv", JSON, "text/csv"),
    (".json", "text/csv", JSON),
    (".srj", None, "application/sparql-results+json"),
    (".ndjson", None, "application/x-ndjson"),
    ("?format=jsonl", None, "application/x-ndjson"),
    ("", "application/x-ndjson", "application/x-ndjson"),
    (".md", None, "text/markdown"),
    ("", "text/markdown", "text/markdown"),
    (".xlsx", None, XLSX),
    ("", XLSX, XLSX),
    ("?format=excel-csv", None, "text/csv"),
    (".html", None, "text/html"),
    ("", "text/html,*/*;q=0.8", "text/html"),
    (".bib", None, "application/x-bibtex"),
    (".csl.json", None, "application/vnd.citationstyles.csl+json"),
]


@pytest.mark.parametrize(("path", "accept", "media_type"), CHOICES)
def test_the_format_is_chosen_by_extension_then_name_then_accept(
    books: Server, path: str, accept: str | None, media_type: str
) -> None:
    answer = books.get(f"/api/values{path}", accept)
    assert (answer.status, answer.type) == (200, media_type)
    assert "accept" in answer.headers["vary"].lower()


REFUSED = [
    ("/api/values.pdf", None, ".csv"),
    ("/api/values?format=pdf", None, "csv"),
    ("/api/values", "image/png", "text/csv"),
    ("/api/is-there.csv?n=1", None, ".srj"),
    ("/api/graph.xlsx", None, ".ttl"),
]


@pytest.mark.parametrize(("path", "accept", "offered"), REFUSED)
def test_what_is_not_offered_is_406_with_the_list(
    books: Server, path: str, accept: str | None, offered: str
) -> None:
    answer = books.get(path, f"{accept or ''}, application/problem+json".lstrip(", "))
    assert (answer.status, answer.json()["code"]) == (406, "not-acceptable")
    assert offered in answer.json()["message"]
    assert answer.json()["offered"]


def test_no_accept_header_is_answered(books: Server) -> None:
    connection = books.connection()
    connection.putrequest("GET", "/api/ordered", skip_accept_encoding=True)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.getheader("content-type")) == (200, JSON)
    response.read()
    connection.close()


def test_csv_for_excel(books: Server) -> None:
    answer = books.get("/api/formulas?format=excel-csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="formulas.csv"'
    assert answer.body.startswith(b"\xef\xbb\xbftext\r\n")
    rows = [row[0] for row in csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""))]
    expected = ["text", "'=cmd()", "'+1", "'-1", "'@x", "'\tx", "'\rx", "'=1", "safe", "-5"]
    assert rows == [*expected[:7], "'\uff1d1", *expected[8:]]
    # The CSV of SPARQL stays what its specification says.
    assert "'=" not in books.get("/api/formulas.csv").text


def test_xlsx_opens_with_cells_of_their_kind(books: Server) -> None:
    answer = books.get("/api/values.xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="values.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    assert sheet is not None
    heading, first, second = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert heading[:3] == ["iri", "text", "ko"]
    assert first[0] == '=HYPERLINK("http://example.org/a?b=1&c=2")'
    assert first[1:6] == ['a "b" | <c>\nd', "책", -7, 1.5, True]
    assert [str(value) for value in first[6:8]] == ["2023-05-22 00:00:00", "2023-05-22 12:30:00"]
    assert first[8:] == ["2023", None]
    assert second[:4] == ["urn:x", "=1+1", "+82", "123456789012345678"]
    assert sheet["B3"].data_type != "f"
    assert second[6:8] == ["0001-01-01", "2023-05-22T12:30:00Z"]


def test_markdown_is_a_table_whatever_the_texts_hold(books: Server) -> None:
    lines = books.get("/api/values.md").text.splitlines()
    assert len(lines) == 4
    assert lines[2].startswith(
        '| <http://example.org/a?b=1&c=2> | a "b" \\| &lt;c&gt; d | 책 | -7 | 1.5 | true |'
    )


def test_ndjson_has_an_object_on_each_line(books: Server) -> None:
    rows = [json.loads(line) for line in books.get("/api/ordered.ndjson").text.splitlines()]
    assert rows == books.get("/api/ordered").json()["rows"]


def geometry(server: Server, name: str) -> list[Any]:
    answer = server.get(f"/api/{name}.geojson")
    assert (answer.status, answer.type) == (200, "application/geo+json")
    assert answer.json()["type"] == "FeatureCollection"
    return [(feature["geometry"], feature["properties"]) for feature in answer.json()["features"]]


def test_geojson_of_coordinates(books: Server) -> None:
    seoul = {"type": "Point", "coordinates": [127.0, 37.5]}
    assert geometry(books, "points") == [(seoul, {"name": "a"}), (None, {"name": "?"})]
    assert geometry(books, "shapes") == [
        (seoul, {"name": "a"}),
        (seoul, {"name": "b"}),
        (None, {"name": "c"}),
    ]
    assert geometry(books, "none") == []


@pytest.mark.parametrize(
    ("name", "said"), [("ordered", "no coordinates"), ("projected-elsewhere", "coordinate system")]
)
@pytest.mark.parametrize("more", ["", "?page=1"])
def test_geojson_of_anything_else_is_406(books: Server, name: str, said: str, more: str) -> None:
    answer = books.get(f"/api/{name}.geojson{more}", JSON)
    assert (answer.status, answer.json()["code"]) == (406, "not-expressible")
    assert said in answer.json()["message"]


def test_an_answer_that_fails_is_no_200(books: Server) -> None:
    assert books.get("/api/named-twice").status == 500
    assert books.get("/api/endless").status == 504
    assert books.get("/api/endless?page=1").status == 504


def test_the_list_tells_the_formats(books: Server) -> None:
    listed = {entry["name"]: entry for entry in books.get("/api").json()["queries"]}
    for name in ("ordered", "is-there", "graph"):
        offers = listed[name]["formats"]
        assert offers[0]["mediaType"] == JSON
        for offer in offers:
            path = offer["url"].removeprefix(books.url) + "&n=1" * (name == "is-there")
            if offer["name"] != "geojson":
                assert books.get(path).type == offer["mediaType"]
    assert {offer["name"] for offer in listed["ordered"]["formats"]} >= {"xlsx", "ndjson", "csv", "bibtex"}
    assert books.get("/api").json()["generation"] == 1


def test_head_has_the_headers_of_get(books: Server) -> None:
    answer = books.request("HEAD", "/api/ordered?page=1&count=true")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["x-total-count"] == str(COUNT)
    assert 'rel="next"' in answer.headers["link"]


def test_a_page_for_people_leads_to_its_neighbours_and_to_the_whole(books: Server) -> None:
    page = books.get("/api/ordered.html?page=2&pageSize=20").text
    assert 'rel="next nofollow"' in page
    assert 'rel="prev nofollow"' in page
    assert 'href="/api/ordered?format=csv&amp;download=1"' in page


def test_a_query_tells_the_size_of_its_pages(books: Server) -> None:
    answer = books.get("/api/in-pages")
    assert (len(answer.json()["rows"]), answer.json()["pageSize"], answer.json()["page"]) == (20, 20, 1)
    assert 'rel="next"' in answer.headers["link"]
    assert len(books.get("/api/in-pages?pageSize=30").json()["rows"]) == 30
    assert len(books.get("/api/in-pages?page=all").json()["rows"]) == COUNT
    assert len(books.get("/api/in-pages.csv?page=2").text.splitlines()) == 21


def test_a_query_tells_its_formats_and_the_first_of_them(books: Server) -> None:
    assert books.get("/api/few-formats").type == "text/csv"
    assert books.get("/api/few-formats", "*/*").type == "text/csv"
    assert books.get("/api/few-formats", JSON).type == JSON
    assert books.get("/api/few-formats.xlsx").status == 406
    assert books.get("/api/few-formats", "text/html,*/*;q=0.8").type == "text/html"
    listed = {entry["name"]: entry for entry in books.get("/api").json()["queries"]}
    assert [offer["name"] for offer in listed["few-formats"]["formats"]] == ["csv", "flat-json"]


def test_a_query_tells_how_long_its_answer_may_be_kept(books: Server) -> None:
    answer = books.get("/api/kept")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    again = books.get("/api/kept", If_None_Match=answer.headers["etag"])
    assert (again.status, again.headers["cache-control"]) == (304, "public, max-age=3600")
    assert books.get("/api/ordered").headers["cache-control"] == "no-cache"
    assert books.get("/api/kept?page=x").headers["cache-control"] == "no-store"


def test_a_query_that_is_deprecated_says_so(books: Server) -> None:
    answer = books.get("/api/old?page=1")
    since = answer.headers["deprecation"]
    assert since.startswith("@")
    assert 1_600_000_000 < int(since[1:]) <= time.time()
    assert "deprecation" not in books.get("/api/ordered").headers


def test_a_name_in_any_script_is_in_links_and_file_names(books: Server) -> None:
    path = "/api/" + quote('책 "목록"')
    first = books.get(path).json()
    assert first["links"]["self"] == books.url + path
    following = books.get(first["links"]["next"].removeprefix(books.url)).json()
    assert [row["n"] for row in following["rows"]] == [2, 3]
    answer = books.get(f"{path}.xlsx")
    told = "attachment; filename*=UTF-8''" + quote('책 "목록".xlsx')
    assert (answer.status, answer.headers["content-disposition"]) == (200, told)


def test_a_page_for_people_shows_all_its_rows(books: Server) -> None:
    assert books.get("/api/long.html?pageSize=1200").text.count("<tr>") == 1201
