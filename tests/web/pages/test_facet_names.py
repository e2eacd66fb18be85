"""Values of a facet under the names that the data has for them, on a dataset made for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import html  # type: ignore[import-untyped]

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
