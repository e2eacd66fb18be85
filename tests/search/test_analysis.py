"""From text to its normal form and its tokens."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from endpoint.characters import normalized
from endpoint.search.analysis import Analyser, analyse, joined, normalise, stem
from endpoint.search.korean import to_hangul
from tests.search.indexed_publications import tokens_of

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


def test_compatibility_characters_are_read_too() -> None:
    # U+F981 and U+F98E are the standard's second 女 and 年.
    assert normalise("\uf981性 \uf98e度") == "여성 연도"


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cn", "Lm", "Mn"])))
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def by_every_step(text: str) -> str:
    """The normal form by all steps, one after another, whatever characters the text has."""
    for dot in "\u00b7\u2024\u2027\u22c5\u2219\u30fb\u318d\uff65\u119e":
        text = text.replace(dot, "·")
    for ignored in "\u00ad\u200b\u200c\u200d\u2060\ufeff":
        text = text.replace(ignored, "")
    text = normalized(text, "NFKC").casefold()
    text = to_hangul(re.sub("[\u2018\u2019\u02bc\u2032\u0060]", "'", text))
    text = re.sub("[\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]+", unmarked, text)
    return re.sub(r"\b(?:[a-z]\.)+[a-z]\b\.?", lambda match: match[0].replace(".", ""), text)


def unmarked(run: re.Match[str]) -> str:
    letters = unicodedata.normalize("NFD", run[0])
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    for stroke, plain in zip("øłđħæœıð", ("o", "l", "d", "h", "ae", "oe", "i", "d"), strict=True):
        bare = bare.replace(stroke, plain)
    return bare


# One of each kind that a step is for, and plain ones.
ODD = "미·중․관ㆍ계‧韓國歷女年a.B.c U.S.’'`ʼ́̂øŁİǅΣςßÀ㈜Ⅲ½Ｆ＇\u200bﾞ゙가각각-‐"


@given(st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"]))))
@example("a" + "\u0301" * 40 + "·미")
@example("가" + "\uff9e" * 40)
def test_no_step_that_is_needed_is_left_out(text: str) -> None:
    assert normalise(text) == by_every_step(text)


def test_each_character_has_the_steps_that_it_needs() -> None:
    for code in (*range(0x3400), *range(0x4E00, 0xA000, 7), *range(0xF900, 0x10000)):
        text = f"미{chr(code)}중 a{chr(code)}b."
        assert normalise(text) == by_every_step(text), hex(code)


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
    assert tokens_of(fields, ["title", "alternative"]) == ("rcep 와 국제 정세", "rcep")
    assert Analyser(["title", "alternative"], "").words(fields) == {"rcep", "국제", "정세"}


def test_a_word_without_spaces_that_repeats_nothing_is_kept() -> None:
    fields = {"title": ["국제정세"], "alternative": ["국제정세"]}
    assert tokens_of(fields, ["title", "alternative"]) == ("국제 제정 정세", "국제 제정 정세")


def test_single_syllables_are_found_in_lists_and_before_particles() -> None:
    (title,) = tokens_of({"title": ["미·중 협상과 핵을 둘러싼"]}, ["title"])
    assert set(title.split()) >= {"미", "중", "핵"}


def test_what_nobody_wrote_in_a_row_is_not_in_a_row() -> None:
    fields = {"title": ["러·북 관계와 핵을"], "author": ["KIM Tae", "Young LEE"]}
    title, author = tokens_of(fields, ["title", "author"])
    assert title == "러북 관계 계와 핵을 ¦ 러 ¦ 북 ¦ 핵"
    assert author == "kim tae ¦ young lee"


@pytest.mark.parametrize("field", ["미·중", "핵을", "", "-", "핵을 핵을", "·가·나다"])
def test_tokens_are_those_of_a_query(field: str) -> None:
    """A query has neither the syllables of lists nor those before particles, which come last."""
    (tokens,) = tokens_of({"title": [field, "끝 end"]}, ["title"])
    assert tokens.startswith(analyse(field))
    assert tokens.endswith("끝 end")
    assert "¦ ¦" not in tokens


def test_words_of_the_long_field_are_not_suggested() -> None:
    fields = {"title": ["한국 외교"], "abstract": ["오타가있는 초록"]}
    analyser = Analyser(["title", "abstract"], "abstract")
    assert analyser.analyse(fields).words == analyser.words(fields) == {"한국", "외교"}
