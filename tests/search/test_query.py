"""The query language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.search.query import MAX_WORDS, All, Any, Node, Term, parse, terms

FIELDS = {"title": "title", "author": "author", "제목": "title"}


def word(text: str, field: str = "") -> Term:
    return Term(text, field)


def phrase(text: str, field: str = "") -> Term:
    return Term(text, field, phrase=True)


READ: list[tuple[str, Node]] = [
    ("", All(())),
    ("   ", All(())),
    ("한국", word("한국")),
    ("한국 외교", All((word("한국"), word("외교")))),
    ("한국 AND 외교", All((word("한국"), word("외교")))),
    ("한국 OR 중국", Any((word("한국"), word("중국")))),
    ("한국 | 중국 | 일본", Any((word("한국"), word("중국"), word("일본")))),
    ("한국 or 중국", All((word("한국"), word("or"), word("중국")))),
    ("외교 한국 OR 중국", All((word("외교"), Any((word("한국"), word("중국")))))),
    ("한국 -중국", All((word("한국"),), (word("중국"),))),
    ("한국 NOT 중국", All((word("한국"),), (word("중국"),))),
    ("-중국", All((), (word("중국"),))),
    ("NOT (중국 일본)", All((), (All((word("중국"), word("일본"))),))),
    ("한국 (-중국)", All((word("한국"),), (word("중국"),))),
    ("한국 OR (-중국)", Any((word("한국"), All((), (word("중국"),))))),
    ('"국제 정세"', phrase("국제 정세")),
    ("“국제 정세”", phrase("국제 정세")),
    ("「국제 정세」", phrase("국제 정세")),
    ('-"국제 정세"', All((), (phrase("국제 정세"),))),
    ("expor*", Term("expor", prefix=True)),
    ("title:한국", word("한국", "title")),
    ("제목:한국", word("한국", "title")),
    ("TITLE:한국", word("한국", "title")),
    ('title:"국제 정세"', phrase("국제 정세", "title")),
    ("title:(한국 OR 중국)", Any((word("한국", "title"), word("중국", "title")))),
    ("title:(한국 author:김)", All((word("한국", "title"), word("김", "author")))),
    ("-title:한국", All((), (word("한국", "title"),))),
    ("(한국 중국) OR 일본", Any((All((word("한국"), word("중국"))), word("일본")))),
    ("ｔｉｔｌｅ：한국", word("한국", "title")),
    # What is no syntax is words.
    ("한-미", word("한-미")),
    ("year:2023", word("year:2023")),
    ("IPEF: 지역질서", All((word("IPEF:"), word("지역질서")))),
    ("http://example.org/a", word("http://example.org/a")),
    ("foo:(한국)", All((word("foo"), word("한국")))),
    ('foo:"한국"', All((word("foo"), phrase("한국")))),
    ('"국제 정세', phrase("국제 정세")),
    ("(한국", word("한국")),
    ("한국)", word("한국")),
    ("(((((", word("(((((")),
    ("OR OR OR", word("OR OR OR")),
    ("OR 한국 OR", word("한국")),
    ("한국 OR", word("한국")),
    ("한국 OR -중국", All((word("한국"),), (word("중국"),))),
    ("NOT", word("NOT")),
    ("()", word("()")),
    ("- -- ---", All((word("-"), word("--"), word("---")))),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text or "empty" for text, _ in READ])
def test_reading(text: str, expected: Node) -> None:
    assert parse(text, FIELDS) == expected


def test_terms_that_a_match_may_hold() -> None:
    query = parse("한국 -중국 (일본 OR 미국) NOT (러시아)")
    assert [term.text for term in terms(query)] == ["한국", "일본", "미국"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "a OR " * 2_000,
        '"a' * 5_000,
        "-" * 10_000,
        "a:" * 5_000,
        "title:(" * 2_000,
        "가" * 10_000,
    ],
)
def test_only_so_much_is_read(text: str) -> None:
    assert len(list(terms(parse(text, FIELDS)))) <= MAX_WORDS


@given(st.text(alphabet=st.sampled_from('ab한국 "()-|*:ORNT“”（：') | st.characters(), max_size=80))
def test_no_text_fails(text: str) -> None:
    assert len(list(terms(parse(text, FIELDS)))) <= MAX_WORDS
