"""Names that are split, and names that stay whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.results.bibliography.names import (
    Name,
    is_blank,
    key_of,
    paragraphs,
    parse_name,
    parse_names,
    single_line,
)

CASES = [
    # Hangul names are cited whole.
    ("서동만", Name("서동만")),
    ("남궁영", Name("남궁영")),
    ("김 철수", Name("김 철수")),
    # Capitals tell the family name, first or last.
    ("SONG Tae Eun", Name("Song", "Tae Eun")),
    ("Tae Eun SONG", Name("Song", "Tae Eun")),
    ("O'NEILL Mary", Name("O'Neill", "Mary")),
    ("KIM-LEE Anna", Name("Kim-Lee", "Anna")),
    ("SÖDERBERG Åsa", Name("Söderberg", "Åsa")),
    ("J. R. SMITH", Name("Smith", "J. R.")),
    # In the middle or everywhere they tell nothing.
    ("Tae SONG Eun", Name("Tae SONG Eun")),
    ("JOSEPH NYE", Name("JOSEPH NYE")),
    ("LEE SEO HANG", Name("Lee", "Seo Hang")),
    # A Korean family name at one end.
    ("Lee Seo Hang", Name("Lee", "Seo Hang")),
    ("Tae Eun Lee", Name("Lee", "Tae Eun")),
    ("Lee Seo-hang", Name("Lee", "Seo-hang")),
    # At both ends, or at none: the order cannot be known.
    ("Kim Tae Jung", Name("Kim Tae Jung")),
    ("Seo Hang Lee", Name("Seo Hang Lee")),
    ("Joseph Nye", Name("Joseph Nye")),
    ("Henry A. Kissinger", Name("Henry A. Kissinger")),
    ("Plato", Name("Plato")),
    # Inverted by a comma.
    ("Nye, Joseph S.", Name("Nye", "Joseph S.")),
    ("Lee,Seo Hang", Name("Lee", "Seo Hang")),
    ("Ministry of Foreign Affairs, Korea", Name("Ministry of Foreign Affairs, Korea")),
    ("Nye, Joseph, Jr.", Name("Nye, Joseph, Jr.")),
    (", Joseph", Name(", Joseph")),
    # Groups are not people.
    ("IFANS Research Team", Name("IFANS Research Team")),
    ("Center for American Studies", Name("Center for American Studies")),
    ("외교안보연구소", Name("외교안보연구소")),
    ("IFANS 2", Name("IFANS 2")),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_one_name(text: str, expected: Name) -> None:
    assert parse_name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("김철수, 이영희", [Name("김철수"), Name("이영희")]),
        ("김철수·이영희", [Name("김철수"), Name("이영희")]),
        ("김철수・이영희․박민수", [Name("김철수"), Name("이영희"), Name("박민수")]),
        ("SONG Tae Eun; Lee Seo Hang", [Name("Song", "Tae Eun"), Name("Lee", "Seo Hang")]),
        ("SONG  Tae\tEun\n", [Name("Song", "Tae Eun")]),
        ("외교부, 통일부 공동연구팀", [Name("외교부, 통일부 공동연구팀")]),
        ("", []),
        (" ; ", []),
        ("\x00", []),
    ],
)
def test_names_in_one_value(text: str, expected: list[Name]) -> None:
    assert parse_names(text) == expected


@given(st.text())
def test_no_letter_of_a_name_is_lost(text: str) -> None:
    kept = "".join(name.family + name.given for name in parse_names(text))
    letters = [character for character in text.upper() if character.isalpha()]
    assert sorted(letters) == sorted(character for character in kept.upper() if character.isalpha())


@pytest.mark.parametrize(
    ("iri", "key"),
    [
        ("http://example.org/mofapub/resource/Publication/14209", "Publication-14209"),
        ("http://example.org/resource/Publication/14209/", "Publication-14209"),
        ("http://example.org/a", "a"),
        ("urn:isbn:9788996", "isbn-9788996"),
    ],
)
def test_plain_addresses(iri: str, key: str) -> None:
    assert key_of(iri).startswith(key)


@pytest.mark.parametrize(
    "iri",
    [
        "http://example.org/",
        "http://example.org/#a",
        "http://example.org/a?id=1",
        "http://example.org/발간물/1",
        "http://example.org/a%20b/1",
        "http://example.org/{}",
        "urn:x",
    ],
)
def test_what_the_path_leaves_out_is_in_a_digest(iri: str) -> None:
    assert re.search(r"-[0-9a-f]{8}$", key_of(iri)) or key_of(iri) == "x"


@given(st.one_of(st.text(), st.text().map("http://example.org/".__add__), st.text().map("http://[".__add__)))
def test_every_key_is_safe(iri: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", key_of(iri))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a  b ", "a b"),
        ("a\r\n\tb", "a b"),
        ("외교\u3000안보\u00a0연구소", "외교 안보 연구소"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("\ufeffa\u200bb\x00", "a b"),
        ("\n \x07", ""),
    ],
)
def test_single_lines(text: str, line: str) -> None:
    assert single_line(text) == line
    assert is_blank(text) == (not line)


def test_paragraphs() -> None:
    assert paragraphs("a b\r\n\r\n  c\td\n\u2028\n e") == ["a b", "c d", "e"]
    assert paragraphs(" \n ") == []


@given(st.text())
def test_paragraphs_hold_all_that_a_single_line_holds(text: str) -> None:
    assert " ".join(paragraphs(text)) == single_line(text)
    assert is_blank(text) == (single_line(text) == "")
    assert len(single_line(text).splitlines()) <= 1
