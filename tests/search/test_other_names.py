"""Other names: what a query names is also found by them, after what is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from endpoint.search import Request
from endpoint.search.build import build_index, update_index
from endpoint.search.index import TextIndex
from endpoint.search.other_names import OtherNames, name_key, table_of
from endpoint.search.query import All, Any, Term, parse
from tests.search.indexed_publications import CONFIGURATION, document

GROUPS = [
    ["유네스코", "UNESCO", "unesco"],
    ["호주", "Australia"],
    ["IPEF", "인도태평양경제프레임워크", "Indo-Pacific Economic Framework"],
    ["미", "US"],
    ["혼자"],
]
LIBRARY = [
    document("unesco", "UNESCO and culture"),
    document("ko", "유네스코의 미래", "유네스코 " * 20),
    document("both", "유네스코(UNESCO) 총회"),
    document("au", "Australia in the Pacific"),
    document("hoju", "한국과 호주"),
    document("ipef", "IPEF 협상"),
    document("long", "The Indo-Pacific Economic Framework"),
    document("korean", "인도태평양경제프레임워크의 전망"),
    document("us", "US policy"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextIndex]:
    folder = tmp_path_factory.mktemp("names") / "text"
    build_index(LIBRARY, folder, CONFIGURATION, names=table_of(GROUPS))
    opened = TextIndex.open(folder)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("유네스코", {"unesco", "ko", "both"}),
        ("유네스코의", {"unesco", "ko", "both"}),
        ("UNESCO", {"unesco", "ko", "both"}),
        ("UNESCO의", {"unesco", "ko", "both"}),
        ("호주", {"au", "hoju"}),
        ("Australia", {"au", "hoju"}),
        ("호주 OR UNESCO", {"au", "hoju", "unesco", "ko", "both"}),
        ("호주 한국", {"hoju"}),
        ("호주 Pacific", {"au"}),
        ("title:호주", {"au", "hoju"}),
        ("abstract:UNESCO", {"ko"}),
        ("IPEF", {"ipef", "long", "korean"}),
        ("indo-pacific economic framework", {"ipef", "long", "korean"}),
        ("인도태평양경제프레임워크 전망", {"korean"}),
        # As they are written only.
        ('"UNESCO"', {"unesco", "both"}),
        ("unesc*", {"unesco", "both"}),
        ("유네스코 -UNESCO", {"ko"}),
        ("호주 (-Australia)", {"hoju"}),
        ("-Australia", {"unesco", "ko", "both", "hoju", "ipef", "long", "korean", "us"}),
        # Of one syllable there are no other names.
        ("미", set()),
    ],
)
def test_what_is_found(library: TextIndex, query: str, expected: set[str]) -> None:
    assert {hit.iri for hit in library.matches(query)} == expected
    assert library.search(Request(query)).total == len(expected)


def test_what_is_written_comes_first(library: TextIndex) -> None:
    hits = library.matches("UNESCO")
    assert [hit.iri for hit in hits][-1] == "ko"
    assert hits[-1].score < hits[-2].score
    assert [hit.iri for hit in library.matches("유네스코")][-1] == "unesco"
    alone = {hit.iri: hit.score for hit in library.matches('"UNESCO"')}
    assert {hit.iri: hit.score for hit in hits[:2]} == alone


def test_other_names_are_told_where_they_occur(library: TextIndex) -> None:
    assert library.search(Request("유네스코")).names == ("UNESCO",)
    assert set(library.search(Request("IPEF 호주")).names) == {
        "인도태평양경제프레임워크",
        "Indo-Pacific Economic Framework",
        "Australia",
    }
    assert library.search(Request('"유네스코"')).names == ()
    assert library.search(Request("한국")).names == ()


def test_other_names_are_marked(library: TextIndex) -> None:
    (hit,) = [hit for hit in library.matches("호주", snippets=True) if hit.iri == "au"]
    assert hit.snippet == "<mark>Australia</mark> in the Pacific"


def test_names_stay_with_a_change_or_go_with_it(tmp_path: Path) -> None:
    build_index(LIBRARY, tmp_path / "before", CONFIGURATION, names=table_of(GROUPS))
    update_index([], ["au"], tmp_path / "kept", CONFIGURATION, tmp_path / "before")
    update_index([], [], tmp_path / "none", CONFIGURATION, tmp_path / "before", {})
    kept, none = TextIndex.open(tmp_path / "kept"), TextIndex.open(tmp_path / "none")
    assert len(kept.matches("UNESCO")) == 3
    assert len(none.matches("UNESCO")) == 2
    kept.close()
    none.close()


def test_the_table() -> None:
    table = table_of(GROUPS)
    assert table["unesco"] == ["유네스코"]
    assert table["유네스코"] == ["UNESCO"]
    assert not {"미", "us", "혼자"} & table.keys()
    crowd = [[f"이름{at}" for at in range(20)]]
    assert table_of(crowd) == {}
    assert name_key("Indo-Pacific") == "indo pacific"
    assert name_key("a") == name_key("!?") == name_key("word " * 11) == ""


def test_the_longest_name_is_meant() -> None:
    names = OtherNames(table_of([["새로운 나라", "Newland"], ["나라", "Land"]]))
    (found,) = names.expand(parse("새로운 나라")).query.nodes  # type: ignore[union-attr]
    assert found == Any((All((Term("새로운"), Term("나라"))), Term("Newland", phrase=True)))
    assert names.expand(parse("나라 새로운")).names == ("Land",)
    assert names.expand(parse("title:새로운 나라")).names == ("Land",)
