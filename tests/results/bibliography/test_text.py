"""White space, of which Unicode and Korean catalogues have many kinds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.results.bibliography.text import is_blank, paragraphs, single_line


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
