"""Saved queries over HTTP, on the real server."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from tests.live import Server

AUTHOR = "/api/publications-by-author?author=" + quote("SONG Tae Eun")


def test_flat_json_is_the_first_answer(server: Server) -> None:
    answer = server.get(AUTHOR)
    assert (answer.status, answer.type) == (200, "application/json")
    (row,) = answer.json()["rows"]
    assert row["publication"] == "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
    assert row["date"] == 20230522
    assert row["category"] == "IFANS Focus"
    assert answer.json()["columns"][0] == "publication"


@pytest.mark.parametrize(
    "path",
    ["/api/publications-by-year?year=2023", f"/api/publications-by-category?category={quote('ifans focus')}"],
)
def test_by_year_and_by_category(server: Server, path: str) -> None:
    rows = server.get(path).json()["rows"]
    assert [row["number"] for row in rows] == ["2023.-07E"]


TYPES = [
    ("application/json", "application/json"),
    ("*/*", "application/json"),
    ("application/sparql-results+json", "application/sparql-results+json"),
    ("application/sparql-results+xml", "application/sparql-results+xml"),
    ("text/csv", "text/csv"),
    ("text/tab-separated-values", "text/tab-separated-values"),
    ("text/html", "text/html"),
]


@pytest.mark.parametrize(("accept", "media_type"), TYPES)
def test_every_result_format(server: Server, accept: str, media_type: str) -> None:
    answer = server.get(AUTHOR, accept)
    assert (answer.status, answer.type) == (200, media_type)
    assert "14209" in answer.text


@pytest.mark.parametrize(
    ("name", "media_type"), [("csv", "text/csv"), ("srj", "application/sparql-results+json")]
)
def test_format_is_no_parameter_of_the_query(server: Server, name: str, media_type: str) -> None:
    assert server.get(f"{AUTHOR}&format={name}").type == media_type
    assert server.get(f"{AUTHOR}&timeout=2").status == 200


BAD = [
    ("/api/publications-by-author", "author"),
    ("/api/publications-by-author?author=", "author"),
    ("/api/publications-by-author?author=a&author=b", "author"),
    ("/api/publications-by-author?auhtor=a", "auhtor"),
    ("/api/publications-by-year?year=twenty", "year"),
    ("/api/publications-by-year?year=2023.5", "year"),
    ("/api/publications-by-author?author=%C7%D1", "author"),
    ("/api/publications-by-author?author=a%00b", "author"),
]


@pytest.mark.parametrize(("path", "parameter"), BAD)
def test_a_bad_parameter_is_named(server: Server, path: str, parameter: str) -> None:
    answer = server.get(path, "application/json")
    assert answer.status == 400
    problem = answer.json()
    assert problem["code"] == "bad-parameter"
    assert problem["parameter"] == parameter
    assert parameter in problem["detail"]


INJECTIONS = [
    'x" } UNION { ?s ?p ?o } #',
    "x\\",
    "'''",
    'a"b',
    "\\u0022 } #",
    "?publication",
    "x\n} #",
    "<urn:x>",
]


@pytest.mark.parametrize("value", INJECTIONS)
def test_a_value_stays_a_value(server: Server, value: str) -> None:
    answer = server.get(f"/api/publications-by-author?author={quote(value)}")
    assert answer.status == 200
    assert answer.json()["rows"] == []


BIBLIOGRAPHIES = [
    ("bibtex", "application/x-bibtex", "@article{Publication-14209,"),
    ("ris", "application/x-research-info-systems", "TY  - JOUR"),
    ("csl-json", "application/vnd.citationstyles.csl+json", '"id": "Publication-14209"'),
]


@pytest.mark.parametrize(("name", "media_type", "text"), BIBLIOGRAPHIES)
def test_the_publications_of_an_answer_for_reference_managers(
    server: Server, name: str, media_type: str, text: str
) -> None:
    for answer in (server.get(f"{AUTHOR}&format={name}"), server.get(AUTHOR, media_type)):
        assert (answer.status, answer.type) == (200, media_type)
        assert text in answer.text
        assert "Song" in answer.text
    assert server.get(AUTHOR, "*/*").type == "application/json"


def test_words_are_searched_for_by_a_saved_query(server: Server) -> None:
    rows = server.get("/api/search?q=" + quote("무기 OR arms exports") + "&limit=5").json()["rows"]
    assert rows[0]["publication"].endswith("/14209")
    assert rows[0]["score"] > 0
    assert "<mark>" in rows[0]["snippet"]


def test_an_unknown_query_is_404_with_a_hint(server: Server) -> None:
    answer = server.get("/api/publication-by-author")
    assert answer.status == 404
    assert "publications-by-author" in answer.text


def test_the_list_leads_to_answers(server: Server) -> None:
    listed = server.get("/api").json()["queries"]
    assert {entry["name"] for entry in listed} >= {
        "publications-by-author",
        "publications-by-category",
        "publications-by-year",
        "search",
    }
    for entry in listed:
        assert {"ko", "en"} <= set(entry["summary"])
        answer = server.get(entry["example"].removeprefix(server.url))
        assert answer.status == 200, entry["name"]


BROKEN = [
    ("publications-by-year", "required"),
    ("publications-by-year?year=2023&yaer=1", "unknown"),
    ("publications-by-year?year=2023&year=2024", "repeated"),
    ("publications-by-year?year=2023&timeout=1&timeout=2", "repeated"),
    ("publications-by-year?year=2023&page=1&after=", "exclusive"),
    ("publications-by-year?year=2023&generation=1&after=2.5.-", "exclusive"),
    ("publication-bibo?publication=14209&page=1", "unpaged"),
    ("publications-by-year?year=%20", "empty"),
    ("publications-by-author?author=%FF", "characters"),
    ("publications-by-year?year=x", "type"),
    ("publications-by-year?year=2023&languageTags=maybe", "type"),
    ("publications-by-year?year=2023&timeout=soon", "type"),
    ("publications-by-year?year=1", "minimum"),
    ("publications-by-year?year=2023&pageSize=10001", "maximum"),
]


@pytest.mark.parametrize(("path", "rule"), BROKEN)
def test_a_refused_parameter_tells_the_rule_that_it_breaks(server: Server, path: str, rule: str) -> None:
    answer = server.get(f"/api/{path}")
    assert (answer.status, answer.json()["rule"]) == (400, rule)


def test_entity_tag(server: Server) -> None:
    tag = server.get(AUTHOR).headers["etag"]
    assert server.get(AUTHOR, If_None_Match=tag).status == 304


def test_options_tells_the_methods_and_runs_nothing(server: Server) -> None:
    for path in ("/api", "/api/publications-by-year?year=2023"):
        answer = server.request("OPTIONS", path)
        assert (answer.status, answer.body, answer.headers["allow"]) == (200, b"", "GET, HEAD, POST, OPTIONS")


def test_every_list_of_values_leads_to_answers(server: Server) -> None:
    listed = [
        (entry["name"], parameter["values"].removeprefix(server.url))
        for entry in server.get("/api").json()["queries"]
        for parameter in entry["parameters"]
        if "values" in parameter
    ]
    names = {name for name, _ in listed}
    assert names >= {
        "publications-by-author",
        "publications-by-category",
        "publications-by-year",
        "coauthors",
    }
    for name, path in listed:
        answer = server.get(path).json()
        for row in answer["values"][:3]:
            call = f"/api/{name}?{urlencode({answer['parameter']: row['value']})}"
            assert server.get(call).status == 200, call
            if name == "publications-by-author":
                assert len(server.get(call).json()["rows"]) == row["count"]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("publications/by-author/SONG%20Tae%20Eun", "publications-by-author?author=SONG+Tae+Eun"),
        ("publications/by-category/IFANS%20Focus", "publications-by-category?category=IFANS+Focus"),
        ("publications/by-year/2023", "publications-by-year?year=2023"),
        ("publications/by-country/VN", "publications-by-country?country=VN"),
        ("publications/14209", "publication?publication=14209"),
        ("publications/14209/related", "related-publications?publication=14209"),
    ],
)
def test_the_paths_of_our_queries(server: Server, path: str, named: str) -> None:
    by_path, by_name = server.get(f"/api/{path}"), server.get(f"/api/{named}")
    assert (by_path.status, by_path.json()["rows"]) == (200, by_name.json()["rows"])
