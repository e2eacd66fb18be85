"""The example of every saved query over HTTP: its rows on the project's seed and on the fixture catalogue.

What is expected was read off the records by hand: seed/*/*.ttl and tests/data/catalogue.trig.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.live import Server, serving
from tests.queries.bundled.fixture_catalogue import BASE, DOCUMENT, PUBLICATION, catalog
from tests.queries.bundled.published_dataset import make

Expected = tuple[str, Sequence[tuple[Any, ...]]]

# The publication whose record is complete.
TITLE = (
    "South Korea’s Arms Exports and Defense Diplomacy  to Advance Security Cooperation "
    "with Like-minded  Countries"
)
URL = (
    "https://www.ifans.go.kr/knda/ifans/eng/pblct/PblctView.do?csrfPreventionSalt=null&pblctDtaSn=14209"
    "&menuCl=P11&clCode=P11&koreanEngSe=ENG"
)
LIST = "publication title date authors category language number url"
RECORD = (
    f"{PUBLICATION}14209", TITLE, 20230522, "SONG Tae Eun", "IFANS Focus", "ENG", "2023.-07E", URL,
)  # fmt: skip
FILE = (
    "document title volumeNumber volumeName classification openYear index microfilm fileNumber frameNumbers"
)
JAPAN_AND_CHINA = (
    f"{DOCUMENT}6995", "일본 · 중국(구 중공) 관계", None, None, "722.12", "2006", "7927", "C-0082", "25",
    "0001-0064",
)  # fmt: skip
COUNTED = "publications firstDate latestDate"
ONE = (1, 20230522, 20230522)
# What none of the records has, and where nobody wrote with another.
NOTHING: Expected = (LIST, [])

SEED: dict[str, Expected] = {
    "archive-documents-by-class": (FILE, [JAPAN_AND_CHINA]),
    "archive-documents-by-year-opened": (FILE, [JAPAN_AND_CHINA]),
    "authors": (f"author {COUNTED}", [("SONG Tae Eun", *ONE)]),
    "categories": (f"category {COUNTED}", [("IFANS Focus", *ONE)]),
    "coauthor-network": ("author coauthor publications", []),
    "coauthors": (f"coauthor {COUNTED}", []),
    "countries": ("country name code code3 publications", []),
    "languages": ("language publications", [("ENG", 1)]),
    "latest-publications": (LIST, [RECORD]),
    **dict.fromkeys(
        (f"publications-by-{name}" for name in ("author", "category", "language", "year", "year-range")),
        (LIST, [RECORD]),
    ),
    **dict.fromkeys(
        (
            f"publications-by-{name}"
            for name in ("city", "country", "event", "organisation", "person", "professor")
        ),
        NOTHING,
    ),
    "related-publications": (
        "publication title date authors category sharedAuthors sharedEntities sharedSeries score",
        [],
    ),
    "search": ("publication title", [(f"{PUBLICATION}14168", "한 해를 넘긴 우크라이나 전쟁의 향방 전망")]),
    "year-category-matrix": ("year category publications", [(2023, "IFANS Focus", 1)]),
    "years": ("year publications", [(2023, 1)]),
}

FIRST = (
    f"{PUBLICATION}1", "한·베트남 협력", 20240301, "송태은", "주요국제문제분석", "KOR", "2024-01",
    "https://example.org/1",
)  # fmt: skip
SECOND = (
    f"{PUBLICATION}2", "Vietnam and ASEAN", 20240415, "Lee Seo Hang; SONG Tae Eun", "IFANS Focus", "ENG",
    None, None,
)  # fmt: skip
THIRD = (f"{PUBLICATION}3", "Odessa", 20100101, "Lee Seo Hang", "IFANS FOCUS", "ENG", None, None)
FIFTH = (
    f"{PUBLICATION}5", "Forms of names", 20091231, "LEE Seo-Hang; Seo Hang LEE; Tae Eun Song; 홍 길동",
    "IFANS Focus", "ENG", None, None,
)  # fmt: skip
VOLUME = (f"{DOCUMENT}2", "일본·중국 관계", "V.1", "결과보고", "701; 722.12", "2006", None, None, None, None)
WHOLE = (f"{DOCUMENT}3", "정무일반", None, None, "722", "2006", None, None, None, None)
COUNTRY = f"{BASE}core/resource/Country/"

CATALOGUE: dict[str, Expected] = {
    "archive-documents-by-class": (FILE, [VOLUME]),
    "archive-documents-by-year-opened": (FILE, [VOLUME, WHOLE]),
    "authors": (
        f"author {COUNTED}",
        [
            ("LEE Seo-Hang", 3, 20091231, 20240415),
            ("SONG Tae Eun", 1, 20240415, 20240415),
            ("Tae Eun Song", 1, 20091231, 20091231),
            ("송태은", 1, 20240301, 20240301),
            ("홍 길동", 1, 20091231, 20091231),
        ],
    ),
    "categories": (
        f"category {COUNTED}",
        [("IFANS Focus", 3, 20091231, 20240415), ("주요국제문제분석", 1, 20240301, 20240301)],
    ),
    "coauthor-network": (
        "author coauthor publications",
        [
            ("LEE Seo-Hang", "SONG Tae Eun", 1),
            ("LEE Seo-Hang", "Tae Eun Song", 1),
            ("LEE Seo-Hang", "홍 길동", 1),
            ("Tae Eun Song", "홍 길동", 1),
        ],
    ),
    "coauthors": (
        f"coauthor {COUNTED}",
        [("LEE Seo-Hang", 2, 20091231, 20240415), ("홍 길동", 1, 20091231, 20091231)],
    ),
    "countries": (
        "country name code code3 publications",
        [
            (f"{COUNTRY}RU", "Russia", "RU", "RUS", 2),
            (f"{COUNTRY}VN", "베트남", "VN", "VNM", 2),
            (f"{COUNTRY}KP", None, None, None, 1),
        ],
    ),
    "languages": ("language publications", [("ENG", 3), ("KOR", 1)]),
    "latest-publications": (LIST, [SECOND, FIRST, THIRD, FIFTH]),
    "publications-by-author": (LIST, [SECOND, FIFTH]),
    "publications-by-category": (LIST, [SECOND, THIRD, FIFTH]),
    "publications-by-city": (LIST, [FIRST]),
    "publications-by-country": (LIST, [SECOND, FIRST]),
    "publications-by-event": (LIST, [FIRST]),
    "publications-by-language": (LIST, [SECOND, THIRD, FIFTH]),
    "publications-by-organisation": NOTHING,
    "publications-by-person": NOTHING,
    "publications-by-professor": (LIST, [SECOND, FIRST]),
    "publications-by-year": NOTHING,
    "publications-by-year-range": NOTHING,
    "related-publications": SEED["related-publications"],
    "search": ("publication title", []),
    "year-category-matrix": (
        "year category publications",
        [
            (2024, "IFANS Focus", 1),
            (2024, "주요국제문제분석", 1),
            (2010, "IFANS Focus", 1),
            (2009, "IFANS Focus", 1),
        ],
    ),
    "years": ("year publications", [(2024, 2), (2010, 1), (2009, 1)]),
}

# Their rows on the seed have tests of their own below; nothing of 14209 is in the catalogue.
ONE_PUBLICATION = {"publication", "publication-bibo", "publication-schema-org"}
COUNTS = {"statistics", "terms"}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on the fixture catalogue."""
    folder = tmp_path_factory.mktemp("published")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset")), "--workers", "1") as running:
        yield running


def rows(server: Server, name: str) -> list[dict[str, Any]]:
    """The rows of a query's example, as flat JSON has them."""
    answer = server.get(
        f"/api/{name}?{urlencode(catalog().queries[name].example_values())}", "application/json"
    )
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_every_query_has_its_expectations() -> None:
    assert set(SEED) == set(CATALOGUE)
    assert {*SEED, *ONE_PUBLICATION, *COUNTS} == set(catalog().queries)


@pytest.mark.parametrize("name", sorted(SEED))
def test_the_example_on_the_seed(server: Server, name: str) -> None:
    columns, expected = SEED[name]
    assert [tuple(row[column] for column in columns.split()) for row in rows(server, name)] == expected


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_the_example_on_the_catalogue(generated: Server, name: str) -> None:
    columns, expected = CATALOGUE[name]
    assert [tuple(row[column] for column in columns.split()) for row in rows(generated, name)] == expected


@pytest.mark.parametrize("name", sorted(ONE_PUBLICATION))
def test_the_catalogue_has_no_publication_14209(generated: Server, name: str) -> None:
    assert rows(generated, name) == []


# What the file of publication 14209 states, by the names that the ministry's page has for the properties.
STATED = [
    ("유형", f"{BASE}mofapub/Publication"),
    ("이름", TITLE),
    ("대표 이름", TITLE),
    ("다른 이름", TITLE),
    ("분류", "IFANS Focus"),
    ("데이터 연도", 2023),
    ("원문 주소", URL),
    ("저자명", "SONG Tae Eun"),
    ("발간일", 20230522),
    ("발간번호", "2023.-07E"),
    ("언어", "ENG"),
]


def test_one_publication_on_the_seed(server: Server) -> None:
    found = rows(server, "publication")
    stated = [(row["propertyLabel"], row["value"]) for row in found if row["graph"] == f"{BASE}mofapub"]
    (abstract,) = [value for label, value in stated if label == "초록"]
    assert len(abstract) == 11_721
    assert [row for row in stated if row[0] != "초록"] == STATED
    # Everything else follows from that by the rules.
    assert {row["graph"] for row in found} == {f"{BASE}mofapub", f"{BASE}derived"}


SERIES = f"{BASE}mofapub/resource/Series/IFANS%20Focus"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
IN_SCHEMA_ORG = {
    *((TYPE, f"https://schema.org/{name}") for name in ("Article", "CreativeWork", "ScholarlyArticle")),
    ("https://schema.org/name", TITLE),
    ("https://schema.org/author", "SONG Tae Eun"),
    ("https://schema.org/datePublished", "2023-05-22"),
    ("https://schema.org/identifier", "14209"),
    ("https://schema.org/inLanguage", "en"),
    ("https://schema.org/isPartOf", SERIES),
    ("https://schema.org/url", URL),
}
IN_BIBO = {
    *((TYPE, f"http://purl.org/ontology/bibo/{name}") for name in ("Article", "Document")),
    (TYPE, "http://xmlns.com/foaf/0.1/Document"),
    ("http://purl.org/dc/terms/title", TITLE),
    ("http://purl.org/dc/elements/1.1/creator", "SONG Tae Eun"),
    ("http://purl.org/dc/terms/creator", "SONG Tae Eun"),
    ("http://purl.org/dc/terms/issued", "2023-05-22"),
    ("http://purl.org/dc/terms/date", "2023"),
    ("http://purl.org/dc/elements/1.1/identifier", "14209"),
    ("http://purl.org/dc/terms/identifier", "14209"),
    ("http://purl.org/dc/terms/language", "http://id.loc.gov/vocabulary/iso639-2/eng"),
    ("http://purl.org/dc/terms/isPartOf", SERIES),
    ("http://purl.org/ontology/bibo/number", "2023.-07E"),
    ("http://purl.org/ontology/bibo/identifier", URL),
    ("http://purl.org/ontology/bibo/uri", URL),
    ("http://xmlns.com/foaf/0.1/page", URL),
}


@pytest.mark.parametrize(
    ("name", "expected"), [("publication-schema-org", IN_SCHEMA_ORG), ("publication-bibo", IN_BIBO)]
)
def test_one_publication_in_another_vocabulary_on_the_seed(
    server: Server, name: str, expected: set[tuple[str, str]]
) -> None:
    found = rows(server, name)
    own = [(row["predicate"], row["object"]) for row in found if row["subject"] == f"{PUBLICATION}14209"]
    told = {(predicate, value) for predicate, value in own if not predicate.endswith("/abstract")}
    assert told == expected
    assert {row["subject"] for row in found} == {f"{PUBLICATION}14209", SERIES}


# Statements of each file of the seed, as counted in it.
GRAPHS = {"mofapub": 12 + 21, "mofadocu": 7 * 10 + 9 + 12 + 13, "mofabrief": 4 * 4, "mofapress": 2 * 4}
USES = {
    "mofapub/Publication": 6,
    "mofapub/hasAuthor": 1,
    "mofapub/pubDate": 1,
    "mofadocu/classfication": 10,
    "mofadocu/inFile": 9,
    "mofadocu/volumeNum": 2,
    "mofadocu/relatedDept": 6,
    "core/Country": 0,
    "mofapub/hasProfessor": 0,
}


def test_statistics_and_terms_of_the_seed(server: Server) -> None:
    counts = {row["resource"].removeprefix(BASE): row["count"] for row in rows(server, "statistics")}
    assert {name: counts[name] for name in GRAPHS} == GRAPHS
    assert counts["mofapub/Publication"] == 6
    uses = {row["term"].removeprefix(BASE): row["uses"] for row in rows(server, "terms")}
    assert {name: uses[name] for name in USES} == USES


def test_statistics_and_terms_of_the_catalogue(generated: Server) -> None:
    counts = {row["resource"].removeprefix(BASE): row["count"] for row in rows(generated, "statistics")}
    expected = {"mofapub": 56, "core": 49, "mofadocu": 19, "mofabrief": 15, "mofapub/Publication": 5}
    assert {name: counts[name] for name in expected} == expected
    uses = {row["term"].removeprefix(BASE): row["uses"] for row in rows(generated, "terms")}
    assert (uses["mofapub/hasAuthor"], uses["core/City"], uses["mofadaily/startDate"]) == (10, 3, 0)
