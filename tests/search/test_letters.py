"""Words as letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.search.letters import distance, groups, hangul_of_keys, keys_of_hangul, letters

TYPED = [
    ("gksrnr", "한국"),
    ("dhlry", "외교"),
    ("dnzmfkdlsk", "우크라이나"),
    ("rudwp", "경제"),
    ("rkqt", "값"),
    ("ekfrdmf", "닭을"),
    ("dlRk", "이까"),
    ("GKSRNR", "한국"),
    ("dks", "안"),
    ("dhksghk", "완화"),
    ("dml", "의"),
]


@pytest.mark.parametrize(("keys", "hangul"), TYPED)
def test_keys_and_what_they_type(keys: str, hangul: str) -> None:
    assert hangul_of_keys(keys) == hangul
    assert keys_of_hangul(hangul).lower() == keys.lower()


@pytest.mark.parametrize("typed", ["korea", "rcep", "security", "", "k", "gk1", "한국"])
def test_what_types_no_hangul(typed: str) -> None:
    assert hangul_of_keys(typed) is None


def test_letters_typed_in_korean_mode() -> None:
    assert keys_of_hangul("ㅏㅐㄱㄷㅁ") == "korea"
    assert keys_of_hangul("뇨") == "sy"


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=6))
def test_every_syllable_can_be_typed(word: str) -> None:
    assert hangul_of_keys(keys_of_hangul(word)) == word


def test_letters_and_groups() -> None:
    assert letters("한국 값 fta") == "ㅎㅏㄴㄱㅜㄱ ㄱㅏㅄ fta"
    assert groups("한국").split() == ["«ㅎㅏ", "ㅎㅏㄴ", "ㅏㄴㄱ", "ㄴㄱㅜ", "ㄱㅜㄱ", "ㅜㄱ»"]


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
