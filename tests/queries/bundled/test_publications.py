"""The lists of publications: what each value of each parameter finds, and in which order."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pyoxigraph import Store

from endpoint.errors import BadParameter
from tests.queries.bundled.fixture_catalogue import (
    BASE,
    PUBLICATION,
    bound,
    publications,
    repeated,
    rows,
    statements,
    store_of,
)

COLUMNS = ["publication", "title", "date", "authors", "category", "language", "number", "url"]
CORE = f"{BASE}core/resource/"
# The graphs that hold the publications and what they link to.
GRAPHS = [f"{BASE}mofapub", f"{BASE}core"]


@pytest.fixture(scope="module")
def store() -> Store:
    return store_of(repeated())


# By query, its values, and the numbers of the publications in their order.
CASES: list[tuple[str, Mapping[str, object], list[str]]] = [
    # The ISO codes, the names in both languages, other names, the IRI and its end.
    *(
        ("publications-by-country", {"country": value}, ["2", "1"])
        for value in (
            "VN",
            "vn",
            " Vn\t",
            "VNM",
            "vnm",
            "베트남",
            "베 트 남",
            "\u1107\u1166\u1110\u1173\u1102\u1161\u11b7",
            "Vietnam",
            "VIET\u3000NAM",
            f"{CORE}Country/VN",
            f" {CORE}Country/VN ",
        )
    ),
    *(
        ("publications-by-country", {"country": value}, ["2", "3"])
        for value in ("RU", "rus", "Russia", "russie")
    ),
    ("publications-by-country", {"country": "KP"}, ["4"]),
    *(
        ("publications-by-country", {"country": value}, [])
        for value in (
            "V",
            "베트",
            "VN RU",
            "VN|RU",
            "JP",
            "하노이",
            "ASEAN",
            f"{CORE}Country/vn",
            f"{CORE}City/1",
            "Country/VN",
            ".*",
            "%",
        )
    ),
    ("publications-by-city", {"city": "하노이"}, ["1"]),
    ("publications-by-city", {"city": "HANOI"}, ["1"]),
    # Two cities of the name; then one of them by its other name, its IRI, its number.
    ("publications-by-city", {"city": "Odessa"}, ["3", "4"]),
    ("publications-by-city", {"city": "오데사"}, ["3"]),
    ("publications-by-city", {"city": f"{CORE}City/2"}, ["3"]),
    ("publications-by-city", {"city": "3"}, ["3", "4"]),
    ("publications-by-city", {"city": "Vietnam"}, []),
    *(
        ("publications-by-organisation", {"organisation": value}, ["2", "1"])
        for value in ("ASEAN", "asean", "동남아시아국가연합", "association of southeast  asian nations", "1")
    ),
    ("publications-by-organisation", {"organisation": "ASEA"}, []),
    ("publications-by-event", {"event": "First ROK-Vietnam Summit"}, ["1"]),
    ("publications-by-event", {"event": "제1차 한·베트남 정상회담"}, ["1"]),
    ("publications-by-event", {"event": "제1차한·베트남정상회담"}, ["1"]),
    ("publications-by-event", {"event": "First ROK Vietnam Summit"}, []),
    ("publications-by-event", {"event": "g20 정상회의"}, ["3", "4"]),
    ("publications-by-event", {"event": "G20 Summit"}, ["3"]),
    ("publications-by-event", {"event": f"{CORE}Event/3"}, ["4"]),
    # About a person, not by that person.
    ("publications-by-person", {"person": "Nguyen Phu Trong"}, ["1"]),
    ("publications-by-person", {"person": "응우옌푸쫑"}, ["1"]),
    ("publications-by-person", {"person": "Phu Trong Nguyen"}, ["1"]),
    ("publications-by-person", {"person": "NGUYEN, Phu Trong"}, ["1"]),
    ("publications-by-person", {"person": "PHU Trong Nguyen"}, []),
    ("publications-by-person", {"person": "김철수"}, ["3", "4"]),
    ("publications-by-person", {"person": "Chul Soo Kim"}, ["3"]),
    ("publications-by-person", {"person": "Cheol Su KIM"}, ["4"]),
    ("publications-by-person", {"person": "kim cheolsu"}, ["4"]),
    ("publications-by-person", {"person": f"{CORE}Person/4"}, ["4"]),
    ("publications-by-person", {"person": "2"}, ["1"]),
    ("publications-by-person", {"person": "송태은"}, []),
    ("publications-by-person", {"person": "Kim"}, []),
    *(
        ("publications-by-professor", {"professor": value}, ["2", "1"])
        for value in ("송태은", "Song Tae Eun", "tae-eun song", "SONG, Tae Eun", "1", f"{CORE}Person/1")
    ),
    ("publications-by-professor", {"professor": "Eun Song Tae"}, ["2", "1"]),
    ("publications-by-professor", {"professor": "TAE Eun Song"}, []),
    ("publications-by-professor", {"professor": "Nguyen Phu Trong"}, []),
    *(
        ("publications-by-language", {"language": value}, ["2", "3", "5"])
        for value in ("ENG", "eng", "en", "EN", "English", "영어", "영문", " eng ")
    ),
    *(
        ("publications-by-language", {"language": value}, ["1"])
        for value in ("KOR", "ko", "Korean", "한국어", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165")
    ),
    *(("publications-by-language", {"language": value}, []) for value in ("FRE", "e", "en english", "n")),
    ("publications-by-year-range", {"from_": 2010, "to": 2024}, ["2", "1", "3"]),
    ("publications-by-year-range", {"from_": 2024}, ["2", "1"]),
    ("publications-by-year-range", {"to": 2009}, ["5"]),
    ("publications-by-year-range", {"from_": 2009, "to": 2009}, ["5"]),
    ("publications-by-year-range", {}, ["2", "1", "3", "5"]),
    ("publications-by-year-range", {"from_": 2024, "to": 2010}, []),
    ("publications-by-year", {"year": 2024}, ["2", "1"]),
    ("publications-by-year", {"year": 2009}, ["5"]),
    ("publications-by-category", {"category": "IFANS FOCUS"}, ["2", "3", "5"]),
    ("latest-publications", {}, ["2", "1", "3", "5"]),
    ("latest-publications", {"limit": 2}, ["2", "1"]),
]


@pytest.mark.parametrize(("name", "values", "expected"), CASES)
def test_it_finds_these_publications_in_this_order(
    store: Store, name: str, values: Mapping[str, object], expected: list[str]
) -> None:
    assert publications(store, name, **values) == expected


@pytest.mark.parametrize(("name", "values", "expected"), CASES)
def test_the_graphs_that_hold_them_give_the_same_rows(
    store: Store, name: str, values: Mapping[str, object], expected: list[str]
) -> None:
    found = rows(store, name, GRAPHS, **values)
    assert found == rows(store, name, **values)
    assert len(found) == len(expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_do_not_depend_on_the_order_of_loading(store: Store, seed: int) -> None:
    shuffled = store_of(repeated(), seed)
    for name, values, _ in CASES:
        assert rows(shuffled, name, **values) == rows(store, name, **values)


NAMES = sorted({name for name, _, _ in CASES})


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_in_two_graphs_changes_nothing(store: Store, name: str) -> None:
    once = store_of(statements())
    for _, values, _ in [case for case in CASES if case[0] == name]:
        assert rows(once, name, **values) == rows(store, name, **values)


@pytest.mark.parametrize("name", NAMES)
def test_all_lists_have_the_same_columns(name: str) -> None:
    values = next(values for other, values, _ in CASES if other == name)
    found = Store().query(bound(name, **values), use_default_graph_as_union=True)
    assert [variable.value for variable in found.variables] == COLUMNS  # type: ignore[union-attr]


def test_a_row_tells_everything_of_its_publication(store: Store) -> None:
    second, first = rows(store, "publications-by-country", country="VNM")
    assert first == {
        "publication": f"{PUBLICATION}1",
        "title": "한·베트남 협력",
        "date": "20240301",
        "authors": "송태은",
        "category": "주요국제문제분석",
        "language": "KOR",
        "number": "2024-01",
        "url": "https://example.org/1",
    }
    assert second == {
        "publication": f"{PUBLICATION}2",
        "title": "Vietnam and ASEAN",
        "date": "20240415",
        "authors": "Lee Seo Hang; SONG Tae Eun",
        "category": "IFANS Focus",
        "language": "ENG",
    }


TEXTS = [
    ("publications-by-city", "city"),
    ("publications-by-country", "country"),
    ("publications-by-event", "event"),
    ("publications-by-language", "language"),
    ("publications-by-organisation", "organisation"),
    ("publications-by-person", "person"),
    ("publications-by-professor", "professor"),
]
HOSTILE = [
    'VN" } UNION { ?publication ?p ?o } #',
    '") || true || ("',
    "VN\\",
    "\\u0022) || true #",
    "a\n} #",
    "?country",
    "$1",
    "(.*)",
    "[",
    "<http://example.org/>",
    "\U0001f600",
    ", ,",
    "-",
]


@pytest.mark.parametrize(("name", "parameter"), TEXTS)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_that_looks_like_syntax_finds_nothing(
    store: Store, name: str, parameter: str, value: str
) -> None:
    assert publications(store, name, **{parameter: value}) == []


REFUSED = [
    ("publications-by-country", {}),
    ("publications-by-country", {"country": " "}),
    ("publications-by-country", {"Country": "VN"}),
    ("publications-by-year-range", {"from_": "2024.5"}),
    ("publications-by-year-range", {"to": 24}),
    ("latest-publications", {"limit": 0}),
    ("latest-publications", {"limit": 1001}),
    ("related-publications", {"limit": 5}),
]


@pytest.mark.parametrize(("name", "values"), REFUSED)
def test_what_does_not_fit_is_refused(name: str, values: Mapping[str, object]) -> None:
    with pytest.raises(BadParameter):
        bound(name, **values)
