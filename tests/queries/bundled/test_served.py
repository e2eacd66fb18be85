"""Saved queries through the real server: values in the address, rows in the answer."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from tests.live import Server
from tests.queries.bundled.fixture_catalogue import BASE, DOCUMENT, PUBLICATION, catalog

SEED = f"{PUBLICATION}14209"


def test_every_example_is_answered(server: Server) -> None:
    for name, query in catalog().queries.items():
        answer = server.get(f"/api/{name}?{urlencode(query.example_values())}", "*/*")
        assert answer.status == 200, (name, answer.text)


# Query, its parameters, a column, and its values.
ROWS = [
    ("publications-by-author", {"author": "song,  tae-eun"}, "publication", [SEED]),
    ("publications-by-author", {"author": "TAE Eun Song"}, "publication", []),
    ("publications-by-language", {"language": "영어"}, "publication", [SEED]),
    ("publications-by-year-range", {"from": "2020"}, "publication", [SEED]),
    ("publications-by-year-range", {"to": "2020"}, "publication", []),
    ("publications-by-country", {"country": 'VN" } #'}, "publication", []),
    ("latest-publications", {"limit": "1"}, "publication", [SEED]),
    ("archive-documents-by-class", {"class": "722.12"}, "document", [f"{DOCUMENT}6995"]),
    ("archive-documents-by-year-opened", {"year": "2017"}, "document", [f"{DOCUMENT}51386"]),
    ("authors", {}, "author", ["SONG Tae Eun"]),
    ("years", {}, "year", [2023]),
    ("categories", {}, "category", ["IFANS Focus"]),
]


@pytest.mark.parametrize(("name", "values", "column", "expected"), ROWS)
def test_rows(
    server: Server, name: str, values: dict[str, str], column: str, expected: list[str | int]
) -> None:
    answer = server.get(f"/api/{name}?{urlencode(values)}")
    assert answer.status == 200
    assert [row[column] for row in answer.json()["rows"]] == expected


def test_one_publication_by_number_and_by_iri(server: Server) -> None:
    by_number = server.get("/api/publication?publication=14209").json()["rows"]
    by_iri = server.get(f"/api/publication?publication={quote(SEED, safe='')}").json()["rows"]
    assert by_number == by_iri
    stated = [row["propertyLabel"] for row in by_number if row["graph"] == f"{BASE}mofapub"]
    assert stated[0] == "유형"
    assert stated[-1] == "언어"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("publication-schema-org", "https://schema.org/ScholarlyArticle"),
        ("publication-bibo", "http://purl.org/ontology/bibo/Article"),
    ],
)
def test_a_graph_in_turtle_and_json_ld(server: Server, name: str, said: str) -> None:
    for accept in ("application/n-triples", "application/ld+json"):
        answer = server.get(f"/api/{name}?publication=14209", accept)
        assert (answer.status, answer.type) == (200, accept)
        # In a frame with a vocabulary a class is its local name.
        assert (said if accept.endswith("triples") else said.rpartition("/")[2]) in answer.text


def test_schema_org_as_one_nested_object(server: Server) -> None:
    found = server.get("/api/publication-schema-org.jsonld?publication=14209").json()
    assert found["@context"]["@vocab"] == "https://schema.org/"
    assert found["@id"] == SEED
    assert "ScholarlyArticle" in found["@type"]
    assert found["identifier"] == "14209"
    assert found["author"] == "SONG Tae Eun"
    assert found["datePublished"] == "2023-05-22"
    assert found["isPartOf"]["name"] == "IFANS Focus"
    assert found["url"].startswith("http")


# Words, and whether publication 14209 is the best match.
WORDS = [("arms exports", True), ("SONG Tae Eun", True), ('"Defense Diplomacy"', True), ("zzzz없는말", False)]


@pytest.mark.parametrize(("words", "found"), WORDS)
def test_text_search(server: Server, words: str, found: bool) -> None:
    rows = server.get(f"/api/search?{urlencode({'q': words})}").json()["rows"]
    assert [row["publication"] for row in rows[:1]] == [SEED] * found
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)


REFUSED = [
    ("publications-by-country", {}, "country"),
    ("publications-by-country", {"contry": "VN"}, "contry"),
    ("publications-by-year-range", {"from": "recent"}, "from"),
    ("latest-publications", {"limit": "5000"}, "limit"),
]


@pytest.mark.parametrize(("name", "values", "named"), REFUSED)
def test_what_does_not_fit_is_a_400_that_names_it(
    server: Server, name: str, values: dict[str, str], named: str
) -> None:
    answer = server.get(f"/api/{name}?{urlencode(values)}", "application/json")
    assert answer.status == 400
    assert f'"{named}"' in answer.json()["detail"]
