"""Names of authors: which forms are one name, who wrote with whom, and how much."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from tests.queries.bundled.fixture_catalogue import (
    BASE,
    COPIES,
    PUBLICATION,
    publications,
    repeated,
    rows,
    store_of,
)


@pytest.fixture(scope="module")
def store() -> Store:
    return store_of(repeated())


# The ministry's forms of a name, and what a client may send.
NAMES = [
    ("송태은", ["1"]),
    ("송 태은", ["1"]),
    ("SONG Tae Eun", ["2", "5"]),
    ("song tae eun", ["2", "5"]),
    ("Song Tae-Eun", ["2", "5"]),
    ("Song, Tae Eun", ["2", "5"]),
    ("song , tae-eun", ["2", "5"]),
    ("Tae Eun SONG", ["2", "5"]),
    ("Tae Eun Song", ["2", "5"]),
    # In capitals stands a family name: Tae is that of one, and of the other it is not.
    ("TAE Eun Song", ["5"]),
    ("Tae, Eun Song", ["5"]),
    ("Eun, Song Tae", []),
    ("Lee Seo Hang", ["2", "3", "5"]),
    ("LEE SEO HANG", ["2", "3", "5"]),
    ("Seo-Hang Lee", ["2", "3", "5"]),
    # Nothing tells which word of "Lee Seo Hang" is the family name; "LEE Seo-Hang" does.
    ("Hang Lee Seo", ["2", "3"]),
    ("홍길동", ["5"]),
    ("홍 길동", ["5"]),
    ("\u1112\u1169\u11bc\u1100\u1175\u11af\u1103\u1169\u11bc", ["5"]),
    ("길동", []),
    ("Lee", []),
    ("Seo Hang", []),
    ("Lee Seo", []),
    ("LeeSeoHang", []),
    ("Only Briefs", []),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_forms_of_a_name(store: Store, name: str, expected: list[str]) -> None:
    assert publications(store, "publications-by-author", author=name) == expected


def test_all_authors_by_the_number_of_their_publications(store: Store) -> None:
    assert rows(store, "authors") == [
        {"author": "LEE Seo-Hang", "publications": "3", "firstDate": "20091231", "latestDate": "20240415"},
        {"author": "SONG Tae Eun", "publications": "1", "firstDate": "20240415", "latestDate": "20240415"},
        {"author": "Tae Eun Song", "publications": "1", "firstDate": "20091231", "latestDate": "20091231"},
        {"author": "송태은", "publications": "1", "firstDate": "20240301", "latestDate": "20240301"},
        {"author": "홍 길동", "publications": "1", "firstDate": "20091231", "latestDate": "20091231"},
    ]


def test_one_undated_publication_leaves_the_dates_of_the_others(store: Store) -> None:
    author = NamedNode(f"{BASE}mofapub/hasAuthor")
    added = [Quad(NamedNode(f"{PUBLICATION}4"), author, Literal(name), COPIES) for name in ("송태은", "무명")]
    found = {row["author"]: row for row in rows(store_of([*repeated(), *added]), "authors")}
    assert found["송태은"] == {
        "author": "송태은",
        "publications": "2",
        "firstDate": "20240301",
        "latestDate": "20240301",
    }
    assert found["무명"] == {"author": "무명", "publications": "1"}


def test_those_who_wrote_with_one_author(store: Store) -> None:
    assert rows(store, "coauthors", author="tae eun song") == [
        {"coauthor": "LEE Seo-Hang", "publications": "2", "firstDate": "20091231", "latestDate": "20240415"},
        {"coauthor": "홍 길동", "publications": "1", "firstDate": "20091231", "latestDate": "20091231"},
    ]
    assert [row["coauthor"] for row in rows(store, "coauthors", author="홍길동")] == [
        "LEE Seo-Hang",
        "Tae Eun Song",
    ]


@pytest.mark.parametrize("name", ["송태은", "Nobody", 'x" } UNION { ?publication ?p ?o } #', "(.*)", "-"])
def test_who_wrote_alone_or_not_at_all_has_no_coauthors(store: Store, name: str) -> None:
    assert rows(store, "coauthors", author=name) == []


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_do_not_depend_on_the_order_of_loading(store: Store, seed: int) -> None:
    shuffled = store_of(repeated(), seed)
    assert rows(shuffled, "authors") == rows(store, "authors")
    for name, _ in NAMES:
        assert rows(shuffled, "coauthors", author=name) == rows(store, "coauthors", author=name)


def test_the_publications_graph_alone_gives_the_same_rows(store: Store) -> None:
    alone = [f"{BASE}mofapub"]
    assert rows(store, "authors", alone) == rows(store, "authors")
    for name, _ in NAMES:
        assert rows(store, "coauthors", alone, author=name) == rows(store, "coauthors", author=name)


def test_who_wrote_together(store: Store) -> None:
    # Publication 5 names one author twice, and nobody is a co-author of themselves.
    assert rows(store, "coauthor-network") == [
        {"author": "LEE Seo-Hang", "coauthor": "SONG Tae Eun", "publications": "1"},
        {"author": "LEE Seo-Hang", "coauthor": "Tae Eun Song", "publications": "1"},
        {"author": "LEE Seo-Hang", "coauthor": "홍 길동", "publications": "1"},
        {"author": "Tae Eun Song", "coauthor": "홍 길동", "publications": "1"},
    ]
    assert len(rows(store, "coauthor-network", limit=2)) == 2
