"""Did you mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from endpoint.search import Request
from endpoint.search.index import TextIndex
from endpoint.search.suggestions import distance, trigrams
from tests.search.indexed_publications import index


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextIndex]:
    opened = index(tmp_path_factory.mktemp("suggestions") / "text")
    yield opened
    opened.close()


BETTER = [
    # The keyboard in the wrong mode.
    ("gksrnr", "한국"),
    ("dnzmfkdlsk wjswod", "우크라이나 전쟁"),
    ("ㅏㅐㄱㄷㅁ", "korea"),
    # Letters.
    ("summmit", "summit"),
    ("Trilateral sumit", "Trilateral summit"),
    ("diplomcay", "diplomacy"),
    ("국재정세전망", "국제정세전망"),
    ("우크라이너", "우크라이나"),
    ("한미동멩의", "한미동맹의"),
    ("우크라이너에서는", "우크라이나"),
    ("title:diplomcay", "title:diplomacy"),
    ("gksrnr 우크라이너", None),
    ("zzzzzz", None),
    ("qqq", None),
    ("핳", None),
]


@pytest.mark.parametrize(("query", "expected"), BETTER)
def test_a_better_query(library: TextIndex, query: str, expected: str | None) -> None:
    answer = library.search(Request(query))
    assert answer.total == 0
    assert answer.suggestions[:1] == (() if expected is None else (expected,))


def test_suggestions_have_hits_and_are_few(library: TextIndex) -> None:
    for query, _ in BETTER:
        suggestions = library.search(Request(query)).suggestions
        assert len(suggestions) <= 3
        assert len(set(suggestions)) == len(suggestions)
        assert all(library.matches(suggestion) for suggestion in suggestions)


def test_none_for_a_query_with_hits_or_nothing_to_correct(library: TextIndex) -> None:
    assert library.search(Request("한국")).suggestions == ()
    assert library.search(Request("!?")).suggestions == ()
    assert library.search(Request('"')).suggestions == ()
    assert library.search(Request("-한국 -전쟁", {"year": ("1800",)})).suggestions == ()


def test_trigrams() -> None:
    assert trigrams("한국").split() == ["«ㅎㅏ", "ㅎㅏㄴ", "ㅏㄴㄱ", "ㄴㄱㅜ", "ㄱㅜㄱ", "ㅜㄱ»"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", 0),
        ("a", "", 1),
        ("export", "exports", 1),
        ("secuirty", "security", 1),
        ("kitten", "sitting", 3),
        ("ㅎㅏㄴㄱㅡㄱ", "ㅎㅏㄴㄱㅜㄱ", 1),
    ],
)
def test_distance(one: str, other: str, expected: int) -> None:
    assert distance(one, other) == distance(other, one) == expected
