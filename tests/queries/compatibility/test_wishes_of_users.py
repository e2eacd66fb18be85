"""Wishes of users of grlc, TriplyDB, Datasette and nanopublications, with the number of the issue."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from lxml import html  # type: ignore[import-untyped]

from tests.datasets.grlc_bands import BAND, NAMES, NS
from tests.live import Server

ROCK, JAZZ, FOLK = f"{NS}rock", f"{NS}jazz", f"{NS}folk"
JSON = {"Content-Type": "application/json"}


def found(server: Server, path: str) -> list[str]:
    answer = server.get(f"/api/{path}")
    assert answer.status == 200, answer.text
    return [row["name"] for row in answer.json()["rows"]]


# Each is the nickname of one band, and only its own.
SPECIAL = [
    ('a"b', ["One"]),
    ("ab", ["One"]),
    ("O'Two", ["Two"]),
    ("back\\slash", ["Two"]),
    ("송 태은", ["Five"]),
    ("\u1109\u1169\u11bc \u1110\u1162\u110b\u1173\u11ab", ["Five"]),
    ("a\\u0022b", []),
    ("a%22b", []),
    ("back\\\\slash", []),
    ('"a', []),
    ("a\tb", []),
    ("a\nb", []),
    ("'''", []),
    ("${x}", []),
    ("$1", []),
    ("{}", []),
    ("&amp;", []),
    ("a;b", []),
    ("a+b", []),
]


@pytest.mark.parametrize(("value", "expected"), SPECIAL)
def test_grlc_101_special_characters_are_escaped(bands: Server, value: str, expected: list[str]) -> None:
    assert found(bands, f"by-nick?nick={quote(value, safe='')}") == expected
    body = json.dumps({"nick": value}).encode()
    posted = bands.request("POST", "/api/by-nick", body, JSON).json()["rows"]
    assert [row["name"] for row in posted] == expected
    # The routes of the framework hold no line break.
    if "\n" not in value:
        assert found(bands, f"bands/by-nick/{quote(value, safe='')}") == expected


WINDOWS = [("n=2", 0, 2), ("n=2&start=1", 1, 3), ("n=9&start=4", 4, 5), ("n=9&start=9", 5, 5), ("n=0", 0, 0)]


@pytest.mark.parametrize(("query", "first", "last"), WINDOWS)
def test_grlc_379_limit_and_offset_are_parameters(bands: Server, query: str, first: int, last: int) -> None:
    assert found(bands, f"limited?{query}") == NAMES[first:last]


@pytest.mark.parametrize("value", ["-1", "1.5", "many", "1 } #", "9999999999999999999"])
def test_grlc_379_a_limit_is_a_number(bands: Server, value: str) -> None:
    answer = bands.get(f"/api/limited?n={quote(value)}")
    assert (answer.status, answer.json()["parameter"]) == (400, "n")


def test_grlc_332_a_parameter_of_several_values(bands: Server) -> None:
    assert found(bands, f"several?{urlencode([('genre', ROCK), ('genre', FOLK)])}") == ["Five", "Four", "One"]
    assert found(bands, f"any-of?{urlencode([('nick', 'ab'), ('nick', 'none')])}") == ["One"]
    listed = {row["name"]: row for row in bands.get("/api").json()["queries"]}
    (genre,) = listed["several"]["parameters"]
    assert (genre["multiple"], genre["type"]) == (True, "iri")


def test_grlc_445_more_values_than_an_address_holds(bands: Server) -> None:
    genres = [f"{NS}{number:050}" for number in range(3000)]
    body = json.dumps({"genre": [*genres, JAZZ]}).encode()
    answer = bands.request("POST", "/api/several", body, JSON)
    assert [row["name"] for row in answer.json()["rows"]] == ["Three", "Two"]


def test_grlc_148_parameters_are_documented_and_no_query_disappears(bands: Server) -> None:
    listed = {row["name"]: row for row in bands.get("/api").json()["queries"]}
    assert {"enumerated", "from-data"} <= set(listed)
    (year,) = listed["by-year"]["parameters"]
    assert (year["example"], year["type"], year["required"]) == ("1999", "integer", True)
    assert listed["by-year"]["example"].endswith("/api/by-year?year=1999")
    assert listed["by-word"]["example"] is None
    (genre,) = listed["sensible"]["parameters"]
    assert genre["description"] == {"en": "What the band plays", "ko": "밴드의 장르"}
    described = bands.get("/api/openapi.json").json()["paths"]["/api/by-year"]["get"]["parameters"][0]
    assert (described["schema"]["minimum"], described["schema"]["maximum"]) == (1900, 2100)
    assert described["examples"]["example"]["value"] == 1999


def test_grlc_477_the_list_and_the_description_are_one_request(bands: Server) -> None:
    first = bands.get("/api/openapi.json")
    assert len(first.json()["paths"]) > 50
    assert bands.get("/api/openapi.json", If_None_Match=first.headers["etag"]).status == 304
    assert len(bands.get("/api").json()["queries"]) > 50


@pytest.mark.parametrize(("size", "pages"), [(1, 5), (2, 3), (3, 2), (5, 1), (10_000, 1)])
def test_grlc_573_the_total_is_that_of_the_rows(bands: Server, size: int, pages: int) -> None:
    answer = bands.get(f"/api/posted?pageSize={size}&count=true")
    assert (answer.json()["total"], answer.headers["x-total-count"]) == (5, "5")
    assert f"page={pages}&" in answer.json()["links"]["last"]


def test_datasette_2122_choices_are_a_list_or_a_query(bands: Server) -> None:
    fixed = bands.get("/api/sensible/values/genre").json()["values"]
    assert fixed == [
        {"value": ROCK, "label": {"ko": "록", "en": "Rock"}},
        {"value": JAZZ, "label": {"": "Jazz"}},
    ]
    queried = bands.get("/api/listed/values/genre").json()["values"]
    assert [(row["value"], row["count"]) for row in queried] == [(JAZZ, 2), (ROCK, 2), (FOLK, 1)]
    typed = bands.get("/api/listed/values/genre?q=fol").json()["values"]
    assert [row["value"] for row in typed] == [FOLK]


def test_datasette_1258_something_sensible_without_parameters(bands: Server) -> None:
    """A program gets the default or what is missing, a person the form and no error."""
    assert found(bands, "sensible") == ["Four", "One"]
    assert bands.get("/api/by-nick").json()["rule"] == "required"
    form = bands.get("/api/by-nick", "text/html")
    assert (form.status, form.type) == (200, "text/html")
    (field,) = html.fromstring(form.text).xpath("//form//*[@name='nick']")
    assert field.get("required") is not None
    assert field.get("aria-invalid") is None
    wrong = bands.get("/api/by-year?year=abc", "text/html")
    assert wrong.status == 400
    (field,) = html.fromstring(wrong.text).xpath("//form//*[@name='year']")
    assert (field.get("aria-invalid"), field.get("value")) == ("true", "abc")


def test_datasette_1090_fields_are_those_of_their_types(bands: Server) -> None:
    page = html.fromstring(bands.get("/api/sensible?locale=ko", "text/html").text)
    options = page.xpath("//form//select[@name='genre']/option")
    shown = {option.get("value"): (option.text or "").strip() for option in options}
    assert (shown[ROCK], shown[JAZZ]) == ("록", "Jazz")
    assert page.xpath("//form//label[@for=//select/@id]//span/text()") == ["밴드의 장르"]
    year = html.fromstring(bands.get("/api/by-year", "text/html").text)
    (field,) = year.xpath("//form//input[@name='year']")
    assert (field.get("type"), field.get("min"), field.get("max")) == ("number", "1900", "2100")


def test_the_page_of_datasette_and_more(bands: Server) -> None:
    text = bands.get("/api/by-nick?nick=ab", "text/html").text
    page = html.fromstring(text)
    assert page.xpath("//table//td//text()") == ["One"]
    assert "".join(page.xpath("//pre//mark//text()")) == '"ab"'
    hrefs = page.xpath("//a/@href")
    for part in (
        "format=csv",
        "format=xlsx",
        "#query=PREFIX",
        "/api/by-nick.rq",
        "/api/by-nick/explain?nick=ab",
    ):
        assert any(part in href for href in hrefs), part
    assert f"{bands.url}/api/by-nick?nick=ab" in hrefs
    for language in ("curl", "requests", "SPARQLWrapper", "fetch", "httr2"):
        assert language in text


def test_triplydb_9483_paging_leaves_the_inner_limit_alone(bands: Server) -> None:
    pages = [bands.get(f"/api/inner?pageSize=1&page={number}").json()["rows"] for number in (1, 2, 3, 4)]
    assert pages == [[{"name": "Five"}], [{"name": "Four"}], [{"name": "One"}], []]


def test_triplydb_9330_any_choice_of_optional_parameters_is_a_valid_query(bands: Server) -> None:
    choices = {"genre": ROCK, "nick": 'a"b', "founded": "1999", "n": "3", "start": "0", "word": "ab"}
    for given in product([False, True], repeat=len(choices)):
        values = {name: value for (name, value), there in zip(choices.items(), given, strict=True) if there}
        answer = bands.get(f"/api/optional?{urlencode(values)}")
        assert answer.status == 200, (values, answer.text)
        wanted = "One" if set(values) & {"nick", "founded", "word"} else None
        assert wanted is None or {row["name"] for row in answer.json()["rows"]} == {wanted}


def test_triplydb_9716_group_concat_with_a_variable_that_is_bound(bands: Server) -> None:
    rows = bands.get(f"/api/grouped?genre={quote(JAZZ)}").json()["rows"]
    assert [row["_genre_iri"] for row in rows] == [JAZZ]
    assert sorted(rows[0]["names"].split(",")) == ["Three", "Two"]


def test_nanopub_87_an_address_without_a_version_is_the_latest(bands: Server) -> None:
    listed = bands.get("/api").json()
    (latest,) = [row for row in listed["queries"] if row["name"] == "first"]
    assert latest["url"] == f"{bands.url}/api/first"
    assert bands.get("/api/first").json()["rows"] == bands.get("/api/first?generation=1").json()["rows"]
    # The state of all files together, and of the data.
    assert (len(listed["version"]), listed["generation"]) == (16, 1)


def test_the_query_behind_an_answer_can_be_cited(bands: Server, tmp_path: Path) -> None:
    """The bound text is a query of its own: it gives the same rows at the endpoint, from a file, anywhere."""
    text = bands.get(f"/api/several/explain?{urlencode([('genre', ROCK), ('genre', JAZZ)])}").text
    (tmp_path / "q.rq").write_text(text)
    rows = bands.post((tmp_path / "q.rq").read_text(), "application/json").rows()
    assert [row["name"] for row in rows] == NAMES[1:]
    described = bands.get(f"/api/described/explain?band={quote(BAND)}1").text
    assert described.strip().endswith(f"DESCRIBE <{BAND}1>")
