"""One publication: its rows, what is related to it, and its description in other vocabularies."""

from __future__ import annotations

import json
import re

import pytest
from pyoxigraph import QueryTriples, Store

from endpoint.results.framing import framed
from tests.queries.bundled.fixture_catalogue import (
    BASE,
    PUBLICATION,
    bound,
    catalog,
    repeated,
    rows,
    statements,
    store_of,
    triples,
    whole,
)

CORE = f"{BASE}core/resource/"
DERIVED = f"{BASE}derived"


@pytest.fixture(scope="module")
def store() -> Store:
    return store_of(repeated())


@pytest.fixture(scope="module")
def complete() -> Store:
    return whole(statements())


# What the publications graph states of publication 1, in the order of the ministry's pages.
STATED = [
    ("유형", f"{BASE}mofapub/Publication", "발간자료"),
    ("이름", "한·베트남 협력", None),
    ("대표 이름", "한·베트남 협력", None),
    ("관련 국가", f"{CORE}Country/VN", "베트남"),
    ("초록", "요약", None),
    ("관련 도시", f"{CORE}City/1", "하노이"),
    ("분류", "주요국제문제분석", None),
    ("관련 인물", f"{CORE}Person/2", "응우옌 푸 쫑"),
    ("관련 기관", f"{CORE}Organization/1", "동남아시아국가연합"),
    ("관련 행사", f"{CORE}Event/1", "제1차 한·베트남 정상회담"),
    ("데이터 연도", "2024", None),
    ("원문 주소", "https://example.org/1", None),
    ("저자명", "송태은", None),
    ("집필 교수", f"{CORE}Person/1", "송태은"),
    ("발간일", "20240301", None),
    ("발간번호", "2024-01", None),
    ("언어", "KOR", None),
]


@pytest.mark.parametrize("value", ["1", " 1\n", f"{PUBLICATION}1", f"\u3000{PUBLICATION}1"])
def test_its_rows_in_the_order_of_the_ministrys_pages(complete: Store, value: str) -> None:
    found = rows(complete, "publication", publication=value)
    stated = [row for row in found if row["graph"] == f"{BASE}mofapub"]
    assert [(row["propertyLabel"], row["value"], row.get("valueLabel")) for row in stated] == STATED
    assert {row["graph"] for row in found} == {f"{BASE}mofapub", DERIVED}


def test_derived_rows_are_there_and_known_as_such(complete: Store) -> None:
    found = rows(complete, "publication", publication="1")
    derived = {(row["property"], row["value"]) for row in found if row["graph"] == DERIVED}
    assert ("http://purl.org/dc/terms/issued", "2024-03-01") in derived
    assert ("http://purl.org/dc/terms/spatial", f"{CORE}Country/VN") in derived
    keys = [(row["property"], row["value"]) for row in found]
    assert len(set(keys)) == len(keys)


UNKNOWN = [
    "99",
    f"{PUBLICATION}99",
    f"{BASE}mofabrief/resource/Document/9",
    f"{CORE}Country/VN",
    "1 a",
    "#",
    "?this",
]


@pytest.mark.parametrize(
    "value", [*UNKNOWN, 'x" } UNION { ?this ?property ?value } #', "<>", "a:b", "%31", "\\"]
)
@pytest.mark.parametrize("name", ["publication", "related-publications"])
def test_what_is_no_publication_has_no_rows(store: Store, name: str, value: str) -> None:
    assert rows(store, name, publication=value) == []


def related(store: Store, **values: object) -> list[tuple[str, ...]]:
    """Number, shared authors, entities and series, and the score of each row."""
    columns = ("publication", "sharedAuthors", "sharedEntities", "sharedSeries", "score")
    found = rows(store, "related-publications", **values)
    return [tuple(row[name].removeprefix(PUBLICATION) for name in columns) for row in found]


# The professor and his two names are one author; Vietnam and ASEAN; a name and Russia; the series alone.
RELATED = [
    ("1", [("2", "1", "2", "0", "7")]),
    ("2", [("1", "1", "2", "0", "7"), ("3", "1", "1", "0", "5"), ("5", "0", "0", "1", "1")]),
    ("3", [("2", "1", "1", "0", "5"), ("4", "0", "1", "0", "2")]),
    ("4", [("3", "0", "1", "0", "2")]),
    ("5", [("2", "0", "0", "1", "1")]),
]


@pytest.mark.parametrize(("number", "expected"), RELATED)
def test_related_publications_by_what_they_share(
    store: Store, number: str, expected: list[tuple[str, ...]]
) -> None:
    assert related(store, publication=number) == expected
    assert related(store, publication=f"{PUBLICATION}{number}") == expected
    assert related(store, publication=number, limit=1) == expected[:1]


def test_a_related_publication_is_described(store: Store) -> None:
    (row,) = rows(store, "related-publications", publication="1")
    assert row == {
        "publication": f"{PUBLICATION}2",
        "title": "Vietnam and ASEAN",
        "date": "20240415",
        "authors": "Lee Seo Hang; SONG Tae Eun",
        "category": "IFANS Focus",
        "sharedAuthors": "1",
        "sharedEntities": "2",
        "sharedSeries": "0",
        "score": "7",
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_do_not_depend_on_the_order_of_loading(store: Store, seed: int) -> None:
    shuffled = store_of(repeated(), seed)
    for name in ("publication", "related-publications"):
        for number, _ in RELATED:
            expected = rows(store, name, publication=number)
            assert rows(shuffled, name, publication=number) == expected


def test_the_publications_graph_alone_gives_its_statements(store: Store) -> None:
    alone = [f"{BASE}mofapub"]
    found = rows(store, "publication", alone, publication="1")
    assert sorted(row["value"] for row in found) == sorted(value for _, value, _ in STATED)
    assert rows(store, "related-publications", alone, publication="2") == rows(
        store, "related-publications", publication="2"
    )


PREFIXES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "bibo": "http://purl.org/ontology/bibo/",
    "dcterms": "http://purl.org/dc/terms/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "iso639": "http://id.loc.gov/vocabulary/iso639-2/",
    "pub": f"{BASE}mofapub/resource/Publication/",
    "series": f"{BASE}mofapub/resource/Series/",
    "core": f"{BASE}core/resource/",
}


def written_out(lines: str) -> set[str]:
    """Each line with its prefixed names as IRIs."""
    return {
        re.sub(r"(?<![\w\"])(\w+):(?=\S)", lambda name: PREFIXES[name[1]], line.strip())
        for line in lines.strip().splitlines()
    }


IN_SCHEMA_ORG = """
    pub:2 rdf:type schema:Article
    pub:2 rdf:type schema:CreativeWork
    pub:2 rdf:type schema:ScholarlyArticle
    pub:2 schema:name "Vietnam and ASEAN"
    pub:2 schema:author "Lee Seo Hang"
    pub:2 schema:author "SONG Tae Eun"
    pub:2 schema:creator core:Person/1
    pub:2 schema:datePublished "2024-04-15"
    pub:2 schema:identifier "2"
    pub:2 schema:inLanguage "en"
    pub:2 schema:isPartOf series:IFANS%20Focus
    pub:2 schema:about core:Organization/1
    pub:2 schema:spatialCoverage core:Country/RU
    pub:2 schema:spatialCoverage core:Country/VN
    series:IFANS%20Focus rdf:type schema:CreativeWork
    series:IFANS%20Focus rdf:type schema:CreativeWorkSeries
    series:IFANS%20Focus schema:name "IFANS Focus"
    core:Person/1 rdf:type schema:Person
    core:Person/1 schema:name "송태은"@ko
    core:Person/1 schema:name "Song Tae Eun"@en
    core:Organization/1 rdf:type schema:Organization
    core:Organization/1 schema:name "동남아시아국가연합"@ko
    core:Organization/1 schema:name "Association of Southeast Asian Nations"@en
    core:Country/RU rdf:type schema:Country
    core:Country/RU rdf:type schema:Place
    core:Country/RU schema:name "Russia"@en
    core:Country/RU schema:name "Russie"@fr
    core:Country/VN rdf:type schema:Country
    core:Country/VN rdf:type schema:Place
    core:Country/VN schema:name "베트남"@ko
    core:Country/VN schema:name "Vietnam"@en
"""
IN_BIBO = """
    pub:2 rdf:type bibo:Article
    pub:2 rdf:type bibo:Document
    pub:2 rdf:type foaf:Document
    pub:2 dcterms:title "Vietnam and ASEAN"
    pub:2 dc:creator "Lee Seo Hang"
    pub:2 dc:creator "SONG Tae Eun"
    pub:2 dc:creator core:Person/1
    pub:2 dcterms:creator "Lee Seo Hang"
    pub:2 dcterms:creator "SONG Tae Eun"
    pub:2 dcterms:creator core:Person/1
    pub:2 foaf:maker core:Person/1
    pub:2 dcterms:issued "2024-04-15"
    pub:2 dcterms:date "2024"
    pub:2 dcterms:language iso639:eng
    pub:2 dcterms:isPartOf series:IFANS%20Focus
    pub:2 dc:subject core:Organization/1
    pub:2 dcterms:subject core:Organization/1
    pub:2 dcterms:spatial core:Country/RU
    pub:2 dcterms:spatial core:Country/VN
    pub:2 dc:identifier "2"
    pub:2 dcterms:identifier "2"
    series:IFANS%20Focus rdf:type bibo:Collection
    series:IFANS%20Focus rdf:type bibo:Series
    series:IFANS%20Focus rdfs:label "IFANS Focus"
    core:Person/1 rdf:type foaf:Agent
    core:Person/1 rdf:type foaf:Person
    core:Person/1 rdfs:label "송태은"@ko
    core:Person/1 rdfs:label "Song Tae Eun"@en
    core:Person/1 foaf:name "송태은"@ko
    core:Person/1 foaf:name "Song Tae Eun"@en
    core:Organization/1 rdf:type foaf:Agent
    core:Organization/1 rdf:type foaf:Organization
    core:Organization/1 rdfs:label "동남아시아국가연합"@ko
    core:Organization/1 rdfs:label "Association of Southeast Asian Nations"@en
    core:Organization/1 foaf:name "동남아시아국가연합"@ko
    core:Organization/1 foaf:name "Association of Southeast Asian Nations"@en
    core:Country/RU rdf:type dcterms:Location
    core:Country/RU rdfs:label "Russia"@en
    core:Country/RU rdfs:label "Russie"@fr
    core:Country/VN rdf:type dcterms:Location
    core:Country/VN rdfs:label "베트남"@ko
    core:Country/VN rdfs:label "Vietnam"@en
"""


@pytest.mark.parametrize(
    ("name", "expected"), [("publication-schema-org", IN_SCHEMA_ORG), ("publication-bibo", IN_BIBO)]
)
def test_in_another_vocabulary(complete: Store, name: str, expected: str) -> None:
    assert triples(complete, name, publication="2") == written_out(expected)
    assert triples(complete, name, publication=f" {PUBLICATION}2") == written_out(expected)


@pytest.mark.parametrize("name", ["publication-schema-org", "publication-bibo"])
@pytest.mark.parametrize("value", UNKNOWN)
def test_what_is_no_publication_has_no_description(complete: Store, name: str, value: str) -> None:
    assert triples(complete, name, publication=value) == set()


# Publication 2 in the frame of its query.
NESTED: dict[str, object] = {
    "@id": f"{PUBLICATION}2",
    "@type": ["Article", "CreativeWork", "ScholarlyArticle"],
    "about": {
        "@id": f"{CORE}Organization/1",
        "@type": "Organization",
        "name": [
            {"@language": "en", "@value": "Association of Southeast Asian Nations"},
            {"@language": "ko", "@value": "동남아시아국가연합"},
        ],
    },
    "author": ["Lee Seo Hang", "SONG Tae Eun"],
    "creator": {
        "@id": f"{CORE}Person/1",
        "@type": "Person",
        "name": [
            {"@language": "en", "@value": "Song Tae Eun"},
            {"@language": "ko", "@value": "송태은"},
        ],
    },
    "datePublished": "2024-04-15",
    "identifier": "2",
    "inLanguage": "en",
    "isPartOf": {
        "@id": f"{BASE}mofapub/resource/Series/IFANS%20Focus",
        "@type": ["CreativeWork", "CreativeWorkSeries"],
        "name": "IFANS Focus",
    },
    "name": "Vietnam and ASEAN",
    "spatialCoverage": [
        {
            "@id": f"{CORE}Country/RU",
            "@type": ["Country", "Place"],
            "name": [
                {"@language": "en", "@value": "Russia"},
                {"@language": "fr", "@value": "Russie"},
            ],
        },
        {
            "@id": f"{CORE}Country/VN",
            "@type": ["Country", "Place"],
            "name": [
                {"@language": "en", "@value": "Vietnam"},
                {"@language": "ko", "@value": "베트남"},
            ],
        },
    ],
}


def in_frame(store: Store, publication: str) -> dict[str, object]:
    """The publication in schema.org as JSON-LD, the values of each member sorted."""
    found = store.query(
        bound("publication-schema-org", publication=publication), use_default_graph_as_union=True
    )
    assert isinstance(found, QueryTriples)
    frame = catalog().queries["publication-schema-org"].options.frame
    assert frame is not None
    document = json.loads(framed(found, frame), object_hook=_sorted)
    assert document.pop("@context")["@vocab"] == PREFIXES["schema"]
    assert isinstance(document, dict)
    return document


def _sorted(members: dict[str, object]) -> dict[str, object]:
    return {
        key: sorted(value, key=lambda row: json.dumps(row, sort_keys=True))
        if isinstance(value, list)
        else value
        for key, value in members.items()
    }


def test_in_schema_org_as_one_object(complete: Store) -> None:
    assert in_frame(complete, "2") == NESTED
    assert in_frame(complete, f"{PUBLICATION}2") == NESTED


@pytest.mark.parametrize("number", ["1", "2", "3", "4", "5"])
def test_every_publication_is_one_object_in_its_frame(complete: Store, number: str) -> None:
    found = in_frame(complete, number)
    assert found["@id"] == f"{PUBLICATION}{number}"
    assert "@graph" not in found
    assert found["identifier"] == number
    # The address is an IRI and still a plain text, as readers of schema.org expect it.
    assert isinstance(found.get("url", ""), str)


def test_what_is_no_publication_is_an_empty_object(complete: Store) -> None:
    assert in_frame(complete, "99") == {}


def test_the_terms_asked_for_are_the_only_ones(complete: Store) -> None:
    for line in triples(complete, "publication-schema-org", publication="1"):
        predicate = line.split(" ")[1]
        assert predicate.startswith(PREFIXES["schema"]) or predicate == f"{PREFIXES['rdf']}type"
    assert not any(
        BASE in line.split(" ")[1] for line in triples(complete, "publication-bibo", publication="1")
    )
