"""Snippets: what is shown, and what is marked in it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from endpoint.search.index import TextIndex
from endpoint.search.snippets import WIDTH
from tests.properties import examples
from tests.search.indexed_publications import document, index

LONG = "앞선 이야기가 길게 이어진다. " * 60
TEXTS = {
    "particle": "정부는 한국의 외교를 한국은행과 논의하였다.",
    "compound": "올해의 국제정세전망을 발표하였다.",
    "apart": "올해의 국제 정세 전망을 발표하였다.",
    "dots": "최근 미\u2024중 경쟁과 미·일 협력, 의미 중심 접근.",
    "syllable": "핵을 둘러싼 협상의 핵심은 핵이다.",
    "stems": "Exports rose; the exporter's policy and exporting policies, not exposure.",
    "accents": "The Republic of Türkiye’s role and Turkish trade.",
    "points": "The U.S.-China rivalry in the usual business.",
    "roman": "Ⅲ. 韓國의 歷史 ﬁnance",
    "decomposed": normalize("NFD", "이번 한국의 전략"),
    "markup": 'Arms <b>&amp;</b> "export" <script>alert(1)</script>',
    "far": LONG + "마침내 우크라이나 전쟁의 향방이 정해졌다. " + LONG + "우크라이나.",
    "lines": "첫째 줄\n\n   둘째 줄의 반도체\t공급망 ",
    "number": "In 2023 the G-20 met; G200 did not, nor 12023.",
    "plain": "아무것도 없다.",
}
MARKED = [
    ("한국", "particle", ["한국", "한국"]),
    ("한국의", "particle", ["한국", "한국"]),
    ("정세", "compound", ["정세"]),
    ("국제정세", "compound", ["국제정세"]),
    ("국제정세", "apart", ["국제 정세"]),
    ("국제 정세", "apart", ["국제", "정세"]),
    ('"국제 정세"', "compound", ["국제정세"]),
    ("정세 전망", "compound", ["정세전망"]),
    ("미·중", "dots", ["미\u2024중"]),
    ("핵", "syllable", ["핵", "핵"]),
    ("export", "stems", ["Exports", "exporter's", "exporting"]),
    ("policy", "stems", ["policy", "policies"]),
    ("export policy", "stems", ["Exports", "exporter's", "policy", "exporting", "policies"]),
    ("turkiye", "accents", ["Türkiye’s"]),
    ("us", "points", ["U.S."]),
    ("한국", "roman", ["韓國"]),
    ("역사", "roman", ["歷史"]),
    ("finance", "roman", ["ﬁnance"]),
    ("한국", "decomposed", [normalize("NFD", "한국")]),
    ("export", "markup", ["export"]),
    ("script", "markup", ["script", "script"]),
    ("우크라이나 전쟁", "far", ["우크라이나", "전쟁"]),
    ("반도체 공급망", "lines", ["반도체", "공급망"]),
    ("G20", "number", ["G-20"]),
    ("2023", "number", ["2023"]),
    ("expor*", "stems", ["Exports", "exporter's", "exporting"]),
]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextIndex]:
    documents = [document(name, "제목", text) for name, text in TEXTS.items()]
    opened = index(tmp_path_factory.mktemp("snippets") / "text", documents)
    yield opened
    opened.close()


def snippet(index_: TextIndex, query: str, name: str) -> str:
    (hit,) = index_.matches(query, only=name, snippets=True)
    return hit.snippet


@pytest.mark.parametrize(("query", "name", "expected"), MARKED, ids=[f"{q} in {n}" for q, n, _ in MARKED])
def test_what_is_marked(texts: TextIndex, query: str, name: str, expected: list[str]) -> None:
    marked = re.findall("<mark>(.*?)</mark>", snippet(texts, query, name))
    assert [html.unescape(text) for text in marked] == expected


def test_text_is_escaped(texts: TextIndex) -> None:
    assert snippet(texts, "export", "markup") == (
        "Arms &lt;b&gt;&amp;amp;&lt;/b&gt; &quot;<mark>export</mark>&quot; "
        "&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;".replace(
            "<mark>script</mark>", "script"
        )
    )


def test_the_window_shows_most_of_the_words_and_whole_words(texts: TextIndex) -> None:
    shown = snippet(texts, "우크라이나 전쟁", "far")
    assert shown.startswith("…")
    assert shown.endswith("…")
    plain = re.sub("</?mark>|…", "", shown)
    assert WIDTH * 0.8 < len(plain) < WIDTH * 1.3
    assert plain in TEXTS["far"]
    assert set(plain.split()) <= set(TEXTS["far"].split())


def test_white_space_is_folded(texts: TextIndex) -> None:
    assert snippet(texts, "반도체", "lines") == "첫째 줄 둘째 줄의 <mark>반도체</mark> 공급망"


def test_without_a_match_in_it_the_text_is_shown_from_its_beginning(texts: TextIndex) -> None:
    assert snippet(texts, "제목 OR 외교", "plain") == "<mark>제목</mark>"
    assert snippet(texts, "-한국", "plain") == "아무것도 없다."


def test_a_word_of_one_field_is_marked_only_there(tmp_path: Path) -> None:
    opened = index(tmp_path / "text", [document("a", "한국의 외교", "한국은 작다. 외교가 크다.")])
    assert snippet(opened, "title:한국", "a") == "<mark>한국</mark>의 외교"
    assert snippet(opened, "title:한국 외교", "a") == "한국은 작다. <mark>외교</mark>가 크다."
    opened.close()


@given(
    text=st.text(
        alphabet=st.sampled_from("한국의 외교핵 U.S.expoｆt<&\"'é韓\u0301\n·") | st.characters(), max_size=400
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60))
def test_a_snippet_is_a_piece_of_the_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    text = "".join(character for character in text if not "\ud800" <= character <= "\udfff")
    opened = index(tmp_path_factory.mktemp("any") / "text", [document("a", "제목", text + " 한국")])
    shown = snippet(opened, "한국 OR export OR 핵 OR us", "a")
    assert "<mark>" in shown
    plain = html.unescape(re.sub("</?mark>", "", shown))
    assert "".join(plain.replace("…", "").split()) in "".join(text.replace("…", "").split()) + "한국"
    assert not re.search("<(?!/?mark>)", shown)
    opened.close()
