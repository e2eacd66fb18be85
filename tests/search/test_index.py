"""Finding: what matches, in what order, with which counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from endpoint.errors import StoreError
from endpoint.search import Answer, Document, Request
from endpoint.search.index import TextIndex
from tests.properties import examples
from tests.search.indexed_publications import LIBRARY, document, index

EVERYTHING = {document.iri for document in LIBRARY}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextIndex]:
    opened = index(tmp_path_factory.mktemp("index") / "text")
    yield opened
    opened.close()


def found(library: TextIndex, query: str) -> set[str]:
    return {hit.iri for hit in library.matches(query)}


KOREAN = {"outlook", "apart", "alliance", "hanja", "korea"}
FOUND = [
    # Particles hide nothing, on either side.
    ("한국", KOREAN),
    ("한국의", KOREAN),
    ("한국은", KOREAN),
    ("한국에서의", KOREAN),
    ("전쟁", {"war"}),
    ("전쟁의", {"war"}),
    ("협상을", {"war", "korea"}),
    # Compounds by their parts, whatever the spacing.
    ("정세", {"outlook", "apart"}),
    ("국제정세", {"outlook", "apart"}),
    ("국제 정세", {"outlook", "apart"}),
    ("국제정세전망", {"outlook", "apart"}),
    ("정세 전망", {"outlook", "apart"}),
    ("제정", {"outlook"}),
    ("외교마당", {"open"}),
    ("열린 외교 마당", {"open"}),
    ("한 미 동맹", {"alliance"}),
    ("한미 동맹", {"alliance"}),
    ("우크라이나전쟁", {"war"}),
    ("우크라이나 전쟁의 향방", {"war"}),
    ("한해를넘긴우크라이나전쟁의향방전망", {"war"}),
    ("정상회의", {"meeting"}),
    ("정상회담", {"meeting"}),
    ("정상회의의", {"meeting"}),
    ("방위비분담금", {"alliance"}),
    # One syllable, and lists with dots of any kind.
    ("핵", {"war", "atom"}),
    ("핵 협상", {"war"}),
    ("핵무기", {"atom"}),
    ("미·중", {"apart"}),
    ("미중", {"apart"}),
    ("미 중", {"apart", "three"}),
    ("미\u2024중", {"apart"}),
    ("미・일・중", {"three"}),
    ("미-일-중", {"three"}),
    ("분절화․진영화", {"rcep"}),
    ("분절화 진영화", {"rcep"}),
    # Forms of writing.
    ("韓國", KOREAN),
    ("북한", {"hanja"}),
    ("北韓", {"hanja"}),
    ("역사", {"hanja"}),
    ("양국관계", {"hanja"}),
    (normalize("NFD", "한국"), KOREAN),
    ("ＩＰＥＦ", {"rcep"}),
    # English.
    ("export", {"arms"}),
    ("exports", {"arms"}),
    ("EXPORTING", {"arms"}),
    ("policy", {"arms"}),
    ("korea", {"arms"}),
    ("Korea's arms", {"arms"}),
    ("turkiye", {"arms"}),
    ("Türkiye’s", {"arms"}),
    ("US", {"arms"}),
    ("U.S.", {"arms"}),
    ("rok-japan-china", {"summit"}),
    ("trilateral summits", {"summit"}),
    ("assessmentoftheninthrok-japan-chinatrilateralsummit", {"summit"}),
    # Mixed, numbers.
    ("RCEP 대응과제", {"rcep"}),
    ("IPEF의", {"rcep"}),
    ("FTA협상", {"korea"}),
    ("인태경제프레임워크", {"rcep"}),
    ("인태 경제 프레임워크", {"rcep"}),
    ("2023년", {"outlook"}),
    ("2023년의", {"outlook"}),
    ("2.8%", {"arms"}),
    ("8.2", set()),
    # Operators.
    ("국제 OR 동맹", {"outlook", "apart", "alliance"}),
    ("한국 -국제", {"alliance", "hanja", "korea"}),
    ("한국 NOT (국제 OR 동맹)", {"hanja", "korea"}),
    ("한국 (-국제)", {"alliance", "hanja", "korea"}),
    ("동맹 OR (-한국)", {"alliance"}),
    ("동맹 OR !?", {"alliance"}),
    ('"국제 정세"', {"outlook", "apart"}),
    ('"정세 국제"', set()),
    ('"arms exports"', {"arms"}),
    ('"exports arms"', set()),
    ('"한국과 미국의 방위비"', {"alliance"}),
    ("expor*", {"arms"}),
    ("exports*", {"arms"}),
    ("방위*", {"alliance"}),
    ("title:한국", {"apart", "hanja"}),
    ("제목:한국", {"apart", "hanja"}),
    ("abstract:한국 title:전망", {"outlook", "apart"}),
    ("author:이영희", {"open", "alliance"}),
    ("author:(song OR 김)", {"arms", "open"}),
    ("-한국", EVERYTHING - KOREAN),
    ("author:song -title:한국", {"arms"}),
    # Names of linked entities, series.
    ("대한민국", {"summit"}),
    ("series:국제정세", {"outlook"}),
    # What holds no word finds nothing; nothing at all finds everything.
    ("", EVERYTHING),
    ("  ", EVERYTHING),
    ("!?", set()),
    ('""', set()),
    ("한국 !?", KOREAN),
    ("OR", set()),
    ("(", set()),
]


@pytest.mark.parametrize(("query", "expected"), FOUND, ids=[query or "empty" for query, _ in FOUND])
def test_what_is_found(library: TextIndex, query: str, expected: set[str]) -> None:
    assert found(library, query) == expected


@pytest.mark.parametrize(
    ("query", "number"),
    [("북핵", 0), ("북", 1), ("핵", 1), ("러북", 1), ("tae young", 1), ('"tae young"', 0), ('"kim tae"', 1)],
)
def test_a_phrase_is_not_found_across_what_stands_apart(tmp_path: Path, query: str, number: int) -> None:
    opened = index(tmp_path / "text", [document("x", "러·북 관계와 핵을", author="KIM Tae;Young LEE")])
    assert len(opened.matches(query)) == number
    opened.close()


@pytest.mark.parametrize("query", [query for query, _ in FOUND])
def test_search_and_matches_agree(library: TextIndex, query: str) -> None:
    answer = library.search(Request(query, limit=100))
    hits = library.matches(query)
    assert answer.total == len(hits)
    assert [(hit.iri, hit.score) for hit in answer.hits] == [(hit.iri, hit.score) for hit in hits]


def iris(answer: Answer) -> list[str]:
    return [hit.iri for hit in answer.hits]


def test_a_word_in_the_title_weighs_more_than_many_in_the_abstract(library: TextIndex) -> None:
    ranked = [hit.iri for hit in library.matches("한국")]
    assert set(ranked[:2]) == {"apart", "hanja"}


def test_scores_fall_and_equal_ones_go_by_iri(tmp_path: Path) -> None:
    same = [document(name, "같은 제목") for name in "dbca"] + [document("e", "다른 제목")]
    opened = index(tmp_path / "text", same)
    hits = opened.matches("같은")
    assert [hit.iri for hit in hits] == ["a", "b", "c", "d"]
    assert len({hit.score for hit in hits}) == 1
    opened.close()


@pytest.mark.parametrize("query", ["한국", "전망", "외교 OR 한국 OR 전쟁"])
def test_scores_are_positive_and_in_order(library: TextIndex, query: str) -> None:
    scores = [hit.score for hit in library.matches(query)]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_pages_make_up_the_whole(library: TextIndex) -> None:
    whole = iris(library.search(Request("한국", limit=100)))
    pages = [iris(library.search(Request("한국", limit=2, offset=at))) for at in range(0, 6, 2)]
    assert [iri for page in pages for iri in page] == whole
    past = library.search(Request("한국", limit=2, offset=50))
    assert (past.total, past.hits) == (len(whole), ())
    assert library.search(Request("한국", limit=0)).total == len(whole)


def test_sorting(library: TextIndex) -> None:
    newest = iris(library.search(Request("한국", sort="newest")))
    assert newest == ["outlook", "apart", "alliance", "korea", "hanja"]
    assert iris(library.search(Request("한국", sort="oldest"))) == newest[::-1]
    titles = iris(library.search(Request("", sort="title", limit=3)))
    assert titles == ["outlook", "summit", "korea"]


def test_what_has_no_date_comes_last(tmp_path: Path) -> None:
    dated = [document(iri, "제목 하나", date=date) for iri, date in (("a", ""), ("b", "2001"), ("c", "2002"))]
    opened = index(tmp_path / "text", dated)
    assert iris(opened.search(Request("제목", sort="newest"))) == ["c", "b", "a"]
    assert iris(opened.search(Request("제목", sort="oldest"))) == ["b", "c", "a"]
    opened.close()


def test_a_facet_is_counted_without_its_own_filter(library: TextIndex) -> None:
    whole = library.search(Request("")).facets
    chosen = library.search(Request("", filters={"language": ("ENG",)}))
    assert chosen.total == 1
    assert chosen.facets["language"] == whole["language"]
    assert sum(count for _, count in chosen.facets["author"]) < sum(count for _, count in whole["author"])


def test_facets_count_all_hits_not_the_page(library: TextIndex) -> None:
    answer = library.search(Request("", limit=1))
    assert answer.facets["author"] == (("이영희", 2), ("SONG Tae Eun", 1), ("김 철수", 1))
    assert dict(answer.facets["language"]) == {"KOR": 12, "ENG": 1}
    assert library.search(Request("", facets=1)).facets["author"] == (("이영희", 2),)
    assert library.search(Request("", facets=0)).facets == {}


def test_filters(library: TextIndex) -> None:
    answer = library.search(Request("", {"author": ("이영희",)}))
    assert set(iris(answer)) == {"open", "alliance"}
    assert answer.facets["year"] == (("2004", 1), ("2020", 1))
    either = library.search(Request("한국", {"year": ("2020", "1995")}))
    assert set(iris(either)) == {"alliance", "hanja"}
    both = library.search(Request("한국", {"year": ("2020",), "author": ("김 철수",)}))
    assert (both.total, both.suggestions) == (0, ())
    assert library.search(Request("한국", {"colour": ("red",)})).total == 0
    assert library.search(Request("한국", {"year": ()})).total == len(KOREAN)


def test_matches_of_one_subject_and_of_one_field(library: TextIndex) -> None:
    (whole,) = [hit for hit in library.matches("한국") if hit.iri == "apart"]
    assert library.matches("한국", only="apart") == [whole]
    assert library.matches("한국", only="arms") == library.matches("한국", only="nobody") == []
    assert {hit.iri for hit in library.matches("한국", field="title")} == {"apart", "hanja"}
    assert {hit.iri for hit in library.matches("전망 OR 한국 -우크라이나", field="title")} == {
        "apart",
        "hanja",
        "outlook",
    }
    assert library.matches("한국", field="colour") == []
    assert {hit.iri for hit in library.matches("-한국", only="arms")} == {"arms"}
    assert library.matches("-한국", only="apart") == []


def test_the_best_few_matches(library: TextIndex) -> None:
    whole = library.matches("한국", snippets=True)
    assert library.matches("한국", limit=2, snippets=True) == whole[:2]
    assert all("<mark>" in hit.snippet for hit in whole)
    assert all(hit.snippet == "" for hit in library.matches("한국"))


def test_names(library: TextIndex) -> None:
    assert library.fields == ("title", "alternative", "abstract", "author", "series", "linked")
    assert library.facets == ("year", "language", "author")


HOSTILE = [
    "a*" * 3_000,
    ",".join(["가나다라마"] * 400),
    "-".join(["abc"] * 600),
    "가" * 10_000,
    " OR ".join(["한국의"] * 1_000),
    " ".join(f"-{chr(0xAC00 + at)}" for at in range(1_000)),
    "(" * 5_000 + "한국",
    "".join(f"(a{at} OR (한국의 미래{at} -b{at} " for at in range(40)),
    '"' + "한국 " * 3_000,
    "'; DROP TABLE document; --",
    'title:"" OR f0 : x NEAR(a b)',
    '^한국 + "a" * {title}: col',
    "\x00한국\x00",
    "\ud800",
    "한국*" * 500,
    "𝔎𝔬𝔯𝔢𝔞",
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_answered(library: TextIndex, query: str) -> None:
    answer = library.search(Request(query))
    assert answer.total <= len(LIBRARY)


@given(query=st.text(alphabet=st.sampled_from('한국의핵 ab12"()-|*:·') | st.characters(), max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(150))
def test_no_query_fails(library: TextIndex, query: str) -> None:
    answer = library.search(Request(query, limit=5))
    assert answer.total >= len(answer.hits)


def test_what_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no text index"):
        TextIndex.open(tmp_path)
    for text in ("", "[]", '{"format": 2}', '{"format": 2, "segments": ["1"], "meta": {}}'):
        (tmp_path / "index.json").write_text(text)
        with pytest.raises(StoreError, match="load the data again"):
            TextIndex.open(tmp_path)
    (tmp_path / "index.json").write_text('{"format": 0}')
    with pytest.raises(StoreError, match="format 0"):
        TextIndex.open(tmp_path)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("documents.sqlite", 16_384),
        ("slots.bin", 0),
        ("counts.bin", 0),
        ("ends.npy", 0),
        ("slots.bin", 1_000),
    ],
)
def test_a_damaged_index_is_reported(tmp_path: Path, name: str, kept: int) -> None:
    many = [Document(f"d{at}", {"title": (f"제목 {at}",)}, {}) for at in range(2_000)]
    index(tmp_path / "text", many).close()
    file = tmp_path / "text" / "1" / name
    content = bytearray(file.read_bytes())
    content[kept:] = b"\xa5" * (len(content) - kept if kept else 0)
    file.write_bytes(content)
    with (
        pytest.raises(StoreError, match="load the data"),
        closing(TextIndex.open(tmp_path / "text")) as damaged,
    ):
        damaged.search(Request("제목"))


def test_a_noun_that_stands_only_before_one_particle_and_in_compounds(tmp_path: Path) -> None:
    both = [document("topic", "나래는 새롭다"), document("school", "나래대학교 소개")]
    with closing(index(tmp_path / "index", both)) as found:
        for query in ("나래", "나래의", "나래는", "나래를"):
            assert {hit.iri for hit in found.matches(query)} == {"topic", "school"}, query
    one = [document("topic", "나래는 새롭다"), document("other", "노래 소개")]
    with closing(index(tmp_path / "only", one)) as only:
        assert {hit.iri for hit in only.matches("나래는")} == {"topic"}
