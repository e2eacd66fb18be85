"""From text to tokens."""

from __future__ import annotations

import pytest

from endpoint.search.analysis import analyse, analyse_document, stem
from endpoint.search.particles import after, bare

TOKENS = [
    ("국제정세", "국제 제정 정세"),
    ("국제 정세", "국제 정세"),
    ("한국의", "한국 국의"),
    ("미·중 관계", "미중 관계"),
    ("핵 협상", "핵 협상"),
    ("FTA협상", "fta 협상"),
    ("RCEP의", "rcep 의"),
    ("Exports of Policies", "export of polici"),
    ("Korea’s like-minded", "korea like mind"),
    ("G20 KF-21", "g 20 kf 21"),
    ("2023.05.22", "2023 05 22"),
    ("東京タワー", "동경 경タ タワ ワー"),
    ("Россия", "россия"),
    ("(…) — •", ""),
]


@pytest.mark.parametrize(("text", "tokens"), TOKENS)
def test_tokens(text: str, tokens: str) -> None:
    assert analyse(text) == tokens


def test_stems() -> None:
    assert stem("exports") == stem("exporting") == stem("exported") == "export"
    assert stem("policy") == stem("policies")
    assert stem("korea's") == "korea"


def test_a_title_without_spaces_adds_no_pairs_across_words() -> None:
    fields = {"title": ["RCEP와 국제 정세"], "alternative": ["rcep와국제정세"]}
    analysed = analyse_document(fields, ["title", "alternative"], "")
    assert analysed.tokens == ("rcep 와 국제 정세", "rcep")
    assert analysed.words == {"rcep", "국제", "정세"}


def test_a_word_without_spaces_that_repeats_nothing_is_kept() -> None:
    analysed = analyse_document(
        {"title": ["국제정세"], "alternative": ["국제정세"]}, ["title", "alternative"], ""
    )
    assert analysed.tokens == ("국제 제정 정세", "국제 제정 정세")


def test_single_syllables_are_found_in_lists_and_before_particles() -> None:
    analysed = analyse_document({"title": ["미·중 협상과 핵을 둘러싼"]}, ["title"], "")
    assert set(analysed.tokens[0].split()) >= {"미", "중", "핵"}


def test_what_nobody_wrote_in_a_row_is_not_in_a_row() -> None:
    fields = {"title": ["러·북 관계와 핵을"], "author": ["KIM Tae", "Young LEE"]}
    title, author = analyse_document(fields, ["title", "author"], "").tokens
    assert title == "러북 관계 계와 핵을 ¦ 러 ¦ 북 ¦ 핵"
    assert author == "kim tae ¦ young lee"


def test_words_of_the_long_field_are_not_suggested() -> None:
    fields = {"title": ["한국 외교"], "abstract": ["오타가있는 초록"]}
    assert analyse_document(fields, ["title", "abstract"], "abstract").words == {"한국", "외교"}


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
