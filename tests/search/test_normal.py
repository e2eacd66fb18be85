"""One form for texts that read the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.search.hanja import to_hangul
from endpoint.search.normal import joined, normalise

SAME = [
    ("미·중", "미\u2024중"),
    ("미·중", "미\u30fb중"),
    ("미·중", "미\u318d중"),
    ("미·중", "미\uff65중"),
    ("ＦＴＡ　협상", "fta 협상"),
    ("Ⅲ. 결론", "iii. 결론"),
    (unicodedata.normalize("NFD", "한국의 외교"), "한국의 외교"),
    ("Türkiye’s", "turkiye's"),
    ("ŁÓDŹ", "lodz"),
    ("São Tomé", "sao tome"),
    ("Straße", "strasse"),
    ("İstanbul", "istanbul"),
    ("U.S.", "us"),
    ("R.O.K.-U.S. alliance", "rok-us alliance"),
    ("韓國", "한국"),
    ("coope\u00adration", "cooperation"),
    ("한\u200b국", "한국"),
    ("한국\u00a0외교", "한국 외교"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_texts_that_read_the_same_have_one_form(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The end. A new one", "the end. a new one"),
        ("plan b. and c.", "plan b. and c."),
        ("e.g. trade", "eg trade"),
        ("2.8%", "2.8%"),
        ("Россия", "россия"),
    ],
)
def test_what_is_left_alone(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("미·중 관계", "미중 관계"),
        ("최근의 미·일·중 관계", "최근의 미일중 관계"),
        ("한·미동맹", "한미동맹"),
        ("한-미 동맹", "한미 동맹"),
        ("분절화·진영화", "분절화·진영화"),
        ("정치·경제·군", "정치·경제·군"),
        ("미 · 중", "미 · 중"),
    ],
)
def test_dots_join_single_syllables_only(text: str, expected: str) -> None:
    assert joined(normalise(text)) == expected


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


def test_compatibility_characters_are_read_too() -> None:
    # U+F981 and U+F98E are the standard's second 女 and 年.
    assert normalise("\uf981性 \uf98e度") == "여성 연도"


@given(st.text())
def test_hanja_are_replaced_one_for_one(text: str) -> None:
    assert len(to_hangul(text)) == len(text)


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cn", "Lm", "Mn"])))
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
