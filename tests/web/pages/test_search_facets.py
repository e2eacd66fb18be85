"""Facets: values under the names that the data has for them, their order, and the bars of the years."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import html  # type: ignore[import-untyped]

from endpoint.web.pages.search import HEIGHT, WIDTH, Value, grouped, histogram, ordered
from tests.live import Server, serving

MANIFEST = """base = "http://example.org/"
title.ko = "책"
description.ko = "몇 권의 책."
[prefixes]
ex = "http://example.org/ns/"
rdfs = "http://www.w3.org/2000/01/rdf-schema#"
[[graph]]
iri = "http://example.org/books"
title.en = "Books"
files = ["seed/books.ttl"]
"""
SEARCH = """classes = ["ex:Book"]
[field.title]
properties = ["ex:title"]
[facet.country]
labels = { ko = "나라", en = "Country" }
properties = ["ex:name"]
through = ["ex:about"]
names."미국" = { ko = "미국", en = "America" }
"""
BOOKS = """@prefix ex: <http://example.org/ns/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<http://example.org/1> a ex:Book ; ex:title "first" ;
    ex:about <http://example.org/vn>, <http://example.org/xx> .
<http://example.org/2> a ex:Book ; ex:title "second" ; ex:about <http://example.org/us> .
<http://example.org/vn> ex:name "베트남" ; rdfs:label "베트남"@ko, "Vietnam"@en, "Viêt Nam"@fr .
<http://example.org/us> ex:name "미국" ; rdfs:label "United States"@en .
<http://example.org/xx> ex:name "<b>없음" .
"""
BROWSER = "text/html,*/*;q=0.8"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root: Path = tmp_path_factory.mktemp("shelf")
    for folder in ("ontology", "queries", "seed"):
        (root / folder).mkdir()
    (root / "seed" / "dataset.toml").write_text(MANIFEST)
    (root / "seed" / "search.toml").write_text(SEARCH)
    (root / "seed" / "books.ttl").write_text(BOOKS)
    with serving(root / "data", "--dataset", str(root)) as server:
        yield server


def names(server: Server, address: str, selector: str) -> list[str]:
    page = server.get(address, BROWSER)
    assert page.status == 200
    return sorted(link.text_content() for link in html.fromstring(page.body).cssselect(selector))


# What the manifest of the search says counts before the data, and a value without a name is itself.
KOREAN = ["<b>없음", "미국", "베트남"]
ENGLISH = ["<b>없음", "America", "Vietnam"]


@pytest.mark.parametrize(("language", "expected"), [("ko", KOREAN), ("en", ENGLISH)])
def test_values_are_named_in_the_readers_language(shelf: Server, language: str, expected: list[str]) -> None:
    assert names(shelf, f"/?locale={language}", ".facet li a") == expected
    assert names(shelf, f"/browse/country?locale={language}", ".columns a") == expected


def test_choosing_a_value_under_another_name_finds_its_records(shelf: Server) -> None:
    found = shelf.get(f"/?locale=en&country={quote('베트남')}", BROWSER).text
    assert "Country: Vietnam" in found
    assert names(shelf, f"/?locale=en&country={quote('베트남')}", ".hits h2 a") == ["first"]


@pytest.mark.parametrize(("korean", "order"), [(True, ["ㄱ", "ㅎ", "K"]), (False, ["K", "ㄱ", "ㅎ"])])
def test_names_in_the_readers_script_stand_first(korean: bool, order: list[str]) -> None:
    values = [Value(name, 1, "/") for name in ("한승주", "KIM", "김", "Kang")]
    groups = grouped(values, False, korean)
    assert [letter for letter, _ in groups] == order
    assert [value.name for value in dict(groups)["K"]] == ["Kang", "KIM"]


def test_a_facet_of_years_begins_with_the_latest() -> None:
    assert ordered([("1999", 7), ("2024", 5), ("2001", 1)]) == [("2024", 5), ("2001", 1), ("1999", 7)]
    assert ordered([("중국", 7), ("일본", 5), ("2001", 1)]) == [("중국", 7), ("일본", 5), ("2001", 1)]


def test_bars_stand_in_time_and_reach_as_high_as_their_number() -> None:
    bars = histogram([(2023, 10, "/b", True), (2020, 5, "/a", False)])
    assert [(bar.year, bar.url, bar.selected) for bar in bars] == [(2020, "/a", False), (2023, "/b", True)]
    assert [bar.height for bar in bars] == [HEIGHT / 2, HEIGHT]
    assert all(bar.y + bar.height == HEIGHT for bar in bars)
    assert 0 <= bars[0].x < WIDTH / 4
    assert bars[1].x + bars[1].width <= WIDTH


def test_one_among_many_is_still_seen() -> None:
    small = histogram([(2000, 1, "", False), (2001, 100_000, "", False)])[0]
    assert small.height > 1


def test_a_span_of_centuries_has_no_bars() -> None:
    assert histogram([(1000, 1, "", False), (2023, 1, "", False)]) == ()
