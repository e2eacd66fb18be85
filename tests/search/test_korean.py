"""Korean writing: readings, particles, letters, the keyboard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.search.korean import after, bare, hangul_of_keys, keys_of_hangul, letters, to_hangul

HANJA = [
    ("大韓民國", "대한민국"),
    ("歷史", "역사"),
    ("經歷", "경력"),
    ("女性", "여성"),
    ("男女", "남녀"),
    ("勞動", "노동"),
    ("敬老", "경로"),
    ("比率", "비율"),
    ("法律", "법률"),
    ("北韓의 核武器", "북한의 핵무기"),
    ("金大中", "금대중"),
    ("兩國 關係", "양국 관계"),
    ("對日關係", "대일관계"),
    ("대歷사", "대력사"),
    ("習近平", "습근평"),
    ("龘", "龘"),
]


@pytest.mark.parametrize(("text", "expected"), HANJA)
def test_chinese_characters_are_read_as_koreans_read_them(text: str, expected: str) -> None:
    assert to_hangul(text) == expected


@given(st.text())
def test_hanja_are_replaced_one_for_one(text: str) -> None:
    assert len(to_hangul(text)) == len(text)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("한국의", "한국"),
        ("한국에서의", "한국"),
        ("한국으로부터", "한국"),
        ("국가들의", "국가"),
        ("국가들만에서도의", "국가들만에서도의"),
        ("외교는", "외교"),
        ("서울로", "서울"),
        ("정상회의", "정상회의"),
        ("노르웨이", "노르웨이"),
        ("한의", "한의"),
    ],
)
def test_particles_are_taken_off_nouns_that_are_known(word: str, expected: str) -> None:
    known = {"한국", "국가", "국가들", "외교", "서울", "노르웨", "한"}
    assert bare(word, lambda noun, particle: noun in known) == expected


def test_particles_follow_the_sound_before_them() -> None:
    assert {"은", "이", "을", "과", "으로"} <= set(after("한국"))
    assert {"는", "가", "를", "와", "로"} <= set(after("외교"))
    assert not {"는", "로"} & set(after("한국"))
    assert "로" in after("서울")


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


def test_letters() -> None:
    assert letters("한국 값 fta") == "ㅎㅏㄴㄱㅜㄱ ㄱㅏㅄ fta"
