"""Which names are split, and where; every other stays whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.results.bibliography.names import Name, parse_name, parse_names

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
