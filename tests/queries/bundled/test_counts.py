"""Lists with counts, files of the archives, and statistics, on the fixture catalogue."""

from __future__ import annotations

import pytest
from pyoxigraph import Store

from tests.queries.bundled.fixture_catalogue import (
    BASE,
    DOCUMENT,
    bound,
    documents,
    repeated,
    rows,
    statements,
    store_of,
    whole,
)

CORE = f"{BASE}core/resource/"


@pytest.fixture(scope="module")
def store() -> Store:
    return store_of(repeated())


@pytest.fixture(scope="module")
def complete() -> Store:
    return whole(statements())


def test_categories(store: Store) -> None:
    assert rows(store, "categories") == [
        {"category": "IFANS Focus", "publications": "3", "firstDate": "20091231", "latestDate": "20240415"},
        {
            "category": "주요국제문제분석",
            "publications": "1",
            "firstDate": "20240301",
            "latestDate": "20240301",
        },
    ]


def test_years(store: Store) -> None:
    assert rows(store, "years") == [
        {"year": "2024", "publications": "2"},
        {"year": "2010", "publications": "1"},
        {"year": "2009", "publications": "1"},
    ]


def test_languages(store: Store) -> None:
    assert rows(store, "languages") == [
        {"language": "ENG", "publications": "3"},
        {"language": "KOR", "publications": "1"},
    ]


def test_the_matrix_writes_a_category_in_one_way_for_all_years(store: Store) -> None:
    assert rows(store, "year-category-matrix") == [
        {"year": "2024", "category": "IFANS Focus", "publications": "1"},
        {"year": "2024", "category": "주요국제문제분석", "publications": "1"},
        {"year": "2010", "category": "IFANS Focus", "publications": "1"},
        {"year": "2009", "category": "IFANS Focus", "publications": "1"},
    ]


def test_countries_have_their_korean_name_or_the_english_one(store: Store) -> None:
    assert rows(store, "countries") == [
        {
            "country": f"{CORE}Country/RU",
            "name": "Russia",
            "code": "RU",
            "code3": "RUS",
            "publications": "2",
        },
        {
            "country": f"{CORE}Country/VN",
            "name": "베트남",
            "code": "VN",
            "code3": "VNM",
            "publications": "2",
        },
        {"country": f"{CORE}Country/KP", "publications": "1"},
    ]


CLASSES = [
    ("722.1", ["1"]),
    (" 722.1 ", ["1"]),
    ("722.12", ["2"]),
    ("701", ["2"]),
    # What has no dot finds all below it: first opened, first shown.
    ("722", ["1", "2", "3"]),
    ("72", []),
    ("722.", []),
    ("722.1.", []),
    ("7221", ["4"]),
    ("722.*", []),
    ('722" } UNION { ?document ?p ?o } #', []),
]


@pytest.mark.parametrize(("number", "expected"), CLASSES)
def test_archive_files_by_class(store: Store, number: str, expected: list[str]) -> None:
    assert documents(store, "archive-documents-by-class", class_=number) == expected


@pytest.mark.parametrize(("year", "expected"), [(2002, ["1"]), (2006, ["2", "3"]), (1999, [])])
def test_archive_files_by_year_opened(store: Store, year: int, expected: list[str]) -> None:
    assert documents(store, "archive-documents-by-year-opened", year=year) == expected


def test_a_row_tells_where_an_archive_file_is(store: Store) -> None:
    (first,) = rows(store, "archive-documents-by-class", class_="722.1")
    assert first == {
        "document": f"{DOCUMENT}1",
        "title": "한·미 정무일반",
        "classification": "722.1",
        "openYear": "2002",
        "index": "4109",
        "microfilm": "C-0044",
        "fileNumber": "06",
        "frameNumbers": "0001-0139",
    }
    (second,) = rows(store, "archive-documents-by-class", class_="701")
    assert second == {
        "document": f"{DOCUMENT}2",
        "title": "일본·중국 관계",
        "volumeNumber": "V.1",
        "volumeName": "결과보고",
        "classification": "701; 722.12",
        "openYear": "2006",
    }


def test_statistics_count_statements_and_instances() -> None:
    found = rows(store_of(statements()), "statistics")
    assert [(row["kind"], row["resource"].removeprefix(BASE), row["count"]) for row in found] == [
        ("graph", "mofapub", "56"),
        ("graph", "core", "49"),
        ("graph", "mofadocu", "19"),
        ("graph", "mofabrief", "15"),
        ("class", "mofapub/Publication", "5"),
        ("class", "core/Person", "4"),
        ("class", "core/City", "3"),
        ("class", "core/Event", "3"),
        ("class", "core/Country", "2"),
        ("class", "core/Organization", "1"),
        ("class", "mofabrief/Briefing", "1"),
    ]


def test_an_instance_that_two_graphs_state_is_one(store: Store) -> None:
    classes = [row for row in rows(store, "statistics") if row["kind"] == "class"]
    once = [row for row in rows(store_of(statements()), "statistics") if row["kind"] == "class"]
    assert classes == once


def test_statistics_have_the_ontologies_names(complete: Store) -> None:
    found = {(row["kind"], row["resource"]): row for row in rows(complete, "statistics")}
    assert found["class", f"{BASE}mofapub/Publication"]["label"] == "발간자료"
    assert found["class", f"{BASE}mofapub/Publication"]["count"] == "5"
    assert found["graph", f"{BASE}mofapub/"]["label"] == "발간자료 온톨로지"


def test_terms_with_their_use(complete: Store) -> None:
    found = {(row["term"].removeprefix(BASE), row["kind"]): row for row in rows(complete, "terms")}
    assert found["mofapub/Publication", "class"]["uses"] == "5"
    assert found["mofapub/hasAuthor", "property"] == {
        "term": f"{BASE}mofapub/hasAuthor",
        "kind": "property",
        "label": "저자명",
        "uses": "10",
    }
    # Defined, and nowhere used.
    assert found["mofadaily/startDate", "property"]["uses"] == "0"
    assert found["mofadaily/DiplomatJ", "class"]["uses"] == "0"
    assert len(found) == len(rows(complete, "terms"))


LISTS = ("categories", "years", "year-category-matrix", "countries", "statistics", "terms")


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_do_not_depend_on_the_order_of_loading(store: Store, seed: int) -> None:
    shuffled = store_of(repeated(), seed)
    for name in LISTS:
        assert rows(shuffled, name) == rows(store, name)
    for number, _ in CLASSES:
        text = {"class_": number}
        assert rows(shuffled, "archive-documents-by-class", **text) == rows(
            store, "archive-documents-by-class", **text
        )


@pytest.mark.parametrize("name", LISTS)
def test_no_row_stands_twice_and_each_has_a_place(complete: Store, name: str) -> None:
    found = rows(complete, name)
    assert found
    assert len({tuple(sorted(row.items())) for row in found}) == len(found)


@pytest.mark.parametrize("name", ["categories", "years", "year-category-matrix"])
def test_the_publications_graph_alone_gives_the_same_rows(store: Store, name: str) -> None:
    assert rows(store, name, [f"{BASE}mofapub"]) == rows(store, name)


def test_graphs_count_only_where_there_are_named_ones(store: Store) -> None:
    assert {row["kind"] for row in rows(store, "statistics", [f"{BASE}mofapub"])} == {"class"}


def test_an_empty_store_has_no_rows() -> None:
    for name in LISTS:
        assert list(Store().query(bound(name), use_default_graph_as_union=True)) == []  # type: ignore[arg-type]
